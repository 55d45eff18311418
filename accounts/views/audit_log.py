"""Settings > Audit log: what happened in the organization, filtered by the address."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit_words, exports
from accounts.exports import Cells
from accounts.forms import PlainForm
from accounts.models import AuditEvent, Session
from accounts.pages import page, show
from accounts.paging import list_page
from accounts.problems import Problem
from accounts.visitors import Visitor


class Filters(PlainForm):
    """What stands in the address."""

    actor = forms.CharField(
        label=gettext_lazy("By whom"), max_length=100, required=False
    )
    action = forms.CharField(
        label=gettext_lazy("Action"), max_length=60, required=False
    )
    target = forms.CharField(
        label=gettext_lazy("To what"), max_length=100, required=False
    )
    since = forms.DateField(label=gettext_lazy("From"), required=False)
    until = forms.DateField(label=gettext_lazy("Until"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateInput(attrs={"type": "date"})
            self.fields[name].input_formats = ["%Y-%m-%d"]  # type: ignore[attr-defined]


@page(needs="audit_read")
def audit_log(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    filters = Filters(request.GET)
    is_valid = filters.is_valid()
    if exports.wanted(request):
        if not is_valid:
            raise Problem("invalid_request", _("One of the filters is not valid."))
        return _file(request, visitor, filters.cleaned_data)
    wanted = audit_words.chosen(visitor.organization, filters.cleaned_data)
    listed = list_page(wanted if is_valid else wanted.none(), request)
    called = audit_words.names(listed.rows, visitor.organization)
    response = show(
        request,
        visitor,
        "settings/audit_log.html",
        filters=filters,
        is_filtered=any(filters.cleaned_data.values()),
        listed=listed,
        rows=[_row(event, called) for event in listed.rows],
    )
    response.status_code = 200 if is_valid else 400
    return response


def _row(event: AuditEvent, called: dict[str, str]) -> dict[str, Any]:
    """Of the credential only what says more than the actor does: of people who are
    signed in nobody expects less."""
    is_told = event.credential in (event.actor, "") or event.credential.startswith(
        f"{Session.prefix}_"
    )
    through = "" if is_told else event.credential
    return {
        "event": event,
        "actor": called.get(event.actor, event.actor),
        "through": called.get(through, through),
        "target": called.get(event.target, event.target),
        "details": audit_words.details(event),
    }


def _file(
    request: HttpRequest, visitor: Visitor, wanted: dict[str, Any]
) -> HttpResponse:
    events = audit_words.chosen(visitor.organization, wanted).order_by("-pk")
    found = list(events[: exports.MOST_ROWS + 1])
    called = audit_words.names(found, visitor.organization)
    is_json = exports.wanted(request) == "json"

    def cells(event: AuditEvent) -> Cells:
        told = event.details
        return {
            "id": event.public_id,
            "at": event.at.isoformat(),
            "action": event.action,
            "actor": event.actor,
            "actor_name": called.get(event.actor, ""),
            "credential": event.credential,
            "target": event.target,
            "target_name": called.get(event.target, ""),
            "address": event.address,
            "request_id": event.request_id,
            "details": told if is_json else json.dumps(told, ensure_ascii=False),
        }

    return exports.export(request, found, cells, name="audit-log")
