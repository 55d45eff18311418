"""The form for a key that there is: what a person changes, as the API takes it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ValidationError

from accounts import bodies
from accounts.credentials import Credential
from accounts.models.limited import NUMBERS
from apikeys.fields import MOST_TAGS
from apikeys.models import ApiKey
from apikeys.serializers import ApiKeyChange
from apikeys.wishes import NewKeyForm

KEEP = "keep"
EDITED = ("name", "scopes", "expires_at", "allowed_ips", "ip_mode", "tags", *NUMBERS)


class EditForm(NewKeyForm):
    """Of the form for a new key without what cannot change. `seen` says what the key
    was when the form was shown."""

    tags = forms.CharField(
        label=gettext_lazy("Tags"),
        required=False,
        max_length=MOST_TAGS * 42,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Words of your own, one on each line."),
    )
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(
        self,
        holder: Credential,
        api_key: ApiKey,
        data: QueryDict | None = None,
        *,
        typed: QueryDict | None = None,
    ) -> None:
        initial = _initial(api_key)
        if typed is not None:
            kept = {name: typed[name] for name in initial if name in typed}
            initial |= {**kept, "scopes": typed.getlist("scopes")}
        super().__init__(holder, data, initial=initial)
        self.api_key = api_key
        del self.fields["environment"], self.fields["owner"]
        fields: Any = self.fields
        fields["expires"].choices = [
            (KEEP, _as_it_is(api_key)),
            *fields["expires"].choices,
        ]
        # A blank at an end that somebody gave it is no change.
        fields["name"].strip = False
        fields["scopes"].required = False

    def changes(self) -> dict[str, Any] | None:
        """What is to be different, by the names of its fields. None: the form says why
        not."""
        if not self.is_valid():
            return None
        product = self.holder.product
        try:
            changes = bodies.taken(ApiKeyChange, self._body(), product=product)
        except ValidationError as error:
            self.blame(error)
            return None
        return {
            name: value
            for name, value in changes.items()
            if getattr(self.api_key, name) != value
        }

    def clean_seen(self) -> str:
        """Two windows: the second would undo what the first has done."""
        seen = str(self.cleaned_data["seen"])
        if seen != fingerprint(self.api_key):
            raise forms.ValidationError(
                _("The key was changed meanwhile. Open the form again.")
            )
        return seen

    def _body(self) -> dict[str, Any]:
        body = self._changeable()
        body["tags"] = _lines(self.cleaned_data["tags"])
        body["limits"] = body["limits"] or None
        scopes = _in_order(body["scopes"], self.api_key.scopes)
        if scopes == self._known_before():
            del body["scopes"]
        else:
            body["scopes"] = scopes
        return body

    def _expiry(self) -> dict[str, str | None]:
        return {} if self.cleaned_data["expires"] == KEEP else super()._expiry()

    def _known_before(self) -> list[str]:
        """Without those that the product has no longer, which no form shows."""
        known = self.holder.product.scopes
        return [word for word in self.api_key.scopes if word in known]


def fingerprint(api_key: ApiKey) -> str:
    """Of all that the form changes."""
    facts = [str(getattr(api_key, name)) for name in EDITED]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _initial(api_key: ApiKey) -> dict[str, Any]:
    return {
        "name": api_key.name,
        "scopes": list(api_key.scopes),
        "expires": KEEP,
        "expires_at": api_key.expires_at and f"{api_key.expires_at:%Y-%m-%d}",
        "allowed_ips": "\n".join(api_key.allowed_ips),
        "ip_mode": api_key.ip_mode,
        "tags": "\n".join(api_key.tags),
        "seen": fingerprint(api_key),
        **{name: getattr(api_key, name) for name in NUMBERS},
    }


def _as_it_is(api_key: ApiKey) -> str:
    if api_key.expires_at is None:
        return _("As it is: never")
    when = date_format(api_key.expires_at, "j M Y")
    return _("As it is: %(date)s") % {"date": when}


def _in_order(chosen: list[str], before: list[str]) -> list[str]:
    """Those that it had stay where they were."""
    kept = [word for word in before if word in chosen]
    return [*kept, *(word for word in chosen if word not in kept)]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
