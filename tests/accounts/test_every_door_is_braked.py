"""Every form that takes a secret counts wrong ones, and tells for how long to wait."""

import ipaddress
import re
import uuid

import pytest
from django.test import Client

from accounts import waiting
from accounts.models import User
from tests.cast import PASSWORD, send
from tests.oauth.conftest import address as authorize_address
from tests.oauth.conftest import app as app

LOGIN = "/api/v1/auth/login"
WRONG = "not the password"
NEW = "walnut kayak 77 comet"


@pytest.fixture(autouse=True)
def _still(clock):
    """The brake's periods do not end in the middle of a test."""


def api(path, **body):
    return lambda: send("POST", f"/api/v1/auth/{path}", body)


def page(path, **fields):
    """The form sent by a browser that was never here."""
    return lambda: Client().post(path, fields)


@pytest.fixture
def doors(alice, enrol, browse, app, signing_keys):
    """Each way to guess at alice's password or code, with a wrong one."""
    authenticator = enrol(alice)
    User.objects.filter(pk=alice.user.pk).update(is_staff=True, is_superuser=True)
    between, signed_in = browse(), alice.sign_in()
    between.log_in(alice)
    admin = browse().get("/admin/", follow=True).redirect_chain[-1][0]
    oauth = browse().get(authorize_address(app))["Location"]
    assert admin.startswith("/login?next=")
    assert oauth.startswith("/login?next=")
    guess = {"email": alice.user.email, "password": WRONG}
    code = authenticator.wrong()
    bearer = f"Bearer {signed_in['access_token']}"

    def prompt(path, **body):
        return lambda: send("POST", f"/api/v1/auth/{path}", body, AUTHORIZATION=bearer)

    return {
        "JSON login": api("login", **guess),
        "HTML login": page("/login", **guess),
        "admin login": page(admin, **guess),
        "OAuth sign-in": page(oauth, **guess),
        "JSON code": api("login", **{**guess, "password": PASSWORD}, totp_code=code),
        "HTML code": lambda: between.fill_in("/login/code", totp_code=code),
        "present password": prompt(
            "password", current_password=WRONG, new_password=NEW
        ),
        "code to turn off": prompt("totp/remove", totp_code=code),
        "code for recovery": prompt("totp/recovery-codes", totp_code=code),
    }


def test_ten_wrong_ones_over_all_doors_close_every_door(doors):
    ways = [*doors.values(), doors["JSON login"]]
    assert {way().status_code for way in ways} <= {400, 401}
    told = {name: way() for name, way in doors.items()}
    assert {name: one.status_code for name, one in told.items()} == dict.fromkeys(
        doors, 429
    )
    for answer in told.values():
        assert_told(answer)


@pytest.mark.parametrize("turn", range(9))
def test_each_door_counts_for_every_other(doors, turn):
    """Nine over one door and one over the next: the one after that is closed."""
    names = [*doors, *doors]
    first, second, third = (doors[name] for name in names[turn : turn + 3])
    assert {first().status_code for _ in range(9)} <= {400, 401}
    assert second().status_code in {400, 401}
    assert third().status_code == 429


def assert_told(answer):
    """In the header, and in the body for a program or a person."""
    seconds = int(answer["Retry-After"])
    assert 1 <= seconds <= 900
    assert f"Wait {waiting.in_words(seconds)}, then" in answer.content.decode()
    if answer["Content-Type"] == "application/problem+json":
        problem = answer.json()
        assert (problem["code"], problem["retry_after"]) == (
            "too_many_attempts",
            seconds,
        )


def nothing():
    """What no mail ever held."""
    return "0" * 43


BY_ADDRESS = {
    "refresh": (api("refresh", refresh_token=nothing()), 401),
    "reset by API": (
        api("password/reset/confirm", token=nothing(), new_password=NEW),
        400,
    ),
    "reset by page": (page(f"/password/reset/{nothing()}", new_password=NEW), 400),
    "invitation by API": (
        api("invitations/accept", token=nothing(), name="Dora", password=NEW),
        400,
    ),
    "invitation by page": (lambda: Client().get(f"/invitations/{nothing()}"), 400),
}


@pytest.mark.parametrize("name", BY_ADDRESS)
def test_sixty_wrong_tokens_of_an_address_close_the_door_until_it_waited(
    signing_keys, clock, name
):
    guess, refused = BY_ADDRESS[name]
    assert [guess().status_code for _ in range(60)] == [refused] * 60
    told = guess()
    assert told.status_code == 429
    assert_told(told)
    clock.shift(int(told["Retry-After"]) - 1)
    assert guess().status_code == 429
    clock.shift(1)
    assert guess().status_code == refused


@pytest.mark.parametrize(
    ("first", "second"),
    [("reset by API", "reset by page"), ("invitation by page", "invitation by API")],
)
def test_page_and_api_share_the_counter_of_mailed_tokens(signing_keys, first, second):
    for _ in range(60):
        BY_ADDRESS[first][0]()
    assert BY_ADDRESS[second][0]().status_code == 429


def test_asking_for_mails_is_braked_on_page_and_api_together(alice):
    ask = {"email": alice.user.email}
    by_page, by_api = page("/password/reset", **ask), api("password/reset", **ask)
    assert [by_page().status_code for _ in range(5)] == [200] * 5
    assert [by_api().status_code for _ in range(5)] == [202] * 5
    assert_told(by_page())
    assert_told(by_api())
    assert (by_page().status_code, by_api().status_code) == (429, 429)


def test_the_told_wait_ends_on_the_page_too(alice, browse, clock):
    for _ in range(10):
        page("/login", email=alice.user.email, password=WRONG)()
    told = browse().log_in(alice)
    assert re.search(r"Wait \d+ min( \d+ s)?, then", told.content.decode())
    clock.shift(int(told["Retry-After"]))
    assert browse().log_in(alice).status_code == 302


def test_who_waits_for_the_address_does_not_then_wait_for_the_account(alice, clock):
    """Both have used theirs up, and the longer of the two waits is told."""
    emails = [alice.user.email] * 10 + [f"user{n}@acme.test" for n in range(50)]
    for email in emails:
        api("login", email=email, password=WRONG)()
    told = alice.log_in()
    assert told.status_code == 429
    clock.shift(int(told["Retry-After"]))
    assert alice.log_in().status_code == 200


def knock(forwarded, peer="10.0.0.1"):
    """A wrong password for ever another account, as a proxy passes it on."""
    body = {"email": f"{uuid.uuid4().hex}@acme.test", "password": WRONG}
    answer = Client().post(
        LOGIN,
        body,
        content_type="application/json",
        headers={"X-Forwarded-For": forwarded},
        REMOTE_ADDR=peer,
    )
    return answer.status_code


def test_behind_a_trusted_proxy_the_address_that_it_wrote_counts(
    signing_keys, settings
):
    settings.TRUSTED_PROXIES = (ipaddress.ip_network("10.0.0.0/8"),)
    spoofed = [knock(f"198.51.100.{n}, 203.0.113.7, 10.0.0.2") for n in range(61)]
    assert spoofed == [401] * 60 + [429]
    assert knock("198.51.100.1, 203.0.113.8, 10.0.0.2") == 401


def test_without_one_the_header_counts_for_nothing(signing_keys):
    spoofed = [knock(f"198.51.100.{n}") for n in range(61)]
    assert spoofed == [401] * 60 + [429]
    assert knock("198.51.100.1", peer="10.0.0.2") == 401


def test_a_peer_that_is_no_trusted_proxy_cannot_name_another(signing_keys, settings):
    settings.TRUSTED_PROXIES = (ipaddress.ip_network("10.0.0.0/8"),)
    spoofed = [knock(f"198.51.100.{n}", peer="203.0.113.7") for n in range(61)]
    assert spoofed == [401] * 60 + [429]
