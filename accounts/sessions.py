"""The life of a session: begin, refresh, end. Every sign-in comes through here."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit, sealing, tokens
from accounts.audit import Actor
from accounts.credentials import rights
from accounts.models import Membership, Session, User
from accounts.models.sessions import SessionQuerySet
from accounts.problems import Problem

# An honest client that lost the answer may ask again within this time .
RETRY_WINDOW = timedelta(seconds=30)
BROWSER_LIFETIME = timedelta(days=7)
# Words of RFC 8176. A code of an authenticator, or a recovery code; a passkey.
CODE = "otp"
PASSKEY = "pop"
SECOND_FACTORS = frozenset({CODE, PASSKEY})


@dataclass(frozen=True, slots=True)
class Place:
    """From where somebody signs in, as it is shown in the list of sessions."""

    address: str
    user_agent: str


def place_of(request: HttpRequest) -> Place:
    agent = request.META.get("HTTP_USER_AGENT", "")
    printable = "".join(character for character in agent if character.isprintable())
    return Place(getattr(request, "client_address", ""), printable[:200])


def begin(
    membership: Membership, *, factors: list[str], place: Place
) -> dict[str, Any]:
    """Sign in over the API. The answer is the one that the product's guide shows."""
    rules = membership.organization.product.sessions
    session = _new(membership, factors=factors, place=place)
    session.expires_at = session.authenticated_at + rules.refresh_absolute
    refresh_token = tokens.refresh_token(session)
    session.refresh_digest = sealing.digest(refresh_token)
    session.refresh_expires_at = session.authenticated_at + rules.refresh_idle
    _insert(session)
    return _answer(session, refresh_token)


def begin_in_browser(
    membership: Membership, *, factors: list[str], place: Place
) -> Session:
    """Sign in on a page: a row for the cookie to name, without a refresh family."""
    session = _new(membership, factors=factors, place=place)
    session.is_browser = True
    session.expires_at = session.authenticated_at + BROWSER_LIFETIME
    _insert(session)
    return session


def refresh(presented: str, *, by: Actor) -> dict[str, Any]:
    """A new pair for a refresh token (RFC 9700 4.14.2: rotation with reuse detection).

    One conditional update decides. Whoever comes second with the same token, within 30
    s and before the successor was used, is given the winner's pair; it lies sealed
    under the presented token. Any other reuse ends the family. Raises Problem.
    """
    digests = sealing.digests(presented)
    session = _family(presented)
    _refuse_dead(session, timezone.now())
    if _is_one_of(session.refresh_digest, digests):
        answer = _rotate(session, presented, by=by)
        if answer is not None:
            return answer
        session = _family(presented)
        _refuse_dead(session, timezone.now())
    repeated = _repeat(session, presented, digests)
    if repeated is not None:
        return repeated
    end(session, reason="refresh_token_reused", by=by)
    raise Problem("invalid_refresh_token")


def end(session: Session, *, reason: str, by: Actor) -> bool:
    """End one session. Its tokens and its cookie are refused from the answer on. False:
    it had ended before."""
    with transaction.atomic():
        if not Session.objects.filter(pk=session.pk).end(reason):
            return False
        audit.record(
            "session.ended",
            by=by,
            organization=session.membership.organization,
            target=session.public_id,
            reason=reason,
        )
    return True


def end_all(user: User, *, reason: str, by: Actor, keep: str = "") -> int:
    """End all sessions of a person, but for the one with the public id `keep`."""
    kept = Session.objects.with_public_id(keep)
    # Those of a suspended organization too: it may come back, they must not.
    found = Session.objects.filter(
        membership__user=user, expires_at__gt=timezone.now()
    ).exclude(pk__in=kept.values("pk"))
    with transaction.atomic():
        # Who switches to another organization meanwhile is met before or after.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        ended = found.end(reason)
        # Whoever signs in anywhere from now on, this browser included, is asked for
        # the second step again.
        user.trusted_browsers.all().delete()
        audit.record(
            "sessions.ended",
            by=by,
            organization=None,
            target=user.public_id,
            reason=reason,
            count=ended,
        )
    return ended


def refuse_stale(user: User, code: str) -> None:
    """Hold the person still until the transaction ends. `user` is as the password was
    checked; raises Problem where it was replaced since, or the person disabled.

    Else who knows the old password could be past its check while it is replaced, and
    come in, or put another one, after that.
    """
    current = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if current.password != user.password or not current.is_active:
        raise Problem(code)


def open_sessions(user: User) -> SessionQuerySet:
    """The sessions of a person that are alive, in every organization of theirs."""
    return Session.objects.alive().with_people().filter(membership__user=user)


def _new(membership: Membership, *, factors: list[str], place: Place) -> Session:
    # The clock that drew the person's line may be ahead of ours.
    line = membership.user.credentials_valid_from
    now = max(timezone.now(), line)
    return Session(
        membership=membership,
        factors=factors,
        authenticated_at=now,
        second_step_at=now if SECOND_FACTORS & set(factors) else None,
        address=place.address,
        last_used_ip=place.address,
        user_agent=place.user_agent,
    )


def _insert(session: Session) -> None:
    with transaction.atomic():
        refuse_stale(session.membership.user, "invalid_login")
        session.save(force_insert=True)


def _answer(session: Session, refresh_token: str) -> dict[str, Any]:
    membership = session.membership
    rules = membership.organization.product.sessions
    held = membership.organization.product.scopes_of_role(membership.role)
    effective = rights(membership.organization, held, role=membership.role).effective
    return {
        "access_token": tokens.access_token(session, effective),
        "refresh_token": refresh_token,
        "token_type": rules.token_type,
        "expires_in": rules.access_seconds,
    }


def _family(presented: str) -> Session:
    session_id = tokens.session_of_refresh(presented)
    session = None
    if session_id is not None:
        session = Session.objects.with_people().filter(pk=session_id).first()
    if session is None:
        raise Problem("invalid_refresh_token")
    return session


def _refuse_dead(session: Session, now: datetime) -> None:
    idle_until = session.refresh_expires_at
    if not session.is_alive(now) or idle_until is None or idle_until <= now:
        raise Problem("session_ended")


def _is_one_of(stored: Any, digests: list[bytes]) -> bool:
    found = bytes(stored or b"")
    return any(hmac.compare_digest(found, digest) for digest in digests)


def _rotate(session: Session, presented: str, *, by: Actor) -> dict[str, Any] | None:
    """Consume the token and store its successor. None: another request was faster."""
    now = timezone.now()
    idle = session.membership.organization.product.sessions.refresh_idle
    successor = tokens.refresh_token(session)
    answer = _answer(session, successor)
    consumed = Session.objects.filter(
        pk=session.pk, ended_at=None, refresh_digest=session.refresh_digest
    ).update(
        refresh_digest=sealing.digest(successor),
        refresh_expires_at=min(now + idle, session.expires_at),
        previous_digest=session.refresh_digest,
        rotated_at=now,
        sealed_successor=sealing.seal_under(
            presented, json.dumps(answer).encode(), context=_context(session)
        ),
        last_used_at=now,
        last_used_ip=by.address,
    )
    return answer if consumed else None


def _repeat(
    session: Session, presented: str, digests: list[bytes]
) -> dict[str, Any] | None:
    """The pair that was already given for this token, while it may be given again."""
    if not _is_one_of(session.previous_digest, digests) or session.rotated_at is None:
        return None
    if (
        timezone.now() - session.rotated_at > RETRY_WINDOW
        or not session.sealed_successor
    ):
        return None
    plain = sealing.unseal_under(
        presented, bytes(session.sealed_successor), context=_context(session)
    )
    answer: dict[str, Any] = json.loads(plain)
    return answer


def _context(session: Session) -> str:
    return f"successor:{session.public_id}"
