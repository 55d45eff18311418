"""Trap 17 of stock servers: device codes worked for others, repeatedly, for ever."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from oauth.models import AccessToken, Consent, DeviceGrant, Grant
from oauth.models.applications import DEVICE
from tests.accounts.conftest import clock as clock
from tests.cast import Person
from tests.oauth.conftest import MOUNTS, App, Browser, register
from tests.oauth.knocking import api, is_alive, let_in, poll, refused, visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def tv(alice: Person) -> App:
    return register(alice, type="native", redirect_uris="")


@pytest.fixture
def begun(tv: App) -> dict[str, Any]:
    found: dict[str, Any] = tv.post("device_authorization", scope="scans_read").json()
    return found


def sent(browser: Browser, path: str, **fields: str) -> Any:
    """Send a form of the device pages, with the token of the page."""
    page = browser.client.get("/oauth/device")
    fields["csrfmiddlewaretoken"] = str(page.context["csrf_token"])
    return browser.client.post(path, fields)


@pytest.mark.parametrize("mount", MOUNTS)
def test_a_device_is_let_in_once(alice: Person, alices: Browser, mount: str):
    app = register(alice, type="native", redirect_uris="")
    app.mount = mount
    device = app.post("device_authorization", scope="scans_read openid").json()
    let_in(alices, device["user_code"])
    tokens = poll(app, device).json()
    assert tokens["scope"] == "scans_read openid"
    assert api(tokens["access_token"]).status_code == 200
    # Trap 17: it could be redeemed again and again.
    for _ in range(2):
        refused(poll(app, device), "invalid_grant")
    assert AccessToken.objects.count() == 1


def test_a_device_code_belongs_to_its_application(
    tv: App, begun: dict[str, Any], alices: Browser, alice: Person, carol: Person
):
    # Trap 17: any client could redeem it (CVE-2026-49272).
    native = {"type": "native", "redirect_uris": ""}
    others = register(alice, **native), register(carol, **native), register(alice)
    for other in others:
        refused(poll(other, begun), "invalid_grant")
    let_in(alices, begun["user_code"])
    for other in others:
        refused(poll(other, begun), "invalid_grant")
    for other in (register(alice, type="spa"), register(alice, type="machine")):
        refused(poll(other, begun), "unauthorized_client")
    assert poll(tv, begun).status_code == 200


def test_a_device_code_ends_after_a_quarter_of_an_hour(
    tv: App, begun: dict[str, Any], alices: Browser
):
    # Trap 17: it could be redeemed days later.
    assert begun["expires_in"] == 900
    let_in(alices, begun["user_code"])
    DeviceGrant.objects.update(expires=timezone.now())
    refused(poll(tv, begun), "expired_token")
    assert not AccessToken.objects.exists()


def test_a_device_code_that_nobody_answered_ends_too(
    tv: App, begun: dict[str, Any], alices: Browser
):
    DeviceGrant.objects.update(expires=timezone.now())
    refused(poll(tv, begun), "expired_token")
    shown = sent(alices, "/oauth/device", user_code=begun["user_code"])
    assert shown.status_code == 400
    assert "No device waits for this code" in shown.content.decode()


@pytest.mark.parametrize("mount", MOUNTS)
def test_a_missing_or_odd_device_code_is_refused(tv: App, app: App, mount: str):
    # Trap 17: without one the answer was a 500.
    for each in (tv, app):
        each.mount = mount
        refused(each.token(grant_type=DEVICE), "invalid_request")
        refused(each.token(grant_type=DEVICE, device_code=""), "invalid_request")
        for odd in ("x", "oauth_device_", "oauth_device_" + "0" * 72, "é" * 99):
            answer = each.token(grant_type=DEVICE, device_code=odd)
            refused(answer, "invalid_grant")
    refused(
        tv.token(grant_type="device_code", device_code="x"), "unsupported_grant_type"
    )


def test_who_waits_is_told_to_wait_and_who_hurries_to_slow_down(
    tv: App, begun: dict[str, Any], clock
):
    # Section 9: the first question is never too early; each offence adds five seconds.
    assert begun["interval"] == 5
    refused(poll(tv, begun), "authorization_pending")
    clock.shift(4)
    refused(poll(tv, begun), "slow_down")
    clock.shift(9)
    refused(poll(tv, begun), "slow_down")
    clock.shift(15)
    refused(poll(tv, begun), "authorization_pending")


def test_a_no_is_final(tv: App, begun: dict[str, Any], alices: Browser):
    shown = sent(alices, "/oauth/device", user_code=begun["user_code"])
    membership = str(shown.context["membership"].public_id)
    fields = {"user_code": begun["user_code"], "membership": membership}
    assert sent(alices, "/oauth/device/deny", **fields).status_code == 200
    refused(poll(tv, begun), "access_denied")
    assert sent(alices, "/oauth/device/allow", **fields).status_code == 400
    refused(poll(tv, begun), "access_denied")
    assert not Consent.objects.exists()


def test_only_who_saw_the_page_lets_a_device_in(
    tv: App, begun: dict[str, Any], alices: Browser, bobs: Browser
):
    # Section 7: a device was confirmed by another person than the one who was asked.
    shown = sent(alices, "/oauth/device", user_code=begun["user_code"])
    fields = {
        "user_code": begun["user_code"],
        "membership": str(shown.context["membership"].public_id),
        "scopes": str(shown.context["given"]),
    }
    answer = sent(bobs, "/oauth/device/allow", **fields)
    assert answer.context["membership"].user == bobs.person.user
    refused(poll(tv, begun), "authorization_pending")
    for path in ("/oauth/device/allow", "/oauth/device/deny"):
        body = {**fields, "csrfmiddlewaretoken": "x"}
        assert visitor().post(path, body).status_code == 403
    assert not Grant.objects.exists()


def test_a_stranger_lets_no_device_in(
    tv: App, begun: dict[str, Any], carol: Person, nadia: Person
):
    for stranger in (carol, nadia):
        browser = Browser(stranger).sign_in()
        answer = sent(browser, "/oauth/device", user_code=begun["user_code"])
        assert answer.status_code == 403
        fields = {"membership": stranger.membership.public_id}
        fields["user_code"] = begun["user_code"]
        assert sent(browser, "/oauth/device/allow", **fields).status_code == 403
    refused(poll(tv, begun), "authorization_pending")


def test_a_device_that_was_let_in_is_nobody_elses(
    tv: App, begun: dict[str, Any], alices: Browser, bobs: Browser
):
    let_in(alices, begun["user_code"])
    answer = sent(bobs, "/oauth/device", user_code=begun["user_code"])
    assert answer.status_code == 400
    tokens = poll(tv, begun).json()
    judge = register(alices.person, type="machine")
    assert judge.introspect(tokens["access_token"])["sub"] == (
        alices.person.user.public_id
    )
    assert is_alive(judge, tokens["refresh_token"])


def test_a_user_code_is_random_and_no_word(tv: App):
    # Section 7: predictable user codes.
    codes = {
        tv.post("device_authorization", scope="scans_read").json()["user_code"]
        for _ in range(20)
    }
    assert len(codes) == 20
    for code in codes:
        assert re.fullmatch(
            r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", code
        )
    for place in (0, 1, 2, 3, 5, 6, 7, 8):
        assert len({code[place] for code in codes}) > 4


def test_who_guesses_user_codes_is_braked(begun: dict[str, Any], alices: Browser):
    # Section 4.19: a user code has 34 bits only.
    answers = [
        sent(alices, "/oauth/device", user_code=f"BCDF-GHJ{letter}")
        for letter in "BCDFGHJKLMNP"
    ]
    assert [answer.status_code for answer in answers[:10]] == [400] * 10
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    right = sent(alices, "/oauth/device", user_code=begun["user_code"])
    assert right.status_code == 429


def test_the_codes_of_a_device_stand_nowhere_in_clear(begun: dict[str, Any]):
    # Section 1: both stood in clear.
    stored = str(list(DeviceGrant.objects.values()))
    letters = begun["user_code"].replace("-", "")
    assert begun["device_code"] not in stored
    assert begun["user_code"] not in stored
    assert letters not in stored


def test_a_device_family_ends_with_its_own_term(
    tv: App, begun: dict[str, Any], alices: Browser
):
    # Its code ends after a quarter of an hour, what it fetched does not.
    let_in(alices, begun["user_code"])
    tokens = poll(tv, begun).json()
    [grant] = Grant.objects.all()
    assert grant.expires - timezone.now() > timedelta(days=89)
    assert tv.refresh(tokens["refresh_token"]).status_code == 200
