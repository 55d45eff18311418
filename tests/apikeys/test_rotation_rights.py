"""Who may be given the secret of a key: nobody who would have more by it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit import SYSTEM
from apikeys import rotation
from apikeys.models import ApiKey, ApiKeySecret
from tests.apikeys.conftest import through
from tests.cast import send

KEYS = "/api/v1/api-keys"
BEYOND = "beyond_own_rights"
WORDS = ["rotate", "rotate/finish", "rotate/cancel", "restore"]


@pytest.fixture(params=WORDS)
def act(request, alice, issue):
    """act(who, scopes…) -> the answer to one of the words for a key with these scopes
    that is ready for it."""

    def go(who, *scopes, **wish):
        api_key = issue(*scopes, name="target", **wish)[0]
        path = f"{KEYS}/{api_key.public_id}"
        if request.param.startswith("rotate/"):
            rotation.rotate_for(api_key, 60, by=SYSTEM)
        if request.param == "restore":
            assert alice.call("DELETE", path).status_code == 204
        return through(who, "POST", f"{path}/{request.param}")

    return go


def test_who_holds_all_that_the_key_has_may_do_it(alice, act):
    assert act(alice, "scans_read", "users_manage").status_code == 200


def test_a_member_may_do_it_with_a_key_of_their_own(bob, act):
    assert act(bob, "scans_read", owner=bob).status_code == 200


def test_a_member_may_not_do_it_with_a_key_of_the_organization(bob, act, refused):
    refused(act(bob, "scans_read"), 403, "insufficient_scope")


def test_a_stranger_does_not_find_it(carol, act, refused):
    refused(act(carol, "scans_read"), 404, "not_found")


def test_who_lost_a_scope_is_given_no_key_that_has_it(bob, act, refused):
    body = refused(act(bob, "scans_read", "billing", owner=bob), 403, BEYOND)
    assert body["missing"] == ["billing"]


def test_a_key_is_given_no_wider_one(issue, act, refused):
    narrow = issue("api_keys_manage", name="narrow")[1]
    refused(act(narrow, "scans_read"), 403, BEYOND)


def test_a_key_is_given_none_that_lives_longer(issue, act, refused):
    end = timezone.now() + timedelta(days=1)
    brief = issue("api_keys_manage", "scans_read", name="brief", expires_at=end)[1]
    refused(act(brief, "scans_read"), 403, BEYOND)


def test_a_key_is_given_none_that_is_faster(issue, act, refused):
    slow = issue(
        "api_keys_manage", "scans_read", name="slow", limits={"per_minute": 5}
    )[1]
    refused(act(slow, "scans_read"), 403, BEYOND)


def test_a_key_that_is_bound_to_addresses_is_given_none_that_is_not(
    issue, act, refused
):
    bound = issue(
        "api_keys_manage", "scans_read", name="bound", allowed_ips=("127.0.0.0/8",)
    )[1]
    refused(act(bound, "scans_read"), 403, BEYOND)


def test_a_sandbox_key_does_nothing_to_live_ones(issue, act, refused):
    sandbox = issue("api_keys_manage", "scans_read", name="s", environment="test")[1]
    refused(act(sandbox, "scans_read"), 403, "environment_mismatch")


def test_nobody_here_is_given_the_secret_of_an_operators_key(alice, issue, refused):
    api_key = issue("scans_read", name="service")[0]
    ApiKey.objects.update(is_service=True)
    path = f"{KEYS}/{api_key.public_id}/rotate"
    refused(alice.call("POST", path), 403, BEYOND)


def test_a_key_may_always_rotate_itself(issue, call):
    """Also one with a scope that its product has no more."""
    api_key, key = issue("api_keys_manage", "scans_read", "pagers_read")
    path = f"{KEYS}/{api_key.public_id}/rotate"
    answer = send("POST", path, X_API_KEY=key)
    assert answer.status_code == 200
    assert call(answer.json()["key"]).status_code == 200


def test_nobody_is_given_a_secret_that_acts_for_somebody_else(
    issue, alice, bob, refused
):
    """Who manages keys may end a colleague's key, not speak in the colleague's name."""
    api_key = issue("scans_read", owner=bob)[0]
    path = f"{KEYS}/{api_key.public_id}/rotate"
    refused(alice.call("POST", path, {}), 403, "forbidden")
    assert api_key.secrets.count() == 1
    assert bob.call("POST", path, {}).status_code == 200


def test_a_secret_that_leaked_hands_nothing_on(issue, ask, refused):
    """As the policy "notify" leaves it: it works on, but makes nothing that lasts."""
    manager, key = issue("api_keys_manage", "scans_read", "billing", name="manager")
    other = issue("scans_read", name="other")[0]
    ApiKeySecret.objects.filter(api_key=manager).update(leaked_at=timezone.now())
    refused(ask(key), 403, "forbidden")
    for target in (manager, other):
        path = f"{KEYS}/{target.public_id}"
        refused(through(key, "POST", f"{path}/rotate"), 403, "forbidden")
        refused(through(key, "PATCH", path, {"name": "new"}), 403, "forbidden")
    less = through(key, "PATCH", f"{KEYS}/{other.public_id}", {"scopes": []})
    assert less.status_code == 200
    assert through(key, "DELETE", f"{KEYS}/{other.public_id}").status_code == 204


def test_another_key_or_a_person_rotates_one_that_leaked(alice, issue):
    leaked = issue("api_keys_manage", "scans_read", name="leaked")[0]
    ApiKeySecret.objects.update(leaked_at=timezone.now())
    manager = issue("api_keys_manage", "scans_read", name="manager")[1]
    for who in (alice, manager):
        answer = through(who, "POST", f"{KEYS}/{leaked.public_id}/rotate")
        assert answer.status_code == 200, answer.content
