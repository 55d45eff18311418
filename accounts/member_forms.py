"""The forms about members. The serializers of the API bound what they take."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.credentials import Credential
from accounts.forms import PlainForm
from accounts.roles import Role

# In the order of ROLES.
NAMES = {
    Role.VIEWER: _("Viewer"),
    Role.MEMBER: _("Member"),
    Role.ADMIN: _("Admin"),
    Role.OWNER: _("Owner"),
}


def roles_for(giver: Credential) -> list[tuple[str, Any]]:
    """The roles that somebody may give, with their names."""
    return [
        (str(role), name) for role, name in NAMES.items() if giver.may_give_role(role)
    ]


class RoleForm(PlainForm):
    """A role, of those that the visitor may give."""

    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, giver: Credential, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].choices = roles_for(giver)  # type: ignore[attr-defined]


class InvitationForm(RoleForm):
    """Whom to invite, and as what."""

    email = forms.CharField(
        label=_("E-mail"),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    field_order = ("email", "role")
