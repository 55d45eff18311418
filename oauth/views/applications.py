"""The pages that show applications: all of an organization, and one."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import exports
from accounts.pages import page, show
from accounts.paging import list_page
from accounts.visitors import Visitor
from oauth import client_secrets, scopes, snippets, trials
from oauth.kinds import KINDS
from oauth.models import AccessToken, Application, Consent
from oauth.models.applications import ApplicationQuerySet
from oauth.views.chosen import MANAGING, chosen, own

LONGEST_SEARCH = 100
STATUSES = {"active": True, "disabled": False}


@page(needs=MANAGING)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """/settings/oauth-applications"""
    rows = _filtered(own(visitor), request)
    if exports.wanted(request):
        newest = rows.order_by("-pk")
        return exports.export(request, newest, _cells, name="oauth-applications")
    found = list_page(rows, request)
    people = _people(found.rows)
    context: dict[str, Any] = {
        "listed": found,
        "shown": [(row, KINDS[row.type], people.get(row.pk, 0)) for row in found.rows],
        "kinds": KINDS.values(),
        "asked": request.GET,
        "is_filtered": any(request.GET.get(name) for name in ("q", "type", "status")),
        "plans": plans_with_applications(visitor),
    }
    return show(request, visitor, "oauth/applications.html", **context)


@page(needs=MANAGING)
def one(request: HttpRequest, visitor: Visitor, application_id: str) -> HttpResponse:
    """/settings/oauth-applications/<id>"""
    application = chosen(visitor, application_id)
    return show(
        request, visitor, "oauth/application.html", **facts(visitor, application)
    )


def facts(visitor: Visitor, application: Application) -> dict[str, Any]:
    """What the page of one application says."""
    words = scopes.known(application)
    return {
        "application": application,
        "kind": KINDS[application.type],
        "has_secret": client_secrets.used_by(application),
        "people": _people([application]).get(application.pk, 0),
        "tokens": _live_tokens(application),
        "scopes": [(word, words.get(word, word)) for word in application.scopes],
        "powerful": scopes.powerful(application),
        "snippets": snippets.snippets(application),
        "discovery": snippets.discovery_address(),
        "obstacle": trials.obstacle(application),
        "plans": plans_with_applications(visitor),
    }


def plans_with_applications(visitor: Visitor) -> list[str]:
    """Those that have applications, where the organization's own has none."""
    if visitor.organization.plan.applications:
        return []
    plans = visitor.organization.product.plans.values()
    return [plan.name for plan in plans if plan.applications]


def _filtered(rows: ApplicationQuerySet, request: HttpRequest) -> ApplicationQuerySet:
    asked = request.GET
    words = asked.get("q", "").replace("\0", "")[:LONGEST_SEARCH].strip()
    if words:
        rows = rows.filter(Q(name__icontains=words) | Q(client_id=words))
    if asked.get("type", "") in KINDS:
        rows = rows.filter(type=asked["type"])
    if asked.get("status", "") in STATUSES:
        rows = rows.filter(is_active=STATUSES[asked["status"]])
    return rows


def _people(rows: list[Application]) -> dict[Any, int]:
    """How many people let each of them in, in one query."""
    standing = Consent.objects.standing().filter(application__in=rows)
    counted = standing.order_by().values("application").annotate(number=Count("pk"))
    return {row["application"]: row["number"] for row in counted}


def _live_tokens(application: Application) -> int:
    """Access tokens that can be used now."""
    standing = Consent.objects.standing().filter(application=application)
    counts = Q(grant=None) | Q(grant__revoked_at=None, grant__consent__in=standing)
    rows = AccessToken.objects.filter(counts, application=application, revoked_at=None)
    return int(rows.filter(expires__gt=timezone.now()).count())


def _cells(application: Application) -> exports.Cells:
    used = application.last_used_at
    return {
        "id": application.public_id,
        "client_id": application.client_id,
        "name": application.name,
        "type": application.type,
        "status": application.status,
        "scopes": application.scopes,
        "redirect_uris": application.redirects,
        "created_at": application.created.isoformat(timespec="seconds"),
        "last_used_at": used.isoformat(timespec="seconds") if used else "",
        "last_used_ip": application.last_used_ip or "",
    }
