"""The endpoints of a key's later life: rotate, finish, cancel, restore."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import idempotency
from accounts.idempotency import Answer
from apikeys import rotation, undo
from apikeys.api import KeyEndpoint
from apikeys.secrets_serializers import (
    ApiKeyDetailObject,
    RotatedKeyObject,
    RotateRequest,
)


class Rotate(KeyEndpoint):
    """A new secret for a key."""

    refuses = {"POST": [409]}

    @extend_schema(
        request=RotateRequest,
        parameters=[idempotency.PARAMETER],
        responses=RotatedKeyObject,
        tags=["API keys"],
    )
    def post(self, request: Request, key_id: str) -> Response:
        """Make a new secret. Its text is in this one answer. The old one lives on for
        `grace_seconds`."""
        api_key = self.api_key(key_id)

        def change() -> Answer:
            grace = self.values(RotateRequest, request.data)["grace_seconds"]
            rotated, key = rotation.rotate(
                api_key, grace, rotator=self.credential, by=self.actor
            )
            body = {**ApiKeyDetailObject(rotated).data, "key": key}
            return Answer(rotated.public_id, body)

        return idempotency.once(request, change, may=self.may_have_the_secret)


class FinishRotation(KeyEndpoint):
    """The end of a grace before its time."""

    refuses = {"POST": [409]}

    @extend_schema(request=None, responses=ApiKeyDetailObject, tags=["API keys"])
    def post(self, request: Request, key_id: str) -> Response:
        """Refuse the old secret from the answer on."""
        api_key = rotation.finish(
            self.api_key(key_id), finisher=self.credential, by=self.actor
        )
        return Response(ApiKeyDetailObject(api_key).data)


class CancelRotation(KeyEndpoint):
    """A rotation taken back."""

    refuses = {"POST": [409]}

    @extend_schema(request=None, responses=ApiKeyDetailObject, tags=["API keys"])
    def post(self, request: Request, key_id: str) -> Response:
        """Go back to the old secret. The new one is refused from the answer on."""
        api_key = rotation.cancel(
            self.api_key(key_id), canceller=self.credential, by=self.actor
        )
        return Response(ApiKeyDetailObject(api_key).data)


class Restore(KeyEndpoint):
    """A revocation taken back."""

    refuses = {"POST": [409]}

    @extend_schema(request=None, responses=ApiKeyDetailObject, tags=["API keys"])
    def post(self, request: Request, key_id: str) -> Response:
        """Bring a key back, as it was, within 7 days of its revocation. What leaked
        stays dead."""
        api_key = undo.restore(
            self.api_key(key_id), restorer=self.credential, by=self.actor
        )
        return Response(ApiKeyDetailObject(api_key).data)
