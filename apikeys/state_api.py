"""The endpoints that stop a key for a while, and that hand it over."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apikeys import states, transfers
from apikeys.api import KeyEndpoint
from apikeys.serializers import ApiKeyObject, TransferRequest
from apikeys.transfers import Handover


class Disable(KeyEndpoint):
    """The rest of one key."""

    refuses = {"POST": [409]}

    @extend_schema(request=None, responses=ApiKeyObject, tags=["API keys"])
    def post(self, request: Request, key_id: str) -> Response:
        """Stop the key at once, until it is enabled again."""
        api_key = states.disable(self.api_key(key_id), by=self.actor)
        return Response(ApiKeyObject(api_key).data)


class Enable(KeyEndpoint):
    """The end of that rest."""

    refuses = {"POST": [409]}

    @extend_schema(request=None, responses=ApiKeyObject, tags=["API keys"])
    def post(self, request: Request, key_id: str) -> Response:
        """Let a disabled key in again. It takes a place of the plan."""
        api_key = states.enable(
            self.api_key(key_id), enabler=self.credential, by=self.actor
        )
        return Response(ApiKeyObject(api_key).data)


class Transfer(KeyEndpoint):
    """One key in other hands."""

    refuses = {"POST": [409]}

    @extend_schema(request=TransferRequest, responses=ApiKeyObject, tags=["API keys"])
    def post(self, request: Request, key_id: str) -> Response:
        """Give the key another owner or contact. Its secrets stay as they are."""
        api_key = self.api_key(key_id)
        handover = Handover(**self.values(TransferRequest, request.data))
        api_key = transfers.transfer(
            api_key, handover, giver=self.credential, by=self.actor
        )
        return Response(ApiKeyObject(api_key).data)
