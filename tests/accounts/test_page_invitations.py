"""Settings > Members > Invite: the link is shown to the inviter this once."""

import re

import pytest

from accounts.models import Invitation, Membership
from accounts.roles import Role
from tests.cast import person
from tests.surfing import age, surf

PAGE = "/settings/members/new"
LINK = re.compile(r"/invitations/[\w-]{43}")


@pytest.fixture
def browser(alice):
    return surf(alice)


def nonce_of(browser, path=PAGE):
    html = browser.get(path).content.decode()
    return re.search(r'form_nonce" value="([^"]+)"', html)[1]


def invite(browser, **fields):
    nonce = nonce_of(browser)
    fields = {"email": "dora@new.test", "role": "member", "form_nonce": nonce, **fields}
    return browser.post(PAGE, fields)


def invited():
    return Membership.objects.get(joined_at=None)


def test_an_invitation_is_mailed_and_its_link_shown_once(alice, browser, post):
    with post() as mails:
        answer = invite(browser)
    assert answer.status_code == 201
    assert "no-store" in answer["Cache-Control"]
    [shown] = LINK.findall(answer.content.decode())
    [mailed] = LINK.findall(mails[0].body)
    assert mails[0].to == ["dora@new.test"]
    assert shown != mailed
    page = f"/settings/members/{invited().user.public_id}"
    for path in ("/settings/members", page):
        assert not LINK.search(browser.get(path).content.decode())
    assert browser.get(shown).status_code == 200


def test_sending_the_form_again_invites_nobody_twice(browser, post):
    nonce = nonce_of(browser)
    with post() as mails:
        invite(browser, form_nonce=nonce)
        again = invite(browser, form_nonce=nonce)
    assert again.status_code == 409
    assert not LINK.search(again.content.decode())
    assert len(mails) == Invitation.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": ""},
        {"email": "nobody"},
        {"email": "a@b.test\r\nBcc: c@d.test"},
        {"email": "x" * 300 + "@b.test"},
        {"role": ""},
        {"role": "king"},
        {"email": "bob@acme.test"},
    ],
)
def test_wrong_input_says_why_and_keeps_what_was_typed(browser, bob, wrong):
    answer = invite(browser, **wrong)
    assert answer.status_code == 400
    html = answer.content.decode()
    assert 'class="error"' in html
    assert "email" in wrong or "dora@new.test" in html
    assert not Invitation.objects.exists()


def test_nobody_invites_above_themselves(alice):
    browser = surf(person("ann@acme.test", alice.organization, Role.ADMIN))
    assert 'value="owner"' not in browser.get(PAGE).content.decode()
    assert invite(browser, role="owner").status_code == 400
    assert not Invitation.objects.exists()


def test_who_has_not_come_is_invited_again_by_a_new_link(browser, post):
    [old] = LINK.findall(invite(browser).content.decode())
    page = f"/settings/members/{invited().user.public_id}"
    assert "open until" in browser.get(page).content.decode()
    body = {"form_nonce": nonce_of(browser, page)}
    with post() as mails:
        answer = browser.post(f"{page}/invite-again", body)
    [new] = LINK.findall(answer.content.decode())
    assert len(mails) == 1
    assert browser.get(old).status_code == 400
    assert browser.get(new).status_code == 200
    assert browser.post(f"{page}/invite-again", body).status_code == 409


def test_who_has_joined_is_not_invited_again(browser, bob):
    page = f"/settings/members/{bob.user.public_id}"
    answer = browser.post(f"{page}/invite-again", {"form_nonce": nonce_of(browser)})
    assert answer.status_code == 409
    assert not Invitation.objects.exists()


def test_it_asks_who_it_is_and_keeps_what_was_typed(alice, browser):
    nonce = nonce_of(browser)
    age(browser.session_row)
    body = {"email": "dora@new.test", "role": "viewer", "form_nonce": nonce}
    asked = browser.post(PAGE, body).content.decode()
    assert "Confirm it is you" in asked
    assert 'value="dora@new.test"' in asked
    assert not Invitation.objects.exists()
    right = {**body, "confirm_password": alice.password}
    assert browser.post(PAGE, right).status_code == 201


def test_a_member_and_the_signed_out_invite_nobody(bob, client):
    assert surf(bob).get(PAGE).status_code == 403
    assert surf(bob).post(PAGE, {"email": "a@b.test"}).status_code == 403
    assert client.get(PAGE)["Location"].startswith("/login")


def test_a_name_of_html_is_text(browser, alice):
    invite(browser, email='"<b>x</b>"@new.test')
    html = browser.get("/settings/members").content.decode()
    assert "<b>x" not in html
