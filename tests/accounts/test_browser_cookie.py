"""A browser's cookie names a session row. The row decides, the cookie opens nothing."""

import os
import subprocess
import sys

import pytest
from django.core import signing

from accounts.models import Session
from tests.cast import PASSWORD, send

SALT = "django.contrib.sessions.backends.signed_cookies"


def is_in(browser):
    return "Signed in as" in browser.read("/")


def content(cookie):
    return signing.loads(cookie, salt=SALT)


def with_cookie(browse, value):
    browser = browse()
    browser.cookies["session"] = value
    return browser


@pytest.fixture
def signed_in(alice, browse):
    browser = browse()
    browser.log_in(alice)
    return browser


def test_the_cookie_holds_the_id_of_the_session_and_nothing_else(signed_in):
    assert content(signed_in.session_cookie) == {
        "session": Session.objects.get().public_id
    }


def test_the_cookie_between_the_steps_holds_no_password_and_no_hash(
    alice, enrol, browse
):
    enrol(alice)
    browser = browse()
    browser.log_in(alice)
    held = content(browser.session_cookie)
    assert list(held) == ["first_step"]
    stamp = str(signing.loads(held["first_step"], salt="accounts.browser.first_step"))
    for secret in (PASSWORD, alice.user.password, alice.user.password.split("$")[-1]):
        assert secret not in stamp


def test_scripts_and_other_sites_do_not_get_the_cookie(signed_in):
    cookie = signed_in.cookies["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert (cookie["path"], cookie["domain"]) == ("/", "")


def test_signing_out_ends_the_row_so_a_kept_cookie_is_worth_nothing(signed_in, browse):
    kept = with_cookie(browse, signed_in.session_cookie)
    assert is_in(kept)
    assert signed_in.fill_in("/logout", page="/")["Location"] == "/login"
    assert not is_in(signed_in)
    assert not is_in(kept)
    assert Session.objects.get().end_reason == "signed_out"


def test_the_cookie_dies_with_the_row(signed_in):
    Session.objects.get().delete()
    assert not is_in(signed_in)


def test_signing_in_again_ends_the_session_before(alice, signed_in, browse):
    kept = with_cookie(browse, signed_in.session_cookie)
    signed_in.log_in(alice)
    assert is_in(signed_in)
    assert not is_in(kept)
    assert Session.objects.filter(ended_at=None).count() == 1


def test_signing_in_as_somebody_else_ends_the_session_before(bob, signed_in, browse):
    kept = with_cookie(browse, signed_in.session_cookie)
    signed_in.log_in(bob)
    assert f"Signed in as {bob.user.email}" in signed_in.read("/")
    assert not is_in(kept)


def test_beginning_to_sign_in_as_somebody_else_ends_it_too(
    bob, enrol, signed_in, browse
):
    enrol(bob)
    kept = with_cookie(browse, signed_in.session_cookie)
    signed_in.log_in(bob)
    assert not is_in(signed_in)
    assert not is_in(kept)


def test_a_failed_sign_in_leaves_the_session_before_alone(bob, signed_in):
    signed_in.fill_in("/login", email=bob.user.email, password="wrong")
    assert is_in(signed_in)


def test_a_cookie_that_an_attacker_set_is_not_adopted(alice, bob, browse):
    attacker, victim = browse(), browse()
    attacker.log_in(bob)
    victim.cookies["session"] = attacker.session_cookie
    victim.log_in(alice)
    assert victim.session_cookie != attacker.session_cookie
    assert f"Signed in as {alice.user.email}" in victim.read("/")
    assert alice.user.email not in attacker.read("/")


def test_a_first_step_that_an_attacker_set_is_not_adopted(alice, bob, enrol, browse):
    app = enrol(bob)
    attacker, victim = browse(), browse()
    attacker.log_in(bob)
    victim.cookies["session"] = attacker.session_cookie
    victim.log_in(alice)
    assert victim.get("/login/code")["Location"] == "/login"
    assert attacker.fill_in("/login/code", totp_code=app.code()).status_code == 302
    assert f"Signed in as {alice.user.email}" in victim.read("/")


def test_no_cookie_survives_the_change_from_first_to_second_step(alice, enrol, browse):
    app, browser = enrol(alice), browse()
    browser.log_in(alice)
    between = with_cookie(browse, browser.session_cookie)
    browser.fill_in("/login/code", totp_code=app.code())
    assert is_in(browser)
    assert not is_in(between)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cookie: cookie[:-1],
        lambda cookie: cookie.swapcase(),
        lambda cookie: "x" * 50,
        lambda cookie: "",
        lambda cookie: signing.dumps({"session": "ses_x"}, salt="another"),
        lambda cookie: signing.dumps({"session": "ses_x"}, salt=SALT),
        lambda cookie: signing.dumps({"session": ""}, salt=SALT),
    ],
    ids=["cut", "case", "noise", "empty", "salt", "unknown", "none"],
)
def test_a_cookie_that_is_not_ours_is_nobody(signed_in, browse, spoil):
    assert not is_in(with_cookie(browse, spoil(signed_in.session_cookie)))


def test_an_api_session_cannot_be_named_by_a_cookie(alice, browse):
    alice.sign_in()
    name = Session.objects.get().public_id
    cookie = signing.dumps({"session": name}, salt=SALT)
    assert not is_in(with_cookie(browse, cookie))


def test_a_cookie_ends_after_seven_days(signed_in, clock):
    assert is_in(signed_in)
    clock.shift(7 * 24 * 3600 + 1)
    assert not is_in(signed_in)


def test_the_api_does_not_look_at_the_cookie(alice, signed_in):
    assert is_in(signed_in)
    answer = signed_in.get("/api/v1/auth/whoami")
    assert (answer.status_code, answer.json()["code"]) == (401, "credential_required")
    ended = signed_in.post("/api/v1/auth/logout")
    assert ended.status_code == 401
    assert is_in(signed_in)


def test_a_key_in_a_header_does_not_sign_in_on_a_page(issue, alice):
    _api_key, key = issue("scans_read", owner=alice)
    page = send("GET", "/", X_API_KEY=key)
    assert "Signed in as" not in page.content.decode()


NAMES = [
    f"{cookie}_COOKIE_{what}"
    for cookie in ("SESSION", "CSRF")
    for what in ("NAME", "SECURE", "HTTPONLY", "SAMESITE", "PATH", "DOMAIN")
]


def cookie_settings(public_url):
    """What the settings say in a process with this public address."""
    program = (
        "from django.conf import settings\n"
        f"print([getattr(settings, name) for name in {NAMES}])"
    )
    environment = {
        **os.environ,
        "DOORWARD_PUBLIC_URL": public_url,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    command = [sys.executable, "-c", program]
    told = subprocess.check_output(command, env=environment, text=True)
    return told.strip()


@pytest.mark.slow
def test_under_https_cookies_are_bound_to_this_host_and_secure():
    secure = [True, True, "Lax", "/", None]
    expected = ["__Host-session", *secure, "__Host-csrf", *secure]
    assert cookie_settings("https://auth.example.com") == str(expected)


@pytest.mark.slow
def test_without_https_a_browser_still_takes_them():
    plain = [False, True, "Lax", "/", None]
    expected = ["session", *plain, "csrf", *plain]
    assert cookie_settings("http://localhost:8000") == str(expected)
