"""Every address that people meet, read from the URLconf, and filled for a house.

A new route is swept without being named here. What it needs beyond ids stands below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import get_resolver

from accounts import passkeys
from config.urls import _routes
from tests.cast import Person
from tests.furnished import Furnished
from tests.oauth.conftest import CALLBACK

# What programs ask. The admin has a sweep of its own.
PROGRAMS = re.compile(
    r"api/|admin/|healthz|readyz|metrics|favicon|static|\.well-known/(?!change-)"
    r"|oauth/(token|revoke|introspect|userinfo|par|device_authorization)/?$"
)
# Who looks at a page: whoever can reach it.
OWNER, GUARDED = "owner", "guarded"
TWO_STEP_PAGES = {"settings/security/recovery-codes", "settings/security/totp/remove"}
FACTORS = {OWNER: ["pwd"], GUARDED: ["pwd", "otp", "mfa"]}
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Address:
    """One route of the URLconf, and where it leads in a house."""

    route: str
    path: str
    visitor: str

    @property
    def is_of_settings(self) -> bool:
        return self.route.startswith("settings")

    @property
    def has_parameter(self) -> bool:
        return "<" in self.route


def routes() -> list[str]:
    found = (route for route, _view in _routes("", get_resolver()))
    return sorted({route for route in found if not PROGRAMS.match(route)})


def addresses(house: Furnished) -> Iterator[Address]:
    """All of them. Raises KeyError for a parameter that nothing here fills."""
    for route in routes():
        filling = {**ids(house), **SPECIAL.get(route, lambda _house: {})(house)}
        path = PARAMETER.sub(lambda found: filling[found[1]], route)  # noqa: B023
        path = f"/{path}{QUERIES.get(route, _nothing)(house)}"
        yield Address(route, path, GUARDED if route in TWO_STEP_PAGES else OWNER)


def visitors(house: Furnished) -> dict[str, Person]:
    return {OWNER: house.owner, GUARDED: house.guarded}


def ids(house: Furnished) -> dict[str, str]:
    """What most routes name by their parameter."""
    return {
        "key_id": house.keys["CI pipeline"].public_id,
        "application_id": house.apps["web"].row.public_id,
        "grant_id": house.consent.public_id,
        "webhook_id": house.webhook.public_id,
        "delivery_id": house.delivery.public_id,
        "session_id": house.session.public_id,
        "user_id": house.colleague.user.public_id,
        "passkey_id": passkeys.id_of(house.passkey),
        "browser_id": house.browser.public_id,
        "token": house.invitation,
    }


def _nothing(_house: Furnished) -> str:
    return ""


# Routes that want another row, or something asked.
SPECIAL = {
    "password/reset/<str:token>": lambda house: {"token": house.reset},
}
QUERIES = {
    "oauth/authorize": lambda house: consent_query(house),
    "settings/api-keys/revoke": lambda house: f"?ids={ids(house)['key_id']}",
}


def consent_query(house: Furnished) -> str:
    asked = {
        "client_id": house.apps["spa"].client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "scans_read",
        "state": "opaque",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    return f"?{urlencode(asked)}"
