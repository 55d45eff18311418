"""A reported key is dead when the report is answered, and the answer tells nobody."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit import SYSTEM
from accounts.models import AuditEvent
from apikeys import hashes, lifecycle
from apikeys.models import ApiKey, ApiKeySecret, KeyPolicy
from tests.apikeys.importing_keys import import_rows
from tests.apikeys.leaking import LEAKS, PLACE, at_once, post, report
from tests.apikeys.planting import broken, planted
from tests.cast import send

pytestmark = pytest.mark.usefixtures("at_once")
__all__ = ["at_once"]


@pytest.fixture
def policy(alice):
    """policy("notify"): what alice's organization wants."""

    def choose(action):
        KeyPolicy.objects.create(organization=alice.organization, leak_action=action)

    return choose


def code(answer):
    return answer.status_code, answer.json().get("code")


def test_a_reported_key_is_refused_from_the_answer_on(issue, call):
    api_key, key = issue("scans_read")
    assert call(key).status_code == 200
    answer = report(key, "garbage")
    assert (answer.status_code, answer.json()) == (202, {"received": 2})
    assert code(call(key)) == (401, "key_leaked")
    api_key.refresh_from_db()
    assert api_key.revoked_reason == "leaked"


def test_hit_and_miss_are_answered_alike(issue):
    key = issue("scans_read")[1]
    answers = [report(text) for text in (key, planted(), broken(key), key, "x" * 512)]
    assert {answer.content for answer in answers} == {b'{"received":1}'}
    left = "X-RateLimit-Remaining"
    names = [sorted(answer.headers) for answer in answers]
    assert all(each == names[0] for each in names)
    assert len({answer.headers[left] for answer in answers}) == len(answers)


def test_a_report_needs_no_credential_and_minds_none(issue, call):
    key = issue("scans_read")[1]
    assert report(key, X_API_KEY=key).status_code == 202
    assert report("x", AUTHORIZATION="Bearer nonsense").status_code == 202
    assert code(call(key)) == (401, "key_leaked")


def test_spaces_around_a_pasted_key_do_not_matter(issue, call):
    key = issue("scans_read")[1]
    report(f"  {key}\n")
    assert code(call(key)) == (401, "key_leaked")


def test_keys_of_every_organization_and_pepper_are_known(
    issue, call, nadia, carol, settings
):
    old = issue("scans_read")[1]
    settings.PEPPERS = {**settings.PEPPERS, 99: b"another pepper of 32 bytes......"}
    new = [issue("scan:read", owner=nadia)[1], issue("scans_read", owner=carol)[1]]
    assert report(old, *new).json() == {"received": 3}
    assert {code(call(key)) for key in (old, *new)} == {(401, "key_leaked")}


def test_a_thousand_misses_cost_one_query(db, django_assert_num_queries):
    tokens = [planted() for _ in range(1000)]
    with django_assert_num_queries(1):
        assert report(*tokens).json() == {"received": 1000}


@pytest.mark.parametrize("was_used", [True, False])
def test_a_key_from_elsewhere_leaks_before_and_after_its_first_use(
    was_used, alice, tmp_path, call
):
    key = "acme_3ZbVJkQWn8sT5yRzLp2c"
    row = {"name": "old", "hash": hashlib.sha256(key.encode()).hexdigest()}
    row |= {"format": "sha256", "scopes": ["scans_read"]}
    import_rows(tmp_path, alice.organization, [row])
    if was_used:
        assert call(key).status_code == 200
    # Whoever read the table or an export knows these, and not the key.
    report(row["hash"], hashes.standing_for(key)["sha256"])
    assert ApiKeySecret.objects.get().leaked_at is None
    report(key)
    assert code(call(key)) == (401, "key_leaked")


def test_a_sandbox_key_and_a_personal_one_leak_too(issue, bob, call):
    keys = [
        issue("scans_read", environment="test")[1],
        issue("scans_read", owner=bob)[1],
    ]
    report(*keys)
    assert {code(call(key)) for key in keys} == {(401, "key_leaked")}


# What the organization wants


def test_with_the_policy_rotate_the_secret_lives_for_a_day(issue, call, policy):
    policy("rotate")
    api_key, key = issue("scans_read")
    before = timezone.now()
    report(key)
    assert call(key).status_code == 200
    secret = ApiKeySecret.objects.get(api_key=api_key)
    assert abs(secret.retires_at - before - timedelta(hours=24)) < timedelta(minutes=1)
    ApiKeySecret.objects.update(retires_at=timezone.now())
    assert code(call(key)) == (401, "key_leaked")
    api_key.refresh_from_db()
    assert api_key.revoked_at is None


def test_a_day_more_is_never_past_the_end_of_the_key(issue, policy):
    policy("rotate")
    soon = timezone.now() + timedelta(hours=1)
    api_key, key = issue("scans_read", expires_at=soon)
    report(key)
    assert ApiKeySecret.objects.get(api_key=api_key).retires_at == soon


def test_with_the_policy_notify_the_key_works_on(issue, call, policy):
    policy("notify")
    api_key, key = issue("scans_read")
    report(key)
    assert call(key).status_code == 200
    assert ApiKeySecret.objects.get(api_key=api_key).leaked_at is not None


def test_the_old_secret_of_a_rotation_ends_and_the_new_one_works_on(issue, call):
    api_key, old = issue("scans_read")
    later = timezone.now() + timedelta(hours=1)
    ApiKeySecret.objects.filter(api_key=api_key).update(retires_at=later)
    ApiKeySecret.objects.keep(api_key, new := planted())
    assert [call(key).status_code for key in (old, new)] == [200, 200]
    report(old)
    assert code(call(old)) == (401, "key_leaked")
    # On another worker too, whose clock is behind.
    leaked = ApiKeySecret.objects.get(api_key=api_key, leaked_at__isnull=False)
    assert leaked.retires_at < timezone.now() - timedelta(seconds=50)
    assert call(new).status_code == 200
    report(new)
    assert code(call(new)) == (401, "key_leaked")


# The same again, and what was dead before


@pytest.mark.parametrize("action", ["revoke", "rotate", "notify"])
def test_a_second_report_changes_nothing(action, issue, policy):
    policy(action)
    key = issue("scans_read")[1]
    report(key)
    events = AuditEvent.objects.count()
    before = [*ApiKey.objects.values(), *ApiKeySecret.objects.values()]
    report(key, url="https://elsewhere.example.com")
    assert [*ApiKey.objects.values(), *ApiKeySecret.objects.values()] == before
    assert AuditEvent.objects.count() == events


def test_a_key_revoked_for_another_reason_cannot_be_restored_any_more(issue, call):
    api_key, key = issue("scans_read")
    lifecycle.revoke(api_key, reason="unused", by=SYSTEM)
    ended_at = ApiKey.objects.get().revoked_at
    report(key)
    api_key.refresh_from_db()
    assert (api_key.revoked_reason, api_key.revoked_at) == ("leaked", ended_at)
    assert code(call(key)) == (401, "key_leaked")


def test_an_expired_key_is_revoked_so_that_nobody_prolongs_it(issue, call):
    key = issue("scans_read", expires_at=timezone.now() - timedelta(days=1))[1]
    report(key)
    assert code(call(key)) == (401, "key_leaked")


# What is written down


def test_the_audit_log_says_who_told_and_where_it_was(issue):
    api_key, key = issue("scans_read")
    report(key)
    revoked, leaked = AuditEvent.objects.filter(target=api_key.public_id).order_by(
        "id"
    )[1:]
    assert (revoked.action, revoked.details["reason"]) == ("api_key.revoked", "leaked")
    assert leaked.action == "api_key.leaked"
    assert leaked.organization_id == api_key.organization_id
    assert (leaked.actor, leaked.address) == ("leak desk", "127.0.0.1")
    assert leaked.details == {"hint": api_key.hint, "place": PLACE, "done": "revoked"}


def test_a_key_in_the_place_is_not_written_down(issue, caplog):
    key = issue("scans_read")[1]
    report(key, url=f"https://paste.example.com/?text={key}&user=alice")
    told = str(list(AuditEvent.objects.values())) + caplog.text
    assert key not in told
    assert "paste.example.com" in told


# What is refused


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "tokens"),
        ({"tokens": []}, "tokens"),
        ({"tokens": "x"}, "tokens"),
        ({"tokens": ["x", 5]}, "tokens[1]"),
        ({"tokens": ["x", ""]}, "tokens[1]"),
        ({"tokens": ["x" * 513]}, "tokens[0]"),
        ({"tokens": ["x"] * 1001}, "tokens"),
        ({"tokens": ["x"], "url": "a\nb"}, "url"),
        ({"tokens": ["x"], "url": "x" * 2001}, "url"),
        ({"tokens": ["x"], "more": 1}, "more"),
    ],
)
def test_a_wrong_report_is_refused_by_its_field(body, field, db):
    answer = send("POST", LEAKS, body)
    assert code(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == field


def test_the_place_may_be_left_out(issue, call):
    key = issue("scans_read")[1]
    assert send("POST", LEAKS, {"tokens": [key]}).status_code == 202
    assert code(call(key)) == (401, "key_leaked")
    for url in (None, ""):
        assert send("POST", LEAKS, {"tokens": ["x"], "url": url}).status_code == 202


def test_a_refused_report_repeats_no_key_and_kills_none(issue, call):
    key = issue("scans_read")[1]
    answer = send("POST", LEAKS, {"tokens": [key, 5]})
    assert answer.status_code == 400
    assert key not in answer.content.decode()
    assert call(key).status_code == 200


def test_of_too_many_texts_nobody_looks_at_the_single_ones(db):
    # Half a million would take a minute, of whoever asks.
    refused = send("POST", LEAKS, {"tokens": [1] * 1_001})
    assert [each["field"] for each in refused.json()["errors"]] == ["tokens"]


def test_two_mebibytes_are_read_and_no_byte_more(issue, call):
    key = issue("scans_read")[1]
    body = f'{{"tokens": ["{key}"]'.encode()
    body += b" " * (2 * 1024 * 1024 - len(body) - 1) + b"}"
    assert code(post(body + b" ", {})) == (413, "payload_too_large")
    assert call(key).status_code == 200
    assert post(body, {}).status_code == 202
    assert code(call(key)) == (401, "key_leaked")
