"""Two machines whose clocks differ by seconds serve one person without a hitch."""

import pytest

from tests.cast import send

AHEAD = 5


@pytest.fixture(params=["alice", "nadia"], ids=["jwt", "opaque"])
def person(request, signing_keys, clock):
    return request.getfixturevalue(request.param)


@pytest.fixture
def elsewhere(clock):
    """elsewhere(action): done by a machine whose clock is ahead of ours."""

    def run(action):
        clock.shift(AHEAD)
        try:
            return action()
        finally:
            clock.shift(-AHEAD)

    return run


def refresh(tokens):
    body = {"refresh_token": tokens["refresh_token"]}
    return send("POST", "/api/v1/auth/refresh", body)


def use(tokens):
    bearer = f"Bearer {tokens['access_token']}"
    return send("GET", "/api/v1/auth/whoami", AUTHORIZATION=bearer)


def test_a_token_made_elsewhere_works_here(person, elsewhere):
    tokens = elsewhere(person.sign_in)
    assert use(tokens).status_code == 200


def test_a_session_begun_elsewhere_is_refreshed_here(person, elsewhere):
    tokens = elsewhere(person.sign_in)
    answer = refresh(tokens)
    assert answer.status_code == 200
    assert use(answer.json()).status_code == 200


def test_a_token_refreshed_elsewhere_may_be_repeated_here(person, elsewhere):
    tokens = person.sign_in()
    successor = elsewhere(lambda: refresh(tokens)).json()
    assert refresh(tokens).json() == successor
    assert elsewhere(lambda: refresh(successor)).status_code == 200


def test_who_reset_the_password_elsewhere_signs_in_here(person, elsewhere, post):
    with post() as mails:
        body = {"email": person.user.email}
        send("POST", "/api/v1/auth/password/reset", body)
    token = mails[0].body.partition("/password/reset/")[2].split()[0]
    person.password = "walnut kayak 77 comet"
    body = {"token": token, "new_password": person.password}
    confirm = "/api/v1/auth/password/reset/confirm"
    assert elsewhere(lambda: send("POST", confirm, body)).status_code == 204
    assert use(person.log_in().json()).status_code == 200
