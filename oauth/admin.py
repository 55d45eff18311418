"""Applications in the admin. Every other table of OAuth stays out of sight.

django-oauth-toolkit registers the classes that the settings name.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts import audit
from accounts.admin import ReadOnlyAdmin
from accounts.problems import Problem
from oauth import applications, client_secrets
from oauth.forms import ApplicationForm, RotationForm
from oauth.models import Application

# Operators who may add an application may do all that the actions offer.
MAY = ["add"]
PAGE = "oauth/admin_application_form.html"
SECRET = "oauth/admin_application_created.html"  # noqa: S105 - the name of a template


class ApplicationAdmin(ReadOnlyAdmin):
    """A secret is shown in the one answer that made it: by no message, no session."""

    list_display = ("name", "type", "organization", "status", "last_used_at")
    list_filter = ("type", "is_active")
    list_select_related = ("organization",)
    search_fields = ("name", "client_id", "organization__name")
    fields = (
        "name",
        "client_id",
        "organization",
        "type",
        "status",
        "published_at",
        "redirect_uris",
        "post_logout_redirect_uris",
        "backchannel_logout_uri",
        "scopes",
        "require_pkce",
        "require_pushed_authorization_requests",
        "dpop_bound_access_tokens",
        "token_endpoint_auth_method",
        "client_jwks",
        "algorithm",
        "access_token_format",
        "secret_hint",
        "secret_created_at",
        "old_secret_hint",
        "old_secret_retires_at",
        "new_secret",
        "created",
        "created_by",
        "deleted_at",
        "last_used_at",
        "last_used_ip",
    )
    actions = ["disable", "enable", "publish", "unpublish", "withdraw_consents"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("oauth.add_application")

    def get_urls(self) -> list[URLPattern]:
        rotate = path(
            "<uuid:pk>/rotate-secret/",
            self.admin_site.admin_view(self.rotate_secret),
            name="oauth_application_rotate_secret",
        )
        return [rotate, *super().get_urls()]

    @admin.display(description="New secret")
    def new_secret(self, application: Application) -> str:
        if not client_secrets.used_by(application):
            return "It has none."
        address = reverse(
            "admin:oauth_application_rotate_secret", args=[application.pk]
        )
        return format_html('<a href="{}">Make a new secret</a>', address)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self._refuse_looker(request)
        form = ApplicationForm(request.POST or None)
        if form.is_valid():
            try:
                made = applications.register_for(
                    form.cleaned_data["organization"],
                    form.registration(),
                    by=audit.actor_of(request),
                )
                return self._shown(request, *made)
            except Problem as problem:
                form.add_error(None, str(problem.detail))
        return self._page(request, form, title="Add application")

    def rotate_secret(self, request: HttpRequest, pk: str) -> HttpResponse:
        self._refuse_looker(request)
        application = get_object_or_404(Application.objects.current(), pk=pk)
        form = RotationForm(request.POST or None)
        if form.is_valid():
            try:
                made = applications.rotate_secret_for(
                    application,
                    grace_seconds=form.cleaned_data["grace_seconds"],
                    by=audit.actor_of(request),
                )
                return self._shown(request, *made)
            except Problem as problem:
                form.add_error(None, str(problem.detail))
        return self._page(request, form, title=f"New secret of {application.name}")

    @admin.action(description="Disable the selected applications", permissions=MAY)
    def disable(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        for application in _current(queryset):
            by = audit.actor_of(request)
            applications.set_active(application, False, by=by)

    @admin.action(description="Enable the selected applications", permissions=MAY)
    def enable(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        for application in _current(queryset):
            by = audit.actor_of(request)
            applications.set_active(application, True, by=by)

    @admin.action(description="Publish to all organizations", permissions=MAY)
    def publish(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        for application in _current(queryset):
            applications.publish(application, by=audit.actor_of(request))

    @admin.action(description="Keep to their own organizations", permissions=MAY)
    def unpublish(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        for application in _current(queryset):
            applications.unpublish(application, by=audit.actor_of(request))

    @admin.action(description="Take back what people allowed", permissions=MAY)
    def withdraw_consents(
        self, request: HttpRequest, queryset: QuerySet[Application]
    ) -> None:
        for application in _current(queryset):
            applications.withdraw_consents(application, by=audit.actor_of(request))

    def _refuse_looker(self, request: HttpRequest) -> None:
        if not self.has_add_permission(request):
            raise PermissionDenied

    def _shown(
        self, request: HttpRequest, application: Application, secret: str | None
    ) -> HttpResponse:
        context = {"application": application, "secret": secret}
        return self._rendered(request, SECRET, title="Application", **context)

    def _page(self, request: HttpRequest, form: Form, *, title: str) -> HttpResponse:
        return self._rendered(request, PAGE, title=title, form=form)

    def _rendered(
        self, request: HttpRequest, template: str, **context: Any
    ) -> HttpResponse:
        frame = self.admin_site.each_context(request)
        return render(request, template, {**frame, "opts": self.opts, **context})


class HiddenAdmin(ReadOnlyAdmin):
    """Rows that say nothing to a person."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _current(queryset: QuerySet[Application]) -> QuerySet[Application]:
    """Those that are not deleted: the others stay as a record."""
    return queryset.filter(deleted_at=None).select_related("organization")
