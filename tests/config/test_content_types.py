"""What a content type says of its charset never changes how an address is read."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.test import RequestFactory

from config.requests import Request
from config.wsgi import application

ODD = [
    "application/json; charset=base64",
    "application/json; charset=undefined",
    "application/json; charset=utf-16",
    "application/json; charset*=bogus''%41",
    "application/json; charset*0=base; charset*1=64",
]


def served(content_type, method="GET", path="/api/v1/scans?limit=x", body=b""):
    """The status line and the body, from the same WSGI application as the server's."""
    made = RequestFactory().generic(method, path, body, "text/plain")
    told = []
    environ = {
        **made.environ,
        "CONTENT_TYPE": content_type,
        "wsgi.input": BytesIO(body),
    }
    answer = application(environ, lambda status, headers: told.append(status))
    return told[0], b"".join(answer)


@pytest.mark.parametrize("content_type", ODD)
def test_an_odd_charset_is_no_fault_of_ours(signing_keys, content_type):
    status, body = served(content_type)
    assert status.startswith("401")
    assert b'"credential_required"' in body


@pytest.mark.parametrize("content_type", ODD)
def test_a_body_in_an_odd_charset_is_refused(signing_keys, content_type):
    status, _ = served(content_type, "POST", "/api/v1/auth/login?a=1", b"{}")
    assert status.startswith("415")


def test_a_charset_does_not_change_what_an_address_says():
    """In UTF-16 the two bytes would be one character, and the limit another one."""
    environ = RequestFactory().get("/api/v1/scans?limit=%41%ff").environ
    request = Request({**environ, "CONTENT_TYPE": "text/plain; charset=utf-16"})
    assert request.GET["limit"] == "A\ufffd"
