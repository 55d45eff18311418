"""What the use of a key says about it: the scopes and networks that it can do with."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.fields import TimestampField
from apikeys import exercised, suggested
from apikeys.api import KeyEndpoint
from apikeys.serializers import ApiKeyObject
from ratelimits.usage import recorder


class NetworkObject(serializers.Serializer[Any]):
    """A network that the key was used from, by requests that were let in."""

    network = serializers.CharField()
    requests = serializers.IntegerField()


class SuggestedObject(serializers.Serializer[Any]):
    """A list for `allowed_ips`. `incomplete`: it was used from more addresses than are
    kept, or from one that nobody knows."""

    networks = NetworkObject(many=True)
    since = TimestampField()
    incomplete = serializers.BooleanField()


class ApiKeyShrink(KeyEndpoint):
    """The key without what it does not need."""

    refuses: ClassVar[dict[str, list[int]]] = {"POST": [409]}

    @extend_schema(request=None, responses={200: ApiKeyObject}, tags=["API keys"])
    def post(self, request: Request, key_id: str) -> Response:
        """Take away the scopes that it has not needed in the last 30 days."""
        api_key = self.api_key(key_id)
        shrunk = exercised.shrink(api_key, changer=self.credential, by=self.actor)
        return Response(ApiKeyObject(shrunk).data)


class ApiKeySuggestedNetworks(KeyEndpoint):
    """Where the key is used from."""

    @extend_schema(responses={200: SuggestedObject}, tags=["API keys"])
    def get(self, request: Request, key_id: str) -> Response:
        """The networks of the last 30 days, the busiest first."""
        api_key = self.api_key(key_id)
        recorder.catch_up()
        found = suggested.networks(exercised.lately(api_key))
        answer = {
            "networks": [
                {"network": str(network), "requests": requests}
                for network, requests in found.networks
            ],
            "since": exercised.begun(api_key),
            "incomplete": found.is_incomplete,
        }
        return Response(SuggestedObject(answer).data)
