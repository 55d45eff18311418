"""Settings > Members > Invite: the link is shown to the inviter, this once."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import ValidationError

from accounts import bodies, invitations, once
from accounts.invitations import Invited
from accounts.member_forms import InvitationForm
from accounts.once import AlreadyMade
from accounts.pages import FORM, action, blame, page, show
from accounts.problems import Problem
from accounts.serializers import InvitationRequest
from accounts.views.members import MANAGING, member_of
from accounts.visitors import Visitor


@page(methods=FORM, needs=MANAGING, confirmed=True)
def invite(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """/settings/members/new"""
    posted = request.POST if request.method == "POST" else None
    form = InvitationForm(posted, giver=visitor.credential)
    if form.is_valid():
        try:
            wish = bodies.taken(InvitationRequest, form.cleaned_data)
            return _invited(request, visitor, **wish)
        except (Problem, ValidationError) as refusal:
            blame(form, refusal)
    context = {"form": form, "nonce": once.nonce()}
    response = show(request, visitor, "settings/member_new.html", **context)
    if form.errors:
        response.status_code = 400
    return response


@action(needs=MANAGING)
def invite_again(request: HttpRequest, visitor: Visitor, user_id: str) -> HttpResponse:
    """A new link in place of the one before, for who has not joined yet."""
    membership = member_of(visitor, user_id)
    if membership.joined_at is not None:
        raise Problem("already_member")
    email, role = membership.invited_as, membership.role
    return _invited(request, visitor, email=email, role=role)


def _invited(
    request: HttpRequest, visitor: Visitor, *, email: str, role: str
) -> HttpResponse:
    """Raises Problem."""

    def make() -> Invited:
        return invitations.invite(
            visitor.organization,
            email,
            role=role,
            inviter=visitor.credential,
            by=visitor.actor,
        )

    try:
        invited = once.once(request, visitor, make, target=_person)
    except AlreadyMade as made:
        context: dict[str, Any] = {"target": made.target}
        response = show(request, visitor, "settings/member_made.html", **context)
        response.status_code = 409
        return response
    context = {"invited": invited, "days": invitations.LIFETIME.days}
    response = show(request, visitor, "settings/member_invited.html", **context)
    response.status_code = 201
    return response


def _person(invited: Invited) -> str:
    person: str = invited.membership.user.public_id
    return person
