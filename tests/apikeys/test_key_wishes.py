"""What may stand in the wish for a key. What cannot be granted is refused by name."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apikeys.models import ApiKey
from tests.cast import send

NOON = datetime(2040, 1, 2, 12, tzinfo=UTC)
SCOPES_OF_NETRECON = [
    *("scans_read", "scans_write", "devices_read", "devices_write", "alerts_read"),
    *("alerts_write", "reports_read", "reports_write", "users_manage", "billing"),
    *("cve_read", "ids_read", "backup_manage", "api_keys_manage"),
]
SCOPES_OF_NETALLION = ["scan:read", "scan:write", "incidents:read", "admin"]


@pytest.fixture
def faults(alice, maker):
    """faults(name="") -> the fields that are refused in this wish. No row is made."""

    def refused(**wish):
        wish = {"name": "CI", "scopes": ["scans_read"], **wish}
        answer = send("POST", "/api/v1/api-keys", wish, X_API_KEY=maker)
        assert answer.status_code == 400, (wish, answer.content)
        assert answer.json()["code"] == "invalid_request"
        assert ApiKey.objects.count() == 1
        return {fault["field"] for fault in answer.json()["errors"]}

    return refused


@pytest.fixture
def maker(alice, issue):
    """A key that holds every scope, so that each refusal is about the wish."""
    return issue(*alice.organization.product.scopes)[1]


def test_every_scope_of_both_guides_can_be_granted(alice, nadia, ask):
    for owner, scopes in ((alice, SCOPES_OF_NETRECON), (nadia, SCOPES_OF_NETALLION)):
        made = ask(owner, scopes=scopes)
        assert made.status_code == 201
        assert made.json()["scopes"] == scopes


def test_an_unknown_scope_is_refused(faults):
    for scope in (
        "scan:read",
        "scans_reed",
        "SCANS_READ",
        "*",
        "scans_read ",
        "openid",
    ):
        assert faults(scopes=["devices_read", scope]) == {"scopes"}
    assert faults(scopes=["devices_read", ""]) == {"scopes[1]"}


def test_an_unknown_scope_is_told_with_those_that_there_are(ask, maker):
    detail = ask(maker, scopes=["nonsense"]).json()["detail"]
    assert "nonsense" not in detail
    for scope in SCOPES_OF_NETRECON:
        assert scope in detail


def test_a_scope_is_named_once(faults):
    assert faults(scopes=["scans_read", "scans_read"]) == {"scopes"}


def test_an_empty_list_of_scopes_grants_nothing(ask, call, maker):
    made = ask(maker, scopes=[])
    assert made.status_code == 201
    key = made.json()["key"]
    assert call(key, "GET", "/api/v1/auth/whoami").json()["scopes"] == []
    for path in ("/api/v1/scans", "/api/v1/workspaces", "/api/v1/api-keys"):
        refused = call(key, "GET", path)
        assert (refused.status_code, refused.json()["code"]) == (
            403,
            "insufficient_scope",
        )


def test_name_and_scopes_are_needed(maker):
    for missing in ("name", "scopes"):
        wish = {"name": "CI", "scopes": []}
        del wish[missing]
        refused = send("POST", "/api/v1/api-keys", wish, X_API_KEY=maker)
        assert [fault["field"] for fault in refused.json()["errors"]] == [missing]


def test_a_name_is_one_visible_line(faults):
    too_long, reversed_, colored = "x" * 101, "\u202ea", "a\x1b[31mb"
    for name in ("", " ", "\n", "a\nb", colored, reversed_, too_long, None, 5, ["a"]):
        assert faults(name=name) == {"name"}


def test_a_name_is_kept_as_it_was_written(ask, maker):
    for name in ("x" * 100, "Prüfung ✓", " a, b & <c>", "a_b-c.d"):
        assert ask(maker, name=name).json()["name"] == name


def test_scopes_are_a_list_of_words(faults):
    for scopes in (None, "scans_read", {"scans_read": True}, 7):
        assert faults(scopes=scopes) == {"scopes"}
    for scopes in ([None], [["scans_read"]], [1]):
        assert faults(scopes=scopes) == {"scopes[0]"}


def test_more_scopes_than_any_product_has_are_refused_at_once(faults):
    assert faults(scopes=["scans_read"] * 101) == {"scopes"}


def test_an_environment_is_live_or_test(faults):
    for environment in ("", "prod", "LIVE", None, True, ["live"]):
        assert faults(environment=environment) == {"environment"}


def test_an_owner_is_the_organization_or_oneself(faults):
    for owner in ("", "bob", "everyone", None, {"id": "me"}):
        assert faults(owner=owner) == {"owner"}


@pytest.mark.parametrize(
    "expires_at",
    [
        "2040-01-02T12:00:00Z",
        "2040-01-02T12:00:00+00:00",
        "2040-01-02T13:59:59+02:00",
        "1970-01-01T00:00:00Z",
        "2050-01-01",
        "2050-01-01T00:00:00",
        "2050-02-30T00:00:00Z",
        "99999-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "tomorrow",
        "",
        2_600_000_000,
        True,
    ],
)
def test_an_expiry_is_a_moment_to_come(faults, expires_at):
    with time_machine.travel(NOON, tick=False):
        assert faults(expires_at=expires_at) == {"expires_at"}


def test_an_expiry_is_told_in_utc(ask, maker):
    with time_machine.travel(NOON, tick=False):
        made = ask(maker, expires_at="2040-01-02T14:00:01+02:00")
        assert made.json()["expires_at"] == "2040-01-02T12:00:01.000Z"
        assert ask(maker, expires_at=None).json()["expires_at"] is None


def test_a_key_with_an_expiry_ends_with_what_it_mints(ask, issue, refused):
    end = datetime.now(UTC) + timedelta(days=1)
    maker = issue("api_keys_manage", "scans_read", expires_at=end)[1]
    later = (end + timedelta(seconds=1)).isoformat()
    refused(ask(maker), 403, "beyond_own_rights")
    refused(ask(maker, expires_at=None), 403, "beyond_own_rights")
    refused(ask(maker, expires_at=later), 403, "beyond_own_rights")
    assert ask(maker, expires_at=end.isoformat()).status_code == 201


def test_a_person_may_make_keys_that_outlive_the_sign_in(alice, ask):
    end = datetime.now(UTC) + timedelta(days=3650)
    assert ask(expires_at=end.isoformat()).status_code == 201


@pytest.mark.parametrize(
    "extra",
    [
        {"user_id": "usr_01h455vb4pex5vsknk084sn02q"},
        {"membership": "mem_01h455vb4pex5vsknk084sn02q"},
        {"organization": "org_01h455vb4pex5vsknk084sn02q"},
        {"tenant_id": 1},
        {"plan": "enterprise"},
        {"product": "netallion"},
        {"prefix": "admin_"},
        {"key": "nr_live_" + "0" * 48},
        {"digest": "00"},
        {"hint": "nr_live_aaaa…aaaa"},
        {"id": "key_01h455vb4pex5vsknk084sn02q"},
        {"status": "active"},
        {"is_active": True},
        {"created_at": "2020-01-01T00:00:00Z"},
        {"created_by": "system"},
        {"revoked_at": None},
        {"last_used_at": None},
        {"role": "owner"},
        {"__proto__": {}},
        {"Name": "CI"},
    ],
    ids=lambda extra: next(iter(extra)),
)
def test_what_cannot_be_set_is_refused_and_never_applied(faults, extra):
    (name,) = extra
    assert faults(**extra) == {name if name.isidentifier() else ""}


def test_every_fault_of_a_wish_is_told_at_once(faults):
    found = faults(name="", scopes=["nonsense"], environment="moon", plan="free")
    assert found == {"name", "scopes", "environment", "plan"}
