"""How long somebody has to wait, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

MINUTE, HOUR = 60, 3600


def in_words(seconds: int) -> str:
    """`4 min 10 s`; the two largest units, rounded up."""
    if seconds >= HOUR:
        minutes = -(-seconds // MINUTE)
        hours, minutes = divmod(minutes, MINUTE)
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
    minutes, rest = divmod(seconds, MINUTE)
    if not minutes:
        return _("%(seconds)s s") % {"seconds": rest}
    if not rest:
        return _("%(minutes)s min") % {"minutes": minutes}
    return _("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": rest}
