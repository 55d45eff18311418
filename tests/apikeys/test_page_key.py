"""The page of one key: who sees it, what it tells, what it costs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit import SYSTEM, Actor
from accounts.models import AuditEvent
from apikeys import events, rotation
from apikeys.models import ApiKey
from ratelimits import usage
from ratelimits.models import Usage
from tests.cast import send
from tests.surfing import surf

KEYS = "/settings/api-keys"


def at(api_key, rest=""):
    return f"{KEYS}/{api_key.public_id}{rest}"


def read(person, api_key, rest=""):
    answer = surf(person).get(at(api_key, rest))
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def test_who_is_signed_out_is_led_to_sign_in(client, issue):
    answer = client.get(at(issue("scans_read")[0]))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login?next=%2Fsettings%2Fapi-keys%2Fkey_")


def test_a_stranger_finds_no_such_key(carol, issue):
    answer = surf(carol).get(at(issue("scans_read")[0]))
    assert answer.status_code == 404
    assert b"CI" not in answer.content


@pytest.mark.parametrize(
    "key_id", ["key_1", "nothing", "usr_01h455vb4pex5vsknk084sn02q"]
)
def test_what_is_no_id_of_a_key_is_not_found(alice, key_id):
    assert surf(alice).get(f"{KEYS}/{key_id}").status_code == 404


def test_a_member_sees_their_own_key_and_no_other(alice, bob, issue):
    own = issue("scans_read", owner=bob)[0]
    assert "scans_read" in read(bob, own)
    for other in (issue("scans_read")[0], issue("scans_read", owner=alice)[0]):
        assert surf(bob).get(at(other)).status_code == 403


def test_it_tells_what_the_key_is(alice, bob, issue):
    api_key, key = issue(
        "scans_read",
        name="<b>Nightly</b>",
        owner=bob,
        allowed_ips=("10.0.0.0/8",),
        limits={"per_minute": 7},
        tags=("<i>blue</i>",),
        metadata={"team": "<u>ops</u>"},
    )
    page = read(alice, api_key)
    assert api_key.hint in page
    assert key not in page
    assert "&lt;b&gt;Nightly&lt;/b&gt;" in page
    assert "<b>Nightly" not in page
    for told in ("10.0.0.0/8", "7/min", "Bob", api_key.public_id):
        assert told in page
    for odd in ("<i>blue", "<u>ops"):
        assert odd not in page


def test_it_draws_its_use_and_names_where_it_came_from(alice, issue, call):
    api_key, key = issue("scans_read")
    call(key)
    call(key, "POST", body={"scope": "full"})
    page = read(alice, api_key)
    assert "Requests: 2. Turned away: 1." in page
    assert 'class="chart chart-bars"' in page
    assert "GET /api/v1/scans" in page
    assert "127.0.0.1" in page
    assert "Without the right to it <b>1</b>" in page


@pytest.mark.parametrize(
    ("asked", "days"), [("7", 7), ("90", 90), ("12", 30), ("x", 30)]
)
def test_only_the_offered_days_are_shown(alice, issue, asked, days):
    page = read(alice, issue("scans_read")[0], f"?days={asked}")
    assert f"Last {days} days" in page


def test_its_days_are_a_file(alice, issue, call):
    api_key, key = issue("scans_read")
    call(key)
    answer = surf(alice).get(at(api_key, "?days=7&format=csv"))
    lines = answer.content.decode().splitlines()
    assert len(lines) == 1 + 7
    assert lines[0].startswith("day,charged,requests,allowed")
    assert lines[1].startswith(f"{timezone.now():%Y-%m-%d},1,1,1")
    rows = surf(alice).get(at(api_key, "?days=90&format=json")).json()["data"]
    assert len(rows) == 90


def test_no_stranger_gets_the_file(carol, issue):
    answer = surf(carol).get(at(issue("scans_read")[0], "?format=csv"))
    assert answer.status_code == 404


def test_it_lists_what_was_refused(alice, issue, call):
    api_key, key = issue("scans_read")
    send("POST", "/api/v1/scans", {"scope": "full"}, X_API_KEY=key)
    from_log("insufficient_scope", api_key)
    page = read(alice, api_key)
    assert "Recent refusals" in page
    assert "insufficient_scope" in page


def from_log(code, api_key):
    AuditEvent.objects.create(
        organization=api_key.organization,
        action="credential.denied",
        actor=api_key.public_id,
        target=api_key.public_id,
        details={"code": code, "route": "POST /api/v1/scans", "unrecorded": 3},
    )


def test_it_tells_its_history_and_who_made_it(alice, bob, issue):
    api_key = issue("scans_read", owner=bob)[0]
    rotation.rotate_for(
        api_key, 60, by=Actor(alice.user.public_id, address="192.0.2.7")
    )
    page = read(alice, api_key)
    assert "Rotated" in page
    assert "<bdi>Alice</bdi> <code>192.0.2.7</code>" in page
    assert "Alice" in read(bob, api_key)
    assert "192.0.2.7" not in read(bob, api_key)


def test_an_operator_of_another_organization_has_no_name_here(alice, carol, issue):
    api_key = issue("scans_read")[0]
    events.record("api_key.rotated", api_key, by=Actor(carol.user.public_id))
    page = read(alice, api_key)
    assert "<bdi>the operator</bdi>" in page
    assert "Carol" not in page


def test_it_says_what_a_scope_is_suspended_by(alice, bob, issue):
    page = read(alice, issue("scans_read", "billing", owner=bob)[0])
    assert "no effect now: role" in page


def test_its_statements_do_not_grow_with_its_history(
    alice, issue, call, django_assert_max_num_queries
):
    api_key = issue("scans_read")[0]
    grow(api_key, 90)
    browser = surf(alice)
    browser.get(at(api_key))
    with django_assert_max_num_queries(14):
        assert browser.get(at(api_key, "?days=90")).status_code == 200


def grow(api_key, days):
    """Use on each of the last days, and much history."""
    today = timezone.now().date()
    Usage.objects.bulk_create(
        Usage(
            credential=api_key.public_id,
            kind="api_key",
            organization=api_key.organization.public_id,
            environment="live",
            day=today - timedelta(days=back),
            requests=back,
            allowed=back,
            details={"scopes": {"scans_read": back}, "endpoints": {"GET /a": back}},
        )
        for back in range(days)
    )
    for number in range(30):
        events.record("api_key.changed", api_key, by=Actor(f"key_{number}"))
        from_log("rate_limited", api_key)


def test_ninety_days_are_a_light_page(alice, issue):
    api_key = issue("scans_read", "scans_write", "devices_read")[0]
    grow(api_key, 90)
    assert len(read(alice, api_key, "?days=90").encode()) <= 30_000


def test_nothing_of_it_is_kept_by_the_browser(alice, issue):
    answer = surf(alice).get(at(issue("scans_read")[0]))
    assert "no-store" in answer["Cache-Control"]


def test_a_get_changes_nothing(alice, issue):
    api_key = issue("scans_read")[0]
    browser, before = surf(alice), ApiKey.objects.get(pk=api_key.pk)
    for name in (
        "disable",
        "enable",
        "restore",
        "shrink",
        "rotate/finish",
        "rotate/cancel",
    ):
        assert browser.get(at(api_key, f"/{name}")).status_code == 405
    for name in ("edit", "rotate", "revoke", "transfer"):
        assert browser.get(at(api_key, f"/{name}")).status_code == 200
    after = ApiKey.objects.get(pk=api_key.pk)
    usage.recorder.flush()
    assert vars(after) | {"_state": None} == vars(before) | {"_state": None}
    assert not AuditEvent.objects.filter(target=api_key.public_id).exclude(
        actor=SYSTEM.id
    )


def test_metadata_is_shown_whatever_its_members_are_called(alice, issue):
    metadata = {"items": "a", "keys": "b", "<b>": "<i>"}
    api_key = issue("scans_read", metadata=metadata)[0]
    answer = surf(alice).get(f"/settings/api-keys/{api_key.public_id}")
    assert answer.status_code == 200
    page = answer.content.decode()
    for name, value in (("items", "a"), ("keys", "b"), ("&lt;b&gt;", "&lt;i&gt;")):
        assert f"<bdi>{name}</bdi>: <bdi>{value}</bdi>" in page
