"""Sign-in, the one door of page and API: from password and code to a membership."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import F, Max
from django.http import HttpRequest

from accounts import audit, known_devices, passwords, totp, waiting
from accounts.addresses import fold
from accounts.models import Membership, Organization, User
from accounts.problems import Problem
from ratelimits import brakes, metrics

# One brake for every door of a sign-in, the second step included.
SIGN_IN = "sign-in"
RESET = "password-reset"
# The refusals that are guesses. Everything else is an honest mistake and costs nothing.
GUESSES = frozenset(
    {
        "invalid_login",
        "invalid_totp_code",
        "invalid_refresh_token",
        "invalid_token",
        "wrong_password",
    }
)


@contextmanager
def braked(
    request: HttpRequest, *, account: str = "", group: str = SIGN_IN
) -> Iterator[brakes.Guess]:
    """Around whatever can be guessed: counts wrong guesses and makes who guesses wait.

    A refusal that is one of GUESSES counts, and so does a guess that the caller says
    was `wrong()`. Raises Problem `too_many_attempts` with the seconds to wait.
    """
    # Who signed in on a device before is kept out by no stranger. What else is counted
    # by account, as mails are, is counted on every device alike.
    known = account if group == SIGN_IN else ""
    device = known_devices.shown(request, known)
    with (
        _as_problem(),
        brakes.guess(request, group, account=account, device=device) as guess,
    ):
        try:
            yield guess
        except Problem as refusal:
            if refusal.code in GUESSES:
                guess.wrong()
                metrics.guessed_wrong()
            raise


@contextmanager
def judged(request: HttpRequest, *, group: str) -> Iterator[None]:
    """Around a secret that nobody can guess: counts wrong ones by their address.

    Who shows a right one never waits, so garbage from an address stops nobody there.
    Raises Problem `too_many_attempts` in place of a wrong one that is too many.
    """
    try:
        yield
    except Problem as refusal:
        seconds = 0
        if refusal.code in GUESSES:
            metrics.guessed_wrong()
            seconds = brakes.failed(request, group)
        if seconds:
            raise _too_many(seconds) from None
        raise


@contextmanager
def _as_problem() -> Iterator[None]:
    try:
        yield
    except brakes.TooManyGuesses as refusal:
        raise _too_many(refusal.seconds) from None


def _too_many(seconds: int) -> Problem:
    advice = f"Wait {waiting.in_words(seconds)}, then try again."
    return Problem("too_many_attempts", advice, retry_after=seconds)


def count_request(request: HttpRequest, *, group: str, account: str) -> None:
    """For what sends mail to a stranger: each request counts, right or wrong."""
    with braked(request, account=account, group=group) as guess:
        guess.wrong()


def first_step(request: HttpRequest, *, email: str, password: str) -> User:
    """The person with this password. Raises Problem."""
    with braked(request, account=fold(email)):
        user = passwords.person_with(email, password)
        if user is None:
            raise Problem("invalid_login")
    return user


def second_step(request: HttpRequest, user: User, *, code: str) -> list[str]:
    """The factors proven (RFC 8176). Raises Problem where a code is due or wrong."""
    if not totp.is_on(user):
        return ["pwd"]
    if not code:
        raise Problem("totp_required")
    use_code(request, user, code)
    return ["pwd", "otp"]


def use_code(request: HttpRequest, user: User, code: str) -> None:
    """Use up a second factor. A wrong one is counted and told to the audit log."""
    by = audit.actor_of(request)
    with braked(request, account=user.email_key):
        if totp.use(user, code, by=by):
            return
        audit.record("totp.refused", by=by, organization=None, target=user.public_id)
        raise Problem("invalid_totp_code")


def membership_for(user: User, organization: str) -> Membership:
    """The membership to sign in with: the named organization's, else the last used one,
    else the oldest. Its user is the given one. Raises Problem `no_membership`."""
    found = user.memberships.usable().select_related("organization")
    if organization:
        named = Organization.objects.with_public_id(organization)
        membership = found.filter(organization__in=named).first()
    else:
        last_used = F("last_used").desc(nulls_last=True)
        found = found.annotate(last_used=Max("sessions__authenticated_at"))
        membership = found.order_by(last_used, "created_at", "pk").first()
    if membership is None:
        raise Problem("no_membership")
    return membership
