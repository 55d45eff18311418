"""A log line holds what an operator needs, on one line, and never a secret."""

import io
import json
import logging
import sys
import time
from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts import opaque
from accounts.products import products
from accounts.redaction import REDACTED, names_secret, redact, shown
from config.logs import JSONFormatter, TextFormatter, request_id

HEX = "a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6"
JWT = "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJ1c3JfMDEifQ.c2lnbmF0dXJlc2ln"


def record(message, *args, exc_info=None, **extra):
    made = logging.LogRecord(
        "doorward.test", logging.INFO, __file__, 1, message, args, exc_info
    )
    vars(made).update(extra)
    return made


def as_json(*args, **extra):
    line = JSONFormatter().format(record(*args, **extra))
    assert "\n" not in line
    return json.loads(line)


def as_text(*args, **extra):
    return TextFormatter().format(record(*args, **extra))


def test_a_json_line_says_when_what_and_which_request():
    token = request_id.set("req_1")
    line = as_json("key %s made", "key_1", status=201, took=1.5, tags=["a", 2])
    request_id.reset(token)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": "doorward.test",
        "message": "key key_1 made",
        "request_id": "req_1",
        "status": 201,
        "took": 1.5,
        "tags": ["a", 2],
    }


def test_an_extra_field_cannot_replace_a_field_of_the_line():
    assert as_json("hello", level="FAKE", logger="fake")["level"] == "INFO"


@pytest.mark.parametrize(
    "nasty", ["a\nb", "a\r\nb", "a\x1b[31mb", "a\x9b1mb", "a\u2028b"]
)
def test_no_text_can_begin_a_line_or_steer_a_terminal(nasty):
    for line in (
        JSONFormatter().format(record("by %s", nasty, agent=nasty)),
        as_text("by %s", nasty, agent=nasty),
    ):
        assert line.isprintable()
    assert as_json("by %s", nasty)["message"] == f"by {nasty}"


def test_a_traceback_is_kept_and_cannot_pass_for_a_line_of_the_log():
    try:
        raise ValueError("first\n12:00:00 INFO forged")
    except ValueError:
        trouble = sys.exc_info()
    text = as_text("failed", exc_info=trouble)
    assert "ValueError: first" in text
    assert all(line.startswith("    ") for line in text.splitlines()[1:])
    assert "ValueError: first" in as_json("failed", exc_info=trouble)["exception"]


def test_arguments_that_do_not_fit_are_not_printed():
    assert as_json("%d of %d", HEX)["message"] == "%d of %d (its arguments do not fit)"


def test_a_lone_surrogate_is_written():
    assert as_json("name %s", "\ud800")["message"] == "name \ud800"
    assert "\\ud800" in as_text("name %s", "\ud800")


@pytest.mark.parametrize("write", [as_json, as_text])
@pytest.mark.parametrize(
    "extra",
    [
        {"password": "hunter2"},
        {"body": {"new_password": "hunter2", "nested": [{"totp_code": "hunter2"}]}},
        {"headers": [("Authorization", "Bearer hunter2")]},
        {"headers": {"X-API-Key": "hunter2", "cookie": "session=hunter2"}},
        {"deep": {"a": {"b": {"c": {"d": {"token": "hunter2"}}}}}},
        {"thing": type("Thing", (), {"__str__": lambda self: "secret=hunter2"})()},
        {"raw": b'{"client_secret": "hunter2"}'},
    ],
)
def test_extra_fields_are_redacted_too(write, extra):
    assert "hunter2" not in str(write("hello", **extra))


@pytest.mark.parametrize(
    "text",
    [
        '{"password": "hunter2", "a": 1}',
        '{"password": "it\\"s hunter2"}',
        "{'current_password': 'hunter2'}",
        "<QueryDict: {'new_password': ['so hunter2']}>",
        "grant_type=password&refresh_token=hunter2&x=1",
        "GET /reset?token=hunter2",
        "next=%2Freset%3Ftoken%3Dhunter2",
        "Authorization: Digest hunter2",
        "authorization: Bearer hunter2",
        "[('X-Api-Key', 'so hunter2'), ('Accept', '*/*')]",
        "[(b'cookie', b'so hunter2')]",
        "Cookie: a=b; session=hunter2",
        "Set-Cookie: session=hunter2; Path=/",
        "'HTTP_AUTHORIZATION': 'Basic hunter2'",
        'totp_code": "hunter2"',
        "code=hunter2",
        '"api_key": "hunter2"',
        "otpauth://totp/Doorward:a@b.test?secret=hunter2",
        "postgres://doorward:hunter2@db/doorward",
        json.dumps(json.dumps({"access_token": 'a"hunter2'})),
        'recovery_codes": ["a", "hunter2"]',
        "LoginRequest(password='hunter2')",
    ],
)
def test_the_value_of_a_secret_member_is_taken_out(text):
    assert "hunter2" not in redact(text)
    assert REDACTED in redact(text)
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/v1/api-keys 200 in 3 ms",
        "key_01h455vb4pex5vsknk084sn02q was revoked by usr_01h455vb4pex5vsknk084sn02q",
        "nr_live_a1b2…9f0e",
        "status_code=200 token_type: bearer",
        "KeyError: 'name'",
        "the test_client of pytest_test_module",
        "a monkey=3",
    ],
)
def test_what_is_no_secret_stays(text):
    assert redact(text) == text


PREFIXES = sorted(
    prefix for product in products().values() for prefix in product.prefixes
)
SECRETS = st.sampled_from(PREFIXES).map(
    lambda it: opaque.make(it, random_characters=40)
) | st.just(JWT)


@given(SECRETS, st.text(max_size=20), st.text(max_size=20))
def test_no_issued_secret_survives_anywhere_in_a_line(secret, before, after):
    text = before + secret + after
    trouble = (ValueError, ValueError(text), None)
    for formatter in (JSONFormatter(), TextFormatter()):
        for made in (
            record(text.replace("%", "")),
            record("it was %s", text),
            record("hello", agent=text, nested={text: [text]}),
            record("hello", exc_info=trouble),
        ):
            assert secret not in formatter.format(made)


MEMBERS = st.sampled_from(
    [
        *("password", "new_password", "current_password", "token", "refresh_token"),
        *("access_token", "secret", "client_secret", "totp_code", "code", "api_key"),
        "key",
    ]
)


@given(MEMBERS, st.text())
def test_no_value_of_a_secret_member_survives_in_any_spelling(name, middle):
    value = f"hunter2{middle}hunter2"
    for text in (
        json.dumps({"a": 1, name: value}),
        json.dumps({name: value}, ensure_ascii=False),
        json.dumps(json.dumps({name: value, "b": 2})),
        repr({name: value, "b": 2}),
        urlencode({"a": 1, name: value, "b": 2}),
    ):
        assert "hunter2" not in redact(text)


@given(st.text())
def test_redaction_never_fails_and_is_done_once(text):
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 64_000 + " token=",
        '"' * 64_000 + 'password="',
        "password" * 8_000 + "=x",
        '\\"' * 30_000 + 'password=\\"x',
        "eyJ" * 20_000,
        "://a:" * 12_000 + "@",
        "[(" * 30_000 + "token=",
        "token=" + "['a'," * 10_000,
    ],
)
def test_redaction_takes_time_in_proportion_to_the_text(text):
    begun = time.perf_counter()
    redact(text)
    assert time.perf_counter() - begun < 0.5


def test_members_are_known_by_their_names():
    assert all(
        map(names_secret, ["password", "X-API-Key", "csrf_token", "codes", "key"])
    )
    assert not any(
        map(names_secret, ["key_id", "status_code", "token_type", "name", ""])
    )


def test_a_name_is_repeated_only_where_it_is_harmless():
    assert shown("allowed_ips") == "allowed_ips"
    for name in (f"nr_live_{HEX}", "a b", "<b>", "", "x" * 41, "né", "\x1b[m"):
        assert shown(name) == "(a name not repeated here)"


@pytest.mark.django_db
def test_a_request_leaves_one_line_without_what_it_carried():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JSONFormatter())
    logging.getLogger().addHandler(handler)
    try:
        Client().post(
            f"/api/v1/auth/login?next=nr_live_{HEX}",
            json.dumps({"email": "a@b.test", "password": "hunter2-hunter2"}),
            content_type="application/json",
            headers={"X-API-Key": f"nr_live_{HEX}", "User-Agent": "x\nforged"},
        )
    finally:
        logging.getLogger().removeHandler(handler)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["logger"] for line in lines] == ["doorward.access"]
    assert lines[0]["request_id"].startswith("req_")
    assert HEX not in stream.getvalue()
    assert "hunter2" not in stream.getvalue()
