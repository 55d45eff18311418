"""What somebody may type into the pages of applications is never a fault of ours."""

import pytest

from tests.oauth.applying import at
from tests.oauth.conftest import CALLBACK, register
from tests.surfing import surf

NEW = "/settings/oauth-applications/new"


@pytest.fixture
def surfer(alice):
    return surf(alice)


@pytest.mark.parametrize("typed", ["9" * 5000, "1" * 30, "-1", "", "²"])
def test_an_odd_grace_is_refused(surfer, app, typed):
    wish = {"grace_seconds": typed, "form_nonce": "n" * 22}
    assert surfer.post(at(app.row, "/rotate-secret"), wish).status_code in (200, 400)


@pytest.mark.parametrize(
    "typed",
    [
        '{"keys": ["\\u0000"]}',
        '{"keys": ["\\ud800"]}',
        '{"keys": [{"kty": "EC", "crv": "P-256", "x": "\\u0000", "y": "\\ud800"}]}',
        '{"keys": [{"kty": "EC", "crv": "P-256", "x": 1e999, "y": NaN, "kid": "\\ud800"}]}',
        '{"keys": [{"kty": "oct", "k": "\\u0000"}], "a": "\\u0000"}',
        "[" * 100000,
        "9" * 5000,
        "1e400",
        "NaN",
        '"x"',
        "0",
        "false",
        "[]",
        "{}",
        "NaN",
    ],
)
def test_an_odd_key_set_is_refused(surfer, typed):
    wish = {
        "type": "web",
        "name": "Odd",
        "redirect_uris": CALLBACK,
        "scopes": "scans_read",
        "token_endpoint_auth_method": "private_key_jwt",
        "id_token_signed_response_alg": "RS256",
        "access_token_format": "opaque",
        "jwks": typed,
        "form_nonce": "n" * 22,
    }
    answer = surfer.post(NEW, wish)
    print(answer.status_code, typed[:50], [l for l in answer.content.decode().splitlines() if "error" in l][:3])
    assert answer.status_code < 500
    assert "application_made" not in answer.content.decode()
