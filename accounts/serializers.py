"""The bodies of the accounts endpoints: what they take and what they answer."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as Invalid
from rest_framework import serializers

from accounts import addresses
from accounts.credentials import API_KEY, OAUTH, REASONS, SESSION
from accounts.fields import (
    SecretField,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictSerializer,
    TimestampField,
)
from accounts.products import ENVIRONMENTS
from accounts.roles import CHOICES

LONGEST_PASSWORD = 1024


class EmailField(StrictCharField):
    """An address as it will be stored, without look-alike characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=addresses.MOST_CHARACTERS, **options)

    def to_internal_value(self, data: Any) -> str:
        try:
            return addresses.checked(super().to_internal_value(data))
        except Invalid as error:
            raise serializers.ValidationError(list(error.messages)) from error


class LoginRequest(StrictSerializer):
    """`totp_code`: six digits or a recovery code, where two-step sign-in is on."""

    email = StrictCharField(max_length=addresses.MOST_CHARACTERS)
    password = SecretField(max_length=LONGEST_PASSWORD)
    totp_code = SecretField(max_length=64, required=False, allow_null=True, default="")
    organization = StrictCharField(required=False)


class RefreshRequest(StrictSerializer):
    """The newest refresh token."""

    refresh_token = SecretField()


class TokenAnswer(serializers.Serializer[Any]):
    """As the user's product documents it. `expires_in` is in seconds."""

    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()


class SuspendedScope(serializers.Serializer[Any]):
    """A granted scope without effect now."""

    scope = serializers.CharField()
    reason = serializers.ChoiceField(choices=REASONS)


class WhoAmI(serializers.Serializer[Any]):
    """A credential explained."""

    kind = serializers.ChoiceField(choices=[SESSION, API_KEY, OAUTH])
    credential_id = serializers.CharField(source="id")
    product = serializers.CharField(source="product.slug")
    organization = serializers.CharField(source="organization.public_id")
    user = serializers.SerializerMethodField()
    plan = serializers.CharField(source="organization.plan_slug")
    environment = serializers.ChoiceField(choices=ENVIRONMENTS)
    scopes = serializers.SerializerMethodField()
    granted_scopes = serializers.ListField(
        child=serializers.CharField(), source="rights.granted"
    )
    suspended_scopes = SuspendedScope(many=True, source="rights.suspended")
    expires_at = TimestampField(allow_null=True)

    def get_user(self, credential: Any) -> str | None:
        return credential.user.public_id if credential.user is not None else None

    def get_scopes(self, credential: Any) -> list[str]:
        return sorted(credential.scopes)


class SessionObject(serializers.Serializer[Any]):
    """One sign-in of the caller."""

    id = serializers.CharField(source="public_id")
    organization = serializers.CharField(source="membership.organization.public_id")
    current = serializers.SerializerMethodField()
    is_browser = serializers.BooleanField()
    user_agent = serializers.CharField()
    address = serializers.CharField()
    created_at = TimestampField(source="authenticated_at")
    last_used_at = TimestampField()
    last_used_ip = serializers.CharField()
    expires_at = TimestampField()

    def get_current(self, session: Any) -> bool:
        current: str = self.context["view"].credential.id
        return bool(session.public_id == current)


class EnrolmentAnswer(serializers.Serializer[Any]):
    """Shown once. `secret` is in base 32, `otpauth_uri` is what the QR code holds."""

    secret = serializers.CharField()
    otpauth_uri = serializers.CharField()


class CodeRequest(StrictSerializer):
    """Six digits of the authenticator; to remove or renew, a recovery code does as
    well."""

    totp_code = SecretField(max_length=64)


class RecoveryCodesAnswer(serializers.Serializer[Any]):
    """Shown once; each works once."""

    recovery_codes = serializers.ListField(child=serializers.CharField())


class PasswordChange(StrictSerializer):
    """A change by who knows the present password."""

    current_password = SecretField(max_length=LONGEST_PASSWORD)
    new_password = SecretField(max_length=LONGEST_PASSWORD)


class ResetRequest(StrictSerializer):
    """Where to mail the way to a new password."""

    email = StrictCharField(max_length=addresses.MOST_CHARACTERS)


class ResetConfirm(StrictSerializer):
    """The mailed token and the new password."""

    token = SecretField(max_length=200)
    new_password = SecretField(max_length=LONGEST_PASSWORD)


class MemberObject(serializers.Serializer[Any]):
    """A person in the organization. Name and spelling show once they have joined."""

    id = serializers.CharField(source="user.public_id")
    email = serializers.CharField()
    name = serializers.SerializerMethodField()
    role = serializers.ChoiceField(choices=CHOICES)
    status = serializers.ChoiceField(choices=["invited", "active", "inactive"])

    def get_name(self, membership: Any) -> str:
        return membership.user.name if membership.joined_at is not None else ""


class InvitedObject(MemberObject):
    """`invitation_url` is shown once, to pass on; the same person gets one by mail."""

    invitation_url = serializers.CharField()


class InvitationRequest(StrictSerializer):
    """Whom to invite, and as what."""

    email = EmailField()
    role = StrictChoiceField(choices=CHOICES)


class MemberChange(StrictSerializer):
    """What may change about a membership."""

    role = StrictChoiceField(choices=CHOICES, required=False)
    is_active = StrictBooleanField(required=False)


class HeldObject(serializers.Serializer[Any]):
    """A key that a departure concerns."""

    id = serializers.CharField()
    name = serializers.CharField()
    hint = serializers.CharField()
    last_used_at = TimestampField(allow_null=True)
    last_used_ip = serializers.CharField(allow_null=True)


class DepartureObject(serializers.Serializer[Any]):
    """`personal_keys` stop with the member. `organization_keys` work on, without
    anybody who answers for them until they are transferred."""

    personal_keys = HeldObject(many=True, source="personal")
    organization_keys = HeldObject(many=True, source="kept")


class AcceptRequest(StrictSerializer):
    """A newcomer chooses `name` and `password`. Who has an account sends an access
    token in the header, or its own password (and `totp_code`) here."""

    token = SecretField(max_length=200)
    name = StrictCharField(max_length=100, required=False)
    password = SecretField(max_length=LONGEST_PASSWORD, required=False)
    totp_code = SecretField(max_length=64, required=False)


class AuditEventObject(serializers.Serializer[Any]):
    """One change."""

    id = serializers.CharField(source="public_id")
    at = TimestampField()
    action = serializers.CharField()
    actor = serializers.CharField()
    credential = serializers.CharField()
    target = serializers.CharField()
    address = serializers.CharField()
    request_id = serializers.CharField()
    details = serializers.DictField()


class SigningKeySet(serializers.Serializer[Any]):
    """A JSON Web Key Set (RFC 7517)."""

    keys = serializers.ListField(child=serializers.DictField())
