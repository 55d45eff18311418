"""Where a person goes after signing in, and what the pages on the way carry along."""

from __future__ import annotations

import re

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from accounts import addresses

HOME = "/"
NEXT, HINT, LEADS_TO = "next", "login_hint", "leads_to"
KEPT = "onward"
LONGEST = 24_000
# The cookie that keeps it through a reset holds 4096 bytes.
LONGEST_KEPT = 2000


def sign_in_address(target: str, *, hint: str = "", leads_to: str = "") -> str:
    """The sign-in page, and from there to `target`. `hint`: who may sign in.

    `leads_to`: the source (CSP) to which `target` sends people on by itself. Browsers
    check it against the policy of the page whose form began the chain of redirects.
    """
    signed = _signer().sign(leads_to) if leads_to else ""
    target = "" if target == HOME else target
    query = {NEXT: target, HINT: hint, LEADS_TO: signed}
    carried = urlencode({name: value for name, value in query.items() if value})
    return f"{settings.LOGIN_URL}?{carried}" if carried else settings.LOGIN_URL


def target_of(request: HttpRequest) -> str:
    """The page that was asked for, if it is one of this site."""
    target = request.GET.get(NEXT, "")
    # Where it leads stands before the query. Django's check takes 2048 characters, and
    # a request to authorize may well be longer.
    path = re.split(r"[?#]", target, maxsplit=1)[0]
    is_ours = url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    is_short = len(target) <= LONGEST
    return target if path.startswith("/") and is_ours and is_short else HOME


def hint_of(request: HttpRequest) -> str:
    """Whom the sign-in page expects. Anybody can write it into a link."""
    hint = request.GET.get(HINT, "")
    return hint if len(hint) <= addresses.MOST_CHARACTERS and hint.isprintable() else ""


def keep(request: HttpRequest) -> None:
    """For a way that leads through a mail, which must not carry it: whoever asks for
    the mail need not be who reads it."""
    target = target_of(request)
    if target != HOME and len(target) <= LONGEST_KEPT:
        request.session[KEPT] = target


def kept(request: HttpRequest) -> str:
    """What this browser kept, once."""
    return str(request.session.pop(KEPT, HOME))


def let_forms_lead(request: HttpRequest, response: HttpResponse) -> None:
    """As `sign_in_address` was told."""
    try:
        source = _signer().unsign(request.GET.get(LEADS_TO, ""))
    except BadSignature:
        return
    let_forms_lead_to(response, source)


def let_forms_lead_to(response: HttpResponse, source: str) -> None:
    """Let the page's forms end at another site, from where any https one may follow:
    what an application does after its callback is its own affair."""
    keep_opener(response)
    response.headers["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"form-action 'self' {source} https:",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def keep_opener(response: HttpResponse) -> None:
    """Applications open a sign-in in a small window and wait for word from it. Every
    answer on the way has to leave the two windows together."""
    response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"


def _signer() -> Signer:
    return Signer(salt="accounts.onward")
