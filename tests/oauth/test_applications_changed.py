"""Changing an application, turning it off and on, deleting it."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from accounts.audit import SYSTEM
from accounts.models import AuditEvent
from oauth import consents
from oauth.models import Application, Consent
from tests.oauth.registering import (
    APPLICATIONS,
    CALLBACK,
    at,
    change,
    ec_jwk,
    invalid,
    made,
    refused,
    rotate,
)

OTHER = "https://app.example.com/other"
KEYS = {"keys": [ec_jwk(ec.generate_private_key(ec.SECP256R1()))]}


@pytest.fixture
def application(alice):
    return made(alice)


def row(application):
    return Application.objects.with_public_id(application["id"]).get()


def events(action):
    return list(AuditEvent.objects.filter(action=action))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "Renamed"),
        ("redirect_uris", [OTHER, CALLBACK]),
        ("post_logout_redirect_uris", [OTHER]),
        ("backchannel_logout_uri", OTHER),
        ("scopes", ["openid", "devices_read"]),
        ("require_pkce", True),
        ("require_pushed_authorization_requests", True),
        ("dpop_bound_access_tokens", True),
        ("token_endpoint_auth_method", "client_secret_post"),
        ("jwks", KEYS),
        ("id_token_signed_response_alg", "ES256"),
        ("access_token_format", "jwt"),
    ],
)
def test_one_thing_changes_and_everything_else_stays(alice, application, name, value):
    before = alice.call("GET", at(application)).json()
    answer = change(alice, application, **{name: value})
    assert answer.status_code == 200
    assert answer.json() == {**before, name: value}
    assert alice.call("GET", at(application)).json() == answer.json()
    (event,) = events("application.changed")
    assert set(event.details["before"]) == {name}
    assert event.details["after"] == {name: value}


def test_changes_are_checked_as_a_registration_is(alice, application):
    before = alice.call("GET", at(application)).json()
    wrong = {
        "name": "a\u202eb",
        "redirect_uris": [],
        "scopes": [],
        "token_endpoint_auth_method": "none",
        "jwks": {},
        "backchannel_logout_uri": "x:",
    }
    for field, value in wrong.items():
        invalid(change(alice, application, **{field: value}), field)
    method = {"token_endpoint_auth_method": "private_key_jwt"}
    invalid(change(alice, application, **method), "jwks")
    assert alice.call("GET", at(application)).json() == before
    assert events("application.changed") == []


def test_the_type_cannot_change(alice, application):
    invalid(change(alice, application, type="spa"), "type", "cannot be set")


def test_pkce_cannot_be_taken_from_a_public_application(alice):
    for type in ("spa", "native"):
        application = made(alice, type)
        invalid(change(alice, application, require_pkce=False), "require_pkce")


def test_a_change_that_changes_nothing_is_not_audited(alice, application):
    for changes in ({}, {"name": "App"}, {"is_active": True}):
        assert change(alice, application, **changes).status_code == 200
    assert events("application.changed") == []


@pytest.fixture
def without_billing(alice, settings):
    """without_billing(): from then on the plan of alice has not this scope."""

    def narrow():
        product = alice.organization.product
        scopes = frozenset(product.scopes) - {"billing"}
        plan = replace(alice.organization.plan, scopes=scopes)
        changed = replace(product, plans={**product.plans, plan.slug: plan})
        settings.PRODUCTS = {**settings.PRODUCTS, product.slug: changed}

    return narrow


def test_no_scope_is_added_that_the_changer_does_not_hold(
    alice, application, without_billing
):
    without_billing()
    answer = change(alice, application, scopes=["openid", "billing"])
    assert refused(answer, 403, "beyond_own_rights")["missing"] == ["billing"]
    assert change(alice, application, scopes=["scans_write"]).status_code == 200


def test_what_is_wider_than_the_changer_can_be_ended_and_not_used(
    alice, without_billing
):
    application = made(alice, scopes=["billing"])
    without_billing()
    for changes in ({"name": "x"}, {"redirect_uris": [OTHER]}, {"is_active": True}):
        refused(change(alice, application, **changes), 403, "beyond_own_rights")
    refused(rotate(alice, application), 403, "beyond_own_rights")
    assert change(alice, application, is_active=False).json()["status"] == "disabled"
    assert alice.call("DELETE", at(application)).status_code == 204


def test_an_application_is_turned_off_and_on(alice, application):
    off = change(alice, application, is_active=False).json()
    assert (off["is_active"], off["status"]) == (False, "disabled")
    assert not row(application).is_usable
    on = change(alice, application, is_active=True).json()
    assert (on["is_active"], on["status"]) == (True, "active")
    assert row(application).is_usable
    first, second = events("application.changed")
    assert first.details["after"] == {"is_active": False}
    assert second.details["after"] == {"is_active": True}


def test_keys_in_place_of_a_secret_end_the_secret(alice, application):
    method = {"token_endpoint_auth_method": "private_key_jwt"}
    rotate(alice, application, grace_seconds=3600)
    changed = change(alice, application, jwks=KEYS, **method).json()
    assert changed["secrets"] == []
    stored = row(application)
    assert stored.secret_digest is stored.old_secret_digest is None
    back = {"token_endpoint_auth_method": "client_secret_basic"}
    assert change(alice, application, **back).json()["secrets"] == []
    assert rotate(alice, application).json()["client_secret"].startswith("nr_ocs_")


def test_the_address_of_back_channel_logout_can_be_taken_out(alice, application):
    change(alice, application, backchannel_logout_uri=OTHER)
    changed = change(alice, application, backchannel_logout_uri=None).json()
    assert changed["backchannel_logout_uri"] is None


def test_a_deleted_application_is_gone(alice, application):
    other = made(alice, name="Other")
    assert alice.call("DELETE", at(application)).status_code == 204
    for method in ("GET", "PATCH", "DELETE"):
        refused(alice.call(method, at(application), {}), 404, "not_found")
    refused(rotate(alice, application), 404, "not_found")
    listed = alice.call("GET", APPLICATIONS).json()["data"]
    assert [each["id"] for each in listed] == [other["id"]]
    stored = row(application)
    assert (stored.status, stored.is_active) == ("deleted", False)
    assert not stored.is_usable
    assert len(events("application.deleted")) == 1


def test_with_an_application_goes_what_people_let_it_do(alice, bob, application):
    mine, other = row(application), row(made(alice))
    for who, given in ((alice, mine), (bob, mine), (bob, other)):
        consents.give(who.membership, given, ["scans_read"], by=SYSTEM)
    alice.call("DELETE", at(application))
    assert Consent.objects.standing().get().application == other
    assert set(mine.consents.values_list("withdrawn_reason", flat=True)) == {
        "application_deleted"
    }
    assert events("application.deleted")[0].details == {"consents": 2}
