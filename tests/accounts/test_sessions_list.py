"""People see where they are signed in, and end what they do not know."""

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, Membership, Organization, Session
from tests.cast import PASSWORD, send

SESSIONS = "/api/v1/auth/sessions"


def listed(person):
    answer = person.call("GET", SESSIONS)
    assert answer.status_code == 200
    return answer.json()["data"]


def is_in(tokens):
    bearer = f"Bearer {tokens['access_token']}"
    answer = send("GET", "/api/v1/auth/whoami", AUTHORIZATION=bearer)
    return answer.status_code == 200


def test_the_list_shows_each_sign_in_the_newest_first(alice):
    body = {"email": alice.user.email, "password": PASSWORD}
    for agent in ("phone", "laptop"):
        alice.tokens = send("POST", "/api/v1/auth/login", body, USER_AGENT=agent).json()
    newest, oldest = listed(alice)
    assert (newest["user_agent"], oldest["user_agent"]) == ("laptop", "phone")
    assert (newest["current"], oldest["current"]) == (True, False)
    assert newest["address"] == newest["last_used_ip"] == "127.0.0.1"
    assert newest["organization"] == alice.organization.public_id


def test_the_list_holds_no_secret(alice):
    alice.sign_in()
    [shown] = listed(alice)
    assert set(shown) == {
        *("id", "organization", "current", "is_browser", "user_agent", "address"),
        *("created_at", "last_used_at", "last_used_ip", "expires_at"),
    }


def test_a_browser_is_in_the_list_too(alice, browse):
    browse().log_in(alice)
    assert {shown["is_browser"] for shown in listed(alice)} == {True, False}


def test_the_list_comes_in_pages(alice):
    for _ in range(5):
        alice.sign_in()
    seen, query = [], "limit=2"
    while query:
        page = alice.call("GET", f"{SESSIONS}?{query}").json()
        seen += [shown["id"] for shown in page["data"]]
        cursor = page["next_cursor"]
        query = f"limit=2&cursor={cursor}" if cursor else ""
    rows = Session.objects.order_by("-id")
    assert seen == [session.public_id for session in rows]


def test_ended_and_expired_sessions_are_not_in_it(alice, clock):
    for _ in range(3):
        alice.sign_in()
    ended, expired, alive = Session.objects.order_by("id")
    Session.objects.filter(pk=ended.pk).end("test")
    Session.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    assert [shown["id"] for shown in listed(alice)] == [alive.public_id]


@pytest.mark.parametrize("ended", ["membership", "organization"])
def test_a_session_that_no_longer_opens_anything_is_not_in_it(alice, nadia, ended):
    other = Membership.objects.create(
        user=alice.user,
        organization=nadia.organization,
        role="viewer",
        joined_at=timezone.now(),
    )
    alice.log_in(organization=nadia.organization.public_id)
    assert len(listed(alice)) == 2
    if ended == "membership":
        Membership.objects.filter(pk=other.pk).update(is_active=False)
    else:
        organizations = Organization.objects.filter(pk=nadia.organization.pk)
        organizations.update(is_active=False)
    assert len(listed(alice)) == 1


def test_nobody_sees_the_sessions_of_somebody_else(alice, bob, carol):
    alice.sign_in()
    for other in (bob, carol):
        assert len(listed(other)) == 1


def test_ending_one_ends_it_alone(alice):
    other, here = alice.sign_in(), alice.sign_in()
    [gone] = [shown["id"] for shown in listed(alice) if not shown["current"]]
    assert alice.call("DELETE", f"{SESSIONS}/{gone}").status_code == 204
    assert not is_in(other)
    assert is_in(here)
    assert alice.call("DELETE", f"{SESSIONS}/{gone}").status_code == 404


def test_ending_the_others_keeps_the_one_at_hand(alice, browse):
    browser, other, here = browse(), alice.sign_in(), alice.sign_in()
    browser.log_in(alice)
    assert alice.call("DELETE", SESSIONS).status_code == 204
    assert is_in(here)
    assert not is_in(other)
    assert "Signed in as" not in browser.read("/")


def test_ending_the_others_leaves_other_people_alone(alice, bob):
    tokens = bob.sign_in()
    alice.call("DELETE", SESSIONS)
    assert is_in(tokens)


def test_ones_own_session_can_be_ended_like_any_other(alice):
    here = alice.sign_in()
    [shown] = listed(alice)
    assert alice.call("DELETE", f"{SESSIONS}/{shown['id']}").status_code == 204
    assert not is_in(here)


def test_strangers_and_colleagues_find_no_session_of_mine(alice, bob, carol):
    tokens = alice.sign_in()
    mine = Session.objects.get().public_id
    for other in (bob, carol):
        assert other.call("DELETE", f"{SESSIONS}/{mine}").status_code == 404
    assert is_in(tokens)


@pytest.mark.parametrize(
    "name",
    ["ses_", "ses_01h455vb4pex5vsknk084sn02q", "key_x", "1", "..", "%00", "ses_x"],
)
def test_an_id_that_is_none_is_not_found(alice, name):
    assert alice.call("DELETE", f"{SESSIONS}/{name}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", SESSIONS),
        ("DELETE", SESSIONS),
        ("DELETE", f"{SESSIONS}/ses_01h455vb4pex5vsknk084sn02q"),
        ("POST", "/api/v1/auth/logout"),
    ],
)
def test_a_key_has_no_sessions(alice, issue, call, method, path):
    for owner in (None, alice):
        _api_key, key = issue("scans_read", owner=owner)
        refused = call(key, method, path)
        assert (refused.status_code, refused.json()["code"]) == (403, "user_required")


def test_without_a_credential_nothing_is_told(alice):
    for method, path in (("GET", SESSIONS), ("POST", "/api/v1/auth/logout")):
        refused = send(method, path)
        assert refused.status_code == 401
        assert refused.json()["code"] == "credential_required"


def test_each_end_is_written_down_once(alice):
    alice.sign_in()
    gone = Session.objects.get().public_id
    alice.sign_in()
    before = AuditEvent.objects.count()
    alice.call("DELETE", f"{SESSIONS}/{gone}")
    alice.call("DELETE", SESSIONS)
    alice.call("POST", "/api/v1/auth/logout")
    events = AuditEvent.objects.order_by("id")[before:]
    assert [event.action for event in events] == [
        "session.ended",
        "sessions.ended",
        "session.ended",
    ]
    assert {event.actor for event in events} == {alice.user.public_id}
