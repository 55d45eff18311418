"""Settings > Sessions: where somebody is signed in, and how to end it."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import exports, sessions, user_agents
from accounts.exports import Cells
from accounts.models import Session
from accounts.pages import action, page, show
from accounts.paging import list_page
from accounts.problems import Problem
from accounts.visitors import Visitor

# Each row is a form of its own, and the page has to stay small.
SIZE = 20


@page()
def own_sessions(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """This one, then all others, of browsers and of programs."""
    if exports.wanted(request):
        everything = sessions.open_sessions(visitor.user).order_by("-pk")
        return exports.export(request, everything, _cells, name="sessions")
    listed = list_page(_others(visitor), request, size=SIZE)
    return show(
        request,
        visitor,
        "settings/sessions.html",
        this=_shown(visitor.session),
        listed=listed,
        rows=[_shown(session) for session in listed.rows],
    )


@action()
def end_session(
    request: HttpRequest, visitor: Visitor, session_id: str
) -> HttpResponse:
    own = sessions.open_sessions(visitor.user).with_public_id(session_id).first()
    if own is None:
        raise Problem("not_found", _("This sign-in has ended already."))
    sessions.end(own, reason="signed_out_elsewhere", by=visitor.actor)
    messages.success(request, _("The sign-in has ended."))
    return redirect("sessions")


@action()
def end_others(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    ended = sessions.end_all(
        visitor.user,
        reason="signed_out_elsewhere",
        by=visitor.actor,
        keep=visitor.credential.id,
    )
    if ended:
        messages.success(request, _("All your other sign-ins have ended."))
    else:
        messages.success(request, _("There was no other sign-in."))
    return redirect("sessions")


def _others(visitor: Visitor) -> QuerySet[Session]:
    return sessions.open_sessions(visitor.user).exclude(pk=visitor.session.pk)


def _shown(session: Session) -> dict[str, object]:
    """A sign-in as people know it."""
    return {
        "session": session,
        "device": user_agents.in_words(session.user_agent),
        "is_strong": bool(sessions.SECOND_FACTORS & set(session.factors)),
        "ends_at": session.refresh_expires_at or session.expires_at,
    }


def _cells(session: Session) -> Cells:
    return {
        "id": session.public_id,
        "kind": "browser" if session.is_browser else "program",
        "organization": session.membership.organization.public_id,
        "user_agent": session.user_agent,
        "factors": session.factors,
        "signed_in_at": session.authenticated_at.isoformat(),
        "signed_in_from": session.address,
        "last_used_at": session.last_used_at.isoformat(),
        "last_used_from": session.last_used_ip,
        "expires_at": session.expires_at.isoformat(),
    }
