"""The life of a token: made, refreshed, revoked. Every grant type ends here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit, ids, sealing
from accounts.audit import Actor
from oauth import jwts, looks
from oauth.models import AccessToken, Application, Grant, RefreshToken
from oauth.models.applications import JWT
from oauth.scopes import rights_of

# An honest client that lost the answer may ask again within this time.
RETRY_WINDOW = timedelta(seconds=30)
# As RFC 6750 spells it; the answer of the token endpoint has the guide's spelling.
BEARER, DPOP = "Bearer", "DPoP"
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of the token endpoint, once it is known to be right."""

    application: Application
    scopes: Sequence[str]
    resource: Sequence[str] = ()
    grant: Grant | None = None
    key_thumbprint: str = ""
    refreshable: bool = False


@dataclass(frozen=True, slots=True)
class Minted:
    """New tokens that are not stored yet, and the answer that shows them."""

    access: AccessToken
    refresh: RefreshToken | None
    answer: Answer

    def store(self) -> None:
        self.access.save(force_insert=True)
        if self.refresh is not None:
            self.refresh.save(force_insert=True)


def mint(order: Order) -> Minted:
    """Make tokens and their answer (RFC 6749 5.1). Nothing is stored."""
    rules, now = order.application.product.oauth, timezone.now()
    expires = now + timedelta(seconds=rules.access_seconds)
    if order.grant is not None:
        expires = min(expires, order.grant.expires)
    access = AccessToken(
        id=ids.uuid7(),
        application=order.application,
        grant=order.grant,
        expires=expires,
        scope=" ".join(order.scopes),
        resource=list(order.resource),
        dpop_jkt=order.key_thumbprint,
    )
    effective = rights_of(access).effective
    signer = jwts.Signer(order.application)
    text = _text(access, effective, signer)
    access.digest = sealing.digest(text)
    answer: Answer = {
        "access_token": text,
        "token_type": DPOP if order.key_thumbprint else rules.token_type,
        "expires_in": round((expires - now).total_seconds()),
        "scope": " ".join(word for word in order.scopes if word in effective),
    }
    refresh = _refresh(order, answer) if order.refreshable else None
    if order.grant is not None and "openid" in effective:
        answer["id_token"] = jwts.id_token(
            order.grant, signer=signer, scopes=effective, access_token=text
        )
    return Minted(access, refresh, answer)


def redeem(grant: Grant, order: Order) -> Answer | None:
    """Tokens for a code, which is consumed first. None: somebody else was faster."""
    rules = order.application.product.oauth
    now = timezone.now()
    # The row lives on as the family; its end is the absolute one of the tokens.
    grant.expires = now + rules.refresh_absolute
    minted = mint(order)
    with transaction.atomic():
        unused = Grant.objects.filter(pk=grant.pk, consumed_at=None)
        if not unused.update(consumed_at=now, expires=grant.expires):
            return None
        minted.store()
    return minted.answer


def rotate(presented: str, old: RefreshToken, order: Order) -> Answer | None:
    """The next pair for a refresh token. None: another request was faster.

    One conditional update decides. The old row keeps the answer, sealed under the old
    token, for a client that did not receive it (RFC 9700 4.14.2).
    """
    minted = mint(order)
    successor = minted.refresh
    assert successor is not None  # noqa: S101 - who may refresh once may again
    sealed = sealing.seal_under(
        presented, json.dumps(minted.answer).encode(), context=_context(old)
    )
    with transaction.atomic():
        unused = RefreshToken.objects.filter(pk=old.pk, consumed_at=None)
        if not unused.update(
            consumed_at=timezone.now(),
            sealed_successor=sealed,
            successor_id=successor.pk,
            # Kept as long as the family can live, so that its reuse is noticed.
            expires=old.grant.expires,
        ):
            return None
        minted.store()
    return minted.answer


def repeat(presented: str, old: RefreshToken) -> Answer | None:
    """The answer that this used token fetched, while it may be given again: within 30 s
    and as long as the refresh token in it is unused."""
    used_at = old.consumed_at
    if used_at is None or timezone.now() - used_at > RETRY_WINDOW:
        return None
    if old.successor_id is None or not old.sealed_successor:
        return None
    unused = RefreshToken.objects.filter(pk=old.successor_id, consumed_at=None)
    if not unused.exists():
        return None
    plain = sealing.unseal_under(
        presented, bytes(old.sealed_successor), context=_context(old)
    )
    answer: Answer = json.loads(plain)
    return answer


def forget_answers(most: int = 10_000) -> int:
    """Drop the answers that cannot be asked for again, so that nobody who finds a used
    token and a copy of the table can open one after the other up to the newest. The
    answer is how many."""
    late = RefreshToken.objects.filter(
        consumed_at__lt=timezone.now() - RETRY_WINDOW, sealed_successor__isnull=False
    )
    some = RefreshToken.objects.filter(pk__in=late.values("pk")[:most])
    forgotten: int = some.update(sealed_successor=None)
    return forgotten


def issue(order: Order) -> Answer:
    """Tokens that nothing is consumed for."""
    minted = mint(order)
    with transaction.atomic():
        minted.store()
    return minted.answer


def revoke_grant(grant: Grant, *, reason: str, by: Actor) -> None:
    """End every token of an authorization, at once."""
    with transaction.atomic():
        alive = Grant.objects.filter(pk=grant.pk, revoked_at=None)
        if alive.update(revoked_at=timezone.now()):
            consent = grant.consent
            audit.record(
                "oauth_tokens.revoked",
                by=by,
                organization=consent.organization,
                target=consent.public_id,
                reason=reason,
                application=consent.application.public_id,
            )


def revoke_access_token(token: AccessToken, *, by: Actor) -> None:
    """End one access token; its family goes on."""
    with transaction.atomic():
        alive = AccessToken.objects.filter(pk=token.pk, revoked_at=None)
        if alive.update(revoked_at=timezone.now()):
            audit.record(
                "oauth_tokens.revoked",
                by=by,
                organization=jwts.organization_of(token),
                target=token.public_id,
                reason="revoked",
                application=token.application.public_id,
            )


def narrowed(wanted: Iterable[str], allowed: Sequence[str]) -> list[str]:
    """What was asked for, or everything where nothing was. Raises ValueError beyond."""
    asked = list(dict.fromkeys(wanted)) or list(allowed)
    if not set(asked) <= set(allowed):
        raise ValueError("more than was granted")
    return asked


def _text(access: AccessToken, effective: frozenset[str], signer: jwts.Signer) -> str:
    if access.application.access_token_format == JWT:
        return jwts.access_token(access, effective, signer=signer)
    return looks.make(access.application.product.oauth.access_prefix)


def _refresh(order: Order, answer: Answer) -> RefreshToken:
    rules = order.application.product.oauth
    grant: Any = order.grant
    text = answer["refresh_token"] = looks.make(rules.refresh_prefix)
    bound = order.key_thumbprint if order.application.is_public else ""
    return RefreshToken(
        id=ids.uuid7(),
        digest=sealing.digest(text),
        grant=grant,
        expires=min(timezone.now() + rules.refresh_idle, grant.expires),
        dpop_jkt=bound,
    )


def _context(old: RefreshToken) -> str:
    return f"oauth-successor:{old.public_id}"
