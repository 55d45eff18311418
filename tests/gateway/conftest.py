"""What the tests of the gateway share."""

import pytest

from accounts.audit import SYSTEM
from apikeys import lifecycle, service_keys
from apikeys.lifecycle import Wish
from tests.cast import send

VERIFY = "/api/v1/auth/verify"
# The client whose credential is judged.
CLIENT = "203.0.113.7"


@pytest.fixture
def judge(issue):
    """The text of a key that judges alice's organization."""
    return issue("api_keys_manage", name="judge")[1]


@pytest.fixture
def service(operators_key, alice):
    """The text of a key that judges all of NetRecon. It belongs to alice's."""
    return operators_key(alice.organization, "api_keys_manage")


@pytest.fixture
def operators_key():
    """operators_key(organization, *scopes) -> the text of a service key."""

    def make(organization, *scopes):
        wish = Wish(name="service", scopes=scopes, environment="live")
        api_key, key = lifecycle.issue_for(
            organization, wish, membership=None, by=SYSTEM
        )
        service_keys.appoint(api_key, by=SYSTEM)
        return key

    return make


@pytest.fixture
def ask(judge):
    """ask(key, scope=…, by=service) -> the verdict."""

    def verdict(credential, *, by=judge, **question):
        answer = send(
            "POST", VERIFY, {"credential": credential, **question}, X_API_KEY=by
        )
        assert answer.status_code == 200, answer.content
        return answer.json()

    return verdict
