"""The OpenAPI document says what the API does, and is the same wherever it is made."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from accounts.codes import CODES
from config.operations import NAMES, RATE_HEADERS
from config.schema import document
from tests.config import frame

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "docs" / "openapi.json"
COMMAND = [
    "spectacular", "--file", "docs/openapi.json", "--format", "openapi-json",
    "--validate", "--fail-on-warn",
]  # fmt: skip


@pytest.fixture(scope="module")
def schema():
    return json.loads(document())


@pytest.fixture(scope="module")
def operations(schema):
    """(method, path, operation), all of them."""
    return [
        (method, path, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


@pytest.fixture
def described():
    """What the document says about the routes of the frame."""
    generator = SchemaGenerator(patterns=frame.urlpatterns)
    return json.loads(json.dumps(generator.get_schema(public=True), default=str))


def test_the_kept_document_is_the_present_one():
    again = f"Run: python3 manage.py {' '.join(COMMAND)}"
    assert KEPT.exists(), again
    assert KEPT.read_bytes() == document(), again


def test_the_document_is_valid_and_made_without_a_warning(tmp_path):
    file = tmp_path / "openapi.json"
    call_command(*["spectacular", "--file", str(file), *COMMAND[3:]])
    assert file.read_bytes() == document()
    assert json.loads(file.read_text())["openapi"] == "3.1.0"


@pytest.mark.slow
def test_every_process_makes_the_same_document(tmp_path):
    environment = {
        **os.environ, "PYTHONHASHSEED": "4711", "DOORWARD_PUBLIC_URL": "https://a.example.com",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "django", "spectacular", "--format", "openapi-json"],
        env=environment, capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == document().strip()


def test_it_is_served_as_json_to_everybody(client):
    answer = client.get("/api/schema")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.content == document()


def test_it_names_the_two_headers_that_carry_a_credential(schema):
    schemes = schema["components"]["securitySchemes"]
    assert schemes["apiKey"]["name"] == "X-API-Key"
    assert (schemes["bearer"]["type"], schemes["bearer"]["scheme"]) == (
        "http",
        "bearer",
    )


def test_every_operation_has_a_name_of_its_own(operations):
    names = [operation["operationId"] for _, _, operation in operations]
    assert len(names) == len(set(names)) > 20
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)


def test_every_operation_tells_the_refusals_that_follow_from_it(operations):
    for method, path, operation in operations:
        told = {int(status) for status in operation["responses"]}
        assert told >= {400, 429, 503}, (method, path)
        if operation.get("security"):
            assert told >= {401, 403}, (method, path)
        assert ("{" in path) <= (404 in told), (method, path)
        assert ("requestBody" in operation) <= (told >= {413, 415}), (method, path)


def test_a_refusal_is_described_as_a_problem_with_its_headers(schema):
    for status, name in NAMES.items():
        answer = schema["components"]["responses"][name]
        content = answer["content"]["application/problem+json"]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert set(answer["headers"]) >= set(RATE_HEADERS)
        assert ("Retry-After" in answer["headers"]) == (status in (429, 503))
        assert ("WWW-Authenticate" in answer["headers"]) == (status in (401, 403))


def test_every_answer_of_the_api_names_the_rate_headers(operations):
    for method, path, operation in operations:
        for status, answer in operation["responses"].items():
            if path.startswith("/api/") and status.startswith("2"):
                assert set(answer["headers"]) >= set(RATE_HEADERS), (method, path)


def test_the_problem_of_the_document_is_the_one_that_is_sent(schema, client):
    described = schema["components"]["schemas"]["Problem"]
    sent = client.get("/api/nothing").json()
    assert set(sent) == set(described["required"])
    assert described["properties"]["code"]["examples"] == sorted(CODES)


def test_a_view_declares_what_does_not_follow_from_its_parameters(described):
    post = described["paths"]["/api/things"]["post"]
    assert post["x-capabilities"] == ["scans_write"]
    assert post["responses"]["409"] == {"$ref": "#/components/responses/Conflict"}
    assert not any("refuses" in key or "enum-id" in key for key in post)
    assert "409" not in described["paths"]["/api/things"]["patch"]["responses"]


def test_strict_bodies_say_what_they_take(described):
    thing = described["components"]["schemas"]["ThingRequest"]
    assert thing["additionalProperties"] is False
    fields = thing["properties"]
    assert fields["name"]["maxLength"] == 20
    assert re.fullmatch(fields["name"]["pattern"], "Zażółć 👩")
    assert not re.fullmatch(fields["name"]["pattern"], "  ")
    assert fields["secret"]["minLength"] == 1
    assert fields["secret"]["writeOnly"] is True
    assert fields["count"]["maximum"] == 2**53 - 1
    assert fields["kind"]["enum"] == ["web", "spa"]
    assert fields["at"]["type"] == ["string", "null"]


def test_a_list_describes_its_pages(described):
    operation = described["paths"]["/api/organizations"]["get"]
    by_name = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert set(by_name) == {"cursor", "limit"}
    assert re.fullmatch(
        by_name["cursor"]["schema"]["pattern"], "org_01h455vb4pex5vsknk084sn02q"
    )
    page = described["components"]["schemas"]["PaginatedOrganizationObjectList"]
    assert page["required"] == ["data", "next_cursor"]


def test_ending_one_and_ending_all_have_different_names(described):
    assert described["paths"]["/api/things"]["delete"]["operationId"].endswith("_all")
    validate_schema(described)
