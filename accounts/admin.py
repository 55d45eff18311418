"""The accounts tables in the admin. No secret is ever shown, and every change is
audited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminBigIntegerFieldWidget
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured
from django.db import models, transaction
from django.db.models import QuerySet
from django.forms import ChoiceField, ModelForm
from django.http import HttpRequest

from accounts import audit, departures, sessions
from accounts.models import (
    AuditEvent,
    Membership,
    Organization,
    Session,
    SigningKey,
    User,
)
from accounts.models.limited import MOST, NUMBERS, written
from ratelimits.models import Usage

# Nothing of ours looks at Django's groups, and their rows would change unaudited.
admin.site.unregister(Group)


class ReadOnlyAdmin(admin.ModelAdmin):
    """Looked at, never typed into: such rows change through their own doors."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AuditedAdmin(admin.ModelAdmin):
    """What operators may change. The audit event is written with the change."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: Any, form: ModelForm, change: bool
    ) -> None:
        changed = form.changed_data
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            audit.record(
                f"{obj._meta.model_name}.changed",
                by=audit.actor_of(request),
                organization=organization_of(obj),
                target=obj.public_id,
                before={name: form.initial.get(name) for name in changed},
                after={name: form.cleaned_data[name] for name in changed},
            )


def organization_of(row: models.Model) -> Organization | None:
    if isinstance(row, Organization):
        return row
    return getattr(row, "organization", None)


def limits_in_words(row: Any) -> str | None:
    """The effective limits of an organization or key, for a column of a table."""
    try:
        return written(row.limits)
    except ImproperlyConfigured:
        # Its plan is gone from the product file. The page must open all the same:
        # here another plan is chosen.
        return None


class OrganizationForm(ModelForm):
    """Offers the plans of the organization's product."""

    class Meta:
        model = Organization
        fields = ("name", "plan_slug", *NUMBERS, "is_active")
        # The usual field is too narrow to show nine digits.
        widgets = dict.fromkeys(NUMBERS, AdminBigIntegerFieldWidget)
        labels = {
            "per_minute": "Requests per minute",
            "burst": "Requests per second",
            "daily": "Requests per UTC day",
        }
        help_texts = {
            "per_minute": "Empty: as the plan. A number counts in its place.",
            "burst": "Empty: as the plan. A number counts in its place.",
            "daily": "Empty: as the plan. A number counts in its place, also where the "
            f"plan has no daily quota. Unlimited above a plan is written as {MOST}.",
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "plan_slug" in self.fields:
            plans = self.instance.product.plans.values()
            choices = [(plan.slug, plan.name) for plan in plans]
            self.fields["plan_slug"] = ChoiceField(label="Plan", choices=choices)


@admin.register(Organization)
class OrganizationAdmin(AuditedAdmin):
    list_display = (
        "name",
        "product_slug",
        "plan_slug",
        "limits_now",
        "is_active",
        "public_id",
    )
    list_filter = ("product_slug", "plan_slug", "is_active")
    search_fields = ("name",)
    fields = (
        "name",
        "product_slug",
        "plan_slug",
        *NUMBERS,
        "is_active",
        "created_at",
    )
    readonly_fields = ("product_slug", "created_at")

    form = OrganizationForm

    @admin.display(description="limits now")
    def limits_now(self, organization: Organization) -> str | None:
        return limits_in_words(organization)


@admin.register(User)
class UserAdmin(AuditedAdmin):
    list_display = ("email", "name", "is_active", "is_staff", "created_at")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    fields = (
        "email",
        "name",
        "is_active",
        "is_staff",
        "is_superuser",
        "email_verified_at",
        "created_at",
        "credentials_valid_from",
    )
    readonly_fields = (
        "email",
        "email_verified_at",
        "created_at",
        "credentials_valid_from",
    )
    actions = ["end_sessions"]

    def save_model(
        self, request: HttpRequest, obj: User, form: ModelForm, change: bool
    ) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if "is_active" in form.changed_data and not obj.is_active:
                departures.stop(obj, by=audit.actor_of(request))

    @admin.action(description="End all sessions")
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            by = audit.actor_of(request)
            sessions.end_all(user, reason="ended_by_operator", by=by)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("user", "organization", "role", "is_active", "joined_at")
    list_filter = ("role", "is_active")
    list_select_related = ("user", "organization")
    search_fields = ("user__email", "organization__name")


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "person", "authenticated_at", "address", "ended_at")
    list_select_related = ("membership__user",)
    fields = (
        "membership",
        "is_browser",
        "authenticated_at",
        "expires_at",
        "address",
        "user_agent",
        "last_used_at",
        "last_used_ip",
        "ended_at",
        "end_reason",
    )
    actions = ["end"]

    def person(self, session: Session) -> str:
        return session.membership.user.email

    @admin.action(description="End the selected sessions", permissions=["view"])
    def end(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        for session in queryset.select_related("membership__organization"):
            by = audit.actor_of(request)
            sessions.end(session, reason="ended_by_operator", by=by)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "action", "actor", "target", "organization", "address")
    list_filter = ("action",)
    list_select_related = ("organization",)
    search_fields = ("actor", "target", "request_id")


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnlyAdmin):
    list_display = ("kid", "state", "created_at", "activated_at", "expires_at")
    fields = ("kid", "state", "created_at", "activated_at", "expires_at")


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
    ordering = ("-day", "credential")
