"""What somebody may type into the pages of applications is never a fault of ours."""

import pytest

from oauth.models import Application
from tests.oauth.applying import at
from tests.oauth.conftest import CALLBACK
from tests.surfing import surf

# The example of RFC 7517 A.1.
GOOD = (
    '"kty": "EC", "crv": "P-256", '
    '"x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", '
    '"y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"'
)
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
        '{"keys": [{"kty": "EC", "crv": "P-256", "x": 1e999, "y": NaN}]}',
        f'{{"keys": [{{{GOOD}, "kid": "\\ud800"}}]}}',
        f'{{"keys": [{{{GOOD}, "kid": "\\u0000"}}]}}',
        f'{{"keys": [{{{GOOD}, "odd": "\\u0000"}}]}}',
        f'{{"keys": [{{{GOOD}, "odd": 1e999}}]}}',
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
    assert answer.status_code in (200, 413)
    assert not Application.objects.filter(name="Odd").exists()
