"""Organizations in the admin: plan, own limits, and whether anything is let in."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminBigIntegerFieldWidget
from django.core.exceptions import ImproperlyConfigured
from django.forms import ChoiceField, ModelForm
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts import organizations
from accounts.admin.deeds import Deed, ReasonForm
from accounts.admin.tables import AuditedAdmin, ReadOnlyAdmin, limits_in_words
from accounts.models import Membership, Organization
from accounts.models.limited import MOST, NUMBERS

AS_PLAN = _("Empty: as the plan. A number counts in its place.")

SUSPEND = Deed(
    name="suspend",
    label=_("Suspend"),
    consequence=_(
        "From then on nothing of it is let in: its people, keys and applications are "
        "refused until you resume it. Nothing is deleted."
    ),
    do=organizations.suspend,
    form=ReasonForm,
    fits=lambda organization: organization.is_active,
)
RESUME = Deed(
    name="resume",
    label=_("Resume"),
    consequence=_("Its people, keys and applications are let in again, as before."),
    do=organizations.resume,
    fits=lambda organization: not organization.is_active,
    is_harmful=False,
)


class OrganizationForm(ModelForm):
    """Offers the plans of the organization's product."""

    class Meta:
        model = Organization
        fields = ("name", "plan_slug", *NUMBERS)
        # The usual field is too narrow to show nine digits.
        widgets = dict.fromkeys(NUMBERS, AdminBigIntegerFieldWidget)
        labels = {
            "per_minute": _("Requests per minute"),
            "burst": _("Requests per second"),
            "daily": _("Requests per UTC day"),
        }
        help_texts = {
            "per_minute": AS_PLAN,
            "burst": AS_PLAN,
            "daily": _(
                "Empty: as the plan. A number counts in its place, also where the plan "
                "has no daily quota. Unlimited above a plan is written as %(most)s."
            )
            % {"most": MOST},
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "plan_slug" in self.fields:
            choices = plans_for(self.instance)
            self.fields["plan_slug"] = ChoiceField(label=_("Plan"), choices=choices)


def plans_for(organization: Organization) -> list[tuple[str, str]]:
    """Its own one too where that is in no product file: to save something else must not
    change it."""
    try:
        plans = organization.product.plans.values()
    except ImproperlyConfigured:
        plans = {}.values()
    named = {plan.slug: plan.name for plan in plans}
    own = organization.plan_slug
    return list({own: own, **named}.items())


@admin.register(Organization)
class OrganizationAdmin(AuditedAdmin):
    deeds = (SUSPEND, RESUME)
    list_display = ("name", "product_slug", "plan_slug", "limits_now", "status")
    list_filter = ("product_slug", "plan_slug", "is_active")
    search_fields = ("name",)
    search_help_text = _("A part of the name.")
    ordering = ("-pk",)
    fields = (
        "name",
        "plan_slug",
        *NUMBERS,
        "public_id",
        "product_slug",
        "status",
        "limits_now",
        "created_at",
    )
    readonly_fields = (
        "public_id",
        "product_slug",
        "status",
        "limits_now",
        "created_at",
    )

    form = OrganizationForm

    @admin.display(description=_("id"))
    def public_id(self, organization: Organization) -> str:
        return organization.public_id

    @admin.display(description=_("limits now"))
    def limits_now(self, organization: Organization) -> str | None:
        return limits_in_words(organization)

    @admin.display(description=_("status"), ordering="is_active")
    def status(self, organization: Organization) -> str:
        return str(_("active") if organization.is_active else _("suspended"))

    def links(self, row: Organization) -> list[tuple[Any, str]]:
        issue = reverse("admin:apikeys_apikey_add")
        keys = reverse("admin:apikeys_apikey_changelist")
        members = reverse("admin:accounts_membership_changelist")
        chosen = urlencode({"organization__id__exact": str(row.pk)})
        made_for = urlencode({"organization": row.public_id})
        return [
            (_("Issue a key"), f"{issue}?{made_for}"),
            (_("Its keys"), f"{keys}?{chosen}"),
            (_("Its members"), f"{members}?{chosen}"),
        ]


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("user", "organization", "role", "state", "joined_at")
    list_filter = ("role", "is_active")
    list_select_related = ("user", "organization")
    search_fields = ("user__email", "organization__name")
    search_help_text = _("A part of an e-mail address or of an organization's name.")
    ordering = ("-pk",)
    fields = (
        "user",
        "organization",
        "role",
        "state",
        "created_at",
        "joined_at",
        "removed_at",
    )

    @admin.display(description=_("status"))
    def state(self, membership: Membership) -> str:
        return membership.status

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """The link at an organization leads here."""
        return lookup == "organization__id__exact" or super().lookup_allowed(
            lookup, value, request
        )
