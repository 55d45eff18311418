"""Settings > API keys: revoke the chosen ones, after a page that names them."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import confirming
from accounts.forms import PlainForm
from accounts.pages import FORM, page, show
from accounts.problems import Problem
from accounts.visitors import Visitor
from apikeys import bulk
from apikeys.bulk import Outcome
from apikeys.bulk_api import MOST_KEYS
from apikeys.models import ApiKey
from apikeys.models.keys import ApiKeyQuerySet
from apikeys.views.revoking import REASONS

IDS = "ids"


class BulkRevokeForm(PlainForm):
    """Why. A tick stands for the names, which one key asks to type."""

    reason = forms.ChoiceField(label=_("Reason"), choices=REASONS)
    understood = forms.BooleanField(
        label=_("I understand that requests with these keys fail at once.")
    )


@page(methods=FORM)
def revoke(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The list asks with the ids in the address; only the form changes anything."""
    asked = request.POST if request.method == "POST" else request.GET
    rows = _chosen(visitor, asked.getlist(IDS))
    form = BulkRevokeForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        response = show(
            request, visitor, "apikeys/bulk_revoke.html", form=form, rows=rows
        )
        response.status_code = 400 if form.is_bound else 200
        return response
    visitor = confirming.confirmed(request, visitor)
    outcomes = bulk.revoke(
        [api_key.public_id for api_key in rows],
        reason=form.cleaned_data["reason"],
        revoker=visitor.credential,
        by=visitor.actor,
    )
    return _told(request, outcomes)


def _chosen(visitor: Visitor, ids: list[str]) -> ApiKeyQuerySet:
    """Those of the chosen that this person sees and that are not revoked."""
    if len(ids) > MOST_KEYS:
        raise Problem("invalid_request", f"Choose at most {MOST_KEYS} keys.")
    rows = ApiKey.objects.seen_by(visitor.credential).with_people()
    chosen = rows.filter(pk__in=bulk.numbers(ids), revoked_at=None)
    found = chosen.order_by("-pk").prefetch_related("secrets")
    if not found:
        why = "Choose keys in the list first. What is revoked already stays so."
        raise Problem("invalid_request", why)
    return found


def _told(request: HttpRequest, outcomes: list[Outcome]) -> HttpResponse:
    count = sum(outcome.is_revoked for outcome in outcomes)
    text = ngettext("%(count)s key was revoked.", "%(count)s keys were revoked.", count)
    messages.success(request, text % {"count": count})
    left = len(outcomes) - count
    if left:
        why = ngettext(
            "%(count)s was not: you may not.", "%(count)s were not: you may not.", left
        )
        messages.warning(request, why % {"count": left})
    return redirect("keys")
