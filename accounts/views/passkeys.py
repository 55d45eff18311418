"""What the script of the passkeys asks: a question first, then whether the answer is
right."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from accounts import (
    authenticators,
    browser,
    confirming,
    entrance,
    onward,
    parsers,
    passkeys,
    sessions,
    trusted_browsers,
    user_agents,
)
from accounts.authenticators import Answer
from accounts.models import User
from accounts.problems import Problem
from accounts.visitors import Visitor, visitor_of

SIGN_IN = "sign in"
Endpoint = Callable[[HttpRequest], HttpResponse]


def endpoint(view: Endpoint) -> Endpoint:
    """POST only, JSON in and out. A refusal has the shape of the API's."""

    @never_cache
    @wraps(view)
    def answering(request: HttpRequest) -> HttpResponse:
        try:
            if request.method != "POST":
                raise Problem("method_not_allowed")
            return view(request)
        except Problem as problem:
            return _refusal(request, problem)

    return answering


@endpoint
def begin_sign_in(request: HttpRequest) -> HttpResponse:
    """Any passkey of this site: who comes need not say who they are."""
    return JsonResponse(authenticators.ask(request, purpose=SIGN_IN, user=None))


@endpoint
def sign_in(request: HttpRequest) -> HttpResponse:
    answer = _answer(_sent(request))
    response = _going_on(request)
    with passkeys.answered(request, answer, purpose=SIGN_IN) as user:
        entrance.let_in(request, response, user, factors=passkeys.ALONE)
    return response


@endpoint
def begin_second_step(request: HttpRequest) -> HttpResponse:
    user = _halfway(request)
    return JsonResponse(
        authenticators.ask(request, purpose=_second_step(user), user=user)
    )


@endpoint
def second_step(request: HttpRequest) -> HttpResponse:
    user = _halfway(request)
    sent = _sent(request)
    response = _going_on(request)
    with passkeys.answered(
        request, _answer(sent), purpose=_second_step(user), user=user
    ):
        # The person as the password was checked, so that a new one ends this.
        entrance.let_in(request, response, user, factors=passkeys.AFTER_PASSWORD)
        if sent.get("trust") is True:
            trusted_browsers.trust(request, response, user)
    return response


@endpoint
def begin_confirmation(request: HttpRequest) -> HttpResponse:
    return JsonResponse(confirming.ask_for_passkey(request, _visitor(request)))


@endpoint
def confirm(request: HttpRequest) -> HttpResponse:
    visitor = _visitor(request)
    confirming.prove_by_passkey(request, visitor, _answer(_sent(request)))
    return JsonResponse({})


@endpoint
def begin_registration(request: HttpRequest) -> HttpResponse:
    visitor = _confirmed(request)
    purpose = _registration(visitor)
    return JsonResponse(
        authenticators.ask_for_new(request, visitor.user, purpose=purpose)
    )


@endpoint
def register(request: HttpRequest) -> HttpResponse:
    """It is named after the browser that made it, until the person renames it."""
    visitor = _confirmed(request)
    answer = _answer(_sent(request))
    name = user_agents.in_words(sessions.place_of(request).user_agent)
    purpose = _registration(visitor)
    passkeys.add(request, visitor.user, answer, purpose=purpose, name=name)
    return JsonResponse({}, status=201)


def _visitor(request: HttpRequest) -> Visitor:
    session = browser.session_of(request)
    if session is None:
        raise Problem("session_ended")
    return visitor_of(request, session)


def _confirmed(request: HttpRequest) -> Visitor:
    visitor = _visitor(request)
    confirming.require(visitor.credential)
    return visitor


def _halfway(request: HttpRequest) -> User:
    """Who has given the password, within ten minutes."""
    user = browser.first_step_of(request)
    if user is None:
        raise Problem("session_ended")
    return user


def _second_step(user: User) -> str:
    return f"second step {user.public_id}"


def _registration(visitor: Visitor) -> str:
    return f"register {visitor.credential.id}"


def _sent(request: HttpRequest) -> dict[str, Any]:
    return parsers.loads(request.body)


def _answer(sent: dict[str, Any]) -> Answer:
    state, credential = sent.get("state"), sent.get("credential")
    if not (isinstance(state, str) and isinstance(credential, dict)):
        raise Problem("invalid_request", "Send state and credential.")
    return Answer(state, credential)


def _going_on(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"next": onward.target_of(request)})


def _refusal(request: HttpRequest, problem: Problem) -> HttpResponse:
    # For the door, which counts how requests end.
    request.problem_code = problem.code  # type: ignore[attr-defined]
    body = problem.body(getattr(request, "request_id", ""))
    response = JsonResponse(body, status=problem.status_code)
    for name, value in problem.headers.items():
        if name != "WWW-Authenticate":
            response.headers[name] = value
    return response
