"""Whatever is sent as a body: a problem that names the field, and no half-made row."""

import json
import re
from itertools import product

import pytest
from django.apps import apps
from django.test import Client
from django.urls import get_resolver

from config.urls import _routes
from ratelimits.limits import Limits
from tests.cast import person

APPLICATION = {
    "name": "App",
    "redirect_uris": ["https://app.example.com/callback"],
    "post_logout_redirect_uris": ["https://app.example.com/"],
    "backchannel_logout_uri": "https://app.example.com/logout",
    "scopes": ["openid", "scans_read"],
    "require_pkce": True,
    "require_pushed_authorization_requests": True,
    "dpop_bound_access_tokens": True,
    "token_endpoint_auth_method": "client_secret_post",
    "jwks": {"keys": []},
    "id_token_signed_response_alg": "ES256",
    "access_token_format": "jwt",
}
# Its bodies are forms and JSON of another shape: tests/oauth sends them.
ENGINE = "api/v1/auth/oauth2/"
# A right body of every endpoint that takes one.
BODIES = {
    "POST /api/v1/auth/login": {
        "email": "alice@acme.test",
        "password": "plum otter 42 lantern",
        "totp_code": "123456",
        "organization": "org_01h455vb4pex5vsknk084sn02q",
    },
    "POST /api/v1/auth/refresh": {"refresh_token": "eyJ.e30.x"},
    "POST /api/v1/auth/totp/confirm": {"totp_code": "123456"},
    "POST /api/v1/auth/totp/remove": {"totp_code": "123456"},
    "POST /api/v1/auth/totp/recovery-codes": {"totp_code": "123456"},
    "POST /api/v1/auth/step-up": {"totp_code": "123456"},
    "POST /api/v1/auth/password": {"current_password": "x", "new_password": "y"},
    "POST /api/v1/auth/password/reset": {"email": "alice@acme.test"},
    "POST /api/v1/auth/password/reset/confirm": {"token": "x", "new_password": "y"},
    "POST /api/v1/auth/invitations/accept": {
        "token": "x",
        "name": "Dora",
        "password": "y",
        "totp_code": "123456",
    },
    "POST /api/v1/users": {"email": "dora@new.test", "role": "viewer"},
    "PATCH /api/v1/users/{user}": {"role": "viewer", "is_active": True},
    "POST /api/v1/api-keys": {
        "name": "CI",
        "scopes": ["scans_read"],
        "environment": "live",
        "expires_at": "2040-01-01T00:00:00Z",
        "owner": "me",
        "limits": {"per_minute": 60, "burst": 5, "daily": None},
        "allowed_ips": ["192.0.2.1"],
        "ip_mode": "report",
        "metadata": {"team": "core"},
        "tags": ["ci"],
    },
    "PATCH /api/v1/api-keys/{key}": {
        "name": "CI",
        "scopes": ["scans_read"],
        "expires_at": "2040-01-01T00:00:00Z",
        "limits": {"per_minute": 60, "burst": 5, "daily": None},
        "allowed_ips": ["192.0.2.1"],
        "ip_mode": "report",
        "metadata": {"team": "core"},
        "tags": ["ci"],
    },
    "POST /api/v1/api-keys/{key}/rotate": {"grace_seconds": 5},
    "POST /api/v1/api-keys/{key}/transfer": {
        "owner": "organization",
        "contact": "usr_01h455vb4pex5vsknk084sn02q",
    },
    "POST /api/v1/api-keys/revoke": {
        "ids": ["key_01h455vb4pex5vsknk084sn02q"],
        "reason": "unused",
    },
    "PATCH /api/v1/api-key-policy": {
        "longest_days": 5,
        "must_expire": True,
        "ips_required": True,
        "owned_scopes": ["billing"],
        "leak_action": "notify",
        "idle_days": 5,
        "team_email": "keys@acme.test",
    },
    "POST /api/v1/oauth-applications": {**APPLICATION, "type": "web"},
    "PATCH /api/v1/oauth-applications/{application}": {
        **APPLICATION,
        "is_active": True,
    },
    "POST /api/v1/oauth-applications/{application}/rotate-secret": {"grace_seconds": 5},
    "POST /api/v1/auth/verify": {
        "credential": "nr_live_x",
        "method": "GET",
        "path": "/api/v1/scans",
        "ip": "203.0.113.7",
        "cost": 5,
    },
    "POST /api/v1/auth/verify/batch": {
        "requests": [{"credential": "nr_live_x", "scope": "scans_read", "cost": 0}]
    },
    "POST /api/v1/leaks": {"tokens": ["x"], "url": "https://example.com/paste"},
    "POST /api/v1/webhooks": {
        "url": "https://app.example.com/hook",
        "events": ["api_key.revoked"],
        "description": "Alarm",
    },
    "PATCH /api/v1/webhooks/{webhook}": {
        "url": "https://app.example.com/hook",
        "events": ["api_key.revoked"],
        "description": "Alarm",
        "is_active": True,
    },
    "POST /api/v1/scans": {
        "workspace_id": "ws_01h455vb4pex5vsknk084sn02q",
        "scope": "full",
    },
}
ENDPOINTS = sorted(BODIES)
# Whatever is left out has its usual value.
ALL_USUAL = {
    "POST /api/v1/api-keys/{key}/rotate",
    "POST /api/v1/api-keys/{key}/transfer",
    "POST /api/v1/oauth-applications/{application}/rotate-secret",
}
LONG_BODIES = {"POST /api/v1/leaks", "POST /api/v1/auth/verify/batch"}
WITHOUT_BODY = [
    "POST /api/v1/api-keys/{key}/rotate/finish",
    "POST /api/v1/api-keys/{key}/rotate/cancel",
    "POST /api/v1/api-keys/{key}/restore",
    "POST /api/v1/api-keys/{key}/disable",
    "POST /api/v1/api-keys/{key}/enable",
    "POST /api/v1/auth/totp",
    "POST /api/v1/webhooks/{webhook}/test",
    "POST /api/v1/webhooks/{webhook}/rotate-secret",
    "POST /api/v1/webhooks/{webhook}/deliveries/{delivery}/redeliver",
    "POST /api/v1/scans/{scan}/stop",
    "POST /api/v1/api-keys/{key}/shrink",
    "POST /api/v1/auth/logout",
]
DEEP = "[" * 33 + "]" * 33
# What stands in place of the value of the first field, and what is said of it.
VALUES = {
    "NUL": ('"a\\u0000b"', "NUL"),
    "a lone surrogate": ('"\\ud83d"', "surrogate"),
    "a reversed pair of surrogates": ('"\\ude00\\ud83d"', "surrogate"),
    "NaN": ("NaN", "NaN"),
    "Infinity": ("-Infinity", "NaN"),
    "a huge float": ("1e999", "too large"),
    "a huge integer": ("9" * 5_000, "at most 19 digits"),
    "33 levels": (DEEP, "deeper than 32"),
    "an object with a repeated member": ('{"a": 1, "a": 2}', "more than once"),
}
WHOLE = {
    "cut": b'{"name": "CI"',
    "no JSON": b"name=CI&scopes=x",
    "XML": b"<?xml version='1.0'?><a/>",
    "a list": b"[]",
    "a list of objects": b'[{"name": "CI"}]',
    "a text": b'"name"',
    "a number": b"5",
    "null": b"null",
    "true": b"true",
    "two objects": b"{}{}",
    "a comment": b"{/* x */}",
    "single quotes": b"{'name': 'CI'}",
    "a trailing comma": b'{"name": "CI",}',
    "no UTF-8": b'{"name": "\xff\xfe"}',
    "UTF-16": '{"name": "CI"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"name": "CI"}',
    "100,000 brackets": b"[" * 60_000,
    "a repeated member": b'{"name": "a", "name": "b"}',
    "gzip": b"\x1f\x8b\x08\x00",
    "NUL alone": b"\0",
}

OTHER_TYPES = [
    *("text/plain", "text/html", "application/xml", "application/octet-stream"),
    *("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
    *("application/json-patch+json", "application/merge-patch+json", "json", "/"),
    *("application/json; charset=utf-16", "application/json; charset=latin-1"),
]


@pytest.fixture(autouse=True)
def without_limits(settings):
    """So many requests are the point here; how many are let in is not."""
    settings.ANONYMOUS_LIMITS = Limits(100_000, 100_000, None)


@pytest.fixture
def places(alice, issue):
    """The objects that addresses name."""
    target = person("tom@acme.test", alice.organization, "member")
    scan = alice.call("POST", "/api/v1/scans", {"scope": "full"}).json()
    wish = {**APPLICATION, "type": "web", "jwks": None}
    made = alice.call("POST", "/api/v1/oauth-applications", wish).json()
    hook = {"url": "https://app.example.com/hook"}
    webhook = alice.call("POST", "/api/v1/webhooks", hook).json()["id"]
    sent = alice.call("POST", f"/api/v1/webhooks/{webhook}/test").json()["id"]
    return {
        "webhook": webhook,
        "delivery": sent,
        "user": target.user.public_id,
        "key": issue("scans_read")[0].public_id,
        "scan": scan["id"],
        "application": made["id"],
    }


@pytest.fixture
def post(alice, places):
    """post(endpoint, bytes) -> the answer to alice, who may do everything."""
    client = Client(raise_request_exception=False)
    token = (alice.tokens or alice.sign_in())["access_token"]

    def send(endpoint, body, content_type="application/json"):
        method, _, path = endpoint.partition(" ")
        return client.generic(
            method,
            path.format(**places),
            body,
            content_type,
            headers={"Authorization": f"Bearer {token}"},
        )

    return send


@pytest.fixture
def nothing_made(places, alice):
    """After the test every table holds what it held before."""

    def rows():
        return {model: model._base_manager.count() for model in apps.get_models()}

    alice.sign_in()
    before = rows()
    yield
    assert rows() == before


def refused(answer, *statuses):
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.status_code == problem["status"]
    assert answer.status_code in (statuses or (400,)), answer.content
    return problem


def test_every_endpoint_that_may_take_a_body_stands_here():
    known = {_shape(endpoint) for endpoint in (*ENDPOINTS, *WITHOUT_BODY)}
    there = {
        f"{method} /{re.sub('<.*?>', '{}', route)}"
        for route, view in _routes("", get_resolver())
        for method in ("POST", "PUT", "PATCH")
        if route.startswith("api/v1/") and not route.startswith(ENGINE)
        if hasattr(view.cls, method.lower())
    }
    assert there == known


def _shape(endpoint):
    return re.sub("{.*?}", "{}", endpoint)


def test_what_is_no_json_object_is_refused(post, nothing_made):
    for endpoint, (what, body) in product(ENDPOINTS, WHOLE.items()):
        problem = refused(post(endpoint, body))
        assert problem["code"] == "invalid_request", (endpoint, what)


def test_a_value_that_is_no_plain_one_is_refused_by_its_field(post, nothing_made):
    for endpoint, (what, (value, why)) in product(ENDPOINTS, VALUES.items()):
        field = next(iter(BODIES[endpoint]))
        right = json.dumps({**BODIES[endpoint], field: "here"})
        problem = refused(post(endpoint, right.replace('"here"', value).encode()))
        assert problem["errors"][0]["field"].startswith(field), (endpoint, what)
        assert why in problem["detail"], (endpoint, what)


def test_every_field_wants_its_own_type(post, nothing_made):
    long = "x" * 5_000
    values = (5, 1.5, True, [5], [{}], {}, {"a": 1}, long)
    for endpoint, wrong in product(ENDPOINTS, values):
        for field, right in BODIES[endpoint].items():
            # All three limits may be left out. A long credential is an unknown one.
            may_be = [("limits", {}), ("credential", long)]
            may_be += [("metadata", {}), ("metadata", {"a": 1})]
            if wrong is right or (field, wrong) in may_be:
                continue
            body = {**BODIES[endpoint], field: wrong}
            problem = refused(post(endpoint, json.dumps(body).encode()))
            named = [fault["field"] for fault in problem["errors"]]
            told = any(name.startswith(field) for name in named)
            assert told, (endpoint, field, wrong)


def test_an_unknown_member_is_refused_by_its_name(post, nothing_made):
    names = ("is_staff", "id", "__class__", "constructor", "user_id", "pk")
    for endpoint, name in product(ENDPOINTS, names):
        body = {**BODIES[endpoint], name: "x"}
        problem = refused(post(endpoint, json.dumps(body).encode()))
        assert name in [fault["field"] for fault in problem["errors"]], endpoint


def test_an_empty_body_is_no_wish(post, nothing_made):
    for endpoint, body in product(set(ENDPOINTS) - ALL_USUAL, (b"", b"{}")):
        answer = post(endpoint, body)
        if endpoint.startswith("PATCH"):
            assert answer.status_code == 200, endpoint
        else:
            assert refused(answer)["errors"], endpoint


def test_one_byte_too_many_is_refused(post, nothing_made):
    for endpoint, padding in product(ENDPOINTS, (b" ", b"a")):
        field = next(iter(BODIES[endpoint]))
        start, end = f'{{"{field}": "'.encode(), b'"}'
        most = (2048 if endpoint in LONG_BODIES else 64) * 1024
        size = most + 1 - len(start) - len(end)
        answer = post(endpoint, start + padding * size + end)
        assert refused(answer, 413)["code"] == "payload_too_large", endpoint


def test_another_content_type_is_refused(post, nothing_made):
    for endpoint, content_type in product(ENDPOINTS, OTHER_TYPES):
        body = json.dumps(BODIES[endpoint]).encode()
        problem = refused(post(endpoint, body, content_type), 415)
        assert problem["code"] == "unsupported_media_type", (endpoint, content_type)


def test_an_endpoint_without_a_body_does_not_mind_one(post):
    for endpoint in WITHOUT_BODY:
        for body in (b'{"cut', b"\xff", b"[" * 60_000):
            assert post(endpoint, body).status_code < 500
