"""What is written down in the admin: the audit log, usage, messages, signing keys."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts import audit_words, outbox
from accounts.admin.deeds import Deed
from accounts.admin.tables import ReadOnlyAdmin
from accounts.audit import Actor
from accounts.models import AuditEvent, OutboxMessage, SigningKey
from ratelimits import usage
from ratelimits.models import Usage

WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"


class NamedList(ChangeList):
    """Events whose actors and targets have names beside their ids: in a few statements
    for the whole page."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: Any = list(self.result_list)
        called = audit_words.names_everywhere(rows)
        for row in rows:
            row.called = called
        self.result_list = rows


def _named(event: Any, text: str) -> Any:
    name = getattr(event, "called", {}).get(text)
    if not name:
        return text
    return format_html('<bdi>{}</bdi> <span class="quiet">{}</span>', name, text)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "action", "by", "to", "organization", "address")
    sortable_by = ()
    list_select_related = ("organization",)
    # Whole ids: a part of one would be looked for in every row.
    search_fields = ("=actor", "=target", "=request_id", "^action")
    search_help_text = _("A whole id, or how an action begins: api_key.revoked")
    ordering = ("-pk",)
    fields = (
        "at",
        "action",
        "actor",
        "target",
        "organization",
        "credential",
        "address",
        "request_id",
        "details",
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NamedList

    @admin.display(description=_("by whom"))
    def by(self, event: AuditEvent) -> Any:
        return _named(event, event.actor)

    @admin.display(description=_("to what"))
    def to(self, event: AuditEvent) -> Any:
        return _named(event, event.target)


def _try_again(message: OutboxMessage, *, by: Actor) -> None:
    outbox.again(message)


AGAIN = Deed(
    name="again",
    label=_("Try again"),
    consequence=_("It is sent at once, with all attempts anew. Receivers may get it "
                  "twice."),
    do=_try_again,
    fits=lambda message: message.delivered_at is None,
    is_harmful=False,
)  # fmt: skip


class StateFilter(admin.SimpleListFilter):
    """How far a message is on its way."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (WAITING, _("waiting")),
            (DELIVERED, _("delivered")),
            (FAILED, _("failed")),
        ]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == WAITING:
            return queryset.filter(delivered_at=None, failed_at=None)
        ended = {DELIVERED: "delivered_at", FAILED: "failed_at"}.get(self.value() or "")
        return queryset.filter(**{f"{ended}__isnull": False}) if ended else queryset


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """The payload is sealed and stays so: it may hold a link that is a secret."""

    deeds = (AGAIN,)
    list_display = (
        "kind",
        "organization",
        "created_at",
        "attempts",
        "next_attempt_at",
        "delivered_at",
        "failed_at",
        "last_error",
    )
    list_filter = (StateFilter,)
    list_select_related = ("organization",)
    ordering = ("-pk",)
    fields = list_display


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnlyAdmin):
    list_display = ("kid", "algorithm", "state", "created_at", "activated_at")
    fields = ("kid", "algorithm", "state", "created_at", "activated_at", "expires_at")


@admin.register(Usage)
class UsageAdmin(ReadOnlyAdmin):
    list_display = (
        "day",
        "credential",
        "kind",
        "organization",
        "environment",
        "requests",
        "charged",
        "limited",
    )
    list_filter = ("kind", "environment")
    search_fields = ("=credential", "=organization")
    search_help_text = _("A whole id of a credential or of an organization.")
    ordering = ("-day", "credential")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Usage]:
        usage.recorder.catch_up()
        return super().get_queryset(request)
