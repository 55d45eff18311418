"""One key: its page, its use as a file, and the buttons that need no form."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts import exports
from accounts.pages import action, page
from accounts.visitors import Visitor
from apikeys import exercised, rotation, states, undo
from apikeys.models import ApiKey
from apikeys.views import key_page, used
from apikeys.views.chosen import acted, chosen


@page()
def key(request: HttpRequest, visitor: Visitor, key_id: str) -> HttpResponse:
    """What it is, how it is used, and what may be done with it."""
    api_key = chosen(visitor, key_id)
    if exports.wanted(request):
        return used.export(request, api_key)
    return key_page.page_of(request, visitor, api_key)


@action()
def disable(request: HttpRequest, visitor: Visitor, key_id: str) -> HttpResponse:
    def change(api_key: ApiKey) -> str:
        states.disable(api_key, by=visitor.actor)
        return _("Disabled. Its requests are refused until you enable it again.")

    return acted(request, visitor, key_id=key_id, change=change)


@action()
def enable(request: HttpRequest, visitor: Visitor, key_id: str) -> HttpResponse:
    def change(api_key: ApiKey) -> str:
        states.enable(api_key, enabler=visitor.credential, by=visitor.actor)
        return _("Enabled. Its requests are let in again.")

    return acted(request, visitor, key_id=key_id, change=change)


@action()
def restore(request: HttpRequest, visitor: Visitor, key_id: str) -> HttpResponse:
    """Undo a revocation."""

    def change(api_key: ApiKey) -> str:
        undo.restore(api_key, restorer=visitor.credential, by=visitor.actor)
        return _("Restored. The key is as it was before it was revoked.")

    return acted(request, visitor, key_id=key_id, change=change)


@action()
def finish(request: HttpRequest, visitor: Visitor, key_id: str) -> HttpResponse:
    """End the grace of a rotation now."""

    def change(api_key: ApiKey) -> str:
        rotation.finish(api_key, finisher=visitor.credential, by=visitor.actor)
        return _("Finished. The old secret is refused from now on.")

    return acted(request, visitor, key_id=key_id, change=change)


@action()
def cancel(request: HttpRequest, visitor: Visitor, key_id: str) -> HttpResponse:
    """Go back to the secret from before a rotation."""

    def change(api_key: ApiKey) -> str:
        rotation.cancel(api_key, canceller=visitor.credential, by=visitor.actor)
        return _("Cancelled. The old secret stays, the new one is refused from now on.")

    return acted(request, visitor, key_id=key_id, change=change)


@action()
def shrink(request: HttpRequest, visitor: Visitor, key_id: str) -> HttpResponse:
    """Take away what the key has not needed in 30 days."""

    def change(api_key: ApiKey) -> str:
        shrunk = exercised.shrink(api_key, changer=visitor.credential, by=visitor.actor)
        taken = [word for word in api_key.scopes if word not in shrunk.scopes]
        return _("Taken away: %(scopes)s.") % {"scopes": ", ".join(taken)}

    return acted(request, visitor, key_id=key_id, change=change)
