"""Many keys are revoked at once, each judged as if it stood alone."""

import pytest

from accounts.models import AuditEvent
from apikeys.models import ApiKey
from tests.apikeys.conftest import through

REVOKE = "/api/v1/api-keys/revoke"
NOBODY = "key_01h455vb4pex5vsknk084sn02q"


@pytest.fixture
def revoke(alice):
    """revoke([api_key, "key_…"], reason="unused") -> the answer to alice, or `by`."""

    def post(wanted, by=None, **more):
        ids = [getattr(one, "public_id", one) for one in wanted]
        return through(by or alice, "POST", REVOKE, {"ids": ids, **more})

    return post


def outcomes(answer):
    assert answer.status_code == 200, answer.content
    rows = answer.json()["data"]
    return [row.get("code", row["revoked"]) for row in rows]


def test_all_are_refused_at_once(issue, revoke, call):
    made = [issue("scans_read") for _ in range(3)]
    answer = revoke([api_key for api_key, _ in made], reason="unused")
    assert answer.json()["data"] == [
        {"id": api_key.public_id, "revoked": True} for api_key, _ in made
    ]
    assert {call(key).json()["code"] for _, key in made} == {"key_revoked"}
    assert set(ApiKey.objects.values_list("revoked_reason", flat=True)) == {"unused"}


def test_each_has_its_audit_event(issue, revoke, alice):
    made = [issue("scans_read")[0] for _ in range(3)]
    revoke(made)
    events = AuditEvent.objects.filter(action="api_key.revoked")
    assert {event.target for event in events} == {one.public_id for one in made}
    assert {(event.actor, event.details["reason"]) for event in events} == {
        (alice.user.public_id, "other")
    }


def test_those_that_cannot_be_are_listed_and_the_others_end(
    issue, revoke, carol, bob, call
):
    own, key = issue("scans_read", owner=bob)
    of_organization, other_key = issue("scans_read")
    foreign = issue("scans_read", owner=carol)[0]
    wanted = [foreign, own, NOBODY, "nonsense", of_organization, ""]
    answer = revoke(wanted[:-1], by=bob)
    assert outcomes(answer) == [
        *("not_found", True, "not_found", "not_found", "insufficient_scope")
    ]
    assert call(key).status_code == 401
    assert call(other_key).status_code == 200
    foreign.refresh_from_db()
    assert foreign.revoked_at is None


def test_a_sandbox_key_ends_sandbox_keys_only(issue, revoke):
    manager = issue("api_keys_manage", environment="test")[1]
    live, sand = issue("scans_read")[0], issue("scans_read", environment="test")[0]
    assert outcomes(revoke([live, sand], by=manager)) == ["environment_mismatch", True]


def test_what_was_revoked_for_another_reason_and_leaked_does_not_come_back(
    alice, issue, revoke, refused
):
    api_key = issue("scans_read")[0]
    revoke([api_key], reason="replaced")
    assert outcomes(revoke([api_key], reason="leaked")) == [True]
    path = f"/api/v1/api-keys/{api_key.public_id}/restore"
    refused(alice.call("POST", path), 409, "conflict")
    event = AuditEvent.objects.get(action="api_key.leaked")
    assert event.target == api_key.public_id


def test_what_is_revoked_already_stays_as_it_is(issue, revoke):
    api_key = issue("scans_read")[0]
    assert outcomes(revoke([api_key], reason="leaked")) == [True]
    assert outcomes(revoke([api_key, api_key], reason="unused")) == [True, True]
    api_key.refresh_from_db()
    assert api_key.revoked_reason == "leaked"
    assert AuditEvent.objects.filter(action="api_key.revoked").count() == 1


def test_a_key_without_the_right_revokes_none(issue, revoke, refused, bob):
    api_key = issue("scans_read", owner=bob)[0]
    refused(
        revoke([api_key], by=issue("scans_read", owner=bob)[1]),
        403,
        "insufficient_scope",
    )


@pytest.mark.parametrize(
    "body",
    [
        {"ids": []},
        {"ids": None},
        {"ids": "key_1"},
        {"ids": [1]},
        {"ids": ["x"] * 1001},
        {"ids": [NOBODY], "reason": "bored"},
        {"ids": [NOBODY], "why": "leaked"},
        {},
    ],
)
def test_a_wrong_wish_is_refused_as_a_whole(alice, body):
    assert alice.call("POST", REVOKE, body).status_code == 400


def test_a_thousand_cost_as_few_queries_as_two(
    alice, issue, revoke, django_assert_max_num_queries
):
    def made(number, name):
        return ApiKey.objects.bulk_create(
            ApiKey(
                organization=alice.organization,
                name=f"{name} {each}",
                environment="live",
                created_by="system",
            )
            for each in range(number)
        )

    few, many = made(2, "Few"), made(1000, "Many")
    revoke([])
    with django_assert_max_num_queries(60) as small:
        assert set(outcomes(revoke(few))) == {True}
    with django_assert_max_num_queries(60) as large:
        assert set(outcomes(revoke(many))) == {True}
    # The rows of the audit log go in by a few statements: SQLite takes 999 values.
    assert len(large) <= len(small) + 12
    assert AuditEvent.objects.filter(action="api_key.revoked").count() == 1002
