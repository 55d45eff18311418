"""Who signed in on a device before is kept out by no stranger's guesses."""

import base64

import pytest
from django.core.signing import TimestampSigner
from django_otp.oath import totp

from accounts import known_devices
from tests.cast import PASSWORD, person, send

LOGIN = "/api/v1/auth/login"
WRONG = "not the password"
YEAR = 365 * 24 * 3600
SIGNER = TimestampSigner(salt="accounts.known_devices")


@pytest.fixture(autouse=True)
def _still(clock):
    """The brake's periods do not end in the middle of a test."""


def log_in(who, cookie="", password=PASSWORD, **extra):
    body = {"email": who.user.email, "password": password, **extra}
    return send("POST", LOGIN, body, COOKIE=f"device={cookie}")


def device_of(who, cookie=""):
    """The cookie of a device on which the person signs in now."""
    return log_in(who, cookie).cookies["device"].value


def block(who, cookie=""):
    """Guess at the account until it waits."""
    while log_in(who, cookie, WRONG).status_code == 401:
        pass
    return log_in(who, cookie).status_code == 429


def test_a_strangers_guesses_do_not_keep_the_owner_out(alice):
    cookie = device_of(alice)
    assert block(alice)
    assert log_in(alice, cookie).status_code == 200


def test_nor_do_they_from_the_same_address(alice, settings):
    settings.BRAKES = {**settings.BRAKES, "address": (3, 900)}
    cookie = device_of(alice)
    assert block(alice)
    assert log_in(alice).status_code == 429
    assert log_in(alice, cookie).status_code == 200


def test_the_page_knows_a_device_as_the_api_does(alice, browse):
    browser = browse()
    browser.log_in(alice)
    assert block(alice)
    assert browse().log_in(alice).status_code == 429
    assert browser.log_in(alice).status_code == 302
    assert log_in(alice, browser.cookies["device"].value).status_code == 200


def test_guesses_on_a_known_device_count_for_it_alone(alice):
    cookie, other = device_of(alice), device_of(alice)
    statuses = [log_in(alice, cookie, WRONG).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert log_in(alice, cookie).status_code == 429
    assert log_in(alice).status_code == 200
    assert log_in(alice, other).status_code == 200


def test_a_known_device_that_waited_as_long_as_told_comes_in(alice, clock):
    cookie = device_of(alice)
    assert block(alice, cookie)
    seconds = int(log_in(alice, cookie)["Retry-After"])
    assert 1 <= seconds <= 900
    clock.shift(seconds)
    assert log_in(alice, cookie).status_code == 200


def test_a_device_is_known_to_the_second_step_too(alice, enrol, browse, clock):
    app, browser = enrol(alice), browse()
    browser.log_in(alice)
    browser.fill_in("/login/code", totp_code=app.code())
    clock.shift(30)
    for _ in range(10):
        log_in(alice, totp_code=app.wrong())
    assert log_in(alice, totp_code=app.code()).status_code == 429
    cookie = browser.cookies["device"].value
    assert log_in(alice, cookie, totp_code=app.code()).status_code == 200


def test_codes_on_a_known_device_are_limited_as_well(alice, enrol, clock):
    app = enrol(alice)
    cookie = log_in(alice, totp_code=app.code()).cookies["device"].value
    clock.shift(30)
    guesses = [log_in(alice, cookie, totp_code=app.wrong()) for _ in range(11)]
    assert [one.status_code for one in guesses] == [401] * 10 + [429]


def test_a_device_of_one_account_is_unknown_to_another(alice, bob):
    cookie = device_of(alice)
    assert block(bob)
    assert log_in(bob, cookie).status_code == 429
    assert log_in(bob, cookie, WRONG).status_code == 429


def test_guesses_at_another_account_count_for_that_account(alice, bob):
    cookie = device_of(alice)
    assert block(bob, cookie)
    assert log_in(bob).status_code == 429


def test_two_people_of_one_device_are_both_known(alice, bob):
    cookie = device_of(bob, device_of(alice))
    assert block(alice)
    assert block(bob)
    assert log_in(alice, cookie).status_code == 200
    assert log_in(bob, cookie).status_code == 200


def test_the_cookie_remembers_the_last_five_people_and_stays_small(alice):
    addresses = [f"user{number}@acme.test" for number in range(5)]
    people = [alice] + [person(one, alice.organization, "member") for one in addresses]
    cookie = ""
    for somebody in people:
        cookie = device_of(somebody, cookie)
        assert len(cookie) <= known_devices.LONGEST
    assert block(people[0])
    assert log_in(people[0], cookie).status_code == 429
    assert block(people[1])
    assert log_in(people[1], cookie).status_code == 200


def test_signing_in_again_keeps_the_device_and_moves_its_end_on(alice, clock):
    cookie = device_of(alice)
    clock.shift(YEAR - 10)
    again = device_of(alice, cookie)
    assert again.split(".")[0] == cookie.split(".")[0]
    assert again.count(".") == cookie.count(".") == 1
    clock.shift(20)
    assert block(alice)
    assert log_in(alice, cookie).status_code == 429
    assert log_in(alice, again).status_code == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cookie: cookie[:-1],
        lambda cookie: cookie + "A",
        lambda cookie: cookie.swapcase(),
        lambda cookie: "x" * 22 + cookie[22:],
        lambda cookie: cookie.partition(":")[0],
        lambda cookie: "x" * 10_000,
        lambda cookie: SIGNER.sign(cookie.partition(":")[0] + ".x" * 99),
        lambda cookie: cookie + ":" * 300,
        lambda cookie: "::",
        lambda cookie: "\xff\xfe",
        lambda cookie: "",
    ],
    ids=[
        "cut",
        "long",
        "case",
        "id",
        "bare",
        "big",
        "many",
        "tail",
        "marks",
        "bytes",
        "none",
    ],
)
def test_a_cookie_that_is_not_ours_is_no_device(alice, spoil):
    cookie = spoil(device_of(alice))
    assert block(alice)
    assert log_in(alice, cookie).status_code == 429


def test_a_cookie_signed_under_another_secret_is_no_device(alice, settings):
    cookie = device_of(alice)
    settings.SECRET_KEY = "another" * 10
    assert block(alice)
    assert log_in(alice, cookie).status_code == 429


def test_a_new_password_makes_devices_unknown(alice):
    cookie = device_of(alice)
    wish = {"current_password": PASSWORD, "new_password": "a brand new 77 lantern"}
    assert alice.call("POST", "/api/v1/auth/password", wish).status_code == 204
    assert block(alice)
    assert log_in(alice, cookie, wish["new_password"]).status_code == 429


def test_a_failed_sign_in_knows_no_device(alice, bob, enrol, browse):
    enrol(bob)
    assert "device" not in log_in(alice, password=WRONG).cookies
    assert "device" not in log_in(bob).cookies
    browser = browse()
    browser.fill_in("/login", email=alice.user.email, password=WRONG)
    browser.log_in(bob)
    assert browser.get("/login/code").status_code == 200
    assert "device" not in browser.cookies


def test_a_wrong_password_on_a_known_device_does_not_prolong_it(alice):
    assert "device" not in log_in(alice, device_of(alice), WRONG).cookies


def test_mails_are_limited_on_a_known_device_too(alice):
    def ask(cookie=""):
        body = {"email": alice.user.email}
        path = "/api/v1/auth/password/reset"
        return send("POST", path, body, COOKIE=f"device={cookie}").status_code

    cookie = device_of(alice)
    assert [ask() for _ in range(10)] == [202] * 10
    assert ask(cookie) == 429


def test_the_cookie_is_no_credential_and_names_nobody(alice):
    cookie = device_of(alice)
    answer = send("GET", "/api/v1/auth/whoami", COOKIE=f"device={cookie}")
    assert (answer.status_code, answer.json()["code"]) == (401, "credential_required")
    for told in (alice.user.email, alice.user.public_id, alice.user.password):
        assert told not in cookie


def test_scripts_and_other_sites_do_not_get_the_cookie(alice):
    cookie = log_in(alice).cookies["device"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert (cookie["path"], cookie["domain"]) == ("/", "")
    assert (cookie["max-age"], cookie["secure"]) == (YEAR, "")


def test_under_https_it_is_bound_to_this_host_and_secure(alice, settings):
    settings.SECURE_COOKIES = True
    [cookie] = log_in(alice).cookies.values()
    assert cookie.key == "__Host-device"
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


def test_nothing_else_of_the_answers_changes(alice, browse):
    answer = log_in(alice)
    assert list(answer.cookies) == ["device"]
    assert answer["Cache-Control"] == "no-store"
    page = browse().log_in(alice)
    assert "no-store" in page["Cache-Control"]
    assert "default-src 'none'" in page["Content-Security-Policy"]


def test_an_unknown_account_looks_like_a_known_one_to_a_known_device(alice, bob):
    cookie = device_of(alice)
    known = [log_in(bob, cookie, WRONG).status_code for _ in range(11)]
    unknown = {"email": "nobody@acme.test", "password": WRONG}
    told = [
        send("POST", LOGIN, unknown, COOKIE=f"device={cookie}").status_code
        for _ in range(11)
    ]
    assert told == known == [401] * 10 + [429]


def test_a_second_step_makes_the_devices_of_before_unknown(alice):
    """Who has the password cannot lay in devices to guess codes with."""
    cookies = [device_of(alice) for _ in range(3)]
    begun = alice.call("POST", "/api/v1/auth/totp", {}).json()
    code = {"totp_code": f"{totp(base64.b32decode(begun['secret'])):06}"}
    assert alice.call("POST", "/api/v1/auth/totp/confirm", code).status_code == 200
    statuses = [
        log_in(alice, cookie, totp_code="000000").status_code for cookie in cookies * 5
    ]
    assert statuses == [401] * 10 + [429] * 5
