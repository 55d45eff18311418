"""Using a second factor again, for what asks for a fresh one."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import step_up
from accounts.endpoints import Endpoint, checked
from accounts.serializers import CodeRequest


class StepUp(Endpoint):
    """Prove the second factor once more in this session."""

    person_only = True
    refuses = {"POST": [409]}

    @extend_schema(request=CodeRequest, responses={204: None}, tags=["two-step"])
    def post(self, request: Request) -> Response:
        """For 15 minutes keys can be made, rotated and restored."""
        code = checked(CodeRequest, request)["totp_code"]
        step_up.prove(request._request, self.credential, code)
        return Response(status=status.HTTP_204_NO_CONTENT)
