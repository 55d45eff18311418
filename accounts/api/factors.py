"""Two-step sign-in and passwords of the signed-in person; reset for who is not."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import login, passwords, totp
from accounts.addresses import fold
from accounts.endpoints import Endpoint, PublicEndpoint, checked
from accounts.permissions import require_fresh
from accounts.serializers import (
    CodeRequest,
    EnrolmentAnswer,
    PasswordChange,
    RecoveryCodesAnswer,
    ResetConfirm,
    ResetRequest,
)


class PersonalEndpoint(Endpoint):
    """Only a person, and only soon after the sign-in."""

    person_only = True

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        require_fresh(self.credential)


class Totp(PersonalEndpoint):
    """Begin two-step sign-in."""

    refuses = {"POST": [409]}

    @extend_schema(request=None, responses={201: EnrolmentAnswer}, tags=["two-step"])
    def post(self, request: Request) -> Response:
        issuer = self.credential.product.name
        enrolment = totp.enrol(self.person, issuer=issuer, by=self.actor)
        return Response(EnrolmentAnswer(enrolment).data, status.HTTP_201_CREATED)


class TotpConfirm(PersonalEndpoint):
    """Turn it on with a first code."""

    refuses = {"POST": [409]}

    @extend_schema(
        request=CodeRequest, responses=RecoveryCodesAnswer, tags=["two-step"]
    )
    def post(self, request: Request) -> Response:
        code = checked(CodeRequest, request)["totp_code"]
        with login.braked(request._request, account=self.person.email_key):
            codes = totp.confirm(self.person, code, by=self.actor)
        return Response({"recovery_codes": codes})


class TotpRemove(PersonalEndpoint):
    """Turn it off with a code."""

    @extend_schema(request=CodeRequest, responses={204: None}, tags=["two-step"])
    def post(self, request: Request) -> Response:
        code = checked(CodeRequest, request)["totp_code"]
        login.use_code(request._request, self.person, code)
        totp.remove(self.person, by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RecoveryCodes(PersonalEndpoint):
    """Ten new recovery codes instead of those left."""

    @extend_schema(
        request=CodeRequest, responses=RecoveryCodesAnswer, tags=["two-step"]
    )
    def post(self, request: Request) -> Response:
        code = checked(CodeRequest, request)["totp_code"]
        login.use_code(request._request, self.person, code)
        codes = totp.renew_recovery_codes(self.person, by=self.actor)
        return Response({"recovery_codes": codes})


class Password(Endpoint):
    """Change one's own password. All other sessions end, API keys stay."""

    person_only = True

    @extend_schema(request=PasswordChange, responses={204: None}, tags=["passwords"])
    def post(self, request: Request) -> Response:
        wish = checked(PasswordChange, request)
        with login.braked(request._request, account=self.person.email_key):
            passwords.change(
                self.person,
                current=wish["current_password"],
                new=wish["new_password"],
                keep=self.credential.id,
                by=self.actor,
            )
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordReset(PublicEndpoint):
    """Ask for a way to a new password. The answer is the same for every address."""

    @extend_schema(request=ResetRequest, responses={202: None}, tags=["passwords"])
    def post(self, request: Request) -> Response:
        email = checked(ResetRequest, request)["email"]
        login.count_request(request._request, group=login.RESET, account=fold(email))
        passwords.request_reset(email)
        return Response(status=status.HTTP_202_ACCEPTED)


class PasswordResetConfirm(PublicEndpoint):
    """Set a new password by the mailed token. Every session ends."""

    @extend_schema(request=ResetConfirm, responses={204: None}, tags=["passwords"])
    def post(self, request: Request) -> Response:
        wish = checked(ResetConfirm, request)
        with login.braked(request._request, group=login.RESET):
            passwords.reset(wish["token"], new=wish["new_password"], by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)
