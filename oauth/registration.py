"""What an application is registered with, and which of it fits together.

The names are those of client metadata (RFC 7591 2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError

from accounts.fields import VISIBLE
from accounts.problems import Problem
from accounts.products import Product
from oauth import client_keys, redirects
from oauth.models import Application
from oauth.models.applications import (
    ID_TOKEN_ALGORITHMS,
    MACHINE,
    NATIVE,
    NO_AUTHENTICATION,
    OPAQUE,
    PRIVATE_KEY,
    SECRET_BASIC,
    SECRET_POST,
    SPA,
    WEB,
)
from oauth.scopes import IDENTITY

MOST_REDIRECTS = 20
MOST_NAME_CHARACTERS = 100
# By which means an application of each type may prove itself, the usual one first.
# What runs on somebody's own machine keeps no secret (RFC 6749 2.1).
AUTH_METHODS_OF_TYPE = {
    WEB: (SECRET_BASIC, SECRET_POST, PRIVATE_KEY),
    SPA: (NO_AUTHENTICATION,),
    NATIVE: (NO_AUTHENTICATION,),
    MACHINE: (SECRET_BASIC, SECRET_POST, PRIVATE_KEY),
}


@dataclass(frozen=True, slots=True)
class Registration:
    """What an application shall be.

    Without a word on PKCE or the means to prove itself: what fits its type.
    """

    name: str
    type: str
    scopes: tuple[str, ...]
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    require_pkce: bool | None = None
    require_pushed_authorization_requests: bool = False
    dpop_bound_access_tokens: bool = False
    token_endpoint_auth_method: str = ""
    jwks: dict[str, Any] | None = None
    id_token_signed_response_alg: str = ID_TOKEN_ALGORITHMS[0]
    access_token_format: str = OPAQUE


def registered(application: Application) -> Registration:
    """What it was registered with."""
    return Registration(
        name=application.name,
        type=application.type,
        scopes=tuple(application.scopes),
        redirect_uris=tuple(application.redirects),
        post_logout_redirect_uris=tuple(application.post_logout_redirects),
        backchannel_logout_uri=application.backchannel_logout_uri,
        require_pkce=application.require_pkce,
        require_pushed_authorization_requests=(
            application.require_pushed_authorization_requests
        ),
        dpop_bound_access_tokens=application.dpop_bound_access_tokens,
        token_endpoint_auth_method=application.token_endpoint_auth_method,
        jwks=application.client_jwks,
        id_token_signed_response_alg=application.algorithm,
        access_token_format=application.access_token_format,
    )


def columns(wish: Registration) -> dict[str, Any]:
    """The same as values of the columns of Application."""
    return {
        "name": wish.name,
        "type": wish.type,
        "scopes": list(wish.scopes),
        "redirect_uris": " ".join(wish.redirect_uris),
        "post_logout_redirect_uris": " ".join(wish.post_logout_redirect_uris),
        "backchannel_logout_uri": wish.backchannel_logout_uri,
        "require_pkce": wish.require_pkce,
        "require_pushed_authorization_requests": (
            wish.require_pushed_authorization_requests
        ),
        "dpop_bound_access_tokens": wish.dpop_bound_access_tokens,
        "token_endpoint_auth_method": wish.token_endpoint_auth_method,
        "client_jwks": wish.jwks,
        "algorithm": wish.id_token_signed_response_alg,
        "access_token_format": wish.access_token_format,
    }


def completed(wish: Registration, *, product: Product) -> Registration:
    """The wish with what fits its type filled in. Raises Problem, which names the
    field."""
    _check_name(wish.name)
    _check_scopes(wish.scopes, product)
    _check_addresses(wish)
    wish = replace(
        wish,
        require_pkce=_require_pkce(wish),
        token_endpoint_auth_method=_auth_method(wish),
    )
    _check_keys(wish)
    return wish


def _check_name(name: str) -> None:
    if len(name) > MOST_NAME_CHARACTERS:
        most = f"Use at most {MOST_NAME_CHARACTERS} characters."
        raise Problem.invalid("name", most)
    try:
        VISIBLE(name)
    except ValidationError as error:
        raise Problem.invalid("name", error.messages[0]) from error


def _check_scopes(scopes: tuple[str, ...], product: Product) -> None:
    known = {**IDENTITY, **product.scopes}
    listed = f"There are: {', '.join(known)}."
    if not scopes:
        raise Problem.invalid("scopes", f"Name at least one scope. {listed}")
    _refuse_repeated("scopes", scopes)
    for place, scope in enumerate(scopes):
        if scope not in known:
            raise Problem.invalid(f"scopes[{place}]", f"Unknown scope. {listed}")


def _check_addresses(wish: Registration) -> None:
    of_type = partial(redirects.check, application_type=wish.type)
    for name in ("redirect_uris", "post_logout_redirect_uris"):
        addresses: tuple[str, ...] = getattr(wish, name)
        if wish.type == MACHINE and addresses:
            why = "Leave this out: a machine sends nobody anywhere."
            raise Problem.invalid(name, why)
        _refuse_too_many(name, addresses)
        _refuse_repeated(name, addresses)
        for place, address in enumerate(addresses):
            _check_address(f"{name}[{place}]", address, of_type)
    if wish.type in (WEB, SPA) and not wish.redirect_uris:
        why = "Name at least one address that people come back to."
        raise Problem.invalid("redirect_uris", why)
    if wish.backchannel_logout_uri:
        called = wish.backchannel_logout_uri
        _check_address("backchannel_logout_uri", called, redirects.check_https)


def _check_address(field: str, address: str, check: Callable[[str], None]) -> None:
    try:
        check(address)
    except ValueError as error:
        raise Problem.invalid(field, str(error)) from error


def _refuse_too_many(field: str, addresses: tuple[str, ...]) -> None:
    if len(addresses) > MOST_REDIRECTS:
        raise Problem.invalid(field, f"Name at most {MOST_REDIRECTS}.")


def _refuse_repeated(field: str, words: tuple[str, ...]) -> None:
    if len(set(words)) < len(words):
        raise Problem.invalid(field, "Name each once.")


def _require_pkce(wish: Registration) -> bool:
    """Whoever keeps no secret always proves that it began the flow (RFC 9700 2.1.1)."""
    always = wish.type in (SPA, NATIVE)
    if always and wish.require_pkce is False:
        raise Problem.invalid("require_pkce", "These applications always use PKCE.")
    return always or bool(wish.require_pkce)


def _auth_method(wish: Registration) -> str:
    methods = AUTH_METHODS_OF_TYPE[wish.type]
    method = wish.token_endpoint_auth_method or methods[0]
    if method not in methods:
        why = f"For the type {wish.type} use one of: {', '.join(methods)}."
        raise Problem.invalid("token_endpoint_auth_method", why)
    return method


def _check_keys(wish: Registration) -> None:
    if wish.jwks is None:
        if wish.token_endpoint_auth_method == PRIVATE_KEY:
            why = f"{PRIVATE_KEY} needs the public keys that verify it."
            raise Problem.invalid("jwks", why)
        return
    try:
        client_keys.check(wish.jwks)
    except ValueError as error:
        raise Problem.invalid("jwks", str(error)) from error
