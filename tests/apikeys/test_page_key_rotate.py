"""Rotate on the page: the secret is in one answer, a reload makes no second one."""

import re

import pytest

from accounts import once
from accounts.audit import SYSTEM
from apikeys import lifecycle, rotation
from apikeys.models import ApiKey, ApiKeySecret
from tests.cast import PASSWORD
from tests.surfing import age, surf

DAY = "86400"


def at(api_key, rest="/rotate"):
    return f"/settings/api-keys/{api_key.public_id}{rest}"


def nonce_of(page):
    return re.search(r'name="form_nonce" value="([^"]+)"', page.content.decode())[1]


def rotate(browser, api_key, grace=DAY, **fields):
    fields = {"form_nonce": nonce_of(browser.get(at(api_key))), **fields}
    return browser.post(at(api_key), {"grace_seconds": grace, **fields})


def secret_in(answer):
    found = re.search(r'id="new-key" data-secret>([^<]+)<', answer.content.decode())
    return found and found[1]


def secrets(api_key):
    return ApiKeySecret.objects.filter(api_key=api_key).count()


@pytest.mark.parametrize(("grace", "status"), [("0", 401), ("3600", 200), (DAY, 200)])
def test_the_old_secret_lives_for_as_long_as_was_chosen(
    alice, issue, call, grace, status
):
    api_key, old = issue("scans_read")
    answer = rotate(surf(alice), api_key, grace)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert call(secret_in(answer)).status_code == 200
    assert call(old).status_code == status


def test_a_reload_makes_no_second_secret_and_shows_none(alice, issue):
    api_key = issue("scans_read")[0]
    browser = surf(alice)
    sent = {"form_nonce": once.nonce(), "grace_seconds": "0"}
    key = secret_in(browser.post(at(api_key), sent))
    again = browser.post(at(api_key), sent)
    assert key not in again.content.decode()
    assert "Already done" in again.content.decode()
    assert secrets(api_key) == 2
    assert at(api_key, "") in again.content.decode()


def test_the_secret_is_kept_nowhere(alice, issue):
    api_key = issue("scans_read")[0]
    browser = surf(alice)
    answer = rotate(browser, api_key)
    key = secret_in(answer)
    assert not any(key in morsel.value for morsel in browser.cookies.values())
    assert key not in browser.get(at(api_key, "")).content.decode()
    assert key not in answer.content.decode().partition("</title>")[0]


@pytest.mark.parametrize("grace", ["", "12", "-1", "soon", "9" * 400, "2592001"])
def test_only_the_offered_times_are_taken(alice, issue, grace):
    api_key = issue("scans_read")[0]
    assert rotate(surf(alice), api_key, grace).status_code == 400
    assert secrets(api_key) == 1


@pytest.mark.parametrize("nonce", ["", "short", "x" * 500])
def test_a_form_without_its_nonce_makes_nothing(alice, issue, nonce):
    api_key = issue("scans_read")[0]
    answer = rotate(surf(alice), api_key, form_nonce=nonce)
    assert answer.status_code == 400
    assert "Open the form again" in answer.content.decode()
    assert secrets(api_key) == 1


def test_who_signed_in_long_ago_is_asked_and_then_given_it(alice, issue):
    api_key = issue("scans_read")[0]
    browser = surf(alice)
    sent = {"form_nonce": once.nonce(), "grace_seconds": "0"}
    age(browser.session_row)
    asked = browser.post(at(api_key), sent)
    assert secret_in(asked) is None
    assert f'value="{sent["form_nonce"]}"' in asked.content.decode()
    assert secret_in(browser.post(at(api_key), {**sent, "confirm_password": PASSWORD}))


def test_a_second_rotation_is_explained_on_the_key(alice, issue):
    api_key = issue("scans_read")[0]
    browser = surf(alice)
    rotation.rotate_for(api_key, 3600, by=SYSTEM)
    assert "An older secret is still alive" in browser.get(at(api_key)).content.decode()
    answer = rotate(browser, api_key, DAY)
    assert answer.status_code == 409
    assert "A rotation is under way" in answer.content.decode()
    assert secret_in(rotate(browser, api_key, "0"))


def test_a_key_that_another_tab_revoked_is_not_rotated(alice, issue):
    api_key = issue("scans_read")[0]
    browser = surf(alice)
    nonce = nonce_of(browser.get(at(api_key)))
    lifecycle.revoke(api_key, reason="unused", by=SYSTEM)
    answer = browser.post(at(api_key), {"form_nonce": nonce, "grace_seconds": "0"})
    assert answer.status_code == 409
    assert "This key is revoked." in answer.content.decode()
    assert browser.get(at(api_key)).status_code == 409
    assert secrets(api_key) == 1


def test_nobody_is_given_the_secret_of_a_colleague(alice, bob, issue):
    api_key = issue("scans_read", owner=bob)[0]
    answer = surf(alice).post(
        at(api_key), {"form_nonce": once.nonce(), "grace_seconds": "0"}
    )
    assert answer.status_code == 403
    assert "Only its owner may be given a secret" in answer.content.decode()
    assert secrets(api_key) == 1


def test_a_rotated_key_is_the_same_key(alice, issue):
    api_key = issue("scans_read")[0]
    rotate(surf(alice), api_key)
    assert ApiKey.objects.get().public_id == api_key.public_id


def test_a_leaked_secret_is_marked_until_it_is_gone(alice, issue):
    api_key = issue("scans_read")[0]
    browser = surf(alice)
    ApiKeySecret.objects.filter(api_key=api_key).update(leaked_at=api_key.created_at)
    told = "A secret of this key has leaked"
    assert told in browser.get(at(api_key, "")).content.decode()
    rotate(browser, api_key, "3600")
    page = browser.get(at(api_key, "")).content.decode()
    assert told in page
    assert '<span class="badge badge-bad">leaked</span>' in page
    rotate(browser, api_key, "0")
    assert told not in browser.get(at(api_key, "")).content.decode()


def test_of_a_revoked_key_no_rotation_goes_on(alice, issue):
    api_key = issue("scans_read")[0]
    rotation.rotate_for(api_key, 3600, by=SYSTEM)
    lifecycle.revoke(api_key, reason="unused", by=SYSTEM)
    page = surf(alice).get(at(api_key, "")).content.decode()
    assert "A rotation is under way" not in page
