"""Give a key to the organization, or to a colleague."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ValidationError

from accounts import bodies
from accounts.forms import PlainForm
from accounts.models import Membership
from accounts.pages import FORM, blame, page, show
from accounts.problems import Problem
from accounts.visitors import Visitor
from apikeys import transfers
from apikeys.lifecycle import OF_MEMBER, OF_ORGANIZATION
from apikeys.models import ApiKey
from apikeys.serializers import TransferRequest
from apikeys.transfers import Handover
from apikeys.views.chosen import chosen, explained

# A longer list is no help: then the id is typed.
MOST_COLLEAGUES = 100
Choices = list[tuple[str, Any]]


class TransferForm(PlainForm):
    """Whose the key shall be, and who answers for one of the organization."""

    owner = forms.CharField(label=gettext_lazy("New owner"), max_length=40)
    contact = forms.CharField(
        label=gettext_lazy("Who answers for it"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("Only for a key of the organization."),
    )

    def __init__(self, *args: Any, visitor: Visitor, **options: Any) -> None:
        super().__init__(*args, **options)
        people = colleagues(visitor)
        whole = (OF_ORGANIZATION, _("The organization"))
        me = (OF_MEMBER, _("Me"))
        if people is not None:
            owners = forms.Select(choices=[whole, me, *people])
            self.fields["owner"].widget = owners
            contacts = forms.Select(choices=[("", _("Me")), *people])
            self.fields["contact"].widget = contacts

    def values(self) -> dict[str, Any]:
        """As the API takes them. Raises ValidationError."""
        given = {name: text for name, text in self.cleaned_data.items() if text}
        return bodies.taken(TransferRequest, given)


def colleagues(visitor: Visitor) -> Choices | None:
    """Other active members by name, for who may see them. None: too many to choose
    from."""
    if not visitor.credential.allows("members_manage"):
        return []
    others = visitor.organization.memberships.usable().exclude(user=visitor.user)
    people = others.select_related("user").order_by("user__name", "user__email")
    found: list[Membership] = list(people[: MOST_COLLEAGUES + 1])
    if len(found) > MOST_COLLEAGUES:
        return None
    return [(each.user.public_id, f"{each.user.name} ({each.email})") for each in found]


@page(methods=FORM, needs="keys_manage", confirmed=True)
def transfer(request: HttpRequest, visitor: Visitor, key_id: str) -> HttpResponse:
    """Its secrets stay as they are."""
    api_key = chosen(visitor, key_id)
    if api_key.revoked_at is not None:
        why = Problem("conflict", _("A revoked key cannot change hands."))
        return explained(request, visitor, api_key, problem=why)
    form = TransferForm(
        request.POST or None, visitor=visitor, initial={"owner": OF_ORGANIZATION}
    )
    if form.is_valid() and _handed_over(form, visitor, api_key):
        messages.success(request, _("The key has changed hands. Its secrets stay."))
        return redirect("key", api_key.public_id)
    template = "apikeys/transfer.html"
    response = show(request, visitor, template, form=form, api_key=api_key)
    response.status_code = 400 if form.is_bound else 200
    return response


def _handed_over(form: TransferForm, visitor: Visitor, api_key: ApiKey) -> bool:
    """Whether it is done; else the form says why not."""
    try:
        handover = Handover(**form.values())
        transfers.transfer(
            api_key, handover, giver=visitor.credential, by=visitor.actor
        )
    except (Problem, ValidationError) as error:
        blame(form, error)
    return not form.errors
