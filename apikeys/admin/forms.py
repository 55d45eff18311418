"""The forms of the admin's pages about keys. Their fields have the API's names."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from accounts import bodies
from accounts.credential_forms import GRACES
from accounts.forms import PlainForm
from accounts.models import Organization
from accounts.products import ENVIRONMENTS
from apikeys.lifecycle import Wish
from apikeys.serializers import ApiKeyRequest


class EndField(forms.DateField):
    """The last day of something: its end is the day's last second, UTC."""

    widget = forms.DateInput(attrs={"type": "date"})

    def clean(self, value: Any) -> datetime | None:
        day = super().clean(value)
        return datetime.combine(day, time(23, 59, 59), tzinfo=UTC) if day else None


class OrganizationForm(PlainForm):
    """For whom."""

    organization = forms.CharField(
        label=_("Organization"),
        max_length=40,
        help_text=_("Its id, which begins with org_."),
    )

    def clean_organization(self) -> Organization:
        rows = Organization.objects.with_public_id(self.cleaned_data["organization"])
        organization = rows.first()
        if organization is None:
            raise forms.ValidationError(_("There is no organization with this id."))
        try:
            organization.plan  # noqa: B018 - asked for, to see whether it is there
        except ImproperlyConfigured as error:
            why = _("Its product or plan is in no product file.")
            raise forms.ValidationError(why) from error
        return organization


class IssueForm(PlainForm):
    """A new key of an organization."""

    name = forms.CharField(label=_("Name"), max_length=100)
    environment = forms.ChoiceField(label=_("Environment"))
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    expires_at = EndField(
        label=_("Last day"),
        required=False,
        help_text=_("UTC, the whole day. Empty: it does not expire."),
    )

    def __init__(self, organization: Organization, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.organization = organization
        product = organization.product
        words = {"live": product.words.live, "test": product.words.test}
        environment: Any = self.fields["environment"]
        environment.choices = [(name, words[name]) for name in ENVIRONMENTS]
        scopes: Any = self.fields["scopes"]
        scopes.label = product.words.scopes.capitalize()
        scopes.choices = [
            (name, f"{name}: {scope.description}")
            for name, scope in product.scopes.items()
        ]

    def wish(self) -> Wish:
        """What is wished for, bounded as the API bounds it. Raises ValidationError."""
        asked = {name: self.cleaned_data[name] for name in ("name", "environment")}
        end = self.cleaned_data["expires_at"]
        data = {
            **asked,
            "scopes": self.cleaned_data["scopes"],
            "expires_at": end and end.isoformat(),
        }
        product = self.organization.product
        return Wish(**bodies.taken(ApiKeyRequest, data, product=product))


class RotationForm(PlainForm):
    """How long the old secret is let in. An operator's first choice is: no longer."""

    grace_seconds = forms.TypedChoiceField(
        label=_("The old secret goes on working for"), choices=GRACES, coerce=int
    )


class PastedForm(PlainForm):
    """A key that somebody found. The page never shows it again."""

    key = forms.CharField(
        label=_("Key"),
        max_length=512,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
