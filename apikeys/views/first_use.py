"""Whether a key that was just shown has been used: asked by the page that showed it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from accounts.pages import page
from accounts.visitors import Visitor
from apikeys.models import ApiKeySecret
from apikeys.views.chosen import chosen


@page()
def first_use(request: HttpRequest, visitor: Visitor, key_id: str) -> HttpResponse:
    """Of its newest secret: after a rotation the old one may be in use still."""
    api_key = chosen(visitor, key_id)
    newest = next(iter(api_key.living_secrets), None)
    if newest is None or newest.last_used_at is None:
        text = _("Waiting for the first request…")
        return JsonResponse({"done": newest is None, "text": text})
    return JsonResponse({"done": True, "text": _seen(newest)})


def _seen(secret: ApiKeySecret) -> str:
    told = {"time": f"{secret.last_used_at:%H:%M:%S}", "address": secret.last_used_ip}
    return _("First request seen at %(time)s UTC from %(address)s.") % told
