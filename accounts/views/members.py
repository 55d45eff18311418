"""Settings > Members: who works in the organization, and as what."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from accounts import bodies, departures, exports, member_list, members, once
from accounts.fields import TimestampField
from accounts.member_forms import NAMES, RoleForm
from accounts.member_list import Member
from accounts.models import Membership, User
from accounts.pages import action, page, show
from accounts.paging import list_page
from accounts.problems import Problem
from accounts.serializers import MemberChange, MemberObject
from accounts.visitors import Visitor

MANAGING = "members_manage"
MOST_SEARCH_CHARACTERS = 254


@page(needs=MANAGING)
def list_members(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """/settings/members?search=…&role=…"""
    search = request.GET.get("search", "").replace("\0", "")[:MOST_SEARCH_CHARACTERS]
    role = request.GET.get("role", "")
    found = member_list.rows(visitor.organization, search=search.strip(), role=role)
    if exports.wanted(request):
        rows = list(found.order_by("-pk")[: exports.MOST_ROWS + 1])
        described = member_list.described(rows)
        return exports.export(request, described, _cells, name="members")
    listed = list_page(found, request)
    context = {
        "listed": listed,
        "members": member_list.described(listed.rows),
        "search": search,
        "role": role,
        "roles": NAMES.items(),
    }
    return show(request, visitor, "settings/members.html", **context)


@page(needs=MANAGING)
def member_detail(request: HttpRequest, visitor: Visitor, user_id: str) -> HttpResponse:
    """/settings/members/<id>"""
    membership = member_of(visitor, user_id)
    may_act = visitor.credential.may_give_role(membership.role)
    initial = {"role": membership.role}
    context = {
        "member": member_list.described([membership])[0],
        "departure": departures.departure(membership),
        "form": RoleForm(giver=visitor.credential, initial=initial),
        "may_act": may_act,
        "is_self": membership.user_id == visitor.user.pk,
        "invitation": membership.invitations.filter(accepted_at=None).first(),
        "nonce": once.nonce(),
    }
    return show(request, visitor, "settings/member.html", **context)


@action(needs=MANAGING)
def change_role(request: HttpRequest, visitor: Visitor, user_id: str) -> HttpResponse:
    """At once for every credential behind the membership."""
    membership = member_of(visitor, user_id)
    _change(visitor, membership, {"role": request.POST.get("role", "")})
    messages.success(request, _("The role was changed."))
    return redirect("member", user_id)


@action(needs=MANAGING)
def deactivate(request: HttpRequest, visitor: Visitor, user_id: str) -> HttpResponse:
    """Sign-ins end, keys rest until the member is activated again."""
    _change(visitor, member_of(visitor, user_id), {"is_active": False})
    messages.success(request, _("The member was deactivated."))
    return redirect("member", user_id)


@action(needs=MANAGING)
def activate(request: HttpRequest, visitor: Visitor, user_id: str) -> HttpResponse:
    _change(visitor, member_of(visitor, user_id), {"is_active": True})
    messages.success(request, _("The member was activated."))
    return redirect("member", user_id)


def member_of(visitor: Visitor, user_id: str) -> Membership:
    """One of the visitor's organization. Raises Problem `not_found`."""
    current = visitor.organization.memberships.current()
    people = User.objects.with_public_id(user_id)
    rows = current.select_related("user", "organization").filter(user__in=people)
    membership: Membership | None = rows.first()
    if membership is None:
        raise Problem("not_found")
    return membership


def _change(visitor: Visitor, membership: Membership, wish: dict[str, Any]) -> None:
    """Raises Problem."""
    try:
        changes = bodies.taken(MemberChange, wish)
    except ValidationError as error:
        raise Problem.invalid("role", _("Choose one of the roles.")) from error
    members.change(membership, changes, changer=visitor.credential, by=visitor.actor)


def _cells(member: Member) -> dict[str, Any]:
    active, told = member.last_active_at, TimestampField()
    return {
        **MemberObject(member.membership).data,
        "second_factors": member.factors,
        "last_active_at": told.to_representation(active) if active else None,
        "keys": member.keys,
    }
