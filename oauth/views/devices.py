"""Where a person types the code that a device shows (RFC 8628 3.3)."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import browser, login, onward
from accounts.audit import actor_of
from accounts.models import Membership, Session
from accounts.problems import Problem
from oauth import authorizations, devices, scopes
from oauth.models import DeviceGrant

BRAKE = "device-code"
LONGEST_CODE = 40
PAGE = ("GET", "HEAD", "POST")


@never_cache
@require_http_methods(PAGE)
def enter(request: HttpRequest) -> HttpResponse:
    """Asks for the code, and on POST says what the device wants."""
    session = browser.session_of(request)
    if session is None:
        return _to_sign_in(request)
    if request.method != "POST":
        typed = request.GET.get("user_code", "")[:LONGEST_CODE]
        return _form(request, session, typed)
    try:
        device, membership = _found(request, session)
    except Problem as problem:
        return _refused(request, session, problem)
    return _confirm(request, device, membership)


@never_cache
@require_POST
def allow(request: HttpRequest) -> HttpResponse:
    session = browser.session_of(request)
    if session is None:
        return _to_sign_in(request)
    try:
        device, membership = _found(request, session)
        if not _is_as_shown(request, device, membership):
            return _confirm(request, device, membership)
        _let_in(request, device, membership)
    except Problem as problem:
        return _refused(request, session, problem)
    context = {"application": device.application, "allowed": True}
    return render(request, "oauth/device_done.html", context)


@never_cache
@require_POST
def deny(request: HttpRequest) -> HttpResponse:
    session = browser.session_of(request)
    if session is None:
        return _to_sign_in(request)
    try:
        device, membership = _found(request, session)
        if not devices.deny(device, membership=membership, by=actor_of(request)):
            raise _nobody_waits()
    except Problem as problem:
        return _refused(request, session, problem)
    context = {"application": device.application, "allowed": False}
    return render(request, "oauth/device_done.html", context)


def _found(request: HttpRequest, session: Session) -> tuple[DeviceGrant, Membership]:
    """The waiting device, and through which membership it would be let in. Raises
    Problem. Wrong codes are counted: a code has 34 bits only."""
    account = session.membership.user.public_id
    with login.braked(request, account=account, group=BRAKE) as guess:
        device = devices.waiting(request.POST.get("user_code", "")[:LONGEST_CODE])
        if device is None:
            guess.wrong()
            raise _nobody_waits()
    application = device.application
    membership = authorizations.membership_for(session, application)
    if membership is None or not application.is_usable:
        raise Problem("forbidden", "The application is not open to your organization.")
    if not scopes.grantable(application, device.scopes, membership):
        raise Problem("forbidden", "Your role holds none of what the device asks for.")
    return device, membership


def _is_as_shown(
    request: HttpRequest, device: DeviceGrant, membership: Membership
) -> bool:
    """Whether a yes would give what the page said, through whom it said."""
    granted = scopes.grantable(device.application, device.scopes, membership)
    given = " ".join(granted)
    shown = request.POST.get("membership"), request.POST.get("scopes")
    return shown == (membership.public_id, given)


def _let_in(request: HttpRequest, device: DeviceGrant, membership: Membership) -> None:
    """Raises Problem where somebody was faster, or the session ended meanwhile."""
    session = cast(Session, browser.session_of(request))
    granted = scopes.grantable(device.application, device.scopes, membership)
    by = actor_of(request)
    if not devices.allow(
        device, membership=membership, session=session, scopes=granted, by=by
    ):
        raise _nobody_waits()


def _nobody_waits() -> Problem:
    return Problem.invalid(
        "user_code", "No device waits for this code. Look at the device again."
    )


def _confirm(
    request: HttpRequest, device: DeviceGrant, membership: Membership
) -> HttpResponse:
    words = scopes.known(device.application)
    granted = scopes.grantable(device.application, device.scopes, membership)
    typed = request.POST.get("user_code", "")[:LONGEST_CODE]
    context: dict[str, Any] = {
        "application": device.application,
        "asked_at": devices.asked_at(device),
        "asked_from": device.address,
        "own_address": getattr(request, "client_address", ""),
        "shown_code": devices.spelled(typed),
        "membership": membership,
        "scopes": [(scope, words[scope]) for scope in granted],
        "given": " ".join(granted),
        "withheld": [
            (scope, words[scope]) for scope in device.scopes if scope not in granted
        ],
        "powerful": scopes.powerful(device.application),
        "user_code": typed,
        "page": _page(request),
        "sign_in": _sign_in_address(request),
    }
    return render(request, "oauth/device_consent.html", context)


def _form(
    request: HttpRequest, session: Session, typed: str, **more: Problem
) -> HttpResponse:
    context = {
        "typed": typed,
        "session": session,
        "page": _page(request),
        "sign_in": _sign_in_address(request),
        **more,
    }
    return render(request, "oauth/device.html", context)


def _refused(request: HttpRequest, session: Session, problem: Problem) -> HttpResponse:
    typed = request.POST.get("user_code", "")[:LONGEST_CODE]
    response = _form(request, session, typed, problem=problem)
    response.status_code = problem.status_code
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    return redirect(_sign_in_address(request))


def _sign_in_address(request: HttpRequest) -> str:
    code = request.GET.get("user_code") or request.POST.get("user_code") or ""
    query = urlencode({"user_code": code[:LONGEST_CODE]}) if code else ""
    page = _page(request)
    return onward.sign_in_address(f"{page}?{query}" if query else page)


def _page(request: HttpRequest) -> str:
    """Where the code is typed, under the mount that was called."""
    mount, _, _ = request.path.rpartition("/device")
    return f"{mount}/device"
