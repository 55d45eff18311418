"""Sign-in over the API answers exactly as the guide of the user's product shows."""

import jwt
import pytest
from jwt import PyJWK

from accounts.models import Session
from tests.accounts.forging import read
from tests.cast import PASSWORD, send

LOGIN = "/api/v1/auth/login"


def published_key(token):
    """The key that /.well-known/jwks.json has for the token's kid."""
    keys = send("GET", "/.well-known/jwks.json").json()["keys"]
    kid = jwt.get_unverified_header(token)["kid"]
    return PyJWK(next(key for key in keys if key["kid"] == kid)).key


def test_netrecon_answers_as_its_guide_shows(alice):
    answer = alice.log_in()
    assert answer.status_code == 200
    body = answer.json()
    assert list(body) == ["access_token", "refresh_token", "token_type", "expires_in"]
    assert body["access_token"].startswith("eyJhbGciOi")
    assert body["refresh_token"].startswith("eyJhbGciOi")
    assert (body["token_type"], body["expires_in"]) == ("bearer", 3600)


def test_netallion_answers_as_its_guide_shows(nadia):
    answer = nadia.log_in()
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert body["access_token"].startswith("eyJhbGciOiJSUzI1NiIs")
    assert body["refresh_token"].startswith("cpf_rt_")
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)


def test_no_cache_keeps_the_answer(alice):
    assert alice.log_in()["Cache-Control"] == "no-store"


def test_the_access_token_names_its_algorithm_key_and_type(alice):
    header, _claims = read(alice.log_in().json()["access_token"])
    assert set(header) == {"alg", "kid", "typ"}
    assert (header["alg"], header["typ"]) == ("RS256", "at+jwt")


@pytest.mark.parametrize(
    ("who", "seconds"), [("alice", 3600), ("nadia", 900)], ids=["netrecon", "netallion"]
)
def test_the_access_token_says_who_where_what_and_how_long(
    request, signing_keys, clock, settings, who, seconds
):
    person = request.getfixturevalue(who)
    token = person.log_in().json()["access_token"]
    claims = jwt.decode(
        token,
        published_key(token),
        algorithms=["RS256"],
        audience=person.organization.product_slug,
        issuer=settings.PUBLIC_URL,
    )
    session = Session.objects.get()
    assert claims["sub"] == person.user.public_id
    assert claims["sid"] == session.public_id
    assert claims["org"] == person.organization.public_id
    assert claims["product"] == claims["aud"] == person.organization.product_slug
    assert claims["scope"].split() == sorted(person.organization.product.scopes)
    assert claims["typ"] == "access"
    assert claims["exp"] - claims["iat"] == seconds
    assert claims["amr"] == ["pwd"]


def test_the_token_of_a_member_names_the_scopes_of_the_role_only(bob):
    _header, claims = read(bob.log_in().json()["access_token"])
    assert "scans_write" in claims["scope"].split()
    assert "users_manage" not in claims["scope"].split()


def test_the_jwt_refresh_token_is_of_another_type(alice):
    header, claims = read(alice.log_in().json()["refresh_token"])
    assert (header["alg"], header["typ"], claims["typ"]) == (
        "RS256",
        "rt+jwt",
        "refresh",
    )
    assert claims["exp"] - claims["iat"] == 7 * 24 * 3600
    assert "scope" not in claims


def test_the_access_token_opens_the_api_with_any_spelling_of_bearer(alice):
    token = alice.log_in().json()["access_token"]
    for scheme in ("Bearer", "bearer", "BEARER"):
        answer = send("GET", "/api/v1/scans", AUTHORIZATION=f"{scheme} {token}")
        assert answer.status_code == 200


def test_two_sign_ins_are_two_sessions(alice):
    first, second = alice.log_in().json(), alice.log_in().json()
    assert first["access_token"] != second["access_token"]
    assert first["refresh_token"] != second["refresh_token"]
    assert Session.objects.count() == 2


def test_a_session_remembers_from_where_and_with_what_it_began(alice):
    body = {"email": alice.user.email, "password": PASSWORD}
    send("POST", LOGIN, body, USER_AGENT="curl/8\r\n\x1b[31m" + "x" * 300)
    session = Session.objects.get()
    assert session.address == session.last_used_ip == "127.0.0.1"
    assert session.user_agent == ("curl/8[31m" + "x" * 300)[:200]
    assert session.factors == ["pwd"]


def test_an_authorization_header_at_sign_in_is_not_looked_at(alice):
    body = {"email": alice.user.email, "password": PASSWORD}
    for header in ("Bearer nonsense", "Basic YTpi", "Bearer a, Bearer b"):
        assert send("POST", LOGIN, body, AUTHORIZATION=header).status_code == 200


def test_a_null_code_is_no_code(alice):
    assert alice.log_in(totp_code=None).status_code == 200
