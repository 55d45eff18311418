"""A rotation replaces the secret of a key, and nothing else of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.last_used import recorder
from accounts.models import AuditEvent
from apikeys.models import ApiKey, ApiKeySecret
from tests.accounts.conftest import clock as clock
from tests.accounts.test_secrets_at_rest import assert_nowhere
from tests.apikeys.conftest import through

KEYS = "/api/v1/api-keys"
HOUR = 3_600
DAY = 24 * HOUR


@pytest.fixture
def rotate(alice):
    """rotate(id, grace_seconds, who=bob) -> the answer. Without `who` it is alice."""

    def ask(key_id, grace=None, who=None, word="rotate"):
        body = None if grace is None else {"grace_seconds": grace}
        return through(who or alice, "POST", f"{KEYS}/{key_id}/{word}", body)

    return ask


@pytest.fixture
def made(ask):
    """A key of the organization, as its creation answered."""
    answer = ask()
    assert answer.status_code == 201
    return answer.json()


def works(call, *keys):
    return [call(key).status_code == 200 for key in keys]


def test_a_rotated_key_is_the_same_key_with_a_new_secret(made, rotate, call):
    answer = rotate(made["id"], HOUR)
    assert answer.status_code == 200
    body = answer.json()
    key, secrets = body.pop("key"), body.pop("secrets")
    unchanged = {name: value for name, value in made.items() if name != "key"}
    assert {**body, "hint": made["hint"]} == unchanged
    assert key.startswith("nr_live_")
    assert key != made["key"]
    assert body["hint"] == f"{key[:12]}…{key[-4:]}"
    assert [(each["hint"], each["status"]) for each in secrets] == [
        (body["hint"], "current"),
        (made["hint"], "retiring"),
    ]
    assert works(call, made["key"], key) == [True, True]


def test_without_a_grace_the_old_secret_is_refused_from_the_answer_on(
    made, rotate, call, refused
):
    new = rotate(made["id"]).json()
    assert [each["status"] for each in new["secrets"]] == ["current"]
    assert works(call, new["key"]) == [True]
    body = refused(call(made["key"]), 401, "key_revoked")
    assert "replaced" in body["detail"]


def test_the_old_secret_lives_to_the_end_of_its_grace(clock, made, rotate, call):
    new = rotate(made["id"], HOUR).json()["key"]
    clock.shift(HOUR - 1)
    assert works(call, made["key"], new) == [True, True]
    clock.shift(1)
    assert works(call, made["key"], new) == [False, True]


def test_a_grace_does_not_outlive_the_key(clock, ask, rotate, call, refused):
    clock.move_to(1_900_000_000)
    made = ask(expires_at="2030-03-17T17:47:40Z").json()
    body = rotate(made["id"], HOUR).json()
    assert body["secrets"][1]["retires_at"] == "2030-03-17T17:47:40.000Z"
    clock.shift(59)
    assert works(call, made["key"], body["key"]) == [True, True]
    clock.shift(1)
    for key in (made["key"], body["key"]):
        refused(call(key), 401, "key_expired")


@pytest.mark.parametrize("grace", [-1, 30 * DAY + 1, 1.5, "60", True, None])
def test_a_grace_is_a_whole_number_of_seconds_up_to_thirty_days(
    alice, made, rotate, refused, grace
):
    path = f"{KEYS}/{made['id']}/rotate"
    body = refused(
        alice.call("POST", path, {"grace_seconds": grace}), 400, "invalid_request"
    )
    assert body["errors"][0]["field"] == "grace_seconds"
    assert ApiKeySecret.objects.count() == 1
    assert rotate(made["id"], 30 * DAY).status_code == 200


@pytest.mark.usefixtures("standing_limits")
def test_both_secrets_count_as_one_key(made, rotate, call):
    new = rotate(made["id"], HOUR).json()["key"]
    answers = [call(key) for key in (*[made["key"]] * 3, *[new] * 3)]
    left = [int(answer.headers["X-RateLimit-Remaining"]) for answer in answers]
    assert left[0] - left[-1] == 5


def test_each_secret_has_a_last_use_of_its_own(made, rotate, call, alice):
    call(made["key"])
    rotate(made["id"], HOUR)
    recorder.flush()
    body = alice.call("GET", f"{KEYS}/{made['id']}").json()
    new, old = body["secrets"]
    assert new["last_used_at"] is new["last_used_ip"] is None
    assert old["last_used_at"] == body["last_used_at"] is not None
    assert old["last_used_ip"] == "127.0.0.1"


# Finish and cancel


def test_a_rotation_can_be_finished_before_its_time(made, rotate, call):
    new = rotate(made["id"], HOUR).json()["key"]
    body = rotate(made["id"], word="rotate/finish").json()
    assert [each["status"] for each in body["secrets"]] == ["current"]
    assert "key" not in body
    assert works(call, made["key"], new) == [False, True]


def test_a_rotation_can_be_cancelled(made, rotate, call):
    new = rotate(made["id"], HOUR).json()["key"]
    body = rotate(made["id"], word="rotate/cancel").json()
    assert [each["status"] for each in body["secrets"]] == ["current"]
    assert body["hint"] == made["hint"]
    assert works(call, made["key"], new) == [True, False]


def test_a_cancelled_rotation_gives_the_old_secret_its_whole_life_back(
    clock, made, rotate, call
):
    rotate(made["id"], HOUR)
    rotate(made["id"], word="rotate/cancel")
    clock.shift(40 * DAY)
    assert works(call, made["key"]) == [True]


@pytest.mark.parametrize("word", ["rotate/finish", "rotate/cancel"])
def test_without_an_old_secret_there_is_nothing_to_finish_or_to_cancel(
    clock, alice, made, rotate, refused, call, word
):
    refused(rotate(made["id"], word=word), 409, "conflict")
    new = rotate(made["id"], HOUR).json()["key"]
    clock.shift(HOUR)
    alice.sign_in()
    refused(rotate(made["id"], word=word), 409, "conflict")
    assert works(call, new) == [True]


def test_a_second_grace_waits_for_the_end_of_the_first(made, rotate, call, refused):
    second = rotate(made["id"], HOUR).json()["key"]
    body = refused(rotate(made["id"], HOUR), 409, "conflict")
    assert "Finish or cancel" in body["detail"]
    assert works(call, made["key"], second) == [True, True]


def test_a_rotation_without_a_grace_ends_all_others(made, rotate, call):
    second = rotate(made["id"], HOUR).json()["key"]
    third = rotate(made["id"], 0).json()["key"]
    assert works(call, made["key"], second, third) == [False, False, True]


# Keys that are not as usual


def test_a_dead_key_is_not_rotated(clock, alice, ask, rotate, refused):
    clock.move_to(1_900_000_000)
    revoked = ask(name="one").json()["id"]
    alice.call("DELETE", f"{KEYS}/{revoked}")
    expired = ask(name="two", expires_at="2030-03-17T17:47:40Z").json()["id"]
    clock.shift(60)
    for key_id in (revoked, expired):
        for word in ("rotate", "rotate/finish", "rotate/cancel"):
            refused(rotate(key_id, word=word), 409, "conflict")


def test_a_disabled_key_is_rotated_and_stays_disabled(made, rotate, call, refused):
    ApiKey.objects.update(disabled_at=timezone.now())
    body = rotate(made["id"], HOUR).json()
    assert body["status"] == "disabled"
    refused(call(body["key"]), 401, "key_disabled")


def leak(key):
    """As the policy "rotate" does it: the leaked secret ends in a day."""
    now = timezone.now()
    secret = ApiKeySecret.objects.find(key)
    secret.leaked_at, secret.retires_at = now, now + timedelta(days=1)
    secret.save()


def test_a_key_without_a_current_secret_is_given_one(clock, made, rotate, call):
    leak(made["key"])
    body = rotate(made["id"], 30 * DAY).json()
    assert works(call, made["key"], body["key"]) == [True, True]
    assert [each["status"] for each in body["secrets"]] == ["current", "retiring"]
    clock.shift(DAY)
    assert works(call, made["key"], body["key"]) == [False, True]


def test_the_last_secret_of_a_key_is_not_finished(made, rotate, call, refused):
    leak(made["key"])
    refused(rotate(made["id"], word="rotate/finish"), 409, "conflict")
    assert works(call, made["key"]) == [True]


def test_no_cancelling_brings_a_leaked_secret_back(clock, made, rotate, call, refused):
    leak(made["key"])
    new = rotate(made["id"], HOUR).json()["key"]
    refused(rotate(made["id"], word="rotate/cancel"), 409, "conflict")
    clock.shift(HOUR)
    assert works(call, made["key"], new) == [False, True]


# What is written down


def test_every_step_is_in_the_audit_log(made, rotate):
    rotate(made["id"], HOUR)
    rotate(made["id"], word="rotate/cancel")
    rotate(made["id"], HOUR)
    rotate(made["id"], word="rotate/finish")
    events = AuditEvent.objects.filter(action__startswith="api_key.rotat")
    assert [event.action for event in events.order_by("pk")] == [
        "api_key.rotated",
        "api_key.rotation_cancelled",
        "api_key.rotated",
        "api_key.rotation_finished",
    ]
    rotated = events.order_by("pk")[0]
    assert rotated.target == made["id"]
    assert rotated.details["grace_seconds"] == HOUR
    assert rotated.details["old_secret_ends_at"]


def test_no_secret_is_stored_or_told_again(made, rotate, alice):
    new = rotate(made["id"], HOUR).json()["key"]
    assert_nowhere(made["key"], new)
    told = alice.call("GET", f"{KEYS}/{made['id']}").content.decode()
    assert new not in told
    assert made["key"] not in told


@pytest.mark.parametrize("word", ["rotate", "rotate/finish", "rotate/cancel"])
def test_what_ends_now_has_ended_for_a_worker_whose_clock_is_behind(
    clock, made, rotate, call, word
):
    new = made["key"]
    if word != "rotate":
        new = rotate(made["id"], HOUR).json()["key"]
    rotate(made["id"], word=word)
    clock.shift(-30)
    ended = new if word == "rotate/cancel" else made["key"]
    assert call(ended).status_code == 401
