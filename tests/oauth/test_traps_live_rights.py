"""Live rights: what was granted shrinks with role, plan, consent and password."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Role
from oauth.models import Application, Consent, Grant
from tests.accounts.conftest import post as post
from tests.cast import PASSWORD, Person, send
from tests.oauth.conftest import App, Browser, register
from tests.oauth.knocking import (
    API,
    WHOAMI,
    api,
    get,
    is_alive,
    let_in,
    poll,
    refused,
    visitor,
)

# Many cases: `manage.py test --all` runs them.
pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.patient]
NEW = "walnut kayak 77 comet"
BOTH = "scans_read scans_write"


def become(person: Person, role: str) -> None:
    Membership.objects.filter(pk=person.membership.pk).update(role=role)


def start_scan(token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    body = {"scope": "10.0.0.0/24"}
    answer = visitor().post(API, body, content_type="application/json", headers=headers)
    status: int = answer.status_code
    return status


def test_a_lowered_role_shrinks_the_scopes_at_the_api(app: App, bobs: Browser):
    token = bobs.tokens(app, scope=BOTH)["access_token"]
    assert start_scan(token) == 201
    become(bobs.person, Role.VIEWER)
    assert start_scan(token) == 403
    told = api(token, WHOAMI).json()
    assert told["scopes"] == ["scans_read"]
    assert sorted(told["granted_scopes"]) == ["scans_read", "scans_write"]
    assert told["suspended_scopes"] == [{"scope": "scans_write", "reason": "role"}]
    become(bobs.person, Role.MEMBER)
    assert start_scan(token) == 201


def test_a_lowered_role_shrinks_the_scopes_at_introspection(app: App, bobs: Browser):
    tokens = bobs.tokens(app, scope=BOTH)
    become(bobs.person, Role.VIEWER)
    for which in ("access_token", "refresh_token"):
        assert app.introspect(tokens[which])["scope"] == "scans_read"


def test_a_lowered_role_shrinks_the_scopes_at_refresh(app: App, bobs: Browser):
    tokens = bobs.tokens(app, scope=BOTH)
    become(bobs.person, Role.VIEWER)
    renewed = app.refresh(tokens["refresh_token"]).json()
    assert renewed["scope"] == "scans_read"
    assert start_scan(renewed["access_token"]) == 403
    # The family keeps what was granted: the role may come back.
    become(bobs.person, Role.MEMBER)
    assert app.refresh(renewed["refresh_token"]).json()["scope"] == BOTH


def test_a_lowered_role_shrinks_the_scopes_of_a_code(app: App, bobs: Browser):
    code = bobs.code(app, scope=BOTH)
    become(bobs.person, Role.VIEWER)
    assert app.exchange(code).json()["scope"] == "scans_read"


def test_a_lowered_role_shrinks_the_scopes_of_a_device(app: App, bobs: Browser):
    device = app.post("device_authorization", scope=BOTH).json()
    let_in(bobs, device["user_code"])
    become(bobs.person, Role.VIEWER)
    assert poll(app, device).json()["scope"] == "scans_read"


def test_nothing_is_given_where_no_scope_is_left(app: App, bobs: Browser):
    tokens = bobs.tokens(app, scope="scans_write")
    code = bobs.code(app, scope="scans_write")
    become(bobs.person, Role.VIEWER)
    refused(app.exchange(code), "invalid_scope")
    refused(app.refresh(tokens["refresh_token"]), "invalid_scope")
    assert api(tokens["access_token"]).status_code == 403


def test_a_signed_token_does_not_carry_a_lost_scope_on(alice: Person, bobs: Browser):
    app = register(alice, access_token_format="jwt")
    token = bobs.tokens(app, scope=BOTH)["access_token"]
    become(bobs.person, Role.VIEWER)
    assert start_scan(token) == 403
    assert app.introspect(token)["scope"] == "scans_read"


def test_nobody_consents_to_more_than_they_hold(app: App, bobs: Browser):
    tokens = bobs.tokens(app, scope="scans_read users_manage billing")
    assert tokens["scope"] == "scans_read"
    become(bobs.person, Role.ADMIN)
    # What they may do later was not consented to now.
    assert app.refresh(tokens["refresh_token"]).json()["scope"] == "scans_read"
    assert app.introspect(tokens["access_token"])["scope"] == "scans_read"


def test_an_application_that_is_made_narrower_narrows_its_tokens(
    app: App, alices: Browser
):
    tokens = alices.tokens(app, scope=BOTH)
    Application.objects.update(scopes=["scans_read"])
    assert start_scan(tokens["access_token"]) == 403
    assert app.introspect(tokens["access_token"])["scope"] == "scans_read"
    assert app.refresh(tokens["refresh_token"]).json()["scope"] == "scans_read"


def test_a_consent_that_is_withdrawn_ends_everything_under_it(
    app: App, alices: Browser
):
    tokens, code = alices.tokens(app), alices.code(app)
    alice = alices.person
    [listed] = alice.call("GET", "/api/v1/oauth-grants").json()["data"]
    answer = alice.call("DELETE", f"/api/v1/oauth-grants/{listed['id']}")
    assert answer.status_code == 204
    refuses_all(app, tokens, code)
    # Who consents again begins anew: what was dead stays dead.
    anew = alices.tokens(app)
    assert api(anew["access_token"]).status_code == 200
    refuses_all(app, tokens, code)


def test_a_changed_password_ends_what_was_granted(app: App, alices: Browser):
    tokens, code = alices.tokens(app), alices.code(app)
    body = {"current_password": PASSWORD, "new_password": NEW}
    alice = alices.person
    assert alice.call("POST", "/api/v1/auth/password", body).status_code == 204
    refuses_all(app, tokens, code)
    alice.password = NEW
    # The consent of before does not count either: the person is asked again.
    assert alices.sign_in().ask(app).status_code == 200
    anew = alices.tokens(app)
    assert api(anew["access_token"]).status_code == 200
    refuses_all(app, tokens, code)


def test_a_reset_password_ends_what_was_granted(app: App, alices: Browser, post):
    tokens, code = alices.tokens(app), alices.code(app)
    reset, alice = "/api/v1/auth/password/reset", alices.person
    with post() as mails:
        send("POST", reset, {"email": alice.user.email})
    token = mails[0].body.partition("/password/reset/")[2].split()[0]
    body = {"token": token, "new_password": NEW}
    assert send("POST", f"{reset}/confirm", body).status_code == 204
    refuses_all(app, tokens, code)
    alice.password = NEW
    assert alices.sign_in().ask(app).status_code == 200
    anew = alices.tokens(app)
    assert api(anew["access_token"]).status_code == 200
    refuses_all(app, tokens, code)


def test_an_applications_own_token_outlives_a_password(alice: Person):
    # It acts for the organization, not for the person who made it.
    machine = register(alice, type="machine")
    wish = {"grant_type": "client_credentials", "scope": "scans_read"}
    token = machine.token(**wish).json()["access_token"]
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert alice.call("POST", "/api/v1/auth/password", body).status_code == 204
    assert api(token).status_code == 200


def test_signing_out_ends_no_grant(app: App, alices: Browser):
    tokens = alices.tokens(app)
    assert alices.person.call("POST", "/api/v1/auth/logout").status_code == 204
    assert api(tokens["access_token"]).status_code == 200


def test_a_consent_is_remembered_after_its_tokens_are_gone(app: App, alices: Browser):
    # Section 1: "auto" looked for a live access token, and so forgot within the hour.
    tokens = alices.tokens(app, scope=BOTH)
    app.post("revoke", token=tokens["refresh_token"])
    Grant.objects.update(expires=timezone.now() - timedelta(days=1))
    for narrower in (BOTH, "scans_read"):
        assert alices.ask(app, scope=narrower).status_code == 303
    assert alices.ask(app, scope="scans_read devices_read").status_code == 200
    assert Consent.objects.count() == 1


@pytest.mark.parametrize("value", ["auto", "force", "none", "x"])
def test_approval_prompt_changes_nothing(app: App, alices: Browser, value: str):
    # Section 1: a client could skip the consent page by `approval_prompt=auto`.
    assert alices.ask(app, approval_prompt=value).status_code == 200
    alices.allow(app)
    assert alices.ask(app, approval_prompt=value).status_code == 303
    asked = alices.ask(app, approval_prompt=value, scope=BOTH)
    assert asked.status_code == 200


def refuses_all(app: App, tokens: dict[str, str], code: str) -> None:
    """Each place, for each thing that was given before."""
    assert api(tokens["access_token"]).status_code == 401
    userinfo = get("/oauth/userinfo", Authorization=f"Bearer {tokens['access_token']}")
    assert userinfo.status_code == 401
    for which in ("access_token", "refresh_token"):
        assert not is_alive(app, tokens[which])
    refused(app.refresh(tokens["refresh_token"]), "invalid_grant")
    refused(app.exchange(code), "invalid_grant")
