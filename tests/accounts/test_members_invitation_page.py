"""The page behind an invitation's link does what the endpoint does."""

import re

import pytest

from accounts.models import User

PASSWORD = "seven blue lanterns"


@pytest.fixture
def invite(alice, post):
    """invite("dora@new.test") -> the path shown to alice and the mailed one."""

    def ask(email="dora@new.test"):
        with post() as mails:
            body = {"email": email, "role": "member"}
            answer = alice.call("POST", "/api/v1/users", body).json()
        mailed = re.search(r"/invitations/[\w-]+", mails[-1].body)
        return "/invitations/" + answer["invitation_url"].rpartition("/")[2], mailed[0]

    return ask


def test_a_newcomer_fills_in_a_form_and_signs_in(invite, browse):
    shown, _ = invite()
    joined = browse().fill_in(shown, name="Dora", password=PASSWORD)
    assert (joined.status_code, joined.headers["Location"]) == (302, "/login")
    fresh = browse().fill_in("/login", email="dora@new.test", password=PASSWORD)
    assert (fresh.status_code, fresh.headers["Location"]) == (302, "/")


def test_only_the_mailed_page_proves_the_mailbox(invite, browse):
    shown, _ = invite("dora@new.test")
    _, mailed = invite("emil@new.test")
    for path in (shown, mailed):
        browse().fill_in(path, name="New", password=PASSWORD)
    verified = User.objects.exclude(email_verified_at=None)
    assert [user.email for user in verified] == ["emil@new.test"]


def test_who_is_signed_in_joins_by_a_button(invite, browse, carol, alice):
    shown, _ = invite(carol.user.email)
    browser = browse()
    browser.log_in(carol)
    joined = browser.fill_in(shown)
    assert (joined.status_code, joined.headers["Location"]) == (302, "/")
    there = alice.organization.memberships.get(user=carol.user)
    assert there.status == "active"


def test_another_person_who_is_signed_in_does_not_join(
    invite, browse, alice, carol, nadia
):
    shown, _ = invite(carol.user.email)
    browser = browse()
    browser.log_in(nadia)
    assert browser.fill_in(shown).status_code == 403
    there = alice.organization.memberships.exclude(user=alice.user).get()
    assert (there.user, there.status) == (carol.user, "invited")


def test_a_link_sets_no_password_of_an_account(invite, browse, carol):
    shown, _ = invite(carol.user.email)
    refused = browse().fill_in(shown, name="Mallory", password=PASSWORD)
    assert refused.status_code in (401, 403)
    carol.user.refresh_from_db()
    assert carol.user.check_password(carol.password)


def test_opening_a_link_joins_nobody(invite, browse):
    shown, _ = invite()
    for _ in range(3):
        assert browse().get(shown).status_code == 200
    assert not User.objects.get(email="dora@new.test").has_usable_password()


def test_a_form_without_its_token_joins_nobody(invite, browse):
    shown, _ = invite()
    assert browse().post(shown, {"name": "D", "password": PASSWORD}).status_code == 403
    assert not User.objects.get(email="dora@new.test").has_usable_password()


@pytest.mark.parametrize("token", ["x", "0" * 43, "%00", "..%2f"])
def test_a_dead_link_says_so_on_a_page(db, browse, token):
    answer = browse().get(f"/invitations/{token}")
    assert answer.status_code in (400, 404)
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_used_link_says_so(invite, browse):
    shown, mailed = invite()
    browse().fill_in(shown, name="Dora", password=PASSWORD)
    for path in (shown, mailed):
        assert browse().get(path).status_code == 400


def test_a_page_with_a_secret_in_its_address_is_kept_by_nobody(invite, browse):
    shown, _ = invite()
    page = browse().get(shown)
    assert "no-store" in page.headers["Cache-Control"]
    assert page.headers["Referrer-Policy"] == "same-origin"
