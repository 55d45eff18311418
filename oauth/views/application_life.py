"""The buttons of an application: a new secret, off and on, and its end."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import once
from accounts.credential_forms import RotationForm, TypedNameForm
from accounts.once import AlreadyMade
from accounts.pages import FORM, action, page, show
from accounts.problems import Problem
from accounts.visitors import Visitor
from oauth import applications, client_secrets, old_secrets
from oauth.models import Application
from oauth.views.applications import facts
from oauth.views.chosen import MANAGING, acted, chosen
from oauth.views.registration import already, with_secret


@page(methods=FORM, needs=MANAGING, confirmed=True)
def rotate_secret(
    request: HttpRequest, visitor: Visitor, application_id: str
) -> HttpResponse:
    """Asks how long the old secret lives on; the answer to the POST shows the new."""
    application = chosen(visitor, application_id)
    form, problem = RotationForm(request.POST or None), None
    if form.is_valid():
        try:
            return _rotated(request, visitor, application, form.grace)
        except AlreadyMade as made:
            return already(request, visitor, made)
        except Problem as refused:
            problem = refused
    context = {
        "application": application,
        "has_secret": client_secrets.used_by(application),
        "form": form,
        "nonce": request.POST.get(once.FIELD) or once.nonce(),
        "problem": problem,
    }
    return show(request, visitor, "oauth/rotate_secret.html", **context)


@action(needs=MANAGING)
def end_old_secret(
    request: HttpRequest, visitor: Visitor, application_id: str
) -> HttpResponse:
    def end(application: Application) -> str:
        hint = old_secrets.end(application, holder=visitor.credential, by=visitor.actor)
        return _("The secret %(hint)s is refused from now on.") % {"hint": hint}

    return acted(request, visitor, application_id=application_id, change=end)


@page(methods=FORM, needs=MANAGING, confirmed=True)
def disable(
    request: HttpRequest, visitor: Visitor, application_id: str
) -> HttpResponse:
    """Asks for the name first: everybody who uses it stands before a closed door."""
    application = chosen(visitor, application_id)
    form = _asking(request, application)
    if not form.is_valid():
        shown = facts(visitor, application)
        return show(request, visitor, "oauth/disable.html", form=form, **shown)
    applications.change(
        application,
        {"is_active": False},
        changer=visitor.credential,
        by=visitor.actor,
    )
    messages.success(request, _("The application is disabled."))
    return redirect("application", application.public_id)


@action(needs=MANAGING)
def enable(request: HttpRequest, visitor: Visitor, application_id: str) -> HttpResponse:
    def turn_on(application: Application) -> str:
        applications.change(
            application,
            {"is_active": True},
            changer=visitor.credential,
            by=visitor.actor,
        )
        return _("The application is on again.")

    return acted(request, visitor, application_id=application_id, change=turn_on)


@page(methods=FORM, needs=MANAGING, confirmed=True)
def delete(request: HttpRequest, visitor: Visitor, application_id: str) -> HttpResponse:
    """Asks for the name first: there is no way back."""
    application = chosen(visitor, application_id)
    form = _asking(request, application)
    if not form.is_valid():
        shown = facts(visitor, application)
        return show(request, visitor, "oauth/delete.html", form=form, **shown)
    applications.delete(application, by=visitor.actor)
    done = _("The application %(name)s was deleted.") % {"name": application.name}
    messages.success(request, done)
    return redirect("applications")


def _rotated(
    request: HttpRequest, visitor: Visitor, application: Application, grace: int
) -> HttpResponse:
    application, secret = once.once(
        request,
        visitor,
        lambda: applications.rotate_secret(
            application,
            grace_seconds=grace,
            holder=visitor.credential,
            by=visitor.actor,
        ),
        target=lambda made: made[0].public_id,
    )
    return with_secret(request, visitor, application, secret=secret)


def _asking(request: HttpRequest, application: Application) -> TypedNameForm:
    label = _("Type the name of the application")
    return TypedNameForm(request.POST or None, name=application.name, label=label)
