"""Settings > Members: the list, one member, roles, who rests."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential

from accounts.models import Session, TotpDevice
from accounts.roles import Role
from apikeys.models import ApiKey
from tests.cast import person
from tests.surfing import age, surf

PAGE = "/settings/members"


@pytest.fixture
def browser(alice):
    return surf(alice)


def page_of(who, word=""):
    return f"{PAGE}/{who.user.public_id}{word}"


def read(browser, path=PAGE):
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def listed(browser, query=""):
    """The list as its file says it, by e-mail."""
    join = "&" if query else "?"
    answer = browser.get(f"{PAGE}{query}{join}format=json")
    return {each["email"]: each for each in json.loads(answer.content)["data"]}


def test_the_list_names_everybody_with_role_and_status(browser, bob):
    html = read(browser)
    for word in ("alice@acme.test", "Bob", "bob@acme.test", "Owner", "active"):
        assert word in html
    assert "Invite somebody" in html


def test_it_tells_who_has_a_second_factor(browser, alice, bob):
    ann = person("ann@acme.test", alice.organization, Role.MEMBER)
    device = {"name": "x", "sealed_secret": b"x"}
    TotpDevice.objects.create(user=bob.user, confirmed=True, **device)
    TotpDevice.objects.create(user=ann.user, confirmed=False, **device)
    WebAuthnCredential.objects.create(user=alice.user, name="Laptop", sign_count=0)
    rows = listed(browser)
    told = {email: row["second_factors"] for email, row in rows.items()}
    assert told["alice@acme.test"] == ["passkey"]
    assert told["bob@acme.test"] == ["authenticator"]
    assert told["ann@acme.test"] == []


def test_it_tells_when_somebody_was_last_active_here(browser, alice, bob, carol):
    assert listed(browser)["bob@acme.test"]["last_active_at"] is None
    surf(bob)
    then = timezone.now() - timedelta(hours=3)
    Session.objects.filter(membership=bob.membership).update(last_used_at=then)
    assert "3 h ago" in read(browser)
    assert listed(browser)["bob@acme.test"]["last_active_at"][:16] == f"{then:%FT%H:%M}"


def test_it_counts_the_keys_that_somebody_holds(browser, bob, issue):
    issue("scans_read", owner=bob)
    kept, _ = issue("scans_read")
    kept.contact = bob.membership
    kept.save()
    gone = issue("scans_read", owner=bob)[0]
    ApiKey.objects.filter(pk=gone.pk).revoke("unused")
    assert listed(browser)["bob@acme.test"]["keys"] == 2
    assert listed(browser)["alice@acme.test"]["keys"] == 0
    html = read(browser, page_of(bob))
    assert "these stop when the member goes" in html
    assert "the member answers for these" in html


def test_of_an_invited_person_only_the_address_is_told(browser, alice, carol):
    TotpDevice.objects.create(
        user=carol.user, confirmed=True, name="x", sealed_secret=b"x"
    )
    surf(carol)
    body = {"email": "CAROL@other.test", "role": "viewer"}
    assert alice.call("POST", "/api/v1/users", body).status_code == 201
    row = listed(browser)["CAROL@other.test"]
    assert (row["name"], row["status"]) == ("", "invited")
    assert (row["second_factors"], row["last_active_at"]) == ([], None)
    assert listed(browser, "?search=Carol@o").keys() == {"CAROL@other.test"}
    carol.user.name = "Secretname"
    carol.user.save()
    assert listed(browser, "?search=Secretname") == {}
    assert "Secretname" not in read(browser) + read(browser, page_of(carol))


def test_the_list_is_searched_and_filtered(browser, bob):
    assert listed(browser, "?search=BOB").keys() == {"bob@acme.test"}
    assert listed(browser, "?role=owner").keys() == {"alice@acme.test"}
    assert listed(browser, "?role=nonsense").keys() == {
        "alice@acme.test",
        "bob@acme.test",
    }
    assert "Nobody here is like that" in read(browser, f"{PAGE}?search=%25_%00'")
    assert 'value="b&quot;&gt;"' in read(browser, f'{PAGE}?search=b">')


def test_a_role_is_changed_at_once(browser, bob):
    answer = browser.post(page_of(bob, "/role"), {"role": "admin"})
    assert answer["Location"] == page_of(bob)
    bob.membership.refresh_from_db()
    assert bob.membership.role == "admin"
    assert "The role was changed" in read(browser, page_of(bob))


@pytest.mark.parametrize("role", ["", "king", "Owner", "owner\0"])
def test_a_role_that_is_none_is_refused(browser, bob, role):
    assert browser.post(page_of(bob, "/role"), {"role": role}).status_code == 400
    bob.membership.refresh_from_db()
    assert bob.membership.role == "member"


def test_nobody_hands_on_what_they_do_not_hold(alice, bob):
    ann = person("ann@acme.test", alice.organization, Role.ADMIN)
    browser = surf(ann)
    assert browser.post(page_of(bob, "/role"), {"role": "owner"}).status_code == 403
    assert 'value="owner"' not in read(browser, page_of(bob))
    html = read(browser, page_of(alice))
    assert "can change this member" in html
    assert "Deactivate" not in html
    for word, body in (("role", {"role": "viewer"}), ("deactivate", {})):
        assert browser.post(page_of(alice, f"/{word}"), body).status_code == 403
    alice.membership.refresh_from_db()
    assert (alice.membership.role, alice.membership.is_active) == ("owner", True)


def test_the_last_owner_stays_one(browser, alice):
    assert browser.post(page_of(alice, "/role"), {"role": "admin"}).status_code == 409
    assert browser.post(page_of(alice, "/deactivate")).status_code == 409
    alice.membership.refresh_from_db()
    assert (alice.membership.role, alice.membership.is_active) == ("owner", True)


def test_who_is_deactivated_is_out_at_once_and_may_come_back(browser, bob):
    theirs = surf(bob)
    assert browser.post(page_of(bob, "/deactivate")).status_code == 302
    assert theirs.get("/settings/usage")["Location"].startswith("/login")
    assert "inactive" in read(browser, page_of(bob))
    assert browser.post(page_of(bob, "/activate")).status_code == 302
    assert surf(bob).get("/settings/usage").status_code == 200


def test_it_leads_to_the_question_what_becomes_of_the_keys(browser, bob):
    assert f'href="{page_of(bob)}/remove"' in read(browser, page_of(bob))


def test_strangers_colleagues_and_the_signed_out_reach_none(alice, bob, carol, client):
    stranger, member = surf(carol), surf(bob)
    for word in ("", "/role", "/deactivate", "/activate", "/invite-again"):
        verb, path = "post" if word else "get", page_of(bob, word)
        assert getattr(stranger, verb)(path).status_code == 404, path
        assert getattr(member, verb)(path).status_code == 403, path
        assert getattr(client, verb)(path)["Location"].startswith("/login"), path
    assert member.get(PAGE).status_code == 403
    assert "alice@acme.test" not in read(stranger)


def test_an_action_is_no_link_and_asks_who_it_is(browser, alice, bob):
    for word in ("/role", "/deactivate", "/activate", "/invite-again"):
        assert browser.get(page_of(bob, word)).status_code == 405
    age(browser.session_row)
    asked = browser.post(page_of(bob, "/role"), {"role": "viewer"}).content.decode()
    assert "Confirm it is you" in asked
    assert 'name="role" value="viewer"' in asked
    bob.membership.refresh_from_db()
    assert bob.membership.role == "member"
    body = {"role": "viewer", "confirm_password": alice.password}
    assert browser.post(page_of(bob, "/role"), body).status_code == 302
    bob.membership.refresh_from_db()
    assert bob.membership.role == "viewer"


def test_the_list_costs_the_same_for_many(
    browser, alice, bob, issue, django_assert_max_num_queries
):
    people = [
        person(f"p{number}@acme.test", alice.organization, Role.MEMBER)
        for number in range(24)
    ]
    for each in people[:5]:
        issue("scans_read", owner=each)
        surf(each)
    with django_assert_max_num_queries(8):
        html = read(browser)
    assert html.count('th scope="row"') == 25
    assert 'rel="next"' in html
    assert len(html.encode()) < 30_000
