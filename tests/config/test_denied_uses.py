"""Refused uses of proven credentials are in the audit log, sampled."""

from datetime import timedelta

import pytest
import time_machine
from django.db import Error, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import denials
from accounts.models import AuditEvent
from apikeys.models import ApiKey
from tests.cast import send
from tests.gateway.conftest import CLIENT, VERIFY

SCANS = "/api/v1/scans"


def events(action="credential.denied"):
    denials.write()
    return list(AuditEvent.objects.filter(action=action).order_by("id"))


@pytest.fixture
def minute(monkeypatch):
    """minute() -> the recorder's minutes are over."""

    def passes():
        for kind in denials.recorder.minutes:
            denials.recorder.minutes[kind] = 0.0

    return passes


def test_a_refused_use_is_recorded_with_place_and_reason(issue, alice):
    api_key, key = issue("scans_read")
    answer = send("POST", SCANS, {}, X_API_KEY=key)
    [event] = events()
    told = alice.call("GET", "/api/v1/audit-events").json()["data"][0]
    assert told["id"] == event.public_id
    assert event.organization == alice.organization
    assert {name: told[name] for name in ("actor", "credential", "target")} == (
        dict.fromkeys(("actor", "credential", "target"), api_key.public_id)
    )
    assert told["address"] == "127.0.0.1"
    assert told["request_id"] == answer.headers["X-Request-Id"]
    details = told["details"]
    assert details.pop("seen_at") <= told["at"].replace("+00:00", "Z")
    assert details == {
        "code": "insufficient_scope",
        "route": "POST /api/v1/scans",
        "unrecorded": 0,
    }


def test_each_reason_of_a_refusal_is_recorded(issue, alice, bob, call):
    codes = []
    for code, change in [
        ("ip_not_allowed", {"allowed_ips": ["198.51.100.0/24"]}),
        ("key_expired", {"expires_at": timezone.now() - timedelta(seconds=1)}),
        ("key_disabled", {"disabled_at": timezone.now()}),
        ("key_revoked", {"revoked_at": timezone.now()}),
    ]:
        api_key, key = issue("scans_read")
        ApiKey.objects.filter(pk=api_key.pk).update(**change)
        call(key)
        codes.append(code)
    live = alice.call("POST", SCANS, {"scope": "full"}).json()["id"]
    call(issue("scans_read", environment="test")[1], "GET", f"{SCANS}/{live}")
    bob.call("GET", "/api/v1/audit-events")
    call(issue("scans_read")[1], "POST", "/api/v1/auth/logout")
    found = [event.details["code"] for event in events()]
    assert found == [*codes, "environment_mismatch", "forbidden", "user_required"]


def test_what_nobody_proved_is_not_recorded(issue, alice, call):
    call("nr_live_" + "0" * 48)
    send("GET", SCANS)
    alice.call("GET", f"{SCANS}/scan_x")
    alice.call("POST", SCANS, {"nope": 1})
    token = alice.sign_in()["access_token"]
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        send("GET", SCANS, AUTHORIZATION=f"Bearer {token}")
    assert events() == []


def test_a_minute_has_one_event_and_the_number_of_the_others(issue, call, minute):
    key = issue("scans_read")[1]
    for _ in range(5):
        call(key, "POST", SCANS, {})
    assert [event.details["unrecorded"] for event in events()] == [0]
    minute()
    assert [event.details["unrecorded"] for event in events()] == [0, 3]
    call(key, "POST", SCANS, {})
    assert len(events()) == 2
    minute()
    assert [event.details["unrecorded"] for event in events()] == [0, 3, 0]
    minute()
    assert len(events()) == 3
    assert denials.recorder.minutes == {}


def test_other_credentials_and_other_reasons_are_events_of_their_own(issue, call):
    first, second = issue("scans_read")[1], issue()[1]
    for key in (first, second):
        call(key, "POST", SCANS, {})
        call(key, "POST", "/api/v1/auth/logout")
    assert len(events()) == 4


def test_a_refused_request_writes_nothing_itself(issue, call):
    key = issue("scans_read", allowed_ips=("198.51.100.0/24",))[1]
    with CaptureQueriesContext(
        connection,
    ) as captured:
        call(key)
    assert [query["sql"][:6] for query in captured.captured_queries] == ["SELECT"]
    assert len(events()) == 1


def test_a_list_on_trial_is_recorded_as_a_report(issue, call):
    listed = ("198.51.100.0/24",)
    key = issue("scans_read", allowed_ips=listed, ip_mode="report")[1]
    assert call(key).status_code == 200
    [event] = events("credential.reported")
    assert event.details["code"] == "ip_not_allowed"
    assert events() == []


def test_what_a_service_was_told_to_refuse_is_recorded(issue, call):
    api_key, key = issue("scans_read")
    judge = issue("api_keys_manage")[1]
    question = {"credential": key, "method": "POST", "path": SCANS, "ip": CLIENT}
    call(judge, "POST", VERIFY, {**question, "cost": 0})
    call(judge, "POST", VERIFY, question)
    [event] = events()
    assert (event.target, event.address) == (api_key.public_id, CLIENT)
    assert event.details["route"] == f"POST {SCANS}"


def test_the_memory_is_bounded(issue, call, monkeypatch):
    monkeypatch.setattr(denials, "MOST", 3)
    for _ in range(5):
        call(issue()[1], "GET", SCANS)
    assert len(denials.recorder.minutes) == 3
    assert len(events()) == 3


def test_what_cannot_be_written_is_kept(issue, call, monkeypatch):
    call(issue()[1], "GET", SCANS)
    with monkeypatch.context() as patched:
        patched.setattr(AuditEvent._meta, "db_table", "gone")
        with pytest.raises(Error):
            denials.write()
    assert len(events()) == 1
    assert denials.recorder.pending == []
