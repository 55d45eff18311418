"""Making applications: what comes of a wish, and what is refused with the reason."""

import pytest

from accounts.models import AuditEvent
from oauth.models import Application
from oauth.models.applications import TYPES
from tests.oauth.registering import (
    CALLBACK,
    ask,
    invalid,
    made,
    refused,
)

OTHER = "https://app.example.com/signed-out"


def test_a_new_application_is_described_and_its_secret_shown(alice):
    body = made(
        alice,
        name="Dashboard",
        scopes=["openid", "profile", "email", "offline_access", "scans_read"],
        post_logout_redirect_uris=[OTHER],
        backchannel_logout_uri="https://app.example.com/back",
        require_pushed_authorization_requests=True,
        dpop_bound_access_tokens=True,
        id_token_signed_response_alg="ES256",
        access_token_format="jwt",
    )
    secret = body.pop("client_secret")
    assert secret.startswith("nr_ocs_")
    assert body.pop("created_at").endswith("Z")
    assert body.pop("secrets") == [
        {"hint": f"{secret[:11]}…{secret[-4:]}", "retires_at": None}
    ]
    assert body.pop("id") == body["client_id"]
    assert body.pop("client_id").startswith("app_")
    assert body == {
        "name": "Dashboard",
        "type": "web",
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": [OTHER],
        "backchannel_logout_uri": "https://app.example.com/back",
        "scopes": ["openid", "profile", "email", "offline_access", "scans_read"],
        "require_pkce": False,
        "require_pushed_authorization_requests": True,
        "dpop_bound_access_tokens": True,
        "token_endpoint_auth_method": "client_secret_basic",
        "jwks": None,
        "id_token_signed_response_alg": "ES256",
        "access_token_format": "jwt",
        "grant_types": [
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "status": "active",
        "is_active": True,
        "published": False,
        "last_used_at": None,
        "last_used_ip": None,
    }


def test_what_is_left_out_has_its_usual_value(alice):
    body = made(alice)
    assert body["post_logout_redirect_uris"] == []
    assert body["backchannel_logout_uri"] is None
    assert body["id_token_signed_response_alg"] == "RS256"
    assert body["access_token_format"] == "opaque"
    assert body["require_pushed_authorization_requests"] is False
    assert body["dpop_bound_access_tokens"] is False


@pytest.mark.parametrize("type", ["spa", "native"])
def test_what_runs_elsewhere_has_no_secret_and_always_pkce(alice, type):
    for wish in ({}, {"require_pkce": True, "token_endpoint_auth_method": "none"}):
        body = made(alice, type, **wish)
        assert "client_secret" not in body
        assert body["secrets"] == []
        assert body["token_endpoint_auth_method"] == "none"
        assert body["require_pkce"] is True
    invalid(ask(alice, type, require_pkce=False), "require_pkce", "PKCE")
    for method in ("client_secret_basic", "client_secret_post", "private_key_jwt"):
        answer = ask(alice, type, token_endpoint_auth_method=method)
        invalid(answer, "token_endpoint_auth_method", type, "none")


@pytest.mark.parametrize("type", ["web", "machine"])
def test_what_runs_on_a_server_proves_itself(alice, type):
    assert made(alice, type)["token_endpoint_auth_method"] == "client_secret_basic"
    body = made(alice, type, token_endpoint_auth_method="client_secret_post")
    assert body["client_secret"].startswith("nr_ocs_")
    answer = ask(alice, type, token_endpoint_auth_method="none")
    invalid(answer, "token_endpoint_auth_method", "client_secret_basic")


def test_pkce_is_optional_for_web(alice):
    assert made(alice, require_pkce=True)["require_pkce"] is True
    assert made(alice, require_pkce=False)["require_pkce"] is False


def test_a_machine_asks_for_tokens_of_its_own_and_sends_nobody_anywhere(alice):
    assert made(alice, "machine")["grant_types"] == ["client_credentials"]
    for name in ("redirect_uris", "post_logout_redirect_uris"):
        invalid(ask(alice, "machine", **{name: [CALLBACK]}), name, "machine")


def test_web_and_spa_name_an_address_to_come_back_to_and_native_need_not(alice):
    for type in ("web", "spa"):
        invalid(ask(alice, type, redirect_uris=[]), "redirect_uris", "at least one")
    assert made(alice, "native")["redirect_uris"] == []
    own = made(alice, "native", redirect_uris=["com.example.app:/callback"])
    assert own["redirect_uris"] == ["com.example.app:/callback"]


@pytest.mark.parametrize("name", ["redirect_uris", "post_logout_redirect_uris"])
def test_a_wrong_address_is_named_by_its_place_with_the_reason(alice, name):
    answer = ask(alice, **{name: [CALLBACK, "http://app.example.com/"]})
    invalid(answer, f"{name}[1]", "https")


def test_addresses_are_named_once_and_at_most_20(alice):
    for name in ("redirect_uris", "post_logout_redirect_uris"):
        invalid(ask(alice, **{name: [CALLBACK, CALLBACK]}), name, "once")
        many = [f"{CALLBACK}/{number}" for number in range(21)]
        assert ask(alice, **{name: many}).status_code == 400
        assert made(alice, **{name: many[:20]})[name] == many[:20]


def test_the_address_of_back_channel_logout_is_checked_too(alice):
    for uri in ("http://app.example.com/back", "https://app.example.com/back#x"):
        answer = ask(alice, backchannel_logout_uri=uri)
        invalid(answer, "backchannel_logout_uri")


def test_scopes_are_known_named_once_and_at_least_one(alice):
    invalid(ask(alice, scopes=[]), "scopes", "at least one", "scans_read")
    invalid(ask(alice, scopes=["scans_read"] * 2), "scopes", "once")
    for unknown in ("scan:read", "address", "OPENID", "scans_read openid"):
        answer = ask(alice, scopes=["openid", unknown])
        invalid(answer, "scopes[1]", "Unknown scope", "offline_access")


def test_both_products_have_applications_of_their_own_look(nadia):
    body = made(nadia, scopes=["openid", "scan:read"])
    assert body["client_secret"].startswith("cpf_ocs_")
    invalid(ask(nadia, scopes=["scans_read"]), "scopes[0]")


@pytest.mark.parametrize("type", TYPES)
def test_a_plan_without_applications_has_none_of_any_type(carol, type):
    for plan in ("starter", "professional"):
        carol.organization.plan_slug = plan
        carol.organization.save()
        body = refused(ask(carol, type), 403, "plan_limit")
        assert plan.capitalize() in body["detail"]
        assert "Enterprise" in body["detail"]
    assert not Application.objects.exists()


@pytest.fixture
def nearly_full(alice):
    """alice's organization has 99 applications."""
    Application.objects.bulk_create(
        Application(organization=alice.organization, name="Old", client_id=str(number))
        for number in range(99)
    )


def test_an_organization_has_at_most_100_applications(nearly_full, alice, carol):
    last = made(alice)
    body = refused(ask(alice), 403, "plan_limit")
    assert "at most 100" in body["detail"]
    made(carol)
    alice.call("DELETE", f"/api/v1/oauth-applications/{last['id']}")
    made(alice)


def test_of_many_wishes_at_once_only_the_last_place_is_given(
    transactional_db, crowd, nearly_full, alice
):
    alice.sign_in()
    answers = crowd(lambda: ask(alice).status_code, times=8, threads=8)
    assert sorted(answers) == [201] + [403] * 7
    assert Application.objects.count() == 100


def test_names_are_short_and_can_be_seen(alice):
    for name in ("", "  ", "a\u202eb", "a\nb", "x" * 101):
        invalid(ask(alice, name=name), "name")
    assert made(alice, name="x" * 100)["name"] == "x" * 100


@pytest.mark.parametrize(
    "field", ["client_id", "client_secret", "organization", "published", "is_active"]
)
def test_what_is_not_the_callers_to_choose_is_refused_by_name(alice, field):
    invalid(ask(alice, **{field: "x"}), field, "cannot be set")


def test_making_one_is_audited_without_the_secret(alice):
    body = made(alice)
    event = AuditEvent.objects.get(action="application.created")
    assert (event.actor, event.target) == (alice.user.public_id, body["id"])
    assert event.organization == alice.organization
    assert event.details["redirect_uris"] == [CALLBACK]
    assert body["client_secret"] not in str(event.details)
