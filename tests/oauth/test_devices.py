"""Devices without a browser (RFC 8628)."""

from __future__ import annotations

import pytest
from django.test import Client

from oauth.models import AccessToken, Application, Consent, DeviceGrant, Grant
from oauth.models.applications import DEVICE
from tests.accounts.conftest import clock as clock
from tests.cast import Person
from tests.oauth.conftest import MOUNTS, App, Browser, register
from tests.oauth.speaking import (
    assert_dead,
    assert_lives,
    claims_of,
    refused,
)
from tests.oauth.typing_codes import begin, decide, poll, type_in
from tests.oauth.typing_codes import tool as tool

pytestmark = pytest.mark.django_db


def test_the_device_learns_what_to_show_and_when_to_ask(tool: App):
    begun = begin(tool)
    assert begun["verification_uri"] == "http://localhost:8000/oauth/device"
    complete = f"{begun['verification_uri']}?user_code={begun['user_code']}"
    assert begun["verification_uri_complete"] == complete
    assert (begun["expires_in"], begun["interval"]) == (900, 5)
    assert len(begun["user_code"]) == 9


def test_neither_code_is_kept_in_clear(tool: App):
    begun = begin(tool)
    row = DeviceGrant.objects.values().get()
    letters = begun["user_code"].replace("-", "")
    for value in row.values():
        told = bytes(value) if isinstance(value, memoryview | bytes) else value
        assert letters not in str(told)
        assert begun["device_code"] not in str(told)


def test_the_whole_way_ends_with_tokens(tool: App, alices: Browser):
    begun = begin(tool, "openid scans_read")
    refused(poll(tool, begun), "authorization_pending")
    done = decide(alices, begun["user_code"])
    assert "The device is connected" in done.content.decode()
    tokens = poll(tool, begun).json()
    assert tokens["scope"] == "openid scans_read"
    assert_lives(tokens["access_token"])
    claims = claims_of(tokens["id_token"], audience=tool.client_id)
    assert claims["sub"] == alices.person.user.public_id
    assert tool.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("mount", MOUNTS)
def test_both_mounts_have_devices_by_form_and_by_json(
    tool: App, alices: Browser, mount: str
):
    body = {"client_id": tool.client_id, "scope": "scans_read"}
    kind = "application/json"
    path = f"{mount}/device_authorization"
    begun = Client().post(path, body, content_type=kind).json()
    decide(alices, begun["user_code"])
    tool.mount = mount
    assert_lives(poll(tool, begun).json()["access_token"])


def test_what_begins_at_one_mount_ends_at_the_other(tool: App, alices: Browser):
    begun = begin(tool)
    decide(alices, begun["user_code"])
    tool.mount = MOUNTS[1]
    assert poll(tool, begun).status_code == 200


def test_until_somebody_decides_it_is_pending(tool: App, clock):
    begun = begin(tool)
    for _ in range(3):
        clock.shift(5)
        refused(poll(tool, begun), "authorization_pending")


def test_the_first_question_may_come_at_once(tool: App, clock):
    refused(poll(tool, begin(tool)), "authorization_pending")


def test_a_question_too_early_is_told_to_slow_down(tool: App, clock):
    begun = begin(tool)
    poll(tool, begun)
    clock.shift(4)
    refused(poll(tool, begun), "slow_down")


def test_each_offence_adds_five_seconds(tool: App, clock):
    begun = begin(tool)
    poll(tool, begun)
    for wait in (4, 9, 14):
        clock.shift(wait)
        refused(poll(tool, begun), "slow_down")
    clock.shift(19)
    refused(poll(tool, begun), "slow_down")
    clock.shift(25)
    refused(poll(tool, begun), "authorization_pending")


def test_an_offence_keeps_the_longer_pause_for_later(tool: App, clock):
    begun = begin(tool)
    poll(tool, begun)
    refused(poll(tool, begun), "slow_down")
    clock.shift(10)
    refused(poll(tool, begun), "authorization_pending")
    clock.shift(9)
    refused(poll(tool, begun), "slow_down")


def test_allowed_it_is_answered_however_early(tool: App, alices: Browser, clock):
    begun = begin(tool)
    poll(tool, begun)
    decide(alices, begun["user_code"])
    assert poll(tool, begun).status_code == 200


def test_after_a_quarter_of_an_hour_it_is_over(tool: App, alices: Browser, clock):
    begun = begin(tool)
    clock.shift(901)
    refused(poll(tool, begun), "expired_token")
    assert "No device waits" in type_in(alices, begun["user_code"]).content.decode()


def test_allowed_but_never_fetched_it_is_over_too(tool: App, alices: Browser, clock):
    begun = begin(tool)
    decide(alices, begun["user_code"])
    clock.shift(901)
    refused(poll(tool, begun), "expired_token")


def test_denied_it_is_told(tool: App, alices: Browser):
    begun = begin(tool)
    done = decide(alices, begun["user_code"], "deny")
    assert "The device was not connected" in done.content.decode()
    refused(poll(tool, begun), "access_denied")
    assert not Consent.objects.exists()


def test_denied_it_cannot_be_allowed(tool: App, alices: Browser):
    begun = begin(tool)
    decide(alices, begun["user_code"], "deny")
    assert decide(alices, begun["user_code"]).status_code == 400
    refused(poll(tool, begun), "access_denied")


def test_tokens_are_given_once(tool: App, alices: Browser):
    begun = begin(tool)
    decide(alices, begun["user_code"])
    assert poll(tool, begun).status_code == 200
    refused(poll(tool, begun), "invalid_grant")
    assert AccessToken.objects.count() == 1


def test_a_used_code_is_no_code_any_more(tool: App, alices: Browser, bobs: Browser):
    begun = begin(tool)
    decide(alices, begun["user_code"])
    assert decide(bobs, begun["user_code"]).status_code == 400
    assert Grant.objects.get().consent.user == alices.person.user


def test_a_device_code_works_for_its_own_application_alone(
    tool: App, alices: Browser, alice: Person
):
    other = register(alice, type="native", redirect_uris="")
    begun = begin(tool)
    refused(poll(other, begun), "invalid_grant")
    decide(alices, begun["user_code"])
    refused(poll(other, begun), "invalid_grant")
    assert poll(tool, begun).status_code == 200


def test_a_confidential_application_proves_itself_at_both_steps(
    app: App, alices: Browser
):
    begun = begin(app)
    decide(alices, begun["user_code"])
    liar = App(app.row, "nr_ocs_wrong")
    refused(
        liar.post("device_authorization", scope="scans_read"), "invalid_client", 401
    )
    refused(poll(liar, begun), "invalid_client", 401)
    assert poll(app, begun).status_code == 200


@pytest.mark.parametrize("kind", ["spa", "machine"])
def test_other_types_of_applications_have_no_devices(alice: Person, kind: str):
    app = register(alice, type=kind)
    answer = app.post("device_authorization", scope="scans_read")
    refused(answer, "unauthorized_client")


@pytest.mark.parametrize("scope", ["", "launch_rockets", "scan:read"])
def test_a_device_asks_for_scopes_that_there_are(tool: App, scope: str):
    answer = tool.post("device_authorization", scope=scope)
    refused(answer, "invalid_scope")


@pytest.mark.parametrize("code", ["", "nonsense", "oauth_device_" + "a" * 72])
def test_a_device_code_that_is_none(tool: App, code: str):
    answer = tool.token(grant_type=DEVICE, device_code=code)
    refused(answer, "invalid_grant" if code else "invalid_request")


def test_a_disabled_application_has_no_devices(tool: App, alices: Browser):
    begun = begin(tool)
    decide(alices, begun["user_code"])
    Application.objects.update(is_active=False)
    refused(poll(tool, begun), "invalid_client", 401)


def test_a_consent_that_was_withdrawn_meanwhile_gives_nothing(
    tool: App, alices: Browser
):
    begun = begin(tool)
    decide(alices, begun["user_code"])
    Consent.objects.all().withdraw("withdrawn")
    refused(poll(tool, begun), "invalid_grant")


def test_withdrawing_ends_the_device(tool: App, alices: Browser):
    begun = begin(tool)
    decide(alices, begun["user_code"])
    token = poll(tool, begun).json()["access_token"]
    assert_lives(token)
    Consent.objects.all().withdraw("withdrawn")
    assert_dead(token)
