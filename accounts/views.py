"""The plain pages: sign-in and sign-out, invitations, password reset."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts import browser, joining, login, members, passwords, sessions
from accounts.addresses import fold
from accounts.audit import actor_of
from accounts.forms import (
    AccountForm,
    CodeForm,
    LoginForm,
    NewcomerForm,
    NewPasswordForm,
    PlainForm,
    ResetForm,
)
from accounts.joining import Acceptance
from accounts.models import User
from accounts.problems import Problem

PAGE = ("GET", "HEAD", "POST")


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(
        request, "accounts/home.html", {"session": browser.session_of(request)}
    )


@never_cache
@require_http_methods(PAGE)
def sign_in(request: HttpRequest) -> HttpResponse:
    form = LoginForm(request.POST or None)
    if form.is_valid():
        email, password = form.cleaned_data["email"], form.cleaned_data["password"]
        try:
            user = login.first_step(request, email=email, password=password)
            return _after_first_step(request, user)
        except Problem as problem:
            return _refused(request, "accounts/login.html", form, problem)
    return render(request, "accounts/login.html", {"form": form})


@never_cache
@require_http_methods(PAGE)
def second_step(request: HttpRequest) -> HttpResponse:
    user = browser.first_step_of(request)
    if user is None:
        return redirect("login")
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            code = form.cleaned_data["totp_code"]
            factors = login.second_step(request, user, code=code)
            return _signed_in(request, user, factors)
        except Problem as problem:
            return _refused(request, "accounts/second_step.html", form, problem)
    return render(request, "accounts/second_step.html", {"form": form, "person": user})


@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    browser.forget(request, reason="signed_out")
    return redirect("login")


@never_cache
@require_http_methods(PAGE)
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who is signed in joins by a button, who has an account proves it."""
    session = browser.session_of(request)
    signed_in = session.membership.user if session is not None else None
    try:
        form = _invitation_form(request, members.invited(token), signed_in)
    except Problem as problem:
        return _refused(request, "accounts/invitation.html", None, problem)
    if form.is_valid():
        acceptance = Acceptance(token, **form.cleaned_data)
        try:
            joining.join(request, acceptance, signed_in=signed_in)
            return redirect("home" if signed_in else "login")
        except Problem as problem:
            return _refused(request, "accounts/invitation.html", form, problem)
    return render(request, "accounts/invitation.html", {"form": form})


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
        return render(request, "accounts/reset_sent.html")
    return render(request, "accounts/reset.html", {"form": form})


@never_cache
@require_http_methods(PAGE)
def reset_password(request: HttpRequest, token: str) -> HttpResponse:
    form = NewPasswordForm(request.POST or None)
    if form.is_valid():
        new = form.cleaned_data["new_password"]
        try:
            with login.braked(request, group=login.RESET):
                passwords.reset(token, new=new, by=actor_of(request))
            return redirect("login")
        except Problem as problem:
            return _refused(request, "accounts/reset_password.html", form, problem)
    return render(request, "accounts/reset_password.html", {"form": form})


def _after_first_step(request: HttpRequest, user: User) -> HttpResponse:
    try:
        factors = login.second_step(request, user, code="")
    except Problem as problem:
        if problem.code != "totp_required":
            raise
        onward = request.GET.urlencode()
        browser.remember_first_step(request, user)
        response = redirect("second_step")
        response["Location"] += f"?{onward}" if onward else ""
        return response
    return _signed_in(request, user, factors)


def _signed_in(request: HttpRequest, user: User, factors: list[str]) -> HttpResponse:
    membership = login.membership_for(user, "")
    place = sessions.place_of(request)
    session = sessions.begin_in_browser(membership, factors=factors, place=place)
    browser.remember(request, session)
    return redirect(_onward(request))


def _onward(request: HttpRequest) -> str:
    """The page that was asked for, if it is one of this site."""
    target = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if target.startswith("/") and is_ours else "/"


def _invitation_form(
    request: HttpRequest, invited: User, signed_in: User | None
) -> PlainForm:
    sent = request.POST if request.method == "POST" else None
    if signed_in is not None:
        return PlainForm(sent)
    return AccountForm(sent) if invited.has_usable_password() else NewcomerForm(sent)


def _refused(
    request: HttpRequest, template: str, form: PlainForm | None, problem: Problem
) -> HttpResponse:
    """The page again with what to do; status and headers as the API gives them."""
    context: dict[str, Any] = {"form": form, "problem": problem}
    response = render(request, template, context, status=problem.status_code)
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response
