"""What an organization asks of its keys holds for every key that is made or changed."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import AuditEvent
from accounts.roles import Role
from tests.apikeys.conftest import through
from tests.cast import person

KEYS = "/api/v1/api-keys"
POLICY = "/api/v1/api-key-policy"
USUAL: dict[str, object] = {
    "longest_days": None,
    "must_expire": False,
    "ips_required": False,
    "owned_scopes": [],
    "leak_action": "revoke",
    "idle_days": None,
    "team_email": None,
}


@pytest.fixture
def decide(alice):
    """decide(must_expire=True): alice's organization asks for it."""

    def change(**rules):
        answer = alice.call("PATCH", POLICY, rules)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return change


@pytest.fixture
def against(refused):
    """against(answer, "must_expire"): refused by that rule."""

    def check(answer, rule):
        body = refused(answer, 403, "policy_refused")
        assert body["rule"] == rule
        assert rule in body["detail"]

    return check


def days(number):
    return (datetime.now(UTC) + timedelta(days=number)).isoformat()


def patch(who, api_key, **changes):
    return through(who, "PATCH", f"{KEYS}/{api_key.public_id}", changes)


def test_without_a_policy_the_usual_holds(alice):
    assert alice.call("GET", POLICY).json() == USUAL


def test_rules_are_set_one_by_one_and_read_again(alice, decide):
    decide(longest_days=90)
    told = decide(team_email="keys@acme.test", owned_scopes=["billing"], idle_days=60)
    expected = {
        **USUAL,
        "longest_days": 90,
        "team_email": "keys@acme.test",
        "owned_scopes": ["billing"],
        "idle_days": 60,
    }
    assert told == expected == alice.call("GET", POLICY).json()
    assert decide(longest_days=None, team_email=None)["team_email"] is None


def test_a_change_is_audited_with_before_and_after(alice, decide):
    decide(must_expire=True)
    decide(must_expire=True)
    event = AuditEvent.objects.get(action="key_policy.changed")
    assert event.target == alice.organization.public_id
    assert event.details == {
        "before": {"must_expire": False},
        "after": {"must_expire": True},
    }


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        *(("longest_days", 0), ("longest_days", 3651), ("longest_days", "30")),
        *(("must_expire", None), ("must_expire", 1), ("ips_required", "yes")),
        *(("owned_scopes", ["nonsense"]), ("owned_scopes", None)),
        *(("leak_action", "ignore"), ("idle_days", -1), ("team_email", "nobody")),
        *(("team_email", ""), ("organization", "org_x"), ("id", 1)),
    ],
)
def test_a_rule_that_makes_no_sense_is_named(alice, rule, value):
    refused = alice.call("PATCH", POLICY, {"must_expire": True, rule: value})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"].startswith(rule)
    assert alice.call("GET", POLICY).json() == USUAL


def test_people_who_manage_keys_decide_and_nobody_else(
    alice, bob, carol, issue, refused, decide
):
    admin = person("adam@acme.test", alice.organization, Role.ADMIN)
    assert admin.call("PATCH", POLICY, {"must_expire": True}).status_code == 200
    key = issue(*alice.organization.product.scopes)[1]
    for method in ("GET", "PATCH"):
        refused(through(bob, method, POLICY, {}), 403, "insufficient_scope")
        refused(through(key, method, POLICY, {}), 403, "user_required")
    assert carol.call("GET", POLICY).json() == USUAL


def test_a_key_lives_no_longer_than_the_longest_days(ask, decide, against, call):
    decide(longest_days=30)
    against(ask(), "longest_days")
    against(ask(expires_at=days(31)), "longest_days")
    made = ask(expires_at=days(29))
    assert made.status_code == 201
    assert call(made.json()["key"]).status_code == 200


def test_a_key_must_expire_some_day(ask, decide, against):
    decide(must_expire=True)
    against(ask(), "must_expire")
    assert ask(expires_at=days(3000)).status_code == 201


def test_a_key_is_bound_to_addresses(ask, decide, against):
    decide(ips_required=True)
    listed = ["198.51.100.0/24"]
    against(ask(), "ips_required")
    against(ask(allowed_ips=listed, ip_mode="report"), "ips_required")
    halves, parts = ["0.0.0.0/1", "128.0.0.0/1"], ["::/1", "8000::/2", "c000::/2"]
    for everything in (["0.0.0.0/0"], ["::/0"], [*listed, "::/0"], halves, parts):
        against(ask(allowed_ips=everything), "ips_required")
    assert ask(allowed_ips=listed).status_code == 201


def test_some_scopes_are_for_keys_of_people_only(ask, decide, against):
    decide(owned_scopes=["billing"])
    against(ask(scopes=["billing", "scans_read"]), "owned_scopes")
    assert ask(scopes=["scans_read"]).status_code == 201
    assert ask(scopes=["billing"], owner="me").status_code == 201


def test_a_scope_that_implies_an_owned_one_is_owned_too(nadia, ask, against):
    nadia.call("PATCH", POLICY, {"owned_scopes": ["scan:write"]})
    against(ask(nadia, scopes=["admin"]), "owned_scopes")
    assert ask(nadia, scopes=["scan:read"]).status_code == 201


def test_a_policy_binds_keys_that_make_keys(issue, ask, decide, against):
    maker = issue("api_keys_manage", "scans_read")[1]
    decide(must_expire=True)
    against(ask(maker), "must_expire")


def test_a_policy_is_for_its_organization_only(ask, decide, carol):
    decide(must_expire=True)
    assert ask(carol).status_code == 201


def test_a_narrower_policy_kills_no_key(issue, call, decide, alice):
    api_key, key = issue("scans_read", "billing")
    decide(
        must_expire=True, longest_days=1, ips_required=True, owned_scopes=["billing"]
    )
    assert call(key).status_code == 200
    assert patch(alice, api_key, name="Renamed").status_code == 200
    assert patch(alice, api_key, scopes=["billing"]).status_code == 200


def test_a_key_is_not_changed_against_the_policy(
    issue, decide, alice, against, refused
):
    end = datetime.now(UTC) + timedelta(days=5)
    api_key = issue("scans_read", expires_at=end, allowed_ips=("192.0.2.1",))[0]
    decide(longest_days=10, ips_required=True, owned_scopes=["billing"])
    against(patch(alice, api_key, expires_at=None), "longest_days")
    against(patch(alice, api_key, expires_at=days(11)), "longest_days")
    against(patch(alice, api_key, allowed_ips=[]), "ips_required")
    against(patch(alice, api_key, ip_mode="report"), "ips_required")
    against(patch(alice, api_key, scopes=["billing"]), "owned_scopes")
    api_key.refresh_from_db()
    assert (api_key.expires_at, api_key.scopes) == (end, ["scans_read"])
    assert patch(alice, api_key, expires_at=days(9)).status_code == 200


def test_a_personal_key_with_an_owned_scope_stays_with_a_person(
    issue, decide, alice, against
):
    api_key = issue("billing", owner=alice)[0]
    decide(owned_scopes=["billing"])
    path = f"{KEYS}/{api_key.public_id}/transfer"
    against(alice.call("POST", path, {"owner": "organization"}), "owned_scopes")
    assert alice.call("POST", path, {"owner": "me"}).status_code == 200


def test_a_key_comes_back_within_the_policy_only(issue, decide, alice, against):
    api_key = issue("scans_read")[0]
    path = f"{KEYS}/{api_key.public_id}"
    alice.call("DELETE", path)
    decide(must_expire=True)
    against(alice.call("POST", f"{path}/restore"), "must_expire")
    decide(must_expire=False)
    assert alice.call("POST", f"{path}/restore").status_code == 200


def test_operators_and_commands_are_not_bound(decide, issue, call):
    decide(must_expire=True, ips_required=True)
    assert call(issue("scans_read")[1]).status_code == 200
