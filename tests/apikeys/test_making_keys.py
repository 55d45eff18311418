"""Who may make a key for whom. Nobody mints what they do not hold."""

import pytest

from accounts.roles import Role
from apikeys.models import ApiKey
from tests.cast import person, send

KEYS = "/api/v1/api-keys"


@pytest.fixture
def viewer(alice):
    return person("vera@acme.test", alice.organization, Role.VIEWER)


@pytest.fixture
def admin(alice):
    return person("adam@acme.test", alice.organization, Role.ADMIN)


def test_a_new_key_is_described_and_works_at_once(alice, ask, call):
    made = ask(name="Night build", scopes=["scans_read", "devices_read"])
    assert made.status_code == 201
    body = made.json()
    assert list(body) == [
        "id", "name", "hint", "scopes", "environment", "owner", "status",
        "created_at", "expires_at", "last_used_at", "last_used_ip", "limits",
        "allowed_ips", "ip_mode", "metadata", "tags", "contact", "orphaned",
        "revoked_at", "revoked_reason", "created_by", "restorable_until", "key",
    ]  # fmt: skip
    assert body["name"] == "Night build"
    assert body["scopes"] == ["scans_read", "devices_read"]
    assert body["environment"] == "live"
    assert body["owner"] == "organization"
    assert body["status"] == "active"
    assert body["expires_at"] is body["last_used_at"] is body["last_used_ip"] is None
    assert body["limits"] == {"per_minute": 2000, "burst": 500, "daily": None}
    assert call(body["key"]).status_code == 200


def test_the_environment_of_a_key_can_be_chosen_by_who_is_live(ask):
    for environment, prefix in (("live", "nr_live_"), ("test", "nr_test_")):
        made = ask(environment=environment).json()
        assert made["environment"] == environment
        assert made["key"].startswith(prefix)


def test_both_products_make_keys_of_their_own_look(nadia, ask):
    made = ask(nadia, scopes=["scan:read", "admin"]).json()
    assert made["key"].startswith("cpf_live_")
    assert made["limits"] == {"per_minute": 100, "burst": 20, "daily": 10_000}


def test_a_key_that_may_manage_keys_makes_keys_of_the_organization(ask, issue, call):
    maker = issue("api_keys_manage", "scans_read")[1]
    made = ask(maker)
    assert made.status_code == 201
    assert made.json()["owner"] == "organization"
    assert call(made.json()["key"]).status_code == 200


def test_a_key_without_the_right_makes_none(ask, issue, refused):
    maker = issue("scans_read")[1]
    body = refused(ask(maker), 403, "insufficient_scope")
    assert body["missing"] == ["api_keys_manage"]


@pytest.mark.parametrize("scopes", [["billing"], ["scans_read", "scans_write"]])
def test_a_key_mints_no_scope_that_it_does_not_hold(ask, issue, refused, scopes):
    maker = issue("api_keys_manage", "scans_read")[1]
    body = refused(ask(maker, scopes=scopes), 403, "beyond_own_rights")
    assert body["missing"] == sorted(set(scopes) - {"scans_read"})
    assert ApiKey.objects.count() == 1


def test_a_key_of_netallion_without_admin_cannot_mint_admin(nadia, ask, issue, refused):
    maker = issue("scan:read", "scan:write", owner=nadia)[1]
    refused(ask(maker, scopes=["scan:read"]), 403, "insufficient_scope")
    manager = issue("admin", owner=nadia)[1]
    assert ask(manager, scopes=["admin", "scan:read"]).status_code == 201


def test_admin_of_netallion_holds_every_scope(nadia, ask, issue):
    manager = issue("admin", owner=nadia)[1]
    for scope in nadia.organization.product.scopes:
        assert ask(manager, scopes=[scope]).status_code == 201


def test_a_personal_key_mints_within_its_own_scopes_only(ask, issue, alice, refused):
    """The owner may do more, the key of the owner may not."""
    maker = issue("api_keys_manage", "scans_read", owner=alice)[1]
    assert ask(maker).status_code == 201
    refused(ask(maker, scopes=["scans_write"]), 403, "beyond_own_rights")


def test_what_the_maker_was_granted_but_does_not_hold_now_cannot_be_minted(
    ask, issue, bob, refused
):
    maker = issue("api_keys_manage", "billing", owner=bob)[1]
    refused(ask(maker, scopes=["billing"]), 403, "insufficient_scope")
    bob.membership.role = Role.ADMIN
    bob.membership.save()
    assert ask(maker, scopes=["billing"]).status_code == 201


def test_a_member_makes_keys_of_their_own(bob, ask, call):
    made = ask(bob, scopes=["scans_read", "scans_write"])
    assert made.status_code == 201
    assert made.json()["owner"] == bob.user.public_id
    assert (
        call(made.json()["key"], "POST", "/api/v1/scans", {"scope": "x"}).status_code
        == 201
    )


def test_a_member_makes_no_key_of_the_organization(bob, ask, refused):
    body = refused(ask(bob, owner="organization"), 403, "insufficient_scope")
    assert body["missing"] == ["api_keys_manage"]


def test_a_member_mints_no_scope_above_their_role(bob, ask, refused):
    for scope in ("users_manage", "billing", "backup_manage", "api_keys_manage"):
        body = refused(ask(bob, scopes=[scope]), 403, "beyond_own_rights")
        assert body["missing"] == [scope]


def test_a_viewer_makes_keys_that_read_and_no_others(viewer, ask, refused):
    assert ask(viewer, scopes=["scans_read", "devices_read"]).status_code == 201
    refused(ask(viewer, scopes=["scans_write"]), 403, "beyond_own_rights")


def test_an_admin_makes_both_kinds(admin, ask):
    everything = list(admin.organization.product.scopes)
    assert ask(admin, scopes=everything).json()["owner"] == "organization"
    own = ask(admin, scopes=everything, owner="me").json()
    assert own["owner"] == admin.user.public_id


@pytest.mark.parametrize("scopes", [["scans_read"], ["scans_read", "api_keys_manage"]])
def test_only_a_person_has_keys_of_their_own(ask, issue, alice, refused, scopes):
    for owner in (None, alice):
        maker = issue(*scopes, owner=owner)[1]
        refused(ask(maker, owner="me"), 403, "user_required")


def test_a_sandbox_key_makes_sandbox_keys_only(ask, issue, refused):
    maker = issue("api_keys_manage", "scans_read", environment="test")[1]
    assert ask(maker).json()["environment"] == "test"
    assert ask(maker, environment="test").status_code == 201
    refused(ask(maker, environment="live"), 403, "environment_mismatch")
    assert set(ApiKey.objects.values_list("environment", flat=True)) == {"test"}


def test_a_live_key_makes_live_keys_unless_asked(ask, issue):
    maker = issue("api_keys_manage", "scans_read")[1]
    assert ask(maker).json()["environment"] == "live"
    assert ask(maker, environment="test").json()["environment"] == "test"


def test_without_a_credential_nobody_makes_a_key(alice, refused):
    body = {"name": "CI", "scopes": [], "user_id": alice.user.public_id}
    refused(send("POST", KEYS, body), 401, "credential_required")
    assert not ApiKey.objects.exists()


def test_a_key_belongs_to_its_makers_organization_whatever_the_body_says(
    alice, carol, ask
):
    for name in ("organization", "organization_id", "tenant_id"):
        assert ask(**{name: carol.organization.public_id}).status_code == 400
    made = ask().json()
    row = ApiKey.objects.with_public_id(made["id"]).get()
    assert row.organization == alice.organization


def test_who_made_a_key_is_written_down(alice, issue, ask):
    ask()
    ask(issue("api_keys_manage", "scans_read")[1])
    events = alice.call("GET", "/api/v1/audit-events").json()["data"]
    made = [event for event in events if event["action"] == "api_key.created"]
    assert [event["actor"][:4] for event in made] == ["key_", "syst", "usr_"]
    assert all(event["target"].startswith("key_") for event in made)
