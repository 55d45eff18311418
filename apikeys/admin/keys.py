"""The pages of keys: the list, one key, a new one, and whose a pasted one is."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts.admin import MintingAdmin, limits_in_words
from accounts.admin.minting import Minting
from accounts.admin.tables import looks_only
from accounts.models import Organization
from apikeys import leaks, lifecycle, listing, rotation
from apikeys.admin.deeds import DEEDS
from apikeys.admin.forms import IssueForm, OrganizationForm, PastedForm, RotationForm
from apikeys.models import ApiKey

SOON = 7


class StatusFilter(admin.SimpleListFilter):
    """As `ApiKey.status` says, and those that end soon."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("active", _("active")),
            ("expiring", _("expires in 7 days")),
            ("disabled", _("disabled")),
            ("expired", _("expired")),
            ("revoked", _("revoked")),
            ("orphaned", _("nobody answers for it")),
        ]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "expiring":
            return queryset.filter(listing.FILTERS["expiring_days"](SOON))
        if self.value() == "orphaned":
            return queryset.filter(pk__in=ApiKey.objects.orphaned().values("pk"))
        if self.value() in listing.STATUSES:
            return queryset.filter(listing.FILTERS["status"](self.value()))
        return queryset


@admin.register(ApiKey)
class ApiKeyAdmin(MintingAdmin):
    deeds = DEEDS
    list_display = (
        "name",
        "hint",
        "organization",
        "environment",
        "status",
        "expires_at",
        "last_used_at",
    )
    list_filter = (StatusFilter, "environment", "is_service")
    list_select_related = ("organization",)
    search_fields = ("name", "organization__name", "secrets__hint")
    search_help_text = _("A part of the name, of the organization's, or of the hint.")
    ordering = ("-pk",)
    fields = (
        "name",
        "public_id",
        "hint",
        "organization",
        "owner_now",
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

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_act_permission(request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        rotate = path("<uuid:pk>/rotate/", view(self.rotate), name="rotate_key")
        find = path("find/", view(self.find), name="find_key")
        return [rotate, find, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        people = "organization", "membership__user", "contact__user"
        rows = super().get_queryset(request).select_related(*people)
        return rows.prefetch_related("secrets")

    @admin.display(description=_("id"))
    def public_id(self, api_key: ApiKey) -> str:
        return api_key.public_id

    @admin.display(description=_("limits now"))
    def limits_now(self, api_key: ApiKey) -> str | None:
        return limits_in_words(api_key)

    @admin.display(description=_("owner"))
    def owner_now(self, api_key: ApiKey) -> Any:
        member = api_key.membership
        return member.user if member else _("its organization")

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """The link at an organization leads here."""
        return lookup == "organization__id__exact" or super().lookup_allowed(
            lookup, value, request
        )

    def links(self, row: ApiKey) -> list[tuple[Any, str]]:
        usage = reverse("admin:ratelimits_usage_changelist")
        links = [(_("Usage"), f"{usage}?{urlencode({'q': row.public_id})}")]
        if row.membership_id is None and row.status not in ("revoked", "expired"):
            rotate = reverse("admin:rotate_key", args=[row.pk])
            links.insert(0, (_("Rotate"), rotate))
        return links

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """For which organization first: its product says which scopes there are."""
        self._refuse_looker(request)
        chosen = OrganizationForm(request.GET or None)
        if not chosen.is_valid():
            return self.own_page(request, "choose", title=_("Issue a key"), form=chosen)
        organization: Organization = chosen.cleaned_data["organization"]
        form = IssueForm(organization, request.POST or None)
        minting = Minting(
            title=_("Issue a key for %(name)s") % {"name": organization.name},
            button=organization.product.words.create_key,
            make=lambda visitor: lifecycle.issue_for(
                organization, form.wish(), membership=None, by=visitor.actor
            ),
            said=_(
                "It belongs to the organization. Its plan bounds it, no person does."
            ),
        )
        return self.mint(request, form, minting)

    def rotate(self, request: HttpRequest, pk: str) -> HttpResponse:
        self._refuse_looker(request)
        api_key = get_object_or_404(ApiKey.objects.with_people(), pk=pk)
        form = RotationForm(request.POST or None)
        minting = Minting(
            title=_("Rotate %(name)s") % {"name": api_key.name},
            button=_("Rotate"),
            make=lambda visitor: rotation.rotate_by_operator(
                api_key,
                form.cleaned_data["grace_seconds"],
                operator=visitor.credential,
                by=visitor.actor,
            ),
            said=_(
                "The key gets a new secret. Its id, scopes, limits and counts stay."
            ),
        )
        return self.mint(request, form, minting)

    @looks_only
    def find(self, request: HttpRequest) -> HttpResponse:
        """Whose key it is that somebody pasted. It is neither kept nor shown again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = PastedForm(request.POST or None)
        secret = leaks.known(form.cleaned_data["key"]) if form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Find a key"),
            "form": PastedForm(),
            "is_asked": form.is_bound,
            "secret": secret,
        }
        return render(request, "admin/find_key.html", context)

    def _refuse_looker(self, request: HttpRequest) -> None:
        if not self.has_act_permission(request):
            raise PermissionDenied
