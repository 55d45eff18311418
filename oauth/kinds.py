"""What people are told of the types of application, and what each leaves out."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from oauth.models.applications import MACHINE, NATIVE, SPA, WEB

# Fields of a registration that a type has no use for, or no choice in.
OF_SIGN_IN = frozenset(
    {
        "redirect_uris",
        "post_logout_redirect_uris",
        "backchannel_logout_uri",
        "require_pkce",
        "require_pushed_authorization_requests",
        "id_token_signed_response_alg",
    }
)
OF_A_SECRET = frozenset({"token_endpoint_auth_method", "jwks"})
NO_CHOICE_OF_PKCE = OF_A_SECRET | {"require_pkce"}


@dataclass(frozen=True, slots=True)
class Kind:
    """One type: its card, and its form."""

    word: str
    name: str | Promise
    what: str | Promise
    proof: str | Promise
    without: frozenset[str] = frozenset()


_BY_SECRET = _("Proves itself by a secret or a key.")
_BY_PKCE = _("Keeps no secret, so it always uses PKCE.")
KINDS = {
    kind.word: kind
    for kind in (
        Kind(
            WEB,
            _("Web application"),
            _("A server with users, who sign in with their browser."),
            _BY_SECRET,
        ),
        Kind(
            SPA,
            _("Single-page application"),
            _("Runs in the browser, without a server of its own."),
            _BY_PKCE,
            NO_CHOICE_OF_PKCE,
        ),
        Kind(
            NATIVE,
            _("Native application"),
            _("A program on a phone or desktop, or a device without a browser."),
            _BY_PKCE,
            NO_CHOICE_OF_PKCE,
        ),
        Kind(
            MACHINE,
            _("Machine"),
            _("A program without users, which acts for your organization."),
            _BY_SECRET,
            OF_SIGN_IN,
        ),
    )
}
