"""The key endpoints."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import idempotency
from accounts.endpoints import Endpoint, found, query_of
from accounts.idempotency import Answer
from accounts.permissions import require, require_step_up
from apikeys import handing, lifecycle, listing
from apikeys.lifecycle import Wish
from apikeys.listing import ApiKeyQuery
from apikeys.models import REASONS, ApiKey
from apikeys.secrets_serializers import ApiKeyDetailObject
from apikeys.serializers import (
    ApiKeyChange,
    ApiKeyObject,
    ApiKeyRequest,
    NewApiKeyObject,
    RevokeQuery,
)

# Parameters of the list that choose no keys.
OF_PAGES = {"cursor", "limit"}
REASON = OpenApiParameter(
    "reason", str, description="Why, for the audit log.", enum=REASONS, default="other"
)


class KeyEndpoint(Endpoint):
    """What the key endpoints share: which key it is about."""

    def api_key(self, key_id: str) -> ApiKey:
        of_organization = ApiKey.objects.with_people().filter(
            organization=self.credential.organization
        )
        api_key: ApiKey = found(of_organization.with_public_id(key_id).first())
        lifecycle.require_control(self.credential, api_key)
        return api_key

    def may_have_the_secret(self, key_id: str) -> None:
        """Raises Problem. Asked before an answer that shows it is given again."""
        require_step_up(self.credential)
        handing.require_equal(self.credential, self.api_key(key_id))


class ApiKeys(KeyEndpoint, generics.ListAPIView[ApiKey]):
    """Keys of the organization, or one's own without the right to manage them."""

    refuses = {"POST": [409]}
    serializer_class = ApiKeyObject
    queryset = ApiKey.objects.none()

    def get_queryset(self) -> QuerySet[ApiKey]:
        if not self.credential.is_person:
            require(self.credential, "keys_manage")
        asked = query_of(self.request)
        filters = {name: asked[name] for name in asked.keys() - OF_PAGES}
        seen = ApiKey.objects.with_people().seen_by(self.credential)
        wanted = self.values(ApiKeyQuery, filters)
        rows = listing.narrowed(seen, wanted, seer=self.credential)
        return rows.prefetch_related("secrets")

    @extend_schema(parameters=[ApiKeyQuery], tags=["API keys"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=ApiKeyRequest,
        parameters=[idempotency.PARAMETER],
        responses={201: NewApiKeyObject},
        tags=["API keys"],
    )
    def post(self, request: Request) -> Response:
        """Create a key. Its text is in this one answer."""
        return idempotency.once(request, self.make, may=self.may_have_the_secret)

    def make(self) -> Answer:
        values = self.values(ApiKeyRequest, self.request.data)
        values["limits"] = values.get("limits") or {}
        wish = Wish(**{"environment": self.credential.environment, **values})
        api_key, key = lifecycle.issue(wish, maker=self.credential, by=self.actor)
        body = {**ApiKeyObject(api_key).data, "key": key}
        return Answer(api_key.public_id, body, status.HTTP_201_CREATED)


class ApiKeyDetail(KeyEndpoint):
    """One key."""

    refuses = {"PATCH": [409]}

    @extend_schema(responses=ApiKeyDetailObject, tags=["API keys"])
    def get(self, request: Request, key_id: str) -> Response:
        return Response(ApiKeyDetailObject(self.api_key(key_id)).data)

    @extend_schema(request=ApiKeyChange, responses=ApiKeyObject, tags=["API keys"])
    def patch(self, request: Request, key_id: str) -> Response:
        """Change what the key is, never beyond what the caller holds."""
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
