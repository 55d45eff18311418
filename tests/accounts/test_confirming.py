"""Confirm it is you: who has to, by what, and what comes back."""

import pytest

from tests.cast import PASSWORD
from tests.surfing import age, surf

CONFIRM = "/settings/confirm?next=/settings/sessions"


@pytest.fixture
def surfer(alice):
    return surf(alice)


def test_who_has_just_signed_in_is_not_asked(surfer):
    answer = surfer.get(CONFIRM)
    assert (answer.status_code, answer["Location"]) == (302, "/settings/sessions")


def test_who_signed_in_long_ago_is_asked_for_the_password(surfer):
    age(surfer.session_row)
    page = surfer.get(CONFIRM)
    assert b"Confirm it is you" in page.content
    assert b'name="confirm_password"' in page.content


def test_the_password_is_enough_for_fifteen_minutes(surfer):
    age(surfer.session_row)
    answer = surfer.post(CONFIRM, {"confirm_password": PASSWORD})
    assert answer["Location"] == "/settings/sessions"
    assert surfer.get(CONFIRM).status_code == 302


def test_a_wrong_password_asks_again_and_carries_what_was_typed(surfer):
    age(surfer.session_row)
    typed = {"confirm_password": "wrong", "name": "Nightly <b>", "scopes": ["a", "b"]}
    page = surfer.post(CONFIRM, typed)
    assert page.status_code == 400
    text = page.content.decode()
    assert 'name="name" value="Nightly &lt;b&gt;"' in text
    assert text.count('name="scopes"') == 2
    assert "wrong</" not in text


def test_a_stranger_is_sent_to_the_sign_in_page(client):
    answer = client.get("/settings/confirm?next=/settings/sessions")
    assert answer["Location"].startswith("/login?next=%2Fsettings%2Fconfirm")


def test_nobody_is_led_to_another_site(surfer):
    answer = surfer.get("/settings/confirm?next=https://evil.example/")
    assert answer["Location"] == "/"


def test_a_form_that_asked_by_a_link_comes_back_unblamed(surfer, issue):
    api_key = issue("scans_read")[0]
    address = f"/settings/api-keys/{api_key.public_id}/revoke"
    age(surfer.session_row)
    assert b'name="confirm_by_link"' in surfer.get(address).content
    proof = {"confirm_password": PASSWORD, "confirm_by_link": "1"}
    answer = surfer.post(address, proof)
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert b"This field is required" not in surfer.get(address).content


def test_a_button_that_was_pressed_goes_on_at_once(surfer, issue):
    api_key = issue("scans_read")[0]
    address = f"/settings/api-keys/{api_key.public_id}/disable"
    age(surfer.session_row)
    assert b'name="confirm_by_link"' not in surfer.post(address).content
    assert surfer.post(address, {"confirm_password": PASSWORD}).status_code == 302
    api_key.refresh_from_db()
    assert api_key.status == "disabled"


def test_a_link_to_a_button_is_explained_and_does_nothing(surfer, issue):
    api_key = issue("scans_read")[0]
    page = surfer.get(f"/settings/api-keys/{api_key.public_id}/disable")
    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert b"Go back to the page with the button." in page.content
    api_key.refresh_from_db()
    assert api_key.status == "active"
