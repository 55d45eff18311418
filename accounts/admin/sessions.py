"""Sign-ins in the admin: looked at, and ended."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import sessions
from accounts.admin.deeds import Deed
from accounts.admin.tables import ReadOnlyAdmin
from accounts.audit import Actor
from accounts.models import Session

OPEN, OVER = "open", "over"


def _end(session: Session, *, by: Actor) -> None:
    sessions.end(session, reason="ended_by_operator", by=by)


END = Deed(
    name="end",
    label=_("End the sign-in"),
    consequence=_("Signed out at once. They can sign in again."),
    do=_end,
    fits=lambda session: session.ended_at is None,
)


class StateFilter(admin.SimpleListFilter):
    """Those that are alive, or the others."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [(OPEN, _("open")), (OVER, _("over"))]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        alive = Session.objects.alive().values("pk")
        if self.value() == OPEN:
            return queryset.filter(pk__in=alive)
        return queryset.exclude(pk__in=alive) if self.value() == OVER else queryset


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    deeds = (END,)
    list_display = (
        "person",
        "organization",
        "is_browser",
        "authenticated_at",
        "last_used_at",
        "address",
        "status",
    )
    list_filter = (StateFilter, "is_browser")
    list_select_related = ("membership__user", "membership__organization")
    search_fields = ("membership__user__email", "=address")
    search_help_text = _("A part of an e-mail address, or a whole address of a device.")
    ordering = ("-pk",)
    fields = (
        "public_id",
        "person",
        "organization",
        "status",
        "is_browser",
        "factors",
        "authenticated_at",
        "second_step_at",
        "confirmed_at",
        "expires_at",
        "address",
        "user_agent",
        "last_used_at",
        "last_used_ip",
        "ended_at",
        "end_reason",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        people = "membership__user", "membership__organization"
        return super().get_queryset(request).select_related(*people)

    @admin.display(description=_("id"))
    def public_id(self, session: Session) -> str:
        return session.public_id

    @admin.display(description=_("person"), ordering="membership__user__email")
    def person(self, session: Session) -> Any:
        return session.membership.user

    @admin.display(description=_("organization"))
    def organization(self, session: Session) -> Any:
        return session.membership.organization

    @admin.display(description=_("status"))
    def status(self, session: Session) -> str:
        is_alive = session.is_alive(timezone.now())
        return str(_("open") if is_alive else _("over"))
