"""API keys in the admin: looked at, and revoked. A secret is not even stored."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import audit
from accounts.admin import ReadOnlyAdmin, limits_in_words
from apikeys import lifecycle
from apikeys.models import ApiKey


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "hint",
        "organization",
        "environment",
        "status",
        "last_used_at",
    )
    list_filter = ("environment",)
    list_select_related = ("organization",)
    search_fields = ("name", "organization__name")
    fields = (
        "name",
        "hint",
        "organization",
        "membership",
        "environment",
        "scopes",
        "limits_now",
        "status",
        "created_at",
        "created_by",
        "expires_at",
        "revoked_at",
        "revoked_reason",
        "last_used_at",
        "last_used_ip",
    )
    actions = ["revoke"]

    @admin.display(description="limits now")
    def limits_now(self, api_key: ApiKey) -> str | None:
        return limits_in_words(api_key)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        return super().get_queryset(request).prefetch_related("secrets")

    @admin.action(description="Revoke the selected keys", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for api_key in queryset.select_related("organization"):
            by = audit.actor_of(request)
            lifecycle.revoke(api_key, reason="other", by=by)
