"""Settings > Webhooks > one delivery: what was sent, what came back, and once more."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import webhook_deliveries
from accounts.models import WebhookDelivery
from accounts.pages import action, page, show
from accounts.problems import Problem
from accounts.views.webhooks import MANAGING, endpoint_of
from accounts.visitors import Visitor


@page(needs=MANAGING)
def delivery_detail(
    request: HttpRequest, visitor: Visitor, webhook_id: str, delivery_id: str
) -> HttpResponse:
    """/settings/webhooks/<id>/deliveries/<id>"""
    delivery = _delivery(visitor, webhook_id, delivery_id)
    body = json.dumps(json.loads(delivery.body), indent=2, ensure_ascii=False)
    context = {"endpoint": delivery.endpoint, "delivery": delivery, "body": body}
    return show(request, visitor, "settings/webhook_delivery.html", **context)


@action(needs=MANAGING, confirmed=False)
def send_test(request: HttpRequest, visitor: Visitor, webhook_id: str) -> HttpResponse:
    """Send an event of no meaning."""
    delivery = webhook_deliveries.test(endpoint_of(visitor, webhook_id))
    messages.success(request, _("A test event is on its way."))
    return redirect("webhook_delivery", webhook_id, delivery.public_id)


@action(needs=MANAGING, confirmed=False)
def redeliver(
    request: HttpRequest, visitor: Visitor, webhook_id: str, delivery_id: str
) -> HttpResponse:
    """Send it again, under the same event id."""
    webhook_deliveries.redeliver(_delivery(visitor, webhook_id, delivery_id))
    messages.success(request, _("It is sent again."))
    return redirect("webhook_delivery", webhook_id, delivery_id)


def _delivery(visitor: Visitor, webhook_id: str, delivery_id: str) -> WebhookDelivery:
    """Raises Problem `not_found`."""
    endpoint = endpoint_of(visitor, webhook_id)
    rows = WebhookDelivery.objects.filter(endpoint=endpoint)
    rows = rows.select_related("message", "endpoint__organization")
    delivery: WebhookDelivery | None = rows.with_public_id(delivery_id).first()
    if delivery is None:
        raise Problem("not_found")
    return delivery
