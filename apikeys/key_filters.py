"""The filters of the page that lists keys. They stand in its address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

from accounts import bodies, pages
from accounts.credentials import Credential
from accounts.forms import PlainForm
from accounts.products import LIVE, TEST
from apikeys import listing
from apikeys.lifecycle import OF_MEMBER, OF_ORGANIZATION
from apikeys.listing import ApiKeyQuery
from apikeys.models import ApiKey
from apikeys.models.keys import ApiKeyQuerySet
from apikeys.standing import UNUSED_DAYS

# Words for what is no state of one key.
IN_USE, ENDED, ALL = "", "ended", "all"
UNUSED, EXPIRING, ORPHANED = "unused", "expiring", "orphaned"
STATUSES = [
    (IN_USE, _("In use")),
    ("active", _("Active")),
    ("disabled", _("Disabled")),
    (UNUSED, _("Unused for 90 days")),
    (EXPIRING, _("Expires in 30 days")),
    (ORPHANED, _("Nobody answers for it")),
    (ENDED, _("Expired and revoked")),
    ("expired", _("Expired")),
    ("revoked", _("Revoked")),
    (ALL, _("All")),
]
# The same as the filters of the API say it, of keys that are in use.
ATTENTION = {
    UNUSED: {"unused_days": str(UNUSED_DAYS)},
    EXPIRING: {"expiring_days": "30"},
    ORPHANED: {"orphaned": "true"},
}


class KeyFilters(PlainForm):
    """Each may be left out."""

    search = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    status = forms.ChoiceField(label=_("Status"), required=False, choices=STATUSES)
    environment = forms.ChoiceField(label=_("Environment"), required=False)
    scope = forms.ChoiceField(label=_("Scope"), required=False)
    owner = forms.ChoiceField(label=_("Owner"), required=False)
    tag = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, seer: Credential, asked: QueryDict) -> None:
        super().__init__(asked)
        self.seer = seer
        words = seer.product.words
        offered: dict[str, list[tuple[str, Any]]] = {
            "environment": [(LIVE, capfirst(words.live)), (TEST, capfirst(words.test))],
            "scope": [(word, word) for word in seer.product.scopes],
            "owner": [(OF_ORGANIZATION, _("Organization")), (OF_MEMBER, _("Me"))],
        }
        self.fields["scope"].label = capfirst(words.scopes)
        for name, choices in offered.items():
            field: Any = self.fields[name]
            field.choices = [("", _("Any")), *choices]

    @property
    def narrows(self) -> bool:
        """Whether anything but the tab is chosen."""
        return any(self.data.get(name) for name in self.fields if name != "status")

    def rows(self) -> ApiKeyQuerySet:
        """The keys that pass. None where a filter is wrong, which the form says."""
        seen = ApiKey.objects.seen_by(self.seer)
        if not self.is_valid():
            return seen.none()
        wanted = {name: value for name, value in self.cleaned_data.items() if value}
        status = wanted.pop("status", IN_USE)
        if status == ENDED:
            seen = seen.ended()
        elif status in ATTENTION or status == IN_USE:
            seen = seen.lasting()
        elif status != ALL:
            wanted["status"] = status
        return self._narrowed(seen, wanted | ATTENTION.get(status, {}))

    def _narrowed(self, seen: ApiKeyQuerySet, wanted: dict[str, Any]) -> ApiKeyQuerySet:
        """By the filters of the API."""
        try:
            query = bodies.taken(ApiKeyQuery, wanted, product=self.seer.product)
        except ValidationError as error:
            pages.blame(self, error)
            return seen.none()
        return listing.narrowed(seen, query, seer=self.seer)
