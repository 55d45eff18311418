"""A refresh token that we did not issue is refused and hurts nobody."""

import pytest

from accounts import opaque
from accounts.models import Session
from tests.accounts.forging import altered, by_nobody, by_secret
from tests.cast import send

REFRESH = "/api/v1/auth/refresh"


def refresh(token):
    return send("POST", REFRESH, {"refresh_token": token})


def told(answer):
    return answer.status_code, {**answer.json(), "request_id": ""}


@pytest.fixture(params=["alice", "nadia"], ids=["jwt", "opaque"])
def person(request, signing_keys, settings):
    settings.BRAKES = {"account": (1000, 900), "address": (1000, 900)}
    return request.getfixturevalue(request.param)


def assert_refused_and_harmless(tokens, *forgeries):
    expected = (401, "invalid_refresh_token")
    for forgery in forgeries:
        answer = refresh(forgery)
        assert (answer.status_code, answer.json()["code"]) == expected, forgery
    assert not Session.objects.exclude(ended_at=None).exists()
    assert refresh(tokens["refresh_token"]).status_code == 200


def flipped(text, place):
    other = "0" if text[place] != "0" else "1"
    return text[:place] + other + text[place + 1 :]


def test_a_token_cut_anywhere_is_refused(person):
    tokens = person.sign_in()
    whole = tokens["refresh_token"]
    cuts = [1, 2, 3, 7, 8, 9, 16, 32, len(whole) // 2, len(whole) - 8]
    assert_refused_and_harmless(
        tokens, *(whole[:-cut] for cut in cuts), *(whole[cut:] for cut in cuts)
    )


@pytest.mark.parametrize(
    "more", ["0", "a", "=", "==", ".", " ", "\n", "\t", "\u00a0", "%", "-"]
)
def test_a_token_with_anything_added_is_refused(person, more):
    tokens = person.sign_in()
    whole = tokens["refresh_token"]
    middle = len(whole) - 5
    assert_refused_and_harmless(
        tokens, whole + more, more + whole, whole[:middle] + more + whole[middle:]
    )


def test_a_token_in_another_case_is_refused(person):
    tokens = person.sign_in()
    whole = tokens["refresh_token"]
    assert_refused_and_harmless(
        tokens, whole.swapcase(), whole.upper(), whole.lower() + "x"
    )


def test_a_token_with_one_character_changed_is_refused(person):
    tokens = person.sign_in()
    whole = tokens["refresh_token"]
    places = [*range(10, len(whole), len(whole) // 16), -1, -8, -9]
    assert_refused_and_harmless(tokens, *(flipped(whole, place) for place in places))


def test_a_checksum_that_fits_does_not_make_an_opaque_token_ours(nadia):
    tokens = nadia.sign_in()
    body = tokens["refresh_token"][: -opaque.CHECKSUM_LENGTH]
    changed = [flipped(body, place) for place in (8, 39, 40, 71, 72, len(body) - 1)]
    assert_refused_and_harmless(
        tokens, *(text + opaque.checksum(text) for text in changed)
    )


def test_the_session_of_somebody_else_cannot_be_named(nadia, settings):
    tokens, other = nadia.sign_in(), nadia.sign_in()
    mine, theirs = tokens["refresh_token"], other["refresh_token"]
    start = len("cpf_rt_")
    swapped = mine[:start] + theirs[start : start + 32] + mine[start + 32 : -8]
    assert_refused_and_harmless(tokens, swapped + opaque.checksum(swapped))
    assert refresh(theirs).status_code == 200


def test_the_prefix_of_another_kind_is_refused(nadia):
    tokens = nadia.sign_in()
    body = tokens["refresh_token"].removeprefix("cpf_rt_")[:-8]
    others = ("nr_rt_", "cpf_live_", "cpf_oat_", "cpf_ort_", "CPF_RT_", "")
    assert_refused_and_harmless(
        tokens, *(p + body + opaque.checksum(p + body) for p in others)
    )


def test_a_jwt_that_another_key_signed_is_refused(alice):
    tokens = alice.sign_in()
    whole = tokens["refresh_token"]
    assert_refused_and_harmless(
        tokens,
        altered(whole, sign=by_secret(b"guess")),
        altered(whole, sign=by_secret(b"guess"), header={"alg": "HS256"}),
        altered(whole, sign=by_nobody, header={"alg": "none"}),
        altered(whole, sign=by_nobody),
    )


def test_an_access_token_does_not_refresh(person):
    tokens = person.sign_in()
    assert_refused_and_harmless(tokens, tokens["access_token"])


def test_a_refresh_token_opens_nothing(person):
    token = person.sign_in()["refresh_token"]
    refused = send("GET", "/api/v1/scans", AUTHORIZATION=f"Bearer {token}")
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_credential")
    refused = send("GET", "/api/v1/scans", X_API_KEY=token)
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_credential")


def test_an_api_key_does_not_refresh(person, issue):
    tokens = person.sign_in()
    _api_key, key = issue("scans_read")
    assert_refused_and_harmless(tokens, key)


def test_every_forgery_gets_the_same_answer(alice, nadia):
    jwt_like, opaque_like = alice.sign_in(), nadia.sign_in()
    answers = [
        told(refresh(forgery))
        for forgery in (
            "nonsense",
            "a.b.c",
            jwt_like["refresh_token"][:-1],
            opaque_like["refresh_token"][:-1],
            jwt_like["access_token"],
        )
    ]
    assert answers.count(answers[0]) == len(answers)


def test_forgeries_are_guesses_and_make_the_address_wait(alice, clock, settings):
    settings.BRAKES = {"account": (10, 900), "address": (10, 900)}
    for _ in range(10):
        assert refresh("nonsense").status_code == 401
    refused = refresh("nonsense")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_attempts")
    clock.shift(int(refused["Retry-After"]))
    assert refresh("nonsense").status_code == 401


def test_forgeries_of_a_neighbour_stop_nobodys_refresh(alice, clock, settings):
    settings.BRAKES = {"account": (10, 900), "address": (10, 900)}
    tokens = alice.sign_in()
    for _ in range(12):
        refresh("nonsense")
    assert refresh("nonsense").status_code == 429
    assert refresh(tokens["refresh_token"]).status_code == 200


def test_sessions_that_ended_are_no_guesses(alice, clock, settings):
    settings.BRAKES = {"account": (10, 900), "address": (10, 900)}
    ended, alive = alice.sign_in(), alice.sign_in()
    alice.tokens = ended
    alice.call("POST", "/api/v1/auth/logout")
    for _ in range(12):
        assert refresh(ended["refresh_token"]).status_code == 401
    assert refresh(alive["refresh_token"]).status_code == 200


def test_refresh_tokens_that_expired_are_no_guesses(person, clock, settings):
    """A whole office comes back from its holidays behind one address."""
    settings.BRAKES = {"account": (10, 900), "address": (10, 900)}
    old = [person.sign_in() for _ in range(12)]
    clock.shift(8 * 24 * 3600)
    fresh = person.sign_in()
    for tokens in old:
        assert refresh(tokens["refresh_token"]).status_code == 401
    assert refresh(fresh["refresh_token"]).status_code == 200
