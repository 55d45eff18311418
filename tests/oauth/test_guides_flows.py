"""The OAuth flows of both guides."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.cast import Person, send
from tests.oauth.conftest import (
    CALLBACK,
    MOUNTS,
    App,
    Browser,
    bearer,
    register,
    sent_back,
)

pytestmark = pytest.mark.django_db


def test_netrecons_flow_is_the_one_of_its_guide(app: App, alices: Browser):
    app.mount = "/api/v1/auth/oauth2"
    answer = alices.allow(app, scope="scans_read devices_read", state="random")
    assert answer.headers["Location"].startswith(f"{CALLBACK}?")
    given = sent_back(answer)
    assert given["state"] == "random"
    tokens = app.exchange(given["code"]).json()
    assert tokens["access_token"].startswith("nr_oat_")
    assert tokens["refresh_token"].startswith("nr_ort_")
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 3600
    assert tokens["scope"] == "scans_read devices_read"
    scans = send("GET", "/api/v1/scans", **_as_meta(tokens["access_token"]))
    assert scans.status_code == 200


def test_netallions_flow_is_the_one_of_its_guide(nadia: Person):
    app, browser = register(nadia), Browser(nadia).sign_in()
    code = browser.code(app, scope="scan:read incidents:read", state="")
    body = {
        "grant_type": "authorization_code",
        "client_id": app.client_id,
        "client_secret": app.secret,
        "code": code,
        "redirect_uri": CALLBACK,
    }
    answer = Client().post("/oauth/token", body, content_type="application/json")
    tokens = answer.json()
    assert tokens.pop("access_token").startswith("cpf_oat_")
    refresh_token = tokens.pop("refresh_token")
    assert refresh_token.startswith("cpf_ort_")
    assert tokens == {
        "expires_in": 3600,
        "scope": "scan:read incidents:read",
        "token_type": "Bearer",
    }
    body = {
        "grant_type": "refresh_token",
        "client_id": app.client_id,
        "client_secret": app.secret,
        "refresh_token": refresh_token,
    }
    again = Client().post("/oauth/token", body, content_type="application/json")
    assert again.json()["access_token"].startswith("cpf_oat_")
    assert again.json()["refresh_token"] != refresh_token


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("content_type", ["json", "x-www-form-urlencoded"])
def test_both_mounts_take_form_and_json(
    app: App, alices: Browser, mount: str, content_type: str
):
    code = alices.code(app)
    body = {**app.proof, "grant_type": "authorization_code", "code": code}
    body["redirect_uri"] = CALLBACK
    if content_type == "json":
        kind = "application/json"
        answer = Client().post(f"{mount}/token", body, content_type=kind)
    else:
        app.mount = mount
        answer = app.exchange(code)
    # Product, look and lifetime follow the client, never the address.
    assert answer.json()["access_token"].startswith("nr_oat_")
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_answer_of_userinfo_tells_who_consented(app: App, alices: Browser):
    tokens = alices.tokens(app, scope="openid profile email")
    told = Client().get("/oauth/userinfo", headers=bearer(tokens["access_token"]))
    assert told.json() == {
        "sub": alices.person.user.public_id,
        "org": alices.person.organization.public_id,
        "org_name": "Acme",
        "name": "Alice",
        "email": "alice@acme.test",
        "email_verified": False,
    }


def _as_meta(token: str) -> dict[str, str]:
    return {"AUTHORIZATION": f"Bearer {token}"}
