"""Settings > Organization > Key policy: what an organization asks of its keys."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ValidationError

from accounts import addresses, bodies
from accounts.forms import PlainForm
from accounts.pages import action, blame, page, show
from accounts.products import Product
from accounts.visitors import Visitor
from apikeys import policies
from apikeys.models import LEAK_ACTIONS, KeyPolicy, policy_of
from apikeys.policy_api import PolicyChange, PolicyObject

MANAGING = "keys_manage"
LEAK_WORDS = {
    "revoke": gettext_lazy("Revoke the key at once"),
    "rotate": gettext_lazy("Rotate it: the leaked secret works for one more day"),
    "notify": gettext_lazy("Only tell the owner: the leaked key goes on working"),
}


def _days(label: Any, help_text: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, help_text=help_text, required=False)


class PolicyForm(PlainForm):
    """The rules, with the API's names. What is left empty is off."""

    longest_days = _days(
        gettext_lazy("Longest life in days"),
        gettext_lazy("A new key ends after so many days at the latest."),
    )
    must_expire = forms.BooleanField(
        label=gettext_lazy("Every new key must expire"), required=False
    )
    ips_required = forms.BooleanField(
        label=gettext_lazy("Every new key is bound to addresses"), required=False
    )
    idle_days = _days(
        gettext_lazy("Disable a key that is unused for so many days"),
        gettext_lazy("Its owner is told before."),
    )
    owned_scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Only for keys of a person"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    leak_action = forms.ChoiceField(
        label=gettext_lazy("When a key leaks"),
        choices=[(word, LEAK_WORDS[word]) for word in LEAK_ACTIONS],
        widget=forms.RadioSelect,
    )
    team_email = forms.CharField(
        label=gettext_lazy("E-mail address of your team"),
        help_text=gettext_lazy("Told beside the owner when a key leaks or ends."),
        max_length=addresses.MOST_CHARACTERS,
        required=False,
        widget=forms.EmailInput,
    )

    def __init__(self, *args: Any, product: Product, **options: Any) -> None:
        super().__init__(*args, **options)
        described = [(word, each.description) for word, each in product.scopes.items()]
        self.fields["owned_scopes"].choices = described  # type: ignore[attr-defined]


@page(needs=MANAGING)
def key_policy(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    policy = policy_of(visitor.organization)
    initial = {**PolicyObject(policy).data, "team_email": policy.team_email}
    form = PolicyForm(initial=initial, product=visitor.credential.product)
    return _shown(request, visitor, form)


@action(needs=MANAGING)
def change_key_policy(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Set the rules. They hold for new and changed keys at once."""
    form = PolicyForm(request.POST, product=visitor.credential.product)
    if not form.is_valid():
        return _shown(request, visitor, form)
    try:
        wish = _checked(form, visitor)
    except ValidationError as error:
        blame(form, error)
        return _shown(request, visitor, form)
    organization = visitor.organization
    changes = _changed(policy_of(organization), wish)
    policies.change(organization, changes, by=visitor.actor)
    messages.success(request, _("The policy holds for new and changed keys from now."))
    return redirect("key_policy")


def _checked(form: PolicyForm, visitor: Visitor) -> dict[str, Any]:
    """By the API's own rules. Raises ValidationError."""
    sent = {**form.cleaned_data, "team_email": form.cleaned_data["team_email"] or None}
    return bodies.taken(PolicyChange, sent, product=visitor.credential.product)


def _changed(policy: KeyPolicy, wish: dict[str, Any]) -> dict[str, Any]:
    """A form sends every rule; the audit log tells of those that changed."""
    return {
        name: value for name, value in wish.items() if getattr(policy, name) != value
    }


def _shown(request: HttpRequest, visitor: Visitor, form: PolicyForm) -> HttpResponse:
    return show(request, visitor, "settings/key_policy.html", form=form)
