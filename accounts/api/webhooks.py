"""The endpoints about webhooks of the caller's organization."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import webhook_deliveries, webhooks
from accounts.endpoints import Endpoint, checked, found
from accounts.models import WebhookDelivery, WebhookEndpoint
from accounts.webhook_serializers import (
    NewWebhookObject,
    WebhookChange,
    WebhookDeliveryObject,
    WebhookObject,
    WebhookRequest,
)

TAGS = ["webhooks"]
MANAGING = ["keys_manage"]


class WebhookView(Endpoint):
    """What these endpoints share: which webhook."""

    live_only = True

    def webhook(self, webhook_id: str) -> WebhookEndpoint:
        rows = WebhookEndpoint.objects.filter(organization=self.credential.organization)
        endpoint: WebhookEndpoint = found(rows.with_public_id(webhook_id).first())
        return endpoint


class Webhooks(WebhookView, generics.ListAPIView[WebhookEndpoint]):
    """Where the organization is told of its events."""

    required = {"GET": MANAGING, "POST": MANAGING}
    refuses = {"POST": [409]}
    serializer_class = WebhookObject
    queryset = WebhookEndpoint.objects.none()

    def get_queryset(self) -> QuerySet[WebhookEndpoint]:
        return WebhookEndpoint.objects.filter(organization=self.credential.organization)

    @extend_schema(tags=TAGS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(request=WebhookRequest, responses={201: NewWebhookObject}, tags=TAGS)
    def post(self, request: Request) -> Response:
        """Add an endpoint. The secret that signs its messages is in this one answer."""
        wish = checked(WebhookRequest, request)
        organization = self.credential.organization
        endpoint, secret = webhooks.make(organization, wish, by=self.actor)
        answer = {**WebhookObject(endpoint).data, "secret": secret}
        return Response(answer, status.HTTP_201_CREATED)


class WebhookDetail(WebhookView):
    """One endpoint."""

    required = {"GET": MANAGING, "PATCH": MANAGING, "DELETE": MANAGING}

    @extend_schema(responses=WebhookObject, tags=TAGS)
    def get(self, request: Request, webhook_id: str) -> Response:
        return Response(WebhookObject(self.webhook(webhook_id)).data)

    @extend_schema(request=WebhookChange, responses=WebhookObject, tags=TAGS)
    def patch(self, request: Request, webhook_id: str) -> Response:
        """Change it, or switch it off and on."""
        endpoint = self.webhook(webhook_id)
        changes = checked(WebhookChange, request)
        endpoint = webhooks.change(endpoint, changes, by=self.actor)
        return Response(WebhookObject(endpoint).data)

    @extend_schema(responses={204: None}, tags=TAGS)
    def delete(self, request: Request, webhook_id: str) -> Response:
        """Remove it, with the log of its deliveries."""
        webhooks.remove(self.webhook(webhook_id), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WebhookSecret(WebhookView):
    """The secret of one endpoint."""

    required = {"POST": MANAGING}

    @extend_schema(request=None, responses=NewWebhookObject, tags=TAGS)
    def post(self, request: Request, webhook_id: str) -> Response:
        """Replace the secret. For a day the one before signs as well."""
        endpoint = self.webhook(webhook_id)
        endpoint, secret = webhooks.rotate_secret(endpoint, by=self.actor)
        return Response({**WebhookObject(endpoint).data, "secret": secret})


class WebhookTest(WebhookView):
    """A message to try an endpoint with."""

    required = {"POST": MANAGING}
    refuses = {"POST": [409]}

    @extend_schema(request=None, responses={202: WebhookDeliveryObject}, tags=TAGS)
    def post(self, request: Request, webhook_id: str) -> Response:
        """Send a webhook.test event to this endpoint, whatever it is told else."""
        delivery = webhook_deliveries.test(self.webhook(webhook_id))
        answer = WebhookDeliveryObject(delivery).data
        return Response(answer, status.HTTP_202_ACCEPTED)


class WebhookDeliveries(WebhookView, generics.ListAPIView[WebhookDelivery]):
    """What was sent to one endpoint in the last 30 days."""

    required = {"GET": MANAGING}
    serializer_class = WebhookDeliveryObject
    queryset = WebhookDelivery.objects.none()

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        endpoint = self.webhook(self.kwargs["webhook_id"])
        return endpoint.deliveries.select_related("message")

    @extend_schema(tags=TAGS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class WebhookRedelivery(WebhookView):
    """One delivery, once more."""

    required = {"POST": MANAGING}
    refuses = {"POST": [409]}

    @extend_schema(request=None, responses={202: WebhookDeliveryObject}, tags=TAGS)
    def post(self, request: Request, webhook_id: str, delivery_id: str) -> Response:
        """Send it again, at once, under the same event id."""
        endpoint = self.webhook(webhook_id)
        rows = WebhookDelivery.objects.filter(endpoint=endpoint)
        delivery = webhook_deliveries.redeliver(
            found(rows.with_public_id(delivery_id).first())
        )
        answer = WebhookDeliveryObject(delivery).data
        return Response(answer, status.HTTP_202_ACCEPTED)
