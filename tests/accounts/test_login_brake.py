"""Whoever guesses has to wait, and is told for how long. Honest people do not."""

import ipaddress

import pytest

from accounts import waiting
from tests.cast import PASSWORD, send

LOGIN = "/api/v1/auth/login"
WRONG = "not the password"


@pytest.fixture(autouse=True)
def _still(clock):
    """The brake's periods do not end in the middle of a test."""


def log_in(email, password=WRONG, address="127.0.0.1", **extra):
    body = {"email": email, "password": password, **extra}
    return send("POST", LOGIN, body, X_FORWARDED_FOR=address)


@pytest.fixture
def elsewhere(settings):
    """elsewhere(n) -> the n-th address, as a trusted proxy tells it."""
    settings.TRUSTED_PROXIES = (ipaddress.ip_network("127.0.0.1"),)
    return "203.0.113.{}".format


def guess(times, email="alice@acme.test", **options):
    return [log_in(email, **options).status_code for _ in range(times)]


def assert_told_to_wait(answer):
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert 1 <= int(answer["Retry-After"]) <= 900
    assert answer.json()["retry_after"] == int(answer["Retry-After"])


def test_after_ten_failures_even_the_right_password_waits(alice):
    assert guess(10) == [401] * 10
    assert_told_to_wait(log_in(alice.user.email, PASSWORD))


def test_who_waits_as_long_as_told_comes_in(alice, clock):
    guess(10)
    wait = int(log_in(alice.user.email, PASSWORD)["Retry-After"])
    clock.shift(wait - 1)
    assert log_in(alice.user.email, PASSWORD).status_code == 429
    clock.shift(1)
    assert log_in(alice.user.email, PASSWORD).status_code == 200


def test_waiting_is_the_same_for_an_account_that_does_not_exist(alice):
    guess(10)
    guess(10, email="nobody@acme.test")
    known, unknown = log_in("alice@acme.test"), log_in("nobody@acme.test")
    differing = {"request_id": "", "retry_after": 0, "detail": ""}
    assert {**known.json(), **differing} == {**unknown.json(), **differing}


def test_guesses_from_many_addresses_count_for_one_account(alice, elsewhere):
    for number in range(10):
        assert log_in(alice.user.email, address=elsewhere(number)).status_code == 401
    assert_told_to_wait(log_in(alice.user.email, PASSWORD, address=elsewhere(99)))


def test_spellings_of_one_address_are_one_account(alice):
    guess(5, email="ALICE@acme.test")
    guess(5, email="alice@acme.test")
    assert log_in("Alice@acme.test", PASSWORD).status_code == 429


def test_after_sixty_failures_an_address_waits_whatever_the_account(alice, elsewhere):
    for number in range(60):
        email = f"user{number}@acme.test"
        assert log_in(email, address=elsewhere(1)).status_code == 401
    assert_told_to_wait(log_in(alice.user.email, PASSWORD, address=elsewhere(1)))
    assert log_in(alice.user.email, PASSWORD, address=elsewhere(2)).status_code == 200


def test_a_success_counts_nothing(alice):
    for _ in range(25):
        assert log_in(alice.user.email, PASSWORD).status_code == 200


def test_a_success_of_ones_own_does_not_clear_the_count(alice, bob):
    for _ in range(10):
        guess(1)
        assert log_in(bob.user.email, PASSWORD).status_code == 200
    assert log_in(alice.user.email, PASSWORD).status_code == 429


def test_a_missing_code_is_no_failure(alice, enrol):
    enrol(alice)
    for _ in range(15):
        assert alice.log_in().json()["code"] == "totp_required"


def test_wrong_codes_count_like_wrong_passwords(alice, enrol):
    app = enrol(alice)
    for _ in range(10):
        assert alice.log_in(totp_code=app.wrong()).json()["code"] == "invalid_totp_code"
    assert_told_to_wait(alice.log_in(totp_code=app.code()))


def test_a_second_factor_does_not_switch_the_brake_off(alice, enrol):
    app = enrol(alice)
    assert guess(10) == [401] * 10
    assert_told_to_wait(alice.log_in(totp_code=app.code()))


def test_the_page_and_the_api_share_one_brake(alice, browse):
    guess(10)
    page = browse().log_in(alice)
    assert page.status_code == 429
    wait = waiting.in_words(int(page["Retry-After"]))
    assert f"Wait {wait}, then try again." in page.content.decode()


def test_guesses_on_the_page_stop_the_api(alice, browse):
    browser = browse()
    for _ in range(10):
        wrong = {"email": alice.user.email, "password": WRONG}
        assert browser.fill_in("/login", **wrong).status_code == 401
    assert_told_to_wait(alice.log_in())


@pytest.mark.parametrize(
    "header", ["X_FORWARDED_FOR", "X_REAL_IP", "FORWARDED", "TRUE_CLIENT_IP"]
)
def test_a_header_does_not_make_another_address(alice, settings, header):
    settings.BRAKES = {**settings.BRAKES, "address": (12, 900)}
    for number in range(12):
        body = {"email": f"user{number}@acme.test", "password": WRONG}
        send("POST", LOGIN, body, **{header: f"198.51.100.{number}"})
    body = {"email": alice.user.email, "password": PASSWORD}
    assert send("POST", LOGIN, body, **{header: "198.51.100.99"}).status_code == 429
