"""The form for a new key: what a person types, as the API takes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

from accounts import bodies, pages
from accounts.credentials import Credential
from accounts.forms import PlainForm
from accounts.models.limited import NUMBERS
from accounts.problems import Problem
from apikeys import offers
from apikeys.fields import MOST_ADDRESSES
from apikeys.lifecycle import Wish
from apikeys.models import ENFORCE, REPORT
from apikeys.offers import CUSTOM, NEVER
from apikeys.serializers import ApiKeyRequest

LIMITS = "limits."
# The longest spelling of a network, and a line break.
MOST_CHARACTERS = MOST_ADDRESSES * 52
# Where the form says what the organization's policy refused.
FIELD_OF_RULE = {
    "longest_days": "expires",
    "must_expire": "expires",
    "ips_required": "allowed_ips",
    "owned_scopes": "scopes",
}


class NewKeyForm(PlainForm):
    """Offers what this person, the deployment and the organization's policy leave open;
    the rules judge what comes back."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("What it is for, such as Night build."),
    )
    environment = forms.ChoiceField(label=_("Environment"), widget=forms.RadioSelect)
    owner = forms.ChoiceField(label=_("Belongs to"), widget=forms.RadioSelect)
    scopes = forms.MultipleChoiceField(
        error_messages={"required": _("Choose at least one.")}
    )
    expires = forms.ChoiceField(label=_("Expires"), widget=forms.RadioSelect)
    expires_at = forms.DateField(
        label=_("Last day, for a date of your own (UTC)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    allowed_ips = forms.CharField(
        label=_("Allowed addresses"),
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("Addresses or networks, one on each line. Empty: any address."),
    )
    ip_mode = forms.ChoiceField(
        label=_("Requests from elsewhere"),
        choices=[(ENFORCE, _("Refuse them")), (REPORT, _("Let them in, count them"))],
        required=False,
    )
    per_minute = forms.IntegerField(label=_("Requests a minute"), required=False)
    burst = forms.IntegerField(label=_("Requests a second"), required=False)
    daily = forms.IntegerField(label=_("Requests a day"), required=False)

    def __init__(self, holder: Credential, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.holder = holder
        for name, offer in offers.to(holder).items():
            field: Any = self.fields[name]
            field.choices, field.initial = offer.choices, offer.usual

    @property
    def chosen(self) -> list[str]:
        """The scopes that are ticked."""
        data: Any = self.data
        return data.getlist("scopes") if self.is_bound else self.initial["scopes"]

    def wish(self) -> Wish | None:
        """What is wished for. None: the form says why not."""
        if not self.is_valid():
            return None
        product = self.holder.product
        try:
            wish = bodies.taken(ApiKeyRequest, self._body(), product=product)
        except ValidationError as error:
            self.blame(error)
            return None
        return Wish(**wish)

    def blame(self, error: Problem | ValidationError) -> None:
        """Say at the fields what a rule refused."""
        field = _field_of(error)
        if field:
            self.add_error(field, str(error.detail))
        else:
            pages.blame(self, _flat(error))

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("expires") == CUSTOM and not found.get("expires_at"):
            self.add_error("expires_at", _("Say the last day."))
        return found

    def _body(self) -> dict[str, Any]:
        """What the API would be sent."""
        fixed = {name: self.cleaned_data[name] for name in ("environment", "owner")}
        return {**fixed, **self._changeable()}

    def _changeable(self) -> dict[str, Any]:
        """Of that, what can change later."""
        asked = self.cleaned_data
        limits = {name: asked[name] for name in NUMBERS if asked[name] is not None}
        return {
            "name": asked["name"],
            "scopes": asked["scopes"],
            **self._expiry(),
            "allowed_ips": asked["allowed_ips"].replace(",", " ").split(),
            "ip_mode": asked["ip_mode"] or ENFORCE,
            "limits": limits,
        }

    def _expiry(self) -> dict[str, str | None]:
        return {"expires_at": _end(self.cleaned_data)}


def _end(asked: Mapping[str, Any]) -> str | None:
    if asked["expires"] == NEVER:
        return None
    if asked["expires"] == CUSTOM:
        end = datetime.combine(asked["expires_at"], time(23, 59, 59), UTC)
    else:
        end = timezone.now() + timedelta(days=int(asked["expires"]))
    return f"{end.isoformat(timespec='seconds')}"


def _field_of(error: Problem | ValidationError) -> str:
    """The one field that a refusal is about, where it names it otherwise."""
    if not isinstance(error, Problem):
        return ""
    if error.code == "conflict":
        return "name"
    return FIELD_OF_RULE.get(error.extra.get("rule", ""), "")


def _flat(error: Problem | ValidationError) -> Problem | ValidationError:
    """The same, with limits by the names that they have on the form."""
    if isinstance(error, Problem):
        named = error.extra.get("errors", ())
        for each in named:
            each["field"] = each["field"].removeprefix(LIMITS)
        return error
    detail: Any = error.detail
    limits = detail.pop("limits", {})
    return ValidationError({**detail, **limits})
