"""Sign-in and sign-out, invitations, password reset."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_safe,
)

from accounts import (
    browser,
    entrance,
    joining,
    login,
    onward,
    passkeys,
    passwords,
    trusted_browsers,
)
from accounts.addresses import fold
from accounts.audit import actor_of
from accounts.forms import (
    AccountForm,
    CodeForm,
    LoginForm,
    NewcomerForm,
    NewPasswordForm,
    PlainForm,
    RecoveryForm,
    ResetForm,
)
from accounts.joining import Acceptance
from accounts.models import User
from accounts.problems import Problem

PAGE = ("GET", "HEAD", "POST")
RECOVERY = "recovery"


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(
        request, "accounts/home.html", {"session": browser.session_of(request)}
    )


@never_cache
@require_http_methods(PAGE)
def sign_in(request: HttpRequest) -> HttpResponse:
    hint = onward.hint_of(request)
    form = LoginForm(request.POST or None, initial={"email": hint})
    if form.is_valid():
        email, password = form.cleaned_data["email"], form.cleaned_data["password"]
        try:
            user = login.first_step(request, email=email, password=password)
            return _after_first_step(request, user)
        except Problem as problem:
            return _refused(request, "accounts/login.html", form, problem)
    return _show(request, "accounts/login.html", form)


@never_cache
@require_http_methods(PAGE)
def second_step(request: HttpRequest) -> HttpResponse:
    """A code, or with ?recovery=1 one of the recovery codes. A passkey does without
    this form (views.passkeys)."""
    user = browser.first_step_of(request)
    if user is None:
        return _carrying_on(request, "login")
    form = _second_step_form(request)
    more = {
        "person": user,
        "by_passkey": passkeys.has_any(user),
        "by_recovery": RECOVERY in request.GET,
    }
    if form.is_valid():
        try:
            return _after_second_step(request, user, form)
        except Problem as problem:
            page = "accounts/second_step.html"
            return _refused(request, page, form, problem, **more)
    return _show(request, "accounts/second_step.html", form, **more)


@never_cache
@require_http_methods(PAGE)
def sign_out(request: HttpRequest) -> HttpResponse:
    """A button does it. Who follows a link to it finds the button at home."""
    if request.method != "POST":
        return redirect("home")
    browser.forget(request, reason="signed_out")
    return redirect("login")


@never_cache
@require_http_methods(PAGE)
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who is signed in joins by a button, who has an account proves it."""
    page = "accounts/invitation.html"
    session = browser.session_of(request)
    signed_in = session.membership.user if session is not None else None
    try:
        invited = joining.invited(request, token)
    except Problem as problem:
        return _refused(request, page, None, problem)
    form = _invitation_form(request, invited.user, signed_in)
    if form.is_valid():
        acceptance = Acceptance(token, **form.cleaned_data)
        try:
            joining.join(request, acceptance, signed_in=signed_in)
            target = onward.target_of(request)
            return redirect(target if signed_in else onward.sign_in_address(target))
        except Problem as problem:
            return _refused(request, page, form, problem, invited_to=invited)
    return _show(request, page, form, invited_to=invited)


@never_cache
@require_http_methods(PAGE)
def ask_for_reset(request: HttpRequest) -> HttpResponse:
    form = ResetForm(request.POST or None)
    if form.is_valid():
        email = form.cleaned_data["email"]
        try:
            login.count_request(request, group=login.RESET, account=fold(email))
        except Problem as problem:
            return _refused(request, "accounts/reset.html", form, problem)
        passwords.request_reset(email)
        onward.keep(request)
        return render(request, "accounts/reset_sent.html")
    return _show(request, "accounts/reset.html", form)


@never_cache
@require_http_methods(PAGE)
def reset_password(request: HttpRequest, token: str) -> HttpResponse:
    form = NewPasswordForm(request.POST or None)
    if form.is_valid():
        new = form.cleaned_data["new_password"]
        try:
            with login.braked(request, group=login.RESET):
                passwords.reset(token, new=new, by=actor_of(request))
            return redirect(onward.sign_in_address(onward.kept(request)))
        except Problem as problem:
            return _refused(request, "accounts/reset_password.html", form, problem)
    return _show(request, "accounts/reset_password.html", form)


def _after_first_step(request: HttpRequest, user: User) -> HttpResponse:
    try:
        factors = login.second_step(request, user, code="")
    except Problem as problem:
        if problem.code != "totp_required":
            raise
        if not trusted_browsers.is_trusted(request, user):
            browser.remember_first_step(request, user)
            return _carrying_on(request, "second_step")
        factors = ["pwd"]
    return _signed_in(request, user, factors)


def _second_step_form(request: HttpRequest) -> PlainForm:
    form = RecoveryForm if RECOVERY in request.GET else CodeForm
    return form(request.POST or None)


def _after_second_step(
    request: HttpRequest, user: User, form: PlainForm
) -> HttpResponse:
    code = form.cleaned_data["totp_code"]
    factors = login.second_step(request, user, code=code)
    response = _signed_in(request, user, factors)
    if form.cleaned_data.get("trust"):
        trusted_browsers.trust(request, response, user)
    return response


def _signed_in(request: HttpRequest, user: User, factors: list[str]) -> HttpResponse:
    response = redirect(onward.target_of(request))
    entrance.let_in(request, response, user, factors=factors)
    return response


def _carrying_on(request: HttpRequest, page: str) -> HttpResponse:
    """To another page of the way in, with all that this one was told."""
    carried = request.GET.urlencode()
    response = redirect(page)
    response["Location"] += f"?{carried}" if carried else ""
    return response


def _invitation_form(
    request: HttpRequest, invited: User, signed_in: User | None
) -> PlainForm:
    sent = request.POST if request.method == "POST" else None
    if signed_in is not None:
        return PlainForm(sent)
    return AccountForm(sent) if invited.has_usable_password() else NewcomerForm(sent)


def _refused(
    request: HttpRequest,
    template: str,
    form: PlainForm | None,
    problem: Problem,
    **more: Any,
) -> HttpResponse:
    """The page again with what to do; status and headers as the API gives them."""
    response = _show(request, template, form, problem=problem, **more)
    response.status_code = problem.status_code
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response


def _show(
    request: HttpRequest, template: str, form: PlainForm | None, **more: Any
) -> HttpResponse:
    context = {
        "form": form,
        "goes_on": onward.target_of(request) != onward.HOME,
        "carried": request.GET.urlencode(),
        **more,
    }
    response = render(request, template, context)
    onward.let_forms_lead(request, response)
    return response
