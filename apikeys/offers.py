"""What the form for a new key offers: no more than this person may choose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.credentials import Credential
from accounts.products import LIVE, TEST
from apikeys.lifecycle import OF_MEMBER, OF_ORGANIZATION
from apikeys.models import KeyPolicy, policy_of

PRESETS = (7, 30, 90, 365)
USUAL_DAYS = "90"
CUSTOM, NEVER = "custom", "never"
Choices = list[tuple[str, str | Promise]]


@dataclass(frozen=True, slots=True)
class Offer:
    """The choices of one field, and the one that is chosen at first."""

    choices: Choices
    usual: str | list[str]


def to(holder: Credential) -> dict[str, Offer]:
    """By the field of the form."""
    ends = _ends(policy_of(holder.organization))
    words = [word for word, _label in ends]
    usual = USUAL_DAYS if USUAL_DAYS in words else words[0]
    return {
        "environment": _first(_environments(holder)),
        "owner": _first(_owners(holder)),
        "scopes": Offer([(word, word) for word in holder.product.scopes], []),
        "expires": Offer(ends, usual),
    }


def _first(choices: Choices) -> Offer:
    return Offer(choices, choices[0][0])


def _environments(holder: Credential) -> Choices:
    words = holder.product.words
    live, test = (LIVE, capfirst(words.live)), (TEST, capfirst(words.test))
    return [test] if settings.SANDBOX_ONLY else [live, test]


def _owners(holder: Credential) -> Choices:
    own = (OF_MEMBER, _("Me: it stops when I leave"))
    if not holder.allows("keys_manage"):
        return [own]
    name = holder.organization.name
    label = _("The organization %(name)s: it goes on when I leave") % {"name": name}
    return [(OF_ORGANIZATION, label), own]


def _ends(policy: KeyPolicy) -> Choices:
    """The ends that the policy allows."""
    most = policy.longest_days
    presets = [days for days in PRESETS if most is None or days <= most]
    if not presets and most is not None:
        presets = [most]
    ends: Choices = [(str(days), _in_days(days)) for days in presets]
    ends.append((CUSTOM, _("On a date of your own")))
    if most is None and not policy.must_expire:
        ends.append((NEVER, _("Never")))
    return ends


def _in_days(days: int) -> str:
    end = date_format(timezone.now() + timedelta(days=days), "j M Y")
    text = ngettext("In %(days)s day: %(end)s", "In %(days)s days: %(end)s", days)
    return text % {"days": days, "end": end}
