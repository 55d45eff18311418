"""Settings > Security: how somebody signs in, and the change of their password."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import factors, login, passwords
from accounts.pages import action, blame, page, show, told
from accounts.problems import Problem
from accounts.security_forms import PasswordForm
from accounts.visitors import Visitor


@page()
def security(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    return _overview(request, visitor, PasswordForm())


@action(confirmed=False)
def change_password(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The present password is asked for, which says that it is them."""
    form = PasswordForm(request.POST)
    if not form.is_valid():
        return _overview(request, visitor, form)
    try:
        _change(request, visitor, form.cleaned_data)
    except Problem as problem:
        return told(_overview(request, visitor, _blamed(form, problem)), problem)
    messages.success(
        request, _("Your password is changed. All your other sign-ins have ended.")
    )
    return redirect("security")


def _change(request: HttpRequest, visitor: Visitor, wish: dict[str, Any]) -> None:
    with login.braked(request, account=visitor.user.email_key):
        passwords.change(
            visitor.user,
            current=wish["current_password"],
            new=wish["new_password"],
            keep=visitor.credential.id,
            by=visitor.actor,
        )


def _blamed(form: PasswordForm, problem: Problem) -> PasswordForm:
    if problem.code == "wrong_password":
        why = _("This is not your present password. You can reset it instead.")
        form.add_error("current_password", why)
    else:
        blame(form, problem)
    return form


def _overview(
    request: HttpRequest, visitor: Visitor, form: PasswordForm
) -> HttpResponse:
    return show(
        request,
        visitor,
        "settings/security.html",
        form=form,
        factors=factors.of(visitor.user),
    )
