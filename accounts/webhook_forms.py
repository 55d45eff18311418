"""The form about a webhook. The serializers of the API bound what it takes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import PlainForm
from accounts.models import WebhookEndpoint
from accounts.webhooks import EVENTS

NAMES = {
    "api_key.created": _("A key was made"),
    "api_key.changed": _("A key was changed"),
    "api_key.rotated": _("A key has a new secret, or its rotation ended"),
    "api_key.revoked": _("A key was revoked"),
    "api_key.restored": _("A revoked key was restored"),
    "api_key.disabled": _("A key was switched off"),
    "api_key.enabled": _("A key was switched on"),
    "api_key.transferred": _("A key has another owner"),
    "api_key.orphaned": _("Nobody answers for a key any more"),
    "api_key.expiring": _("A key expires soon"),
    "api_key.expired": _("A key has expired"),
    "api_key.leaked": _("Somebody reported a leaked key"),
    "api_key.new_network": _("A key is used from a new network"),
    "api_key.idle": _("A key was not used for long"),
}


class WebhookForm(PlainForm):
    """Where to tell what. No event chosen: all of them."""

    url = forms.CharField(
        label=_("Address"),
        strip=True,
        widget=forms.URLInput(
            attrs={
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": "https://example.com/hook",
            }
        ),
        help_text=_("An https address that the public internet leads to."),
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        help_text=_("For you and your colleagues. At most 100 characters."),
    )
    events = forms.MultipleChoiceField(
        label=_("Events"),
        required=False,
        choices=[(event, NAMES.get(event, event)) for event in EVENTS],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all, also those that are added later."),
    )

    @property
    def wish(self) -> dict[str, Any]:
        """As the API takes it."""
        return dict(self.cleaned_data)


def of(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """What the form shows of an endpoint at first."""
    return {
        "url": endpoint.url,
        "description": endpoint.description,
        "events": endpoint.events,
    }
