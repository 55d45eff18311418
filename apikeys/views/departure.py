"""Before a member is removed: what becomes of the keys that hang on them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import departures, members
from accounts.credentials import Held
from accounts.forms import PlainForm
from accounts.models import Membership
from accounts.pages import FORM, page, show, told
from accounts.problems import Problem
from accounts.views.members import member_of
from accounts.visitors import Visitor
from apikeys import transfers
from apikeys.lifecycle import OF_ORGANIZATION
from apikeys.models import ApiKey
from apikeys.transfers import Handover
from apikeys.views.handing_over import colleagues

# So many keys have a box of their own. One box stands for all others.
MOST_SHOWN = 50


class DepartureForm(PlainForm):
    """Which keys go on for the organization, and who answers for what it keeps."""

    keep = forms.MultipleChoiceField(required=False)
    keep_others = forms.BooleanField(required=False)
    contact = forms.CharField(
        label=gettext_lazy("Who answers for the keys that stay"),
        max_length=40,
        required=False,
    )

    def __init__(
        self, *args: Any, visitor: Visitor, member: Membership, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.visitor, self.member = visitor, member
        self.departure = departures.departure(member)
        self.shown = self.departure.personal[:MOST_SHOWN]
        self.others = self.departure.personal[MOST_SHOWN:]
        self.may_keep = visitor.credential.allows("keys_manage")
        self.is_own = member.user == visitor.user
        keep: Any = self.fields["keep"]
        keep.choices = [(held.id, held.name) for held in self.shown]
        self._offer_contacts()

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        me = self.visitor.user.public_id
        values["contact"] = values.get("contact") or me
        if self.handed_over() and values["contact"] == self.member.user.public_id:
            why = _("Choose somebody who stays.")
            self.add_error("contact", why)
        return values

    def handed_over(self) -> list[Held]:
        """The keys that go on, and so need somebody who answers for them."""
        if not self.may_keep:
            return []
        chosen = set(self.cleaned_data.get("keep", ()))
        others = self.others if self.cleaned_data.get("keep_others") else []
        moved = [held for held in self.shown if held.id in chosen]
        return [*moved, *others, *self.departure.kept]

    def _offer_contacts(self) -> None:
        people = colleagues(self.visitor)
        if people is None:
            self.fields["contact"].help_text = _("The id of a member: usr_…")
            return
        gone = self.member.user.public_id
        staying = [(name, words) for name, words in people if name != gone]
        first = ("", _("Choose a colleague") if self.is_own else _("Me"))
        self.fields["contact"].widget = forms.Select(choices=[first, *staying])


@page(methods=FORM, needs="members_manage", confirmed=True)
def remove(request: HttpRequest, visitor: Visitor, user_id: str) -> HttpResponse:
    """Hands over what shall go on, then ends the membership: all of it, or nothing."""
    member = member_of(visitor, user_id)
    posted = request.POST if request.method == "POST" else None
    form = DepartureForm(posted, visitor=visitor, member=member)
    if not form.is_valid():
        response = _asked(request, visitor, form)
        response.status_code = 400 if form.is_bound else 200
        return response
    try:
        _leave(form)
    except Problem as problem:
        return told(_asked(request, visitor, form, problem=problem), problem)
    name = member.user.get_full_name()
    messages.success(request, _("%(name)s was removed.") % {"name": name})
    return redirect("members")


def _asked(
    request: HttpRequest,
    visitor: Visitor,
    form: DepartureForm,
    *,
    problem: Problem | None = None,
) -> HttpResponse:
    template = "apikeys/departure.html"
    return show(
        request, visitor, template, form=form, member=form.member, problem=problem
    )


def _leave(form: DepartureForm) -> None:
    """Raises Problem; then nothing has changed."""
    visitor = form.visitor
    handover = Handover(OF_ORGANIZATION, form.cleaned_data["contact"])
    with transaction.atomic():
        for held in form.handed_over():
            api_key = ApiKey.objects.with_public_id(held.id).get()
            transfers.transfer(
                api_key, handover, giver=visitor.credential, by=visitor.actor
            )
        members.remove(form.member, remover=visitor.credential, by=visitor.actor)
