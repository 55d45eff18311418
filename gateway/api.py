"""The endpoints by which a product's services ask about credentials."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.endpoints import Endpoint
from gateway.serializers import (
    BatchAnswer,
    BatchRequest,
    VerdictObject,
    VerifyRequest,
    question_of,
    shown,
)
from gateway.verify import Verdict, verify

MOST_BYTES = 2 * 1024 * 1024


class JudgeEndpoint(Endpoint):
    """What costs its caller nothing: the credential that is judged pays."""

    required = {"POST": ["judge"]}
    is_uncharged = True

    def values(self, serializer: type[BaseSerializer[Any]]) -> dict[str, Any]:
        context = {"product": self.credential.product}
        bound = serializer(data=self.request.data, context=context)
        bound.is_valid(raise_exception=True)
        values: dict[str, Any] = bound.validated_data
        return values

    def verdict(self, values: dict[str, Any]) -> Verdict:
        return verify(question_of(values), caller=self.credential)


class Verify(JudgeEndpoint):
    """One credential."""

    @extend_schema(request=VerifyRequest, responses=VerdictObject, tags=["verify"])
    def post(self, request: Request) -> Response:
        """Whether a credential is valid, whose it is, and whether it may do this."""
        verdict = self.verdict(self.values(VerifyRequest))
        return Response(VerdictObject(shown(verdict)).data)


class VerifyBatch(JudgeEndpoint):
    """Many credentials."""

    max_body_bytes = MOST_BYTES

    @extend_schema(request=BatchRequest, responses=BatchAnswer, tags=["verify"])
    def post(self, request: Request) -> Response:
        """The same for up to 1,000 at once. Each is charged, also one that stands there
        twice."""
        questions = self.values(BatchRequest)["requests"]
        verdicts = [self.verdict(question) for question in questions]
        return Response(BatchAnswer({"data": map(shown, verdicts)}).data)
