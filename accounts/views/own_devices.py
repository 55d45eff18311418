"""Settings > Security: the passkeys and the trusted browsers of the one who looks."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import passkeys, trusted_browsers
from accounts.pages import FORM, action, blame, page, show, told
from accounts.problems import Problem
from accounts.security_forms import PasskeyNameForm
from accounts.visitors import Visitor


@page(methods=FORM)
def rename_passkey(
    request: HttpRequest, visitor: Visitor, passkey_id: str
) -> HttpResponse:
    passkey = _own_passkey(visitor, passkey_id)
    typed = request.POST if request.method == "POST" else None
    form = PasskeyNameForm(typed, initial={"name": passkey.name})
    template, more = "settings/passkey.html", {"form": form, "passkey": passkey}
    if not form.is_valid():
        return show(request, visitor, template, **more)
    try:
        passkeys.rename(passkey, form.cleaned_data["name"], by=visitor.actor)
    except Problem as problem:
        blame(form, problem)
        return told(show(request, visitor, template, **more), problem)
    messages.success(request, _("The passkey has its new name."))
    return redirect("security")


@action()
def remove_passkey(
    request: HttpRequest, visitor: Visitor, passkey_id: str
) -> HttpResponse:
    passkeys.remove(_own_passkey(visitor, passkey_id), by=visitor.actor)
    messages.success(request, _("The passkey opens nothing here any more."))
    return redirect("security")


@action()
def remove_browser(
    request: HttpRequest, visitor: Visitor, browser_id: str
) -> HttpResponse:
    own = {each.public_id: each for each in trusted_browsers.of(visitor.user)}
    if browser_id not in own:
        raise Problem("not_found", _("This browser is not trusted any more."))
    trusted_browsers.remove(own[browser_id], by=visitor.actor)
    messages.success(request, _("The browser is asked for a second step again."))
    return redirect("security")


def _own_passkey(visitor: Visitor, passkey_id: str) -> Any:
    passkey = passkeys.find(visitor.user, passkey_id)
    if passkey is None:
        raise Problem("not_found", _("You have no such passkey."))
    return passkey
