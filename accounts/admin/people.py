"""People in the admin: who is let in, and who lost the second factor."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts import factors, people, sessions
from accounts.admin.deeds import Deed, ReasonForm
from accounts.admin.tables import AuditedAdmin
from accounts.audit import Actor
from accounts.models import User


def _end_sessions(user: User, *, by: Actor) -> None:
    sessions.end_all(user, reason="ended_by_operator", by=by)


END_SESSIONS = Deed(
    name="end_sessions",
    label=_("End all sessions"),
    consequence=_("Signed out everywhere, at once. They can sign in again."),
    do=_end_sessions,
)
RESET_FACTORS = Deed(
    name="reset_factors",
    label=_("Reset second factors"),
    consequence=_(
        "Takes the authenticator, recovery codes, passkeys and trusted browsers away, "
        "signs them out everywhere and mails them. From then on the password alone "
        "opens the account: make sure that it is them who ask."
    ),
    do=people.reset_factors,
    form=ReasonForm,
)
DISABLE = Deed(
    name="disable",
    label=_("Disable"),
    consequence=_(
        "Signed out everywhere, at once. They cannot sign in, and their personal keys "
        "are refused, until you enable them again."
    ),
    do=people.disable,
    form=ReasonForm,
    fits=lambda user: user.is_active,
)
ENABLE = Deed(
    name="enable",
    label=_("Enable"),
    consequence=_("They can sign in again, and their personal keys work again."),
    do=people.enable,
    fits=lambda user: not user.is_active,
    is_harmful=False,
)
# What an operator cannot take from themselves: nobody might be left to give it back.
RIGHTS = ("is_staff", "is_superuser")


@admin.register(User)
class UserAdmin(AuditedAdmin):
    deeds = (END_SESSIONS, RESET_FACTORS, DISABLE, ENABLE)
    list_display = (
        "email",
        "name",
        "status",
        "has_second_factor",
        "is_staff",
        "created_at",
    )
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    search_help_text = _("A part of the e-mail address or of the name.")
    ordering = ("-pk",)
    fields = (
        "name",
        "is_staff",
        "is_superuser",
        "public_id",
        "email",
        "status",
        "has_second_factor",
        "email_verified_at",
        "created_at",
        "password_changed_at",
        "credentials_valid_from",
    )
    readonly_fields = fields[3:]

    def get_readonly_fields(
        self, request: HttpRequest, obj: Any = None
    ) -> tuple[Any, ...]:
        is_self = obj is not None and obj.pk == request.user.pk
        may_give = request.user.is_superuser and not is_self
        return self.readonly_fields if may_give else (*RIGHTS, *self.readonly_fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows = super().get_queryset(request)
        return rows.annotate(second_factor=factors.has_second())

    @admin.display(description=_("id"))
    def public_id(self, user: User) -> str:
        return user.public_id

    @admin.display(description=_("status"), ordering="is_active")
    def status(self, user: User) -> str:
        return str(_("active") if user.is_active else _("disabled"))

    @admin.display(description=_("second factor"), boolean=True)
    def has_second_factor(self, user: Any) -> bool:
        return bool(user.second_factor)

    def links(self, row: User) -> list[tuple[Any, str]]:
        query = urlencode({"q": row.email})
        memberships = reverse("admin:accounts_membership_changelist")
        signed_in = reverse("admin:accounts_session_changelist")
        return [
            (_("Memberships"), f"{memberships}?{query}"),
            (_("Sessions"), f"{signed_in}?{query}"),
        ]
