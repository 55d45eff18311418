"""Live and sandbox do not mix, and a deployment may be a sandbox only."""

import pytest

from accounts.audit import SYSTEM
from accounts.products import products
from config import tenants
from tests.cast import send
from tests.gateway.conftest import VERIFY
from tests.oauth.conftest import register

SCANS = "/api/v1/scans"
KEYS = "/api/v1/api-keys"


@pytest.fixture
def sandbox(settings):
    """sandbox() -> from here on the deployment is one."""

    def begins():
        settings.SANDBOX_ONLY = True

    return begins


@pytest.fixture
def both(issue):
    """A live and a sandbox key with every right on scans."""
    scopes = ("scans_read", "scans_write", "api_keys_manage")
    return {
        environment: issue(*scopes, environment=environment)[1]
        for environment in ("live", "test")
    }


def made_by(call, key):
    return call(key, "POST", SCANS, {"scope": "full"}).json()["id"]


def listed(call, key, path=SCANS):
    return {row["id"] for row in call(key, "GET", path).json()["data"]}


def test_what_one_environment_makes_the_other_does_not_list(both, call):
    live, test = (made_by(call, both[name]) for name in ("live", "test"))
    assert listed(call, both["live"]) == {live}
    assert listed(call, both["test"]) == {test}
    spaces = [listed(call, key, "/api/v1/workspaces") for key in both.values()]
    assert not spaces[0] & spaces[1]


def test_an_object_of_the_other_environment_is_named(both, call):
    for own, other in (("live", "test"), ("test", "live")):
        foreign = made_by(call, both[other])
        for method, path in (
            ("GET", f"{SCANS}/{foreign}"),
            ("POST", f"{SCANS}/{foreign}/stop"),
        ):
            answer = call(both[own], method, path)
            assert answer.status_code == 403
            assert answer.json()["code"] == "environment_mismatch"
            assert "sandbox" in answer.json()["detail"]


def test_a_sandbox_refuses_live_keys_and_tokens_of_applications(
    both, alice, call, sandbox
):
    app = register(alice, type="machine", scopes=["scans_read"])
    grant = {"grant_type": "client_credentials", "scope": "scans_read"}
    token = app.token(**grant).json()["access_token"]
    sandbox()
    bearer = send("GET", SCANS, AUTHORIZATION=f"Bearer {token}")
    for refused in (call(both["live"]), bearer):
        assert refused.status_code == 403
        assert refused.json()["code"] == "environment_mismatch"
        assert "This deployment is a sandbox" in refused.json()["detail"]
    assert call(both["test"]).status_code == 200
    assert alice.call("GET", KEYS).status_code == 200


def test_a_sandbox_tells_nothing_before_the_secret_is_proven(db, sandbox):
    sandbox()
    answer = send("GET", SCANS, X_API_KEY="nr_live_" + "0" * 48)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credential")


def test_a_sandbox_judges_live_keys_as_allowed_nothing(both, call, sandbox):
    sandbox()
    question = {"credential": both["live"], "scope": "scans_read"}
    verdict = call(both["test"], "POST", VERIFY, question).json()
    assert (verdict["valid"], verdict["allowed"]) == (True, False)
    assert verdict["code"] == "environment_mismatch"


def test_a_sandbox_makes_sandbox_keys_only(alice, sandbox):
    sandbox()
    wish = {"name": "x", "scopes": ["scans_read"]}
    refused = alice.call("POST", KEYS, wish)
    assert (refused.status_code, refused.json()["code"]) == (
        403,
        "environment_mismatch",
    )
    made = alice.call("POST", KEYS, {**wish, "environment": "test"})
    assert made.status_code == 201


def test_a_new_tenant_of_a_sandbox_gets_no_live_key(signing_keys, sandbox):
    sandbox()
    product = products()["netrecon"]
    plan = product.plans["starter"]
    account = tenants.create(
        "Acme", product=product, plan=plan, email="new@acme.test", by=SYSTEM
    )
    assert account.api_key is None
    assert account.test_api_key.startswith("nr_test_")
