"""The endpoints by which a product's services ask about credentials."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

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

    def verdict(self, values: dict[str, Any]) -> Verdict:
        return verify(
            question_of(values), caller=self.credential, address=self.actor.address
        )


class Verify(JudgeEndpoint):
    """One credential."""

    @extend_schema(request=VerifyRequest, responses=VerdictObject, tags=["verify"])
    def post(self, request: Request) -> Response:
        """Whether a credential is valid, whose it is, and whether it may do this."""
        verdict = self.verdict(self.values(VerifyRequest, request.data))
        return Response(VerdictObject(shown(verdict)).data)


class VerifyBatch(JudgeEndpoint):
    """Many credentials."""

    max_body_bytes = MOST_BYTES

    @extend_schema(request=BatchRequest, responses=BatchAnswer, tags=["verify"])
    def post(self, request: Request) -> Response:
        """The same for up to 1,000 at once. Each is charged, also one that stands there
        twice."""
        questions = self.values(BatchRequest, request.data)["requests"]
        verdicts = [self.verdict(question) for question in questions]
        return Response(BatchAnswer({"data": map(shown, verdicts)}).data)
