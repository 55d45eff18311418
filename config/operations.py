"""How one operation of the REST API is described: its credential and its refusals."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction

from accounts.codes import CODES
from config.errors import PROBLEM_JSON

Node = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
LIMITED = ("/api/", "/oauth/")
# Carries a view's declaration to the hook, which takes it out again.
REFUSES = "x-refuses"


class ProvenCredentialScheme(OpenApiAuthenticationExtension):
    """The two headers that carry a credential; one of them is enough."""

    target_class = "accounts.authentication.ProvenCredential"
    name = ["apiKey", "bearer"]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[Node]:
        return [
            {
                "type": "apiKey",
                "in": "header",
                "name": "X-API-Key",
                "description": "An API key.",
            },
            {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key or an access token.",
            },
        ]


class StrictSerializerSchema(OpenApiSerializerExtension):
    """Says of our strict bodies that they take no other members."""

    target_class = "accounts.fields.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> Node:
        found: Node = auto_schema._map_serializer(
            self.target, direction, bypass_extensions=True
        )
        return {**found, "additionalProperties": False}


class Schema(AutoSchema):
    """How one operation is described: also by what its view declares for our own use.

    `required` as accounts.permissions reads it; `refuses`: method -> the statuses of
    refusals that do not follow from the operation's parameters, such as 409.
    """

    def get_operation_id(self) -> str:
        name = re.sub(r"\W+", "_", super().get_operation_id()).strip("_")
        # Ending one session and ending all of them would have the same name.
        ends_all = self.method == "DELETE" and not self.path.endswith("}")
        return f"{name}_all" if ends_all else name

    def get_extensions(self) -> Node:
        required = getattr(self.view, "required", {}).get(self.method, [])
        refuses = getattr(self.view, "refuses", {}).get(self.method, [])
        found = {"x-capabilities": list(required), REFUSES: list(refuses)}
        return {name: value for name, value in found.items() if value}


def add_problems(result: Node, **_: Any) -> Node:
    """A hook of drf-spectacular: say of every operation which refusals it can give."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["responses"] = {name: _refusal(status) for status, name in NAMES.items()}
    components["headers"] = {
        name: {"description": text, "schema": {"type": kind}}
        for name, (kind, text) in HEADERS.items()
    }
    _without_marks(result)
    for path, operations in result["paths"].items():
        for method in METHODS:
            if method in operations:
                _complete(operations[method], path)
    return result


def _without_marks(node: Any) -> None:
    """Drop what marks enums for the hook that names them. Ours stay where they are."""
    if isinstance(node, dict):
        node.pop("x-spec-enum-id", None)
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            _without_marks(inner)


def _complete(operation: Node, path: str) -> None:
    responses: Node = operation["responses"]
    if path.startswith(LIMITED):
        for response in responses.values():
            response.setdefault("headers", {}).update(_references(RATE_HEADERS))
    for status in _statuses(operation, path):
        named = {"$ref": f"#/components/responses/{NAMES[status]}"}
        responses.setdefault(str(status), named)
    operation["responses"] = dict(sorted(responses.items()))


def _statuses(operation: Node, path: str) -> list[int]:
    """The refusals that follow from what the operation takes."""
    security: list[Node] = operation.get("security", [{}])
    found = [400, 429, 503, *operation.pop(REFUSES, [])]
    if {} not in security:
        found += [401, 403]
    if "{" in path:
        found.append(404)
    if "requestBody" in operation:
        found += [411, 413, 415]
    return found


def _refusal(status: int) -> Node:
    titles = [code.title for code in CODES.values() if code.status == status]
    headers = [*RATE_HEADERS, *EXTRA_HEADERS.get(status, ())]
    return {
        "description": " · ".join(titles),
        "headers": _references(headers),
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _references(names: list[str]) -> Node:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


NAMES = {
    400: "InvalidRequest",
    401: "Unauthenticated",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    411: "LengthRequired",
    413: "PayloadTooLarge",
    415: "UnsupportedMediaType",
    429: "TooManyRequests",
    503: "Unavailable",
}
HEADERS = {
    "X-RateLimit-Limit": ("integer", "The limit of the window described."),
    "X-RateLimit-Remaining": ("integer", "Requests left in that window."),
    "X-RateLimit-Reset": ("integer", "When more become available: Unix seconds."),
    "RateLimit": ("string", "All windows, as the IETF draft writes them."),
    "RateLimit-Policy": ("string", "The limits of all windows, in the same form."),
    "Retry-After": ("integer", "Seconds to wait before the next request."),
    "WWW-Authenticate": ("string", "How to authenticate (RFC 6750 3)."),
}
EXTRA_HEADERS = {
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
RATE_HEADERS = [name for name in HEADERS if "RateLimit" in name]
FIELD_ERROR: Node = {
    "type": "object",
    "required": ["field", "detail"],
    "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
}
PROBLEM: Node = {
    "type": "object",
    "description": "A refusal (RFC 9457). Decide by `code`; more members may follow.",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "examples": sorted(CODES)},
        "detail": {"type": "string", "description": "What to do."},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": FIELD_ERROR},
        "retry_after": {"type": "integer", "description": "Seconds to wait."},
    },
}
