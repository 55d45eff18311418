"""Settings > Webhooks: where the organization is told of its events."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from accounts import bodies, exports, once, webhook_forms, webhooks
from accounts.models import WebhookDelivery, WebhookEndpoint
from accounts.once import AlreadyMade
from accounts.pages import FORM, blame, page, show
from accounts.paging import list_page
from accounts.problems import Problem
from accounts.visitors import Visitor
from accounts.webhook_forms import WebhookForm
from accounts.webhook_serializers import (
    STATUSES,
    WebhookChange,
    WebhookDeliveryObject,
    WebhookObject,
    WebhookRequest,
)

MANAGING = "keys_manage"
REFUSALS = (Problem, ValidationError)


@page(needs=MANAGING)
def webhook_list(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """/settings/webhooks"""
    rows = visitor.organization.webhook_endpoints.order_by("-pk")
    if exports.wanted(request):
        return exports.export(request, rows, _endpoint_cells, name="webhooks")
    endpoints = list(rows)
    last = _last_deliveries(rows)
    context = {
        "endpoints": [(each, last.get(each.pk)) for each in endpoints],
        "most": webhooks.MOST_ENDPOINTS,
        "is_full": len(endpoints) >= webhooks.MOST_ENDPOINTS,
    }
    return show(request, visitor, "settings/webhooks.html", **context)


@page(methods=FORM, needs=MANAGING, confirmed=True)
def new_webhook(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """/settings/webhooks/new. The secret is in the answer to the form, this once."""
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            return _made(request, visitor, form.wish)
        except AlreadyMade as made:
            return already_made(request, visitor, made)
        except REFUSALS as refusal:
            blame(form, refusal)
    return _form(request, visitor, form)


@page(needs=MANAGING)
def webhook_detail(
    request: HttpRequest, visitor: Visitor, webhook_id: str
) -> HttpResponse:
    """/settings/webhooks/<id>: the endpoint, and the log of its deliveries."""
    endpoint = endpoint_of(visitor, webhook_id)
    rows = _log(endpoint, request.GET.get("status", ""))
    if exports.wanted(request):
        return exports.export(request, rows, _delivery_cells, name="deliveries")
    context = {
        "endpoint": endpoint,
        "listed": list_page(rows, request),
        "statuses": STATUSES,
        "status": request.GET.get("status", ""),
        "nonce": once.nonce(),
    }
    return show(request, visitor, "settings/webhook.html", **context)


@page(methods=FORM, needs=MANAGING, confirmed=True)
def edit_webhook(
    request: HttpRequest, visitor: Visitor, webhook_id: str
) -> HttpResponse:
    """/settings/webhooks/<id>/edit"""
    endpoint = endpoint_of(visitor, webhook_id)
    posted = request.POST if request.method == "POST" else None
    form = WebhookForm(posted, initial=webhook_forms.of(endpoint))
    if form.is_valid():
        try:
            changes = bodies.taken(WebhookChange, form.wish)
            webhooks.change(endpoint, changes, by=visitor.actor)
        except REFUSALS as refusal:
            blame(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("webhook", webhook_id)
    return _form(request, visitor, form, endpoint=endpoint)


def endpoint_of(visitor: Visitor, webhook_id: str) -> WebhookEndpoint:
    """One of the organization's own. Raises Problem `not_found`."""
    rows = WebhookEndpoint.objects.filter(organization=visitor.organization)
    endpoint: WebhookEndpoint | None = rows.with_public_id(webhook_id).first()
    if endpoint is None:
        raise Problem("not_found")
    return endpoint


def already_made(
    request: HttpRequest, visitor: Visitor, made: AlreadyMade
) -> HttpResponse:
    """The form was sent twice: the secret is not shown again."""
    context = {"target": made.target}
    response = show(request, visitor, "settings/webhook_made.html", **context)
    response.status_code = 409
    return response


def _made(request: HttpRequest, visitor: Visitor, wish: dict[str, Any]) -> HttpResponse:
    wish = bodies.taken(WebhookRequest, wish)
    endpoint, secret = once.once(
        request,
        visitor,
        lambda: webhooks.make(visitor.organization, wish, by=visitor.actor),
        target=lambda made: made[0].public_id,
    )
    context = {"endpoint": endpoint, "secret": secret, "is_new": True}
    response = show(request, visitor, "settings/webhook_secret.html", **context)
    response.status_code = 201
    return response


def _form(
    request: HttpRequest,
    visitor: Visitor,
    form: WebhookForm,
    *,
    endpoint: WebhookEndpoint | None = None,
) -> HttpResponse:
    context = {"form": form, "endpoint": endpoint, "nonce": once.nonce()}
    response = show(request, visitor, "settings/webhook_form.html", **context)
    if form.errors:
        response.status_code = 400
    return response


def _last_deliveries(rows: QuerySet[WebhookEndpoint]) -> dict[UUID, WebhookDelivery]:
    """The newest one of each endpoint, by its primary key."""
    of_endpoint = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"))
    newest = Subquery(of_endpoint.order_by("-pk").values("pk")[:1])
    found = WebhookDelivery.objects.filter(pk__in=rows.order_by().values_list(newest))
    return {delivery.endpoint_id: delivery for delivery in found}


def _log(endpoint: WebhookEndpoint, status: str) -> QuerySet[WebhookDelivery]:
    """Its deliveries, of one of STATUSES or of all."""
    rows: QuerySet[WebhookDelivery] = endpoint.deliveries.select_related("message")
    if status == "delivered":
        return rows.filter(delivered_at__isnull=False)
    if status in STATUSES:
        rows = rows.filter(delivered_at=None)
        return rows.filter(failed_at__isnull=status == "pending")
    return rows


def _endpoint_cells(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return dict(WebhookObject(endpoint).data)


def _delivery_cells(delivery: WebhookDelivery) -> dict[str, Any]:
    return dict(WebhookDeliveryObject(delivery).data)
