"""What a key will be, in one line of words, before it is made."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apikeys.models import ApiKey

MOST_LISTED = 5
LIMIT_WORDS = {
    "per_minute": gettext_lazy("makes at most %(number)s requests a minute"),
    "burst": gettext_lazy("makes at most %(number)s requests a second"),
    "daily": gettext_lazy("makes at most %(number)s requests a day"),
}


def line(api_key: ApiKey) -> str:
    """ "Allows: read scan results. It expires on 20 Feb 2027 and works from 10.0.0.0/8
    only." """
    parts = [_until(api_key), _from(api_key), *_limits(api_key)]
    it = _("It %(parts)s.") % {"parts": get_text_list(parts, _("and"))}
    return f"{_what(api_key)} {it}"


def _what(api_key: ApiKey) -> str:
    known = api_key.organization.product.scopes
    granted = [known[word] for word in api_key.scopes]
    if any(scope.implies_all for scope in granted):
        return _("Allows everything.")
    listed = ", ".join(_lowered(scope.description) for scope in granted)
    return _("Allows: %(what)s.") % {"what": listed}


def _lowered(text: str) -> str:
    """As it stands within a sentence. Short words in capitals stay: IDS, CVE."""
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def _until(api_key: ApiKey) -> str:
    if api_key.expires_at is None:
        return _("never expires")
    return _("expires on %(date)s") % {"date": date_format(api_key.expires_at, "j M Y")}


def _from(api_key: ApiKey) -> str:
    if not api_key.is_bound:
        return _("works from any address")
    listed, more = api_key.allowed_ips[:MOST_LISTED], api_key.allowed_ips[MOST_LISTED:]
    text = ", ".join(listed)
    if more:
        told = {"listed": text, "number": len(more)}
        return _("works from %(listed)s and %(number)s more only") % told
    return _("works from %(listed)s only") % {"listed": text}


def _limits(api_key: ApiKey) -> list[str]:
    limits = api_key.own_limits.items()
    return [LIMIT_WORDS[name] % {"number": number} for name, number in limits]
