"""What the pages of the way in show, and where they lead."""

import pytest

from accounts import invitations, passwords, waiting
from accounts.models import Invitation

CODE = "/login/code"


def test_the_sign_in_page_lets_password_managers_and_passkeys_in(db, client):
    page = client.get("/login").content.decode()
    assert 'autocomplete="username webauthn"' in page
    assert 'autocomplete="current-password"' in page
    assert 'data-show-password="id_password"' in page
    assert page.count("<h1>") == 1


def test_without_a_script_no_button_promises_a_passkey(db, client):
    page = client.get("/login").content.decode()
    button = page[page.index("<button", page.index("Forgot") - 900) :]
    assert "hidden data-passkey" in button


def test_a_second_step_without_a_passkey_offers_none(alice, enrol, browse):
    enrol(alice)
    browser = browse()
    browser.log_in(alice)
    page = browser.read(CODE)
    assert "data-passkey" not in page
    assert "passkeys.js" not in page
    assert 'inputmode="numeric"' in page


def test_a_recovery_code_has_a_keyboard_of_its_own(alice, enrol, browse):
    app, browser = enrol(alice), browse()
    browser.log_in(alice, "/login?next=/settings/usage")
    assert "?recovery=1&amp;next=%2Fsettings%2Fusage" in browser.read(
        f"{CODE}?next=%2Fsettings%2Fusage"
    )
    path = f"{CODE}?recovery=1&next=%2Fsettings%2Fusage"
    page = browser.read(path)
    assert 'inputmode="numeric"' not in page
    assert 'name="trust"' not in page
    answer = browser.fill_in(path, totp_code=app.recovery_codes[0])
    assert answer["Location"] == "/settings/usage"


def test_a_wrong_recovery_code_is_told_as_one(alice, enrol, browse):
    enrol(alice)
    browser = browse()
    browser.log_in(alice)
    wrong = "aaaa-aaaa-aaaa-aaaa"
    page = browser.fill_in(f"{CODE}?recovery=1", totp_code=wrong).content
    assert b"This is none of your recovery codes" in page
    assert b"six digits" not in page


def test_a_weak_new_password_is_told_without_the_name_of_the_field(alice, browse, post):
    with post() as mails:
        passwords.request_reset(alice.user.email)
    token = mails[0].body.partition("/password/reset/")[2].split()[0]
    page = browse().fill_in(f"/password/reset/{token}", new_password="short").content
    assert b"This password is too short" in page
    assert b"new_password:" not in page


def test_spaces_in_a_code_are_taken_out(alice, enrol, browse):
    app, browser = enrol(alice), browse()
    browser.log_in(alice)
    code = app.code()
    answer = browser.fill_in(CODE, totp_code=f" {code[:3]} {code[3:]} ")
    assert answer.status_code == 302


def test_programs_find_where_a_password_is_changed(db, client):
    answer = client.get("/.well-known/change-password")
    told = (answer.status_code, answer["Location"])
    assert told == (302, "/settings/security#password")


@pytest.fixture
def invite(bob):
    """invite() -> the token of a new invitation, as it is mailed."""

    def begin():
        Invitation.objects.filter(membership=bob.membership).delete()
        type(bob.membership).objects.filter(pk=bob.membership.pk).update(joined_at=None)
        url = invitations._new_links(bob.membership)[1]
        return url.rsplit("/", 1)[1]

    return begin


def test_an_invitation_says_where_to(alice, invite, client):
    alice.organization.name = "Acme <b>"
    alice.organization.save()
    page = client.get(f"/invitations/{invite()}").content.decode()
    assert "<bdi>Acme &lt;b&gt;</bdi> invites you as Member." in page


def test_a_used_invitation_says_nothing_of_where_to(alice, client):
    page = client.get("/invitations/unknown").content.decode()
    assert "invites you" not in page
    assert "Ask for a new link" in page


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 s"),
        (59, "59 s"),
        (60, "1 min"),
        (250, "4 min 10 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (3601, "1 h 1 min"),
        (7199, "2 h 0 min"),
    ],
)
def test_a_wait_is_told_in_words(seconds, words):
    assert waiting.in_words(seconds) == words
