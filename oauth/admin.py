"""Applications in the admin. Every other table of OAuth stays out of sight.

django-oauth-toolkit registers the classes that the settings name.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from accounts.admin import Deed, MintingAdmin, ReadOnlyAdmin
from accounts.admin.minting import Minting
from accounts.audit import Actor
from oauth import applications, client_secrets
from oauth.forms import ApplicationForm, RotationForm
from oauth.models import Application


def _disable(application: Application, *, by: Actor) -> None:
    applications.set_active(application, False, by=by)


def _enable(application: Application, *, by: Actor) -> None:
    applications.set_active(application, True, by=by)


def _is_current(application: Application) -> bool:
    """The others stay as a record."""
    return application.deleted_at is None


DEEDS = (
    Deed(
        name="disable",
        label=_("Disable"),
        consequence=_(
            "Its tokens are refused from the answer on, until you enable it."
        ),
        do=_disable,
        fits=lambda row: _is_current(row) and row.is_active,
    ),
    Deed(
        name="enable",
        label=_("Enable"),
        consequence=_("It is let in again, with the tokens that have not expired."),
        do=_enable,
        fits=lambda row: _is_current(row) and not row.is_active,
        is_harmful=False,
    ),
    Deed(
        name="publish",
        label=_("Publish to all organizations"),
        consequence=_("People of every organization of its product can allow it."),
        do=applications.publish,
        fits=lambda row: _is_current(row) and row.published_at is None,
    ),
    Deed(
        name="unpublish",
        label=_("Keep to its own organization"),
        consequence=_("Tokens of people of other organizations are refused at once."),
        do=applications.unpublish,
        fits=lambda row: _is_current(row) and row.published_at is not None,
    ),
    Deed(
        name="withdraw_consents",
        label=_("Take back what people allowed"),
        consequence=_("All its tokens for people end. Each of them is asked again."),
        do=applications.withdraw_consents,
        fits=_is_current,
    ),
)


class ApplicationAdmin(MintingAdmin):
    """Looked at, made, and turned off. Its owner changes the rest."""

    deeds = DEEDS
    list_display = ("name", "type", "organization", "status", "last_used_at")
    list_filter = ("type", "is_active")
    list_select_related = ("organization",)
    search_fields = ("name", "=client_id", "organization__name")
    search_help_text = _("A part of the name or of the organization's, or a client id.")
    ordering = ("-pk",)
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

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("oauth.add_application")

    def get_urls(self) -> list[URLPattern]:
        rotate = path(
            "<uuid:pk>/rotate-secret/",
            self.admin_site.admin_view(self.rotate_secret),
            name="oauth_application_rotate_secret",
        )
        return [rotate, *super().get_urls()]

    @admin.display(description=_("new secret"))
    def new_secret(self, application: Application) -> str:
        if not client_secrets.used_by(application):
            return str(_("It has none."))
        return str(_("Above, “Make a new secret”."))

    def links(self, row: Application) -> list[tuple[Any, str]]:
        if not (_is_current(row) and client_secrets.used_by(row)):
            return []
        address = reverse("admin:oauth_application_rotate_secret", args=[row.pk])
        return [(_("Make a new secret"), address)]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self._refuse_looker(request)
        given = {"organization": request.GET.get("organization", "")}
        form = ApplicationForm(request.POST or None, initial=given)
        minting = Minting(
            title=_("New application"),
            button=_("Create"),
            make=lambda visitor: applications.register_for(
                form.cleaned_data["organization"], form.registration(), by=visitor.actor
            ),
        )
        return self.mint(request, form, minting)

    def rotate_secret(self, request: HttpRequest, pk: str) -> HttpResponse:
        self._refuse_looker(request)
        application = get_object_or_404(Application.objects.current(), pk=pk)
        form = RotationForm(request.POST or None)
        minting = Minting(
            title=_("New secret of %(name)s") % {"name": application.name},
            button=_("Make a new secret"),
            make=lambda visitor: applications.rotate_secret_for(
                application,
                grace_seconds=form.cleaned_data["grace_seconds"],
                by=visitor.actor,
            ),
        )
        return self.mint(request, form, minting)

    def _refuse_looker(self, request: HttpRequest) -> None:
        if not self.has_add_permission(request):
            raise PermissionDenied


class HiddenAdmin(ReadOnlyAdmin):
    """Rows that say nothing to a person."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
