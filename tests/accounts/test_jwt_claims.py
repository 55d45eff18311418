"""What a token of ours must say: for whom, for what, by whom, until when."""

import time

import pytest

from tests.accounts.forging import altered, by_key, by_us, forge, read, show


@pytest.mark.parametrize("typ", ["refresh", "id", "", None])
def test_another_type_among_the_claims_is_refused(token, assert_refused, typ):
    assert_refused(altered(token, typ=typ))


@pytest.mark.parametrize(
    "change",
    [
        lambda iss: iss[:-1],
        lambda iss: iss + "0",
        lambda iss: iss + "/",
        lambda iss: iss.upper(),
        lambda iss: [iss],
        lambda iss: "",
        lambda iss: None,
    ],
    ids=["shorter", "longer", "slash", "upper case", "list", "empty", "missing"],
)
def test_another_issuer_is_refused(token, assert_refused, settings, change):
    assert_refused(altered(token, iss=change(settings.PUBLIC_URL)))


@pytest.mark.parametrize(
    "aud",
    [
        "netallion",
        "other",
        "",
        None,
        ["netrecon"],
        ["netrecon", "netallion"],
        "NETRECON",
    ],
    ids=str,
)
def test_another_audience_is_refused(token, assert_refused, aud):
    assert_refused(altered(token, aud=aud))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"jti": None},
        {"sid": None},
        {"exp": "soon"},
        {"sid": "ses_"},
        {"sid": 5},
        {"sid": ["x"]},
        {"sub": 5},
        {"nbf": 4_000_000_000},
    ],
    ids=str,
)
def test_a_claim_that_is_missing_or_odd_is_refused(token, assert_refused, claims):
    assert_refused(altered(token, **claims))


def test_claims_that_are_no_object_are_refused(token, assert_refused):
    header, _claims = read(token)
    for claims in ([], "text", 5, None):
        assert_refused(forge(header, claims, by_us))


def test_an_expired_token_of_ours_says_so(token):
    refused = show(altered(token, exp=int(time.time()) - 1))
    assert (refused.status_code, refused.json()["code"]) == (401, "token_expired")


def test_an_expired_token_that_is_not_ours_does_not(token, own_key, assert_refused):
    expired = int(time.time()) - 1
    assert_refused(altered(token, sign=by_key(own_key), exp=expired))


def test_a_token_signed_for_nobody_known_says_that_the_session_ended(token, nadia):
    other = read(token)[1]["sid"][:-3] + "zzz"
    assert show(altered(token, sid=other)).json()["code"] == "session_ended"


def test_a_session_of_another_product_is_not_reached(token, nadia, assert_refused):
    sid = read(nadia.sign_in()["access_token"])[1]["sid"]
    assert_refused(altered(token, sid=sid))


def test_a_browser_session_is_no_access_token(alice, browse, token, assert_refused):
    browser = browse()
    browser.log_in(alice)
    assert_refused(browser.session_cookie)
