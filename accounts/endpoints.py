"""What our endpoints share: who is calling, and how an object of theirs is fetched."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.http import Http404
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from accounts import audit, bodies
from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.models import User


class Endpoint(APIView):
    """An endpoint that wants a credential."""

    # What accounts.permissions reads: capabilities by method, and who is refused.
    required: ClassVar[dict[str, list[str]]] = {}
    person_only: ClassVar[bool] = False
    live_only: ClassVar[bool] = False
    # Statuses by method, for the OpenAPI document.
    refuses: ClassVar[dict[str, list[int]]] = {}

    @property
    def credential(self) -> Credential:
        return cast(Credential, self.request.auth)

    @property
    def person(self) -> User:
        """The signed-in person of an endpoint that is `person_only`."""
        return cast(User, self.request.user)

    @property
    def actor(self) -> Actor:
        return audit.actor_of(self.request._request)

    def values(
        self, serializer: type[BaseSerializer[Any]], data: Any
    ) -> dict[str, Any]:
        """The data, validated for the caller's product. Raises ValidationError, which
        names the field."""
        return bodies.taken(serializer, data, product=self.credential.product)


class PublicEndpoint(APIView):
    """An endpoint without a credential: it does not look at Authorization."""

    authentication_classes = ()
    permission_classes = ()

    @property
    def actor(self) -> Actor:
        return audit.actor_of(self.request._request)


def checked(serializer: type[BaseSerializer[Any]], request: Request) -> dict[str, Any]:
    """The body, validated. Raises ValidationError, which names the field."""
    return bodies.taken(serializer, request.data)


def query_of(request: Request) -> dict[str, str]:
    """The parameters of the address. Raises ValidationError for one that stands twice:
    which of the two counts, every reader would have to guess."""
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise ValidationError({name: ["Send it once."]})
    return request.query_params.dict()


def found(row: Any | None) -> Any:
    """The row, or 404 where there is none."""
    if row is None:
        raise Http404
    return row
