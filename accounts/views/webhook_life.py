"""Settings > Webhooks > one of them: switch it off and on, new secret, remove it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import once, webhooks
from accounts.once import AlreadyMade
from accounts.pages import FORM, action, page, show
from accounts.views.webhooks import MANAGING, already_made, endpoint_of
from accounts.visitors import Visitor


@action(needs=MANAGING)
def switch_off(request: HttpRequest, visitor: Visitor, webhook_id: str) -> HttpResponse:
    endpoint = endpoint_of(visitor, webhook_id)
    webhooks.change(endpoint, {"is_active": False}, by=visitor.actor)
    messages.success(request, _("Switched off. What waited for it was given up."))
    return redirect("webhook", webhook_id)


@action(needs=MANAGING)
def switch_on(request: HttpRequest, visitor: Visitor, webhook_id: str) -> HttpResponse:
    endpoint = endpoint_of(visitor, webhook_id)
    webhooks.change(endpoint, {"is_active": True}, by=visitor.actor)
    messages.success(request, _("Switched on."))
    return redirect("webhook", webhook_id)


@page(methods=FORM, needs=MANAGING, confirmed=True)
def remove_webhook(
    request: HttpRequest, visitor: Visitor, webhook_id: str
) -> HttpResponse:
    """/settings/webhooks/<id>/remove: asks, and does it."""
    endpoint = endpoint_of(visitor, webhook_id)
    if request.method != "POST":
        context = {"endpoint": endpoint}
        return show(request, visitor, "settings/webhook_remove.html", **context)
    webhooks.remove(endpoint, by=visitor.actor)
    messages.success(request, _("The webhook was removed."))
    return redirect("webhooks")


@action(needs=MANAGING)
def rotate_secret(
    request: HttpRequest, visitor: Visitor, webhook_id: str
) -> HttpResponse:
    """A new secret, in this one answer."""
    endpoint = endpoint_of(visitor, webhook_id)
    try:
        endpoint, secret = once.once(
            request,
            visitor,
            lambda: webhooks.rotate_secret(endpoint, by=visitor.actor),
            target=lambda made: made[0].public_id,
        )
    except AlreadyMade as made:
        return already_made(request, visitor, made)
    context = {"endpoint": endpoint, "secret": secret}
    return show(request, visitor, "settings/webhook_secret.html", **context)
