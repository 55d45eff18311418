"""Small routes that show the frame alone: strict bodies, lists, and every exception."""

from django.core import exceptions as django_errors
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, generics, serializers
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.fields import (
    SecretField,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
    StrictSerializer,
    TimestampField,
)
from accounts.models import Organization
from accounts.problems import Problem, rate_limited
from config import handlers, health, schema

TROUBLES = {
    "problem": Problem("key_revoked"),
    "scope": Problem("insufficient_scope", missing=["scans_read", "scans_write"]),
    "limited": rate_limited(["minute", "day"], retry_after=54),
    "invalid": exceptions.ValidationError(
        {"name": ["Too long."], "scopes": {2: ["?"]}}  # type: ignore[dict-item]
    ),
    "nested": exceptions.ValidationError({"limits": {"burst": ["Too many."]}}),
    "many": exceptions.ValidationError([{}, {"name": ["Missing."]}]),
    "whole": exceptions.ValidationError({"non_field_errors": ["They do not fit."]}),
    "django": django_errors.ValidationError({"email": ["Not an address."]}),
    "sentence": django_errors.ValidationError("Not so."),
    "failed": exceptions.AuthenticationFailed(),
    "anonymous": exceptions.NotAuthenticated(),
    "parse": exceptions.ParseError(),
    "throttled": exceptions.Throttled(wait=7.2),
    "denied": exceptions.PermissionDenied(),
    "django denied": django_errors.PermissionDenied(),
    "missing": Http404(),
    "suspicious": django_errors.SuspiciousOperation("nr_live_secret"),
    "bad": django_errors.BadRequest("nr_live_secret"),
    "big": django_errors.RequestDataTooBig(),
    "host": django_errors.DisallowedHost(),
    "database": OperationalError("connection to postgres://u:p@h failed"),
    "interface": InterfaceError("connection already closed"),
    "bug": ZeroDivisionError("nr_live_secret"),
}


class Inner(StrictSerializer):
    burst = StrictIntegerField(min_value=1, required=False)


class ThingRequest(StrictSerializer):
    name = StrictCharField(max_length=20, required=False)
    note = StrictCharField(allow_control_characters=True, required=False)
    secret = SecretField(required=False)
    enabled = StrictBooleanField(required=False)
    count = StrictIntegerField(required=False)
    kind = StrictChoiceField(choices=["web", "spa"], required=False)
    at = TimestampField(required=False, allow_null=True)
    limits = Inner(required=False)
    owner = serializers.HiddenField(default="nobody")
    id = serializers.CharField(read_only=True)


class Open(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]


class Things(Open):
    required = {"POST": ["scans_write"]}
    refuses = {"POST": [409]}

    @extend_schema(request=ThingRequest, responses=ThingRequest)
    def post(self, request):
        checked = ThingRequest(data=request.data)
        checked.is_valid(raise_exception=True)
        checked.validated_data.pop("owner")
        return Response(checked.validated_data)

    @extend_schema(request=ThingRequest, responses=ThingRequest)
    def patch(self, request):
        return self.post(request)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request):
        raise Problem("not_found")


class Echo(Open):
    @extend_schema(exclude=True)
    def post(self, request):
        return Response(request.data)


class Leaks(Echo):
    max_body_bytes = 200_000


class Trouble(Open):
    @extend_schema(request=None, responses={204: None})
    def get(self, request):
        raise TROUBLES[request.query_params["kind"]]


class OrganizationObject(serializers.Serializer):
    id = serializers.CharField(source="public_id")


class Organizations(Open, generics.ListAPIView):
    queryset = Organization.objects.all()
    serializer_class = OrganizationObject


def trouble_page(request):
    raise TROUBLES[request.GET["kind"]]


def hello(request):
    return HttpResponse("hello")


urlpatterns = [
    path("api/things", Things.as_view()),
    path("api/echo", Echo.as_view()),
    path("api/leaks", Leaks.as_view()),
    path("api/trouble", Trouble.as_view()),
    path("api/plain-trouble", trouble_page),
    path("api/organizations", Organizations.as_view()),
    path("api/schema", schema.schema),
    path("page", hello),
    path("trouble", trouble_page),
    path("docs/problems", handlers.problems_page),
    path("healthz", health.live),
    path("readyz", health.ready),
]
handler400 = handlers.bad_request
handler403 = handlers.permission_denied
handler404 = handlers.not_found
handler500 = handlers.server_error
