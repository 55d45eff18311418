"""Connected applications: what a person lets others do, and the way to take it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import exports
from accounts.pages import action, page, show
from accounts.paging import list_page
from accounts.problems import Problem
from accounts.visitors import Visitor
from oauth import consents, liveness, scopes
from oauth.models import Consent
from oauth.models.grants import ConsentQuerySet


@page()
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """/settings/connected-applications: the person's own, in each organization."""
    rows = _own(visitor)
    if exports.wanted(request):
        newest = rows.order_by("-pk")
        return exports.export(request, newest, _cells, name="connected-applications")
    found = list_page(rows, request)
    shown = [(consent, _words(consent), _works(consent)) for consent in found.rows]
    template = "oauth/connected_applications.html"
    return show(request, visitor, template, listed=found, shown=shown)


@action()
def revoke(request: HttpRequest, visitor: Visitor, grant_id: str) -> HttpResponse:
    """Of two tabs the second finds it gone already, which is what it wanted."""
    consent = Consent.objects.filter(membership__user=visitor.user)
    joined = consent.select_related("application", "membership__organization")
    found = joined.with_public_id(grant_id).first()
    if found is None:
        raise Problem("not_found")
    consents.withdraw(found, reason="withdrawn", by=visitor.actor)
    name = found.application.name
    done = _("%(name)s can do nothing for you any more.") % {"name": name}
    messages.success(request, done)
    return redirect("connected_applications")


def _own(visitor: Visitor) -> ConsentQuerySet:
    standing = Consent.objects.standing().filter(membership__user=visitor.user)
    joined: ConsentQuerySet = standing.select_related(
        "application__organization", "membership__organization", "membership__user"
    )
    return joined


def _words(consent: Consent) -> list[tuple[str, str, bool]]:
    """Each scope with its words, and whether it stands for all others."""
    words = scopes.known(consent.application)
    powerful = scopes.powerful(consent.application)
    return [(word, words.get(word, word), word in powerful) for word in consent.scopes]


def _works(consent: Consent) -> bool:
    """Whether the application can use it now: it may be off, or the plan without."""
    return liveness.why_dead(consent.application, consent) is None


def _cells(consent: Consent) -> exports.Cells:
    used = consent.last_used_at
    return {
        "id": consent.public_id,
        "name": consent.application.name,
        "publisher": consent.application.organization.name,
        "client_id": consent.application.client_id,
        "organization": consent.organization.name,
        "scopes": consent.scopes,
        "granted_at": consent.granted_at.isoformat(timespec="seconds"),
        "last_used_at": used.isoformat(timespec="seconds") if used else "",
        "last_used_ip": consent.last_used_ip or "",
    }
