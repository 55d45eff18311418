"""What operators do to keys, each through the rule that every door has."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin import Deed
from accounts.forms import PlainForm
from apikeys import lifecycle, service_keys, states, undo
from apikeys.admin.forms import EndField
from apikeys.models import LEAKED, ApiKey

REASONS = (
    ("other", _("Another reason")),
    ("unused", _("It is not used")),
    ("replaced", _("Another key took its place")),
    (LEAKED, _("It leaked: it cannot be restored")),
)


class RevokeForm(PlainForm):
    """Why."""

    reason = forms.ChoiceField(label=_("Reason"), choices=REASONS)


class ExtendForm(PlainForm):
    """Until when. Empty: without an end."""

    expires_at = EndField(
        label=_("New last day"),
        required=False,
        help_text=_("UTC, the whole day. Empty: it does not expire."),
    )


def _is_lasting(api_key: ApiKey) -> bool:
    return api_key.revoked_at is None


def _can_come_back(api_key: ApiKey) -> bool:
    until = api_key.restorable_until
    return until is not None and until > timezone.now()


def _can_judge(api_key: ApiKey) -> bool:
    is_free = not api_key.is_service and api_key.membership_id is None
    return is_free and _is_lasting(api_key)


REVOKE = Deed(
    name="revoke",
    label=_("Revoke"),
    consequence=_(
        "From now on every server refuses it. Unless it leaked it can be "
        "restored for 7 days."
    ),
    do=lifecycle.revoke,
    form=RevokeForm,
    fits=_is_lasting,
)
RESTORE = Deed(
    name="restore",
    label=_("Restore"),
    consequence=_("It works again as it did: same secret, scopes, limits and expiry."),
    do=undo.restore_for,
    fits=_can_come_back,
    is_harmful=False,
)
EXTEND = Deed(
    name="extend",
    label=_("Extend"),
    consequence=_("It ends later. Its secret, scopes and limits stay as they are."),
    do=lifecycle.prolong_for,
    form=ExtendForm,
    fits=lambda api_key: _is_lasting(api_key) and api_key.expires_at is not None,
    is_harmful=False,
)
DISABLE = Deed(
    name="disable",
    label=_("Disable"),
    consequence=_("From now on it is refused, until it is enabled again."),
    do=states.disable,
    fits=lambda api_key: _is_lasting(api_key) and api_key.disabled_at is None,
)
ENABLE = Deed(
    name="enable",
    label=_("Enable"),
    consequence=_("Let in again, as it was."),
    do=states.enable_for,
    fits=lambda api_key: _is_lasting(api_key) and api_key.disabled_at is not None,
    is_harmful=False,
)
JUDGE_PRODUCT = Deed(
    name="judge_product",
    label=_("Let it judge the whole product"),
    consequence=_(
        "A service key: it may ask about every credential of its product, of all "
        "organizations. Only for the product's own services."
    ),
    do=service_keys.appoint,
    fits=_can_judge,
)
JUDGE_ORGANIZATION = Deed(
    name="judge_organization",
    label=_("Let it judge its organization only"),
    consequence=_("It may no longer ask about credentials of other organizations."),
    do=service_keys.dismiss,
    fits=lambda api_key: api_key.is_service,
)
DEEDS: tuple[Any, ...] = (
    REVOKE,
    RESTORE,
    EXTEND,
    DISABLE,
    ENABLE,
    JUDGE_PRODUCT,
    JUDGE_ORGANIZATION,
)
