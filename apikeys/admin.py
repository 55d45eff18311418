"""API keys in the admin: looked at, and revoked. A secret is not even stored."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import audit
from accounts.admin import ReadOnlyAdmin, limits_in_words
from accounts.problems import Problem
from apikeys import lifecycle, service_keys
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
        "contact",
        "environment",
        "scopes",
        "is_service",
        "limits_now",
        "allowed_ips",
        "ip_mode",
        "metadata",
        "tags",
        "status",
        "created_at",
        "created_by",
        "expires_at",
        "revoked_at",
        "revoked_reason",
        "last_used_at",
        "last_used_ip",
    )
    actions = ["revoke", "judge_product", "judge_organization"]

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

    @admin.action(
        description="Let the selected keys judge their whole product",
        permissions=["view"],
    )
    def judge_product(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        self._change_each(request, queryset, service_keys.appoint)

    @admin.action(
        description="Let the selected keys judge their organization only",
        permissions=["view"],
    )
    def judge_organization(
        self, request: HttpRequest, queryset: QuerySet[ApiKey]
    ) -> None:
        self._change_each(request, queryset, service_keys.dismiss)

    def _change_each(
        self,
        request: HttpRequest,
        queryset: QuerySet[ApiKey],
        change: Callable[..., ApiKey],
    ) -> None:
        by = audit.actor_of(request)
        for api_key in queryset.select_related("organization"):
            try:
                change(api_key, by=by)
            except Problem as problem:
                text = f"{api_key}: {problem.detail}"
                self.message_user(request, text, messages.ERROR)
