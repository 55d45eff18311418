"""The key endpoints."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.endpoints import Endpoint, found, query_of
from accounts.permissions import require
from apikeys import lifecycle
from apikeys.lifecycle import Wish
from apikeys.models import REASONS, ApiKey
from apikeys.serializers import (
    ApiKeyChange,
    ApiKeyObject,
    ApiKeyRequest,
    NewApiKeyObject,
    RevokeQuery,
)

REASON = OpenApiParameter(
    "reason", str, description="Why, for the audit log.", enum=REASONS, default="other"
)


class KeyEndpoint(Endpoint):
    """What the key endpoints share: which key, and how a body is read."""

    def api_key(self, key_id: str) -> ApiKey:
        of_organization = ApiKey.objects.filter(
            organization=self.credential.organization
        )
        joined = of_organization.select_related("organization", "membership__user")
        api_key: ApiKey = found(joined.with_public_id(key_id).first())
        lifecycle.require_control(self.credential, api_key)
        return api_key

    def values(
        self, serializer: type[BaseSerializer[Any]], data: Any
    ) -> dict[str, Any]:
        context = {"product": self.credential.product}
        bound = serializer(data=data, context=context)
        bound.is_valid(raise_exception=True)
        values: dict[str, Any] = bound.validated_data
        return values


class ApiKeys(KeyEndpoint, generics.ListAPIView[ApiKey]):
    """Keys of the organization, or one's own without the right to manage them."""

    serializer_class = ApiKeyObject
    queryset = ApiKey.objects.none()

    def get_queryset(self) -> QuerySet[ApiKey]:
        if not self.credential.is_person:
            require(self.credential, "keys_manage")
        seen = ApiKey.objects.seen_by(self.credential)
        joined = seen.select_related("organization", "membership__user")
        return joined.prefetch_related("secrets")

    @extend_schema(tags=["API keys"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=ApiKeyRequest, responses={201: NewApiKeyObject}, tags=["API keys"]
    )
    def post(self, request: Request) -> Response:
        """Create a key. Its text is in this one answer."""
        values = self.values(ApiKeyRequest, request.data)
        wish = Wish(
            name=values["name"],
            scopes=tuple(values["scopes"]),
            environment=values.get("environment", self.credential.environment),
            expires_at=values.get("expires_at"),
            owner=values.get("owner", ""),
            limits=values.get("limits") or {},
        )
        api_key, key = lifecycle.issue(wish, maker=self.credential, by=self.actor)
        answer = {**ApiKeyObject(api_key).data, "key": key}
        return Response(answer, status.HTTP_201_CREATED)


class ApiKeyDetail(KeyEndpoint):
    """One key."""

    refuses = {"PATCH": [409]}

    @extend_schema(responses=ApiKeyObject, tags=["API keys"])
    def get(self, request: Request, key_id: str) -> Response:
        return Response(ApiKeyObject(self.api_key(key_id)).data)

    @extend_schema(request=ApiKeyChange, responses=ApiKeyObject, tags=["API keys"])
    def patch(self, request: Request, key_id: str) -> Response:
        """Change name, scopes, expiry or limits, never beyond what the caller holds."""
        api_key = self.api_key(key_id)
        changes = self.values(ApiKeyChange, request.data)
        api_key = lifecycle.change(
            api_key, changes, changer=self.credential, by=self.actor
        )
        return Response(ApiKeyObject(api_key).data)

    @extend_schema(parameters=[REASON], responses={204: None}, tags=["API keys"])
    def delete(self, request: Request, key_id: str) -> Response:
        """Revoke the key. It is refused from the answer on."""
        api_key = self.api_key(key_id)
        reason = self.values(RevokeQuery, query_of(request))["reason"]
        lifecycle.revoke(api_key, reason=reason, by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)
