"""The bodies of the application and grant endpoints."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.fields import (
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
    StrictSerializer,
    TimestampField,
)
from oauth.applications import LONGEST_GRACE
from oauth.models.applications import (
    AUTH_METHODS,
    ID_TOKEN_ALGORITHMS,
    TOKEN_FORMATS,
    TYPES,
)
from oauth.redirects import MOST_CHARACTERS
from oauth.registration import MOST_NAME_CHARACTERS, MOST_REDIRECTS

MOST_SCOPES = 100


class AddressField(StrictCharField):
    """An address; whether it fits, the registration says."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MOST_CHARACTERS, **options)


class AddressesField(serializers.ListField):
    """Addresses, each once."""

    child = AddressField()

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MOST_REDIRECTS, **options)


class ScopesField(serializers.ListField):
    """Scopes of the product, and of the person: openid, profile, email,
    offline_access."""

    child = StrictCharField(max_length=64)

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MOST_SCOPES, **options)


class KeySetField(serializers.DictField):
    """A JSON Web Key Set (RFC 7517 5) of public keys."""

    default_error_messages = {"not_a_dict": "Send a JSON Web Key Set: an object."}


class ApplicationChange(StrictSerializer):
    """What may change about an application."""

    name = StrictCharField(max_length=MOST_NAME_CHARACTERS, required=False)
    redirect_uris = AddressesField(required=False)
    post_logout_redirect_uris = AddressesField(required=False)
    backchannel_logout_uri = AddressField(required=False, allow_null=True)
    scopes = ScopesField(required=False)
    require_pkce = StrictBooleanField(required=False)
    require_pushed_authorization_requests = StrictBooleanField(required=False)
    dpop_bound_access_tokens = StrictBooleanField(required=False)
    token_endpoint_auth_method = StrictChoiceField(choices=AUTH_METHODS, required=False)
    jwks = KeySetField(required=False, allow_null=True)
    id_token_signed_response_alg = StrictChoiceField(
        choices=ID_TOKEN_ALGORITHMS, required=False
    )
    access_token_format = StrictChoiceField(choices=TOKEN_FORMATS, required=False)
    is_active = StrictBooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Lists as a registration has them, and no address as an empty text."""
        found = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in attrs.items()
        }
        if "backchannel_logout_uri" in found:
            found["backchannel_logout_uri"] = found["backchannel_logout_uri"] or ""
        return found


class ApplicationRequest(ApplicationChange):
    """A new application. What is left out fits its type."""

    name = StrictCharField(max_length=MOST_NAME_CHARACTERS)
    type = StrictChoiceField(choices=TYPES)
    scopes = ScopesField()
    is_active = None  # type: ignore[assignment]


class RotationRequest(StrictSerializer):
    """How many seconds the old secret lives on, 30 days at most."""

    grace_seconds = StrictIntegerField(
        min_value=0, max_value=LONGEST_GRACE, required=False, default=0
    )


class SecretObject(serializers.Serializer[Any]):
    """What a secret that lives looks like. `retires_at` is null for the present one."""

    hint = serializers.CharField()
    retires_at = TimestampField(allow_null=True)


class ApplicationObject(serializers.Serializer[Any]):
    """An application, never its secret."""

    id = serializers.CharField(source="public_id")
    client_id = serializers.CharField()
    name = serializers.CharField()
    type = serializers.ChoiceField(choices=TYPES)
    redirect_uris = serializers.ListField(
        child=serializers.CharField(), source="redirects"
    )
    post_logout_redirect_uris = serializers.ListField(
        child=serializers.CharField(), source="post_logout_redirects"
    )
    backchannel_logout_uri = serializers.SerializerMethodField()
    scopes = serializers.ListField(child=serializers.CharField())
    require_pkce = serializers.BooleanField()
    require_pushed_authorization_requests = serializers.BooleanField()
    dpop_bound_access_tokens = serializers.BooleanField()
    token_endpoint_auth_method = serializers.ChoiceField(choices=AUTH_METHODS)
    jwks = KeySetField(source="client_jwks", allow_null=True)
    id_token_signed_response_alg = serializers.ChoiceField(
        choices=ID_TOKEN_ALGORITHMS, source="algorithm"
    )
    access_token_format = serializers.ChoiceField(choices=TOKEN_FORMATS)
    grant_types = serializers.ListField(child=serializers.CharField())
    status = serializers.ChoiceField(choices=["active", "disabled"])
    is_active = serializers.BooleanField()
    published = serializers.SerializerMethodField()
    secrets = SecretObject(many=True)
    created_at = TimestampField(source="created")
    last_used_at = TimestampField(allow_null=True)
    last_used_ip = serializers.CharField(allow_null=True)

    def get_backchannel_logout_uri(self, application: Any) -> str | None:
        return application.backchannel_logout_uri or None

    def get_published(self, application: Any) -> bool:
        return application.published_at is not None


class NewApplicationObject(ApplicationObject):
    """An application just made, or with a new secret. `client_secret` is in this one
    answer and nowhere else; it is left out where there is none."""

    client_secret = serializers.CharField(required=False)


class GrantObject(serializers.Serializer[Any]):
    """What the caller lets an application do in an organization."""

    id = serializers.CharField(source="public_id")
    client_id = serializers.CharField(source="application.client_id")
    name = serializers.CharField(source="application.name")
    organization = serializers.CharField(source="membership.organization.public_id")
    scopes = serializers.ListField(child=serializers.CharField())
    granted_at = TimestampField()
    last_used_at = TimestampField(allow_null=True)
    last_used_ip = serializers.CharField(allow_null=True)
