"""An operator makes a key that judges its whole product; nobody else can."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from apikeys.models import ApiKey
from tests.cast import send

KEYS = "/api/v1/api-keys"


@pytest.fixture
def carols(issue, carol):
    """A key that alice's organization does not see."""
    return issue("scans_read", owner=carol)[1]


def test_an_operator_appoints_a_key_and_takes_it_back(issue, ask, carols, capsys):
    api_key, judge = issue("api_keys_manage")
    assert not ask(carols, by=judge)["valid"]
    call_command("apikeys", "service", api_key.public_id)
    assert ask(carols, by=judge)["valid"]
    call_command("apikeys", "service", api_key.public_id)
    call_command("apikeys", "service", api_key.public_id, "--off")
    assert not ask(carols, by=judge)["valid"]
    changes = AuditEvent.objects.filter(
        action="api_key.changed", target=api_key.public_id
    )
    assert [event.details["after"] for event in changes.order_by("id")] == [
        {"is_service": True},
        {"is_service": False},
    ]
    assert "judges the credentials of its product" in capsys.readouterr().out


def test_a_persons_key_cannot_be_appointed(issue, alice):
    api_key, _ = issue("api_keys_manage", owner=alice)
    with pytest.raises(CommandError, match="A person's key"):
        call_command("apikeys", "service", api_key.public_id)


def test_a_service_key_without_the_right_to_judge_judges_nobody(carols, operators_key):
    service = operators_key(ApiKey.objects.get().organization, "scans_read")
    body = {"credential": carols}
    answer = send("POST", "/api/v1/auth/verify", body, X_API_KEY=service)
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize(
    ("method", "place", "body"),
    [
        ("POST", "/rotate", {"grace_seconds": 0}),
        ("PATCH", "", {"name": "mine"}),
    ],
)
def test_no_tenant_gets_hold_of_a_service_key(
    alice, issue, service, method, place, body
):
    service_key = ApiKey.objects.get(is_service=True)
    manager = issue("api_keys_manage")[1]
    path = f"{KEYS}/{service_key.public_id}{place}"
    for refused in (
        alice.call(method, path, body),
        send(method, path, body, X_API_KEY=manager),
    ):
        assert refused.status_code == 403, refused.content
        assert refused.json()["code"] == "beyond_own_rights"


def test_a_key_that_a_service_key_makes_is_none(service, ask, carols):
    wish = {"name": "child", "scopes": ["api_keys_manage"]}
    made = send("POST", KEYS, wish, X_API_KEY=service)
    assert made.status_code == 201
    assert not ask(carols, by=made.json()["key"])["valid"]


def test_nobody_sets_it_over_the_api(alice):
    for name in ("is_service", "judges_product"):
        wish = {"name": "x", "scopes": [], name: True}
        assert alice.call("POST", KEYS, wish).status_code == 400
