"""Traps 1 to 8 of stock servers: how the endpoints are wired together."""

from __future__ import annotations

import importlib.metadata
import json
import logging
import re
from urllib.parse import urlencode

import jwt
import pytest
from django.db import connection

from oauth.models import AccessToken, Grant
from tests.cast import Person
from tests.oauth.conftest import (
    CALLBACK,
    FORM,
    MOUNTS,
    App,
    Browser,
    address,
    pkce,
    register,
    sent_back,
)
from tests.oauth.knocking import MACHINE_PATHS, form, get, post, refused, visitor

pytestmark = pytest.mark.django_db
METADATA = (
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
)


@pytest.mark.parametrize("first", MOUNTS)
def test_the_mount_that_was_used_first_decides_nothing_for_the_other(
    first: str, alice: Person, nadia: Person
):
    # Trap 1: a server object that was kept for one view served the other, too.
    for mount in (first, *MOUNTS):
        for person, prefix in ((alice, "nr_oat_"), (nadia, "cpf_oat_")):
            app = register(person, type="machine")
            app.mount = mount
            scope = next(iter(person.organization.product.scopes))
            answer = app.token(grant_type="client_credentials", scope=scope)
            assert answer.json()["access_token"].startswith(prefix)


@pytest.mark.parametrize("mount", MOUNTS)
def test_there_is_no_implicit_and_no_hybrid_flow(app: App, alices: Browser, mount: str):
    # Trap 1: the stock server holds every grant there is, hybrid ones included.
    app.mount = mount
    hybrid = "code token", "code id_token", "code id_token token"
    for response_type in ("token", "id_token", "id_token token", *hybrid, "none", "x"):
        answer = alices.allow(app, response_type=response_type)
        assert "#" not in answer.headers["Location"]
        told = sent_back(answer)
        assert told["error"] == "unsupported_response_type"
        assert not {"code", "access_token", "id_token"} & told.keys()


@pytest.mark.parametrize("mount", MOUNTS)
def test_there_is_no_password_grant_and_no_unknown_one(
    app: App, alice: Person, mount: str
):
    # Trap 1.
    app.mount = mount
    person = {"username": alice.user.email, "password": alice.password}
    for grant_type in ("password", "implicit", "openid", "CODE", "x"):
        answer = app.token(grant_type=grant_type, scope="scans_read", **person)
        refused(answer, "unsupported_grant_type")


@pytest.mark.parametrize("kind", [FORM, "application/json"])
def test_a_program_needs_no_csrf_token(kind: str, app: App):
    # Trap 2: a view that lost its exemption answers every program with an HTML 403.
    body = {**app.proof, "token": "unknown", "grant_type": "authorization_code"}
    body |= {"response_type": "code", "redirect_uri": CALLBACK, "scope": "scans_read"}
    content = urlencode(body) if kind == FORM else json.dumps(body)
    for path in MACHINE_PATHS:
        answer = post(path, content.encode(), kind)
        # Whatever each of them says to this, it heard what was sent.
        expected = {"token": 400, "par": 201}.get(path.rpartition("/")[2], 200)
        assert answer.status_code == expected, answer.content


PAGES = ("authorize", "authorize/cancel", "device", "device/allow", "logout/confirm")


@pytest.mark.parametrize("mount", MOUNTS)
def test_a_page_of_a_person_is_protected_from_other_sites(
    app: App, alices: Browser, mount: str
):
    # Trap 2, turned round: what carries the cookie keeps its check.
    query = address(app).partition("?")[2]
    body = {"membership": alices.person.membership.public_id, "scopes": "scans_read"}
    for page in PAGES:
        path = f"{mount}/{page}?{query}"
        answer = alices.client.post(path, {**body, "user_code": "BCDF-GHJK"})
        assert answer.status_code == 403, page
        # A person meets it, so it is told on a page.
        assert "reload the page" in answer.content.decode()
    assert not Grant.objects.exists()


@pytest.mark.parametrize("path", MACHINE_PATHS)
def test_the_addresses_are_those_of_the_guides_without_a_redirect(path: str):
    # Trap 3: with a slash appended, every POST of the guides would be lost.
    assert not path.endswith("/")
    assert form(path).status_code in (400, 401)
    slashed = form(f"{path}/")
    assert slashed.status_code in (400, 401)
    assert "Location" not in slashed.headers


@pytest.mark.parametrize("path", MACHINE_PATHS)
def test_multipart_is_refused_by_every_endpoint_alike(path: str, app: App):
    # Trap 4: token took multipart, and the device endpoint did not.
    answer = visitor().post(path, {**app.proof, "token": "x"})
    told = refused(answer, "invalid_request")
    assert "application/json" in told["error_description"]


@pytest.mark.parametrize("mount", MOUNTS)
def test_a_page_leads_back_to_its_own_mount(app: App, alices: Browser, mount: str):
    # Trap 5: names of addresses were resolved to the default mount.
    app.mount = mount
    visitor_sent_to = visitor().get(address(app)).headers["Location"]
    assert f"next={mount.replace('/', '%2F')}%2Fauthorize%3F" in visitor_sent_to
    page = alices.ask(app).content.decode()
    assert set(re.findall(r'<form[^>]* action="([^"?]*)\?', page)) == {
        "",
        "authorize/cancel",
    }
    device = alices.client.get(f"{mount}/device").content.decode()
    assert f'action="{mount}/device"' in device


@pytest.mark.parametrize("host", ["app.product.test", "api.product.test"])
def test_the_issuer_is_fixed_whatever_the_host_says(
    app: App, alices: Browser, host: str, settings
):
    # Trap 6: without a setting the issuer came from the Host header.
    settings.ALLOWED_HOSTS = ["app.product.test", "api.product.test", "testserver"]
    for path in METADATA:
        document = get(path, host=host).json()
        assert document["issuer"] == settings.PUBLIC_URL
        assert host not in str(document)
    alices.client.defaults["HTTP_HOST"] = host
    alices.sign_in()
    verifier, challenge = pkce()
    asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
    told = sent_back(alices.allow(app, scope="openid", **asked))
    assert told["iss"] == settings.PUBLIC_URL
    headers = {"Host": host}
    answer = app.exchange(told["code"], _headers=headers, code_verifier=verifier)
    tokens = answer.json()
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert claims["iss"] == settings.PUBLIC_URL
    assert app.introspect(tokens["access_token"])["iss"] == settings.PUBLIC_URL


def test_who_asks_for_no_scope_is_given_none_at_authorization(
    app: App, alices: Browser
):
    # Trap 7: the stock default is every scope, `admin` included.
    for scope in ("", " "):
        told = sent_back(alices.allow(app, scope=scope))
        assert told["error"] == "invalid_scope"
        assert "code" not in told


@pytest.mark.parametrize("mount", MOUNTS)
def test_who_asks_for_no_scope_is_given_none_anywhere_else(alice: Person, mount: str):
    # Trap 7.
    machine, web = register(alice, type="machine"), register(alice)
    machine.mount = web.mount = mount
    for scope in ({}, {"scope": ""}, {"scope": " "}):
        answer = machine.token(grant_type="client_credentials", **scope)
        refused(answer, "invalid_scope")
        refused(web.post("device_authorization", **scope), "invalid_scope")
        asked = {"response_type": "code", "redirect_uri": CALLBACK, **scope}
        refused(web.post("par", **asked), "invalid_scope")
    assert not AccessToken.objects.exists()


def test_a_scope_that_the_application_was_not_made_for_is_refused(
    alice: Person, alices: Browser
):
    # Trap 7: what an application may ask for is its own list, not the server's.
    app = register(alice, scopes=["scans_read"])
    for scope in ("scans_write", "scans_read scans_write", "openid", "nonsense"):
        assert sent_back(alices.allow(app, scope=scope))["error"] == "invalid_scope"
    machine = register(alice, type="machine", scopes=["scans_read", "openid"])
    for scope in ("scans_write", "scans_read nonsense", "openid"):
        answer = machine.token(grant_type="client_credentials", scope=scope)
        refused(answer, "invalid_scope")


@pytest.mark.postgres_only
def test_requests_share_a_pool_of_connections():
    # Trap 8: a new connection for each request costs more than the request.
    assert connection.settings_dict["OPTIONS"]["pool"]
    assert connection.settings_dict["CONN_MAX_AGE"] == 0


def test_the_engine_is_the_one_that_was_examined():
    # Section 4.1: what we override is not a public interface, and before 4.0.1 any
    # device code was taken (CVE-2026-49272). Read the change log, then change this.
    assert importlib.metadata.version("django-oauth-toolkit") == "3.4.1"
    oauthlib = importlib.metadata.version("oauthlib").split(".")
    assert [4, 0, 1] <= [int(part) for part in oauthlib] < [5]


def test_no_code_token_or_secret_stands_in_a_log_even_at_debug(
    app: App, alices: Browser, caplog: pytest.LogCaptureFixture
):
    # Section 7: secrets in debug logs.
    with caplog.at_level(logging.DEBUG):
        verifier, challenge = pkce()
        asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
        code = alices.code(app, scope="openid scans_read", state="state-text", **asked)
        tokens = app.exchange(code, code_verifier=verifier).json()
        renewed = app.refresh(tokens["refresh_token"]).json()
        app.introspect(renewed["access_token"])
        app.post("revoke", token=renewed["refresh_token"])
    assert caplog.records
    logged = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    hidden = [code, verifier, app.secret, "state-text"]
    for answer in (tokens, renewed):
        names = ("access_token", "refresh_token", "id_token")
        hidden += [answer[name] for name in names]
    for secret in hidden:
        assert secret not in logged


@pytest.mark.parametrize("mount", MOUNTS)
def test_nobody_registers_an_application_without_signing_in(mount: str):
    # Section 7: dynamic registration, whose token the stock package kept in clear.
    assert post(f"{mount}/register", b"{}", "application/json").status_code == 404
    for path in METADATA:
        assert "registration_endpoint" not in get(path).json()
    assert post(
        "/api/v1/oauth-applications", b"{}", "application/json"
    ).status_code == (401)
