"""One dispatcher: turns what a request shows into a Credential, or into a refusal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from django.core.handlers.wsgi import get_path_info
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError

from accounts import admission, codes, dpop, ids, presented
from accounts.audit import Actor
from accounts.credentials import (
    SESSION,
    Credential,
    Departure,
    imported_keys,
    kinds,
    rights,
)
from accounts.lookups import Lookup
from accounts.models import Membership, Organization, Session, User
from accounts.presented import BEARER, DPOP
from accounts.problems import REALM, Problem
from accounts.products import LIVE, products
from accounts.tokens import (
    ACCESS_HEADER,
    REFRESH_HEADER,
    AccessToken,
    claims_of,
    header_of,
)
from ratelimits.counted import Counted
from ratelimits.limits import Limits


class Sessions:
    """What a signed-in person holds: the access token of the session."""

    name = SESSION
    carriers = frozenset({BEARER})

    def recognises(self, text: str) -> bool:
        header = header_of(text)
        if header is None or header.get("typ") != ACCESS_HEADER:
            return False
        # An application's access token looks the same and names no session.
        return "sid" in (claims_of(text) or {})

    def find(self, text: str) -> Credential | None:
        try:
            token = AccessToken(text)  # type: ignore[arg-type]
            session_id = ids.decode(Session.prefix, str(token["sid"]))
        except ExpiredTokenError as error:
            raise _expired(text) from error
        except (TokenError, ValueError):
            return None
        session = _by_id.find([session_id])
        if session is None:
            raise Problem("session_ended")
        if token["aud"] != session.membership.organization.product_slug:
            return None
        if not session.is_alive(timezone.now()):
            raise Problem("session_ended").about(counted_of(session))
        expires_at = datetime.fromtimestamp(token["exp"], tz=UTC)
        return credential_of(session, expires_at=expires_at)

    def held_by(self, user: User, organization: Organization) -> list[str]:
        rows = Session.objects.alive().filter(
            membership__user=user, membership__organization=organization
        )
        return [session.public_id for session in rows]

    def names(self, ids: Iterable[str]) -> dict[str, str]:
        return dict.fromkeys(ids, "Sign-in")

    def limits(self, ids: Iterable[str]) -> dict[str, Limits]:
        return {}

    def departure(self, membership: Membership) -> Departure:
        return Departure()

    def held_counts(self, memberships: Iterable[UUID]) -> dict[UUID, int]:
        return {}

    def left(self, membership: Membership, reason: str, *, by: Actor) -> int:
        return Session.objects.filter(membership=membership).end(reason)


_by_id: Lookup[Session] = Lookup(Session.objects.with_people, by="id")
sessions = Sessions()


def _expired(text: str) -> Problem:
    """The refusal of a token whose signature is right: its claims are ours."""
    problem = Problem("token_expired")
    claims = claims_of(text) or {}
    if "org" not in claims:
        return problem
    return problem.about(Counted(claims["sid"], SESSION, claims["org"], LIVE))


def credential_of(session: Session, *, expires_at: datetime) -> Credential:
    """The credential of a session that is alive. Its people are loaded.

    `expires_at` is the end of the access token; the session can outlive it.
    """
    membership = session.membership
    organization = membership.organization
    held = sorted(organization.product.scopes_of_role(membership.role))
    return Credential(
        kind=SESSION,
        id=session.public_id,
        organization=organization,
        membership=membership,
        environment=LIVE,
        rights=rights(organization, held, role=membership.role),
        expires_at=expires_at,
        limits=organization.limits,
        rate_key=counted_of(session).credential,
        rows=((Session, session.pk),),
        authenticated_at=session.authenticated_at,
        factors=tuple(session.factors),
        second_step_at=session.second_step_at,
        confirmed_at=session.confirmed_at or session.authenticated_at,
    )


def counted_of(session: Session) -> Counted:
    """Where its usage is counted, also when it has ended."""
    organization = session.membership.organization.public_id
    return Counted(session.public_id, SESSION, organization, LIVE)


def prove(meta: Mapping[str, str], *, address: str) -> Credential | None:
    """What the headers of a request prove. None: they show no credential.

    Raises Problem: two credentials, one that is not ours, a dead one, one that is bound
    to a key (RFC 9449) and came without a proof, or one that may not come from this
    `address` or not into this deployment.
    """
    shown = presented.credential_in(meta)
    if shown is None:
        return None
    carrier, text = shown
    try:
        credential = _find(carrier, text, address=address)
    except Problem as refusal:
        if carrier == DPOP:
            refusal.asking_for(codes.DPOP)
        raise
    if credential.key_thumbprint:
        _require_key(credential, text if carrier == DPOP else None, meta)
    elif carrier == DPOP:
        raise Problem(
            "invalid_credential",
            "This credential is not bound to a key. Send it as Authorization: Bearer.",
        )
    admission.require_environment(credential)
    admission.require_address(credential, address)
    return credential


def judge(text: str, *, address: str) -> Credential:
    """What a credential proves that somebody else was shown, wherever it stood.

    Where it came from, and whether a key that it is bound to was there, is for the
    caller to say. `address` is the caller's, which pays for wrong guesses. Raises
    Problem.
    """
    return _find(None, text, address=address)


def _find(carrier: str | None, text: str, *, address: str) -> Credential:
    for kind in kinds():
        fits = carrier is None or carrier in kind.carriers
        if fits and kind.recognises(text):
            credential = kind.find(text)
            if credential is not None:
                return credential
            break
    else:
        credential = imported_keys()(text, carrier, address=address)
        if credential is not None:
            return credential
    raise Problem("invalid_credential")


def _require_key(
    credential: Credential, text: str | None, meta: Mapping[str, str]
) -> None:
    """Raises Problem where nothing proves that the key is there too (RFC 9449 7)."""
    proof = meta.get("HTTP_DPOP")
    if text is None or proof is None:
        raise Problem("invalid_dpop_proof")
    address, *others = dpop.addresses(
        get_path_info(dict(meta)), product=credential.product
    )
    try:
        thumbprint = dpop.verify(
            proof,
            method=meta["REQUEST_METHOD"],
            url=address,
            access_token=text,
            also=others,
        )
    except dpop.InvalidProof as error:
        raise Problem("invalid_dpop_proof", str(error)) from error
    if thumbprint != credential.key_thumbprint:
        raise Problem(
            "invalid_dpop_proof",
            "Sign the proof with the key that the access token is bound to.",
        )


def is_credential(text: str) -> bool:
    """Whether it looks like one that is taken somewhere: refresh tokens and the
    secrets of applications included."""
    header = header_of(text)
    return (
        any(kind.recognises(text) for kind in kinds())
        or (header is not None and header.get("typ") == REFRESH_HEADER)
        or any(text.startswith(product.prefixes) for product in products().values())
    )


class ProvenCredential(BaseAuthentication):
    """What the door proved, for REST framework: `request.user` and `request.auth`."""

    def authenticate(self, request: Request) -> tuple[User | None, Credential] | None:
        refusal: Problem | None = getattr(request._request, "refusal", None)
        if refusal is not None:
            raise refusal
        credential: Credential | None = getattr(request._request, "credential", None)
        return (credential.user, credential) if credential is not None else None

    def authenticate_header(self, request: Request) -> str:
        return f'Bearer realm="{REALM}"'
