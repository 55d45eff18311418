"""What may be done with a key on its page, by whom, and what another tab sees."""

import pytest
from django.test import Client

from accounts.audit import SYSTEM
from accounts.models import AuditEvent
from apikeys import lifecycle, rotation
from apikeys.models import ApiKey
from tests.cast import PASSWORD
from tests.surfing import age, surf

KEYS = "/settings/api-keys"
BUTTONS = ("disable", "enable", "restore", "shrink", "rotate/finish", "rotate/cancel")
FORMS = ("edit", "rotate", "revoke", "transfer")


def at(api_key, rest=""):
    return f"{KEYS}/{api_key.public_id}{rest}"


def now(api_key):
    return ApiKey.objects.get(pk=api_key.pk)


def press(browser, api_key, name, **fields):
    """What the button leads to."""
    return browser.post(at(api_key, f"/{name}"), fields, follow=True)


def text(answer):
    return answer.content.decode()


@pytest.mark.parametrize("name", [*BUTTONS, *FORMS])
def test_only_who_may_see_a_key_reaches_its_buttons(alice, bob, carol, issue, name):
    api_key = issue("scans_read")[0]
    before = now(api_key).status
    signed_out = Client().post(at(api_key, f"/{name}"))
    assert signed_out["Location"].startswith("/login")
    assert surf(carol).post(at(api_key, f"/{name}")).status_code == 404
    assert surf(bob).post(at(api_key, f"/{name}")).status_code == 403
    assert now(api_key).status == before
    assert not AuditEvent.objects.filter(target=api_key.public_id).exclude(
        actor=SYSTEM.id
    )


@pytest.mark.parametrize("name", [*BUTTONS, *FORMS])
def test_a_form_of_another_site_does_nothing(alice, issue, name):
    api_key = issue("scans_read")[0]
    browser = surf(alice)
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.cookies = browser.cookies
    assert strict.post(at(api_key, f"/{name}")).status_code == 403
    assert now(api_key).status == "active"


@pytest.mark.parametrize("name", [*BUTTONS, *FORMS])
def test_who_signed_in_long_ago_is_asked_first(alice, issue, name):
    api_key = issue("scans_read")[0]
    browser = surf(alice)
    age(browser.session_row)
    assert "Confirm it is you" in text(browser.post(at(api_key, f"/{name}")))
    assert now(api_key).status == "active"


def test_the_answer_to_the_question_does_what_was_asked(alice, issue):
    api_key = issue("scans_read", name="Nightly")[0]
    browser = surf(alice)
    age(browser.session_row)
    typed = {"reason": "unused", "typed_name": "Nightly"}
    asked = text(browser.post(at(api_key, "/revoke"), typed))
    assert 'name="typed_name" value="Nightly"' in asked
    browser.post(at(api_key, "/revoke"), {**typed, "confirm_password": PASSWORD})
    assert now(api_key).revoked_reason == "unused"


def test_a_disabled_key_is_refused_until_it_is_enabled(alice, issue, call):
    api_key, key = issue("scans_read")
    browser = surf(alice)
    page = text(press(browser, api_key, "disable"))
    assert "Disabled. Its requests are refused until you enable it again." in page
    assert "This key is disabled." in page
    assert call(key).json()["code"] == "key_disabled"
    assert "Enabled. Its requests are let in again." in text(
        press(browser, api_key, "enable")
    )
    assert call(key).status_code == 200


def test_revoking_says_when_and_from_where_it_was_last_used(alice, issue):
    api_key = issue("scans_read")[0]
    browser = surf(alice)
    assert "It was never used." in text(browser.get(at(api_key, "/revoke")))
    ApiKey.objects.filter(pk=api_key.pk).update(
        last_used_at=api_key.created_at, last_used_ip="192.0.2.9"
    )
    page = text(browser.get(at(api_key, "/revoke")))
    assert "Last used <time" in page
    assert "192.0.2.9" in page


@pytest.mark.parametrize("typed", ["", "nightly", "Nightly 2", "x" * 300])
def test_without_its_name_a_key_is_not_revoked(alice, issue, typed):
    api_key = issue("scans_read", name="Nightly")[0]
    fields = {"reason": "replaced", "typed_name": typed}
    answer = surf(alice).post(at(api_key, "/revoke"), fields)
    assert answer.status_code == 400
    assert '<option value="replaced" selected>' in text(answer)
    assert now(api_key).revoked_at is None


def test_blanks_that_look_like_one_count_as_one(alice, issue):
    api_key = issue("scans_read", name="Nightly  build ")[0]
    press(surf(alice), api_key, "revoke", reason="other", typed_name="Nightly build")
    assert now(api_key).status == "revoked"


def test_a_reason_that_is_none_is_refused(alice, issue):
    api_key = issue("scans_read", name="Nightly")[0]
    fields = {"reason": "member_removed", "typed_name": "Nightly"}
    assert surf(alice).post(at(api_key, "/revoke"), fields).status_code == 400
    assert now(api_key).status == "active"


def test_a_revocation_can_be_undone(alice, issue, call):
    api_key, key = issue("scans_read", name="Nightly")
    browser = surf(alice)
    page = text(
        press(browser, api_key, "revoke", reason="unused", typed_name="Nightly")
    )
    assert "Revoked. Its requests are refused from now on." in page
    assert f'action="{at(api_key, "/restore")}"' in page
    assert call(key).json()["code"] == "key_revoked"
    assert "Restored." in text(press(browser, api_key, "restore"))
    assert call(key).status_code == 200


def test_what_leaked_offers_no_undo(alice, issue):
    api_key = issue("scans_read", name="Nightly")[0]
    browser = surf(alice)
    fields = {"reason": "leaked", "typed_name": "Nightly"}
    assert "It cannot be restored." in text(press(browser, api_key, "revoke", **fields))
    answer = press(browser, api_key, "restore")
    assert answer.status_code == 409
    assert "The key has leaked. Make a new one." in text(answer)


def test_who_left_takes_the_undo_along(alice, bob, issue):
    api_key = issue("scans_read", owner=bob)[0]
    lifecycle.revoke(api_key, reason="unused", by=SYSTEM)
    browser = surf(alice)
    assert ">Undo<" in text(browser.get(at(api_key)))
    bob.membership.removed_at = bob.membership.created_at
    bob.membership.save(update_fields=["removed_at"])
    page = text(browser.get(at(api_key)))
    assert ">Undo<" not in page
    assert "It cannot be restored." in page


@pytest.mark.parametrize("name", ["disable", "enable", "shrink", *BUTTONS[4:], "edit"])
def test_what_another_tab_revoked_explains_itself(alice, issue, name):
    api_key = issue("scans_read")[0]
    browser = surf(alice)
    lifecycle.revoke(api_key, reason="unused", by=SYSTEM)
    answer = press(browser, api_key, name)
    assert answer.status_code == 409
    page = text(answer)
    assert "This key is revoked." in page
    assert 'role="alert"' in page
    assert "Undo" in page
    assert now(api_key).status == "revoked"


def test_of_two_tabs_that_revoke_the_second_is_told(alice, issue):
    api_key = issue("scans_read", name="Nightly")[0]
    lifecycle.revoke(api_key, reason="unused", by=SYSTEM)
    fields = {"reason": "other", "typed_name": "Nightly"}
    answer = press(surf(alice), api_key, "revoke", **fields)
    assert "The key is revoked already." in text(answer)
    assert now(api_key).revoked_reason == "unused"


def test_a_rotation_is_finished_or_cancelled_on_the_page(alice, issue, call):
    api_key, old = issue("scans_read")
    browser = surf(alice)
    rotated = rotation.rotate_for(api_key, 3600, by=SYSTEM)[1]
    assert "A rotation is under way" in text(browser.get(at(api_key)))
    assert "Cancelled." in text(press(browser, api_key, "rotate/cancel"))
    assert (call(old).status_code, call(rotated).status_code) == (200, 401)
    again = rotation.rotate_for(api_key, 3600, by=SYSTEM)[1]
    assert "Finished." in text(press(browser, api_key, "rotate/finish"))
    assert (call(old).status_code, call(again).status_code) == (401, 200)
    answer = press(browser, api_key, "rotate/finish")
    assert answer.status_code == 409
    assert "No rotation is under way" in text(answer)


def test_scopes_that_were_not_needed_are_taken_away(alice, issue, call):
    api_key, key = issue("scans_read", "billing")
    call(key)
    browser = surf(alice)
    page = text(browser.get(at(api_key)))
    assert "It has not needed these in the last 30 days: <code>billing</code>" in page
    assert "Taken away: billing." in text(press(browser, api_key, "shrink"))
    assert now(api_key).scopes == ["scans_read"]
    assert press(browser, api_key, "shrink").status_code == 409


def test_a_member_sees_why_they_may_not_bring_back_more_than_they_hold(bob, issue):
    api_key = issue("billing", owner=bob)[0]
    page = text(surf(bob).get(at(api_key)))
    assert "You may not rotate or restore it:" in page
    assert "You do not hold these yourself: billing." in page
    assert f'href="{at(api_key, "/rotate")}"' not in page
    assert surf(bob).post(at(api_key, "/rotate")).status_code == 403
