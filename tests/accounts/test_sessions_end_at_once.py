"""Whatever ends a session ends it at once: its access token and its refresh token."""

import itertools

import pytest
from django.utils import timezone

from accounts import sessions
from accounts.audit import SYSTEM
from accounts.models import Membership, Organization, Session, User
from tests.cast import PASSWORD, send
from tests.cast import person as person_named

NEW = "walnut kayak 77 comet"


@pytest.fixture(params=["alice", "nadia"], ids=["jwt", "opaque"])
def person(request, signing_keys):
    return request.getfixturevalue(request.param)


def log_out(person):
    assert person.call("POST", "/api/v1/auth/logout").status_code == 204


def deactivate_user(person):
    User.objects.filter(pk=person.user.pk).update(is_active=False)


def deactivate_membership(person):
    Membership.objects.filter(pk=person.membership.pk).update(is_active=False)


def remove_membership(person):
    gone = Membership.objects.filter(pk=person.membership.pk)
    gone.update(removed_at=timezone.now())


def suspend_organization(person):
    found = Organization.objects.filter(pk=person.organization.pk)
    found.update(is_active=False)


def move_the_line(person):
    later = timezone.now()
    User.objects.filter(pk=person.user.pk).update(credentials_valid_from=later)


def end_all(person):
    sessions.end_all(person.user, reason="test", by=SYSTEM)


def delete_row(person):
    Session.objects.all().delete()


ENDINGS = [
    log_out,
    deactivate_user,
    deactivate_membership,
    remove_membership,
    suspend_organization,
    move_the_line,
    end_all,
    delete_row,
]


def refresh(tokens):
    body = {"refresh_token": tokens["refresh_token"]}
    return send("POST", "/api/v1/auth/refresh", body)


def use(tokens):
    bearer = f"Bearer {tokens['access_token']}"
    return send("GET", "/api/v1/scans", AUTHORIZATION=bearer)


@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__.replace("_", " "))
def test_no_token_of_any_generation_works_afterwards(person, end):
    first = person.sign_in()
    second = refresh(first).json()
    assert use(first).status_code == use(second).status_code == 200
    end(person)
    for tokens in (first, second):
        assert use(tokens).status_code == 401
        assert refresh(tokens).status_code == 401
    assert use(second)["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__.replace("_", " "))
def test_no_browser_stays_signed_in_afterwards(alice, browse, end):
    browser = browse()
    browser.log_in(alice)
    assert "Signed in as" in browser.read("/")
    if end is log_out:
        browser.fill_in("/logout", page="/")
    else:
        end(alice)
    assert "Signed in as" not in browser.read("/")


def test_a_refused_token_says_that_the_session_ended(person):
    tokens = person.sign_in()
    log_out(person)
    assert use(tokens).json()["code"] == "session_ended"
    assert refresh(tokens).json()["code"] == "session_ended"


def test_a_password_change_ends_the_others_and_keeps_the_one_at_hand(person):
    other, here = person.sign_in(), person.sign_in()
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert person.call("POST", "/api/v1/auth/password", body).status_code == 204
    assert use(other).status_code == refresh(other).status_code == 401
    assert use(here).status_code == refresh(here).status_code == 200


def test_a_password_change_reaches_sessions_that_sleep(alice, nadia):
    """An organization that was suspended meanwhile comes back without them."""
    Membership.objects.create(
        user=alice.user,
        organization=nadia.organization,
        role="viewer",
        joined_at=timezone.now(),
    )
    there = alice.log_in(organization=nadia.organization.public_id).json()
    alice.sign_in()
    suspend_organization(nadia)
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert alice.call("POST", "/api/v1/auth/password", body).status_code == 204
    Organization.objects.update(is_active=True)
    assert use(there).status_code == refresh(there).status_code == 401


def reset_password(person, post):
    with post() as mails:
        body = {"email": person.user.email}
        send("POST", "/api/v1/auth/password/reset", body)
    token = mails[0].body.partition("/password/reset/")[2].split()[0]
    body = {"token": token, "new_password": NEW}
    assert send("POST", "/api/v1/auth/password/reset/confirm", body).status_code == 204


def test_a_password_reset_ends_all(person, post):
    tokens = person.sign_in()
    reset_password(person, post)
    assert use(tokens).status_code == refresh(tokens).status_code == 401


def test_after_a_reset_no_row_of_before_comes_alive_again(person, post):
    """Not even one that a backup brings back as it was."""
    tokens = person.sign_in()
    [row] = Session.objects.values()
    reset_password(person, post)
    Session.objects.filter(pk=row["id"]).delete()
    Session.objects.create(**row)
    assert use(tokens).status_code == refresh(tokens).status_code == 401


def test_a_lower_role_counts_at_once_without_a_new_token(bob):
    tokens = bob.sign_in()
    scan = {"scope": "full"}
    assert bob.call("POST", "/api/v1/scans", scan).status_code == 201
    Membership.objects.filter(pk=bob.membership.pk).update(role="viewer")
    assert bob.call("POST", "/api/v1/scans", scan).status_code == 403
    assert use(tokens).status_code == 200


def test_a_membership_that_comes_back_brings_no_session_back(alice, bob):
    tokens = bob.sign_in()
    path = f"/api/v1/users/{bob.user.public_id}"
    assert alice.call("DELETE", path).status_code == 204
    Membership.objects.create(
        user=bob.user,
        organization=alice.organization,
        role="member",
        joined_at=timezone.now(),
    )
    assert use(tokens).status_code == refresh(tokens).status_code == 401
    assert bob.log_in().status_code == 200


def test_signing_out_while_being_deactivated_is_no_fault(alice, crowd):
    alice.sign_in()
    members = [
        person_named(f"user{number}@acme.test", alice.organization, "member")
        for number in range(24)
    ]
    for member in members:
        member.sign_in()
    numbers = itertools.count()

    def act():
        number = next(numbers)
        member = members[number // 2]
        if number % 2:
            return member.call("POST", "/api/v1/auth/logout")
        path = f"/api/v1/users/{member.user.public_id}"
        return alice.call("PATCH", path, {"is_active": False})

    answers = crowd(act, times=48)
    assert {answer.status_code for answer in answers} <= {200, 204, 401}


def test_a_member_who_is_activated_again_has_to_sign_in_again(alice, bob):
    tokens = bob.sign_in()
    path = f"/api/v1/users/{bob.user.public_id}"
    assert alice.call("PATCH", path, {"is_active": False}).status_code == 200
    assert alice.call("PATCH", path, {"is_active": True}).status_code == 200
    assert use(tokens).status_code == refresh(tokens).status_code == 401
