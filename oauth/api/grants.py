"""What a person lets applications do: list it, take it back."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.endpoints import Endpoint, found
from oauth import consents
from oauth.models import Consent
from oauth.models.grants import ConsentQuerySet
from oauth.serializers import GrantObject

TAGS = ["OAuth grants"]


class PersonalEndpoint(Endpoint):
    """Only the person's own, in each of their organizations."""

    person_only = True

    def own(self) -> ConsentQuerySet:
        standing = Consent.objects.standing().filter(membership__user=self.person)
        joined: ConsentQuerySet = standing.select_related(
            "application", "membership__organization"
        )
        return joined


class Grants(PersonalEndpoint, generics.ListAPIView[Consent]):
    """The caller's connected applications."""

    serializer_class = GrantObject
    queryset = Consent.objects.none()

    def get_queryset(self) -> QuerySet[Consent]:
        return self.own()

    @extend_schema(tags=TAGS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class GrantDetail(PersonalEndpoint):
    """One of them."""

    @extend_schema(responses={204: None}, tags=TAGS)
    def delete(self, request: Request, grant_id: str) -> Response:
        """Take it back. Its tokens are refused from the answer on."""
        consent = found(self.own().with_public_id(grant_id).first())
        consents.withdraw(consent, reason="withdrawn", by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)
