"""The pages on which an application is registered and changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ValidationError

from accounts import bodies, once
from accounts.credentials import Credential
from accounts.once import AlreadyMade
from accounts.pages import FORM, action, blame, page, show
from accounts.problems import Problem
from accounts.visitors import Visitor
from oauth import applications, registration_form, snippets
from oauth.applications import Registration
from oauth.kinds import KINDS, Kind
from oauth.models import Application
from oauth.registration import registered
from oauth.registration_form import ADDRESSES, RegistrationForm
from oauth.scopes import IDENTITY
from oauth.serializers import ApplicationChange, ApplicationRequest
from oauth.views.applications import plans_with_applications
from oauth.views.chosen import MANAGING, chosen

PERSONAL = gettext_lazy("About the person")


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """One box of the form."""

    word: str
    description: str
    is_powerful: bool
    is_held: bool
    is_chosen: bool


@page(methods=FORM, needs=MANAGING, confirmed=True)
def new(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """/settings/oauth-applications/new: the type first, then the form for it."""
    kind = KINDS.get(request.POST.get("type") or request.GET.get("type", ""))
    plans = plans_with_applications(visitor)
    if kind is None or not visitor.organization.plan.applications:
        context = {"kinds": KINDS.values(), "plans": plans}
        return show(request, visitor, "oauth/application_types.html", **context)
    form = RegistrationForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        try:
            return _registered(request, visitor, form)
        except AlreadyMade as made:
            return already(request, visitor, made)
        except (Problem, ValidationError) as error:
            blame(form, error)
    return _form(request, visitor, form)


@page(methods=FORM, needs=MANAGING, confirmed=True)
def edit(request: HttpRequest, visitor: Visitor, application_id: str) -> HttpResponse:
    """/settings/oauth-applications/<id>/edit"""
    application = chosen(visitor, application_id)
    initial = registration_form.initial_of(registered(application))
    kind = KINDS[application.type]
    form = RegistrationForm(request.POST or None, kind=kind, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            changes = bodies.taken(ApplicationChange, form.values())
            changes["scopes"] = _in_order(changes["scopes"], application.scopes)
            applications.change(
                application, changes, changer=visitor.credential, by=visitor.actor
            )
        except (Problem, ValidationError) as error:
            blame(form, error)
        else:
            messages.success(request, _("The application was changed."))
            return redirect("application", application.public_id)
    return _form(request, visitor, form, application=application)


@action(needs=MANAGING, confirmed=False)
def check_addresses(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """What is wrong with the addresses typed until now, for a script to show."""
    typed = next((request.POST[name] for name in ADDRESSES if name in request.POST), "")
    lines = registration_form.lines_of(typed[: registration_form.MOST_TYPED])
    kind = request.GET.get("type", "")
    return JsonResponse({"problems": registration_form.faults(lines, kind)})


def already(request: HttpRequest, visitor: Visitor, made: AlreadyMade) -> HttpResponse:
    """The same form once more: what it made is there, and its secret is not."""
    template = "oauth/already_made.html"
    return show(request, visitor, template, made=made.target)


def with_secret(
    request: HttpRequest, visitor: Visitor, application: Application, *, secret: str
) -> HttpResponse:
    """The one answer that shows a secret; empty: the application has none."""
    context = {
        "application": application,
        "kind": KINDS[application.type],
        "secret": secret,
        "snippets": snippets.snippets(application, secret),
        "discovery": snippets.discovery_address(),
    }
    return show(request, visitor, "oauth/application_made.html", **context)


def _registered(
    request: HttpRequest, visitor: Visitor, form: RegistrationForm
) -> HttpResponse:
    values = {**form.values(), "type": form.kind.word}
    wish = Registration(**bodies.taken(ApplicationRequest, values))
    application, secret = once.once(
        request,
        visitor,
        lambda: applications.register(wish, maker=visitor.credential, by=visitor.actor),
        target=lambda made: made[0].public_id,
    )
    return with_secret(request, visitor, application, secret=secret or "")


def _form(
    request: HttpRequest,
    visitor: Visitor,
    form: RegistrationForm,
    *,
    application: Application | None = None,
) -> HttpResponse:
    ticked = set(form["scopes"].value() or ())
    context = {
        "form": form,
        "kind": form.kind,
        "application": application,
        "nonce": request.POST.get(once.FIELD) or once.nonce(),
        "groups": _groups(visitor.credential, ticked, form.kind),
    }
    return show(request, visitor, "oauth/application_form.html", **context)


def _in_order(wanted: Iterable[str], present: list[str]) -> tuple[str, ...]:
    """Where they stood already, so that the audit log tells no change of places."""
    asked = list(wanted)
    kept = [scope for scope in present if scope in asked]
    return (*kept, *(scope for scope in asked if scope not in present))


def _groups(
    holder: Credential, ticked: set[str], kind: Kind
) -> list[tuple[str, list[ScopeChoice]]]:
    """Every scope by its group, with what the person may not hand on told apart."""
    missing = set(holder.lacks(holder.product.scopes))
    groups: dict[str, list[ScopeChoice]] = {}
    if "redirect_uris" not in kind.without:
        groups[str(PERSONAL)] = [
            ScopeChoice(word, words, False, True, word in ticked)
            for word, words in IDENTITY.items()
        ]
    for scope in holder.product.scopes.values():
        choice = ScopeChoice(
            word=scope.word,
            description=scope.description,
            is_powerful=scope.implies_all,
            is_held=scope.word not in missing,
            is_chosen=scope.word in ticked,
        )
        groups.setdefault(scope.group, []).append(choice)
    return list(groups.items())
