"""The accounts tables in the admin. No secret is ever shown, and every change is
audited."""

from django.contrib import admin
from django.contrib.auth.models import Group

from accounts.admin import organizations, people, records, sessions
from accounts.admin.deeds import Deed, ReasonForm
from accounts.admin.minting import MintingAdmin
from accounts.admin.tables import ReadOnlyAdmin, limits_in_words

__all__ = [
    "Deed",
    "MintingAdmin",
    "ReadOnlyAdmin",
    "ReasonForm",
    "limits_in_words",
    "organizations",
    "people",
    "records",
    "sessions",
]

# Nothing of ours looks at Django's groups, and their rows would change unaudited.
admin.site.unregister(Group)
