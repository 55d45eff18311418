"""What a token may do now: never more than each of those who let it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from accounts.credentials import Rights, Suspension, rights
from accounts.models import Membership
from oauth.models import AccessToken, Application, Consent

# The scopes that are about the person, the same for every product (OpenID Connect Core
# 5.4 and 11), with the words of the consent page.
IDENTITY = {
    "openid": "Know that you signed in here, and recognise you",
    "profile": "See your name",
    "email": "See your e-mail address",
    "offline_access": "Keep this access while you are away",
}


def known(application: Application) -> dict[str, str]:
    """Every scope that an application may name, with its words."""
    product = application.product
    of_product = {scope.word: scope.description for scope in product.scopes.values()}
    return {**IDENTITY, **of_product}


def powerful(application: Application) -> frozenset[str]:
    """The scopes that stand for all others, which the consent page points out."""
    of_product = application.product.scopes.values()
    return frozenset(scope.word for scope in of_product if scope.implies_all)


def fault(application: Application, asked: Sequence[str]) -> str:
    """What is wrong with scopes that are asked for; empty where nothing is."""
    if not asked:
        return "Name the scopes that you want: scope is missing."
    if not within(application, asked):
        return "The application was not made for all of these scopes."
    return ""


def within(application: Application, scopes: Iterable[str]) -> bool:
    """Whether the application was made for all of these."""
    allowed = _expanded(application, application.scopes)
    return set(scopes) <= allowed


def grantable(
    application: Application, scopes: Iterable[str], membership: Membership
) -> list[str]:
    """Those that this person holds now and so can let others have, in their order."""
    held = _rights(scopes, application=application, membership=membership).effective
    return [scope for scope in scopes if scope in held]


def rights_of(token: AccessToken) -> Rights:
    """What a live token is worth now, and why some of its scopes are not."""
    consent = token.grant.consent if token.grant is not None else None
    return rights_under(consent, token.scopes, application=token.application)


def rights_under(
    consent: Consent | None, scopes: Iterable[str], *, application: Application
) -> Rights:
    """Role now ∩ plan now ∩ what the application was made for ∩ what was consented.

    Without consent they are the application's own (RFC 6749 4.4).
    """
    if consent is None:
        return _rights(scopes, application=application, membership=None)
    found = _rights(scopes, application=application, membership=consent.membership)
    return _capped(found, _expanded(application, consent.scopes), reason="consent")


def _rights(
    scopes: Iterable[str], *, application: Application, membership: Membership | None
) -> Rights:
    organization = membership.organization if membership else application.organization
    role = membership.role if membership else None
    granted = list(scopes)
    about_person = frozenset(granted) & IDENTITY.keys()
    found = rights(
        organization, [word for word in granted if word not in IDENTITY], role=role
    )
    everything = Rights(tuple(granted), found.effective | about_person, found.suspended)
    allowed = _expanded(application, application.scopes)
    return _capped(everything, allowed, reason="application")


def _capped(found: Rights, allowed: frozenset[str], *, reason: str) -> Rights:
    already = {suspension.scope for suspension in found.suspended}
    lost = [
        Suspension(word, reason)
        for word in found.granted
        if word not in allowed and word not in already
    ]
    effective = found.effective & allowed
    return Rights(found.granted, effective, (*found.suspended, *lost))


def _expanded(application: Application, scopes: Iterable[str]) -> frozenset[str]:
    named = frozenset(scopes)
    return application.product.expand(named) | (named & IDENTITY.keys())
