"""Sign-in, refresh, sign-out, and who one is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import known_devices, login, sessions, signing
from accounts.endpoints import Endpoint, PublicEndpoint, checked
from accounts.models import Session
from accounts.serializers import (
    LoginRequest,
    RefreshRequest,
    SigningKeySet,
    TokenAnswer,
    WhoAmI,
)

REFRESH = "refresh"
# What a browser asks before a page of another site may read the answer.
ANY_SITE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
}


class Login(PublicEndpoint):
    """Sign in with e-mail and password."""

    refuses = {"POST": [401, 403]}

    @extend_schema(request=LoginRequest, responses=TokenAnswer, tags=["sign-in"])
    def post(self, request: Request) -> Response:
        wish = checked(LoginRequest, request)
        http = request._request
        user = login.first_step(http, email=wish["email"], password=wish["password"])
        factors = login.second_step(http, user, code=wish["totp_code"] or "")
        membership = login.membership_for(user, wish.get("organization", ""))
        place = sessions.place_of(http)
        answer = Response(sessions.begin(membership, factors=factors, place=place))
        known_devices.remember(http, answer, user)
        return answer


class Refresh(PublicEndpoint):
    """Get the next pair of tokens."""

    refuses = {"POST": [401]}

    @extend_schema(request=RefreshRequest, responses=TokenAnswer, tags=["sign-in"])
    def post(self, request: Request) -> Response:
        token = checked(RefreshRequest, request)["refresh_token"]
        with login.judged(request._request, group=REFRESH):
            return Response(sessions.refresh(token, by=self.actor))


class Logout(Endpoint):
    """End the session of the access token."""

    person_only = True

    @extend_schema(request=None, responses={204: None}, tags=["sign-in"])
    def post(self, request: Request) -> Response:
        session = Session.objects.with_people().with_public_id(self.credential.id).get()
        sessions.end(session, reason="signed_out", by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WhoAmIView(Endpoint):
    """Explain the credential of this request."""

    @extend_schema(responses=WhoAmI, tags=["sign-in"])
    def get(self, request: Request) -> Response:
        return Response(WhoAmI(self.credential).data)


class SigningKeys(PublicEndpoint):
    """The keys that verify our JWTs (RFC 7517)."""

    @extend_schema(responses=SigningKeySet, tags=["sign-in"])
    def get(self, request: Request) -> Response:
        # Open to every site and short-lived: it holds public keys only.
        headers = {"Cache-Control": "public, max-age=300", **ANY_SITE}
        return Response(signing.jwks(), headers=headers)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        return Response(status=status.HTTP_204_NO_CONTENT, headers=ANY_SITE)
