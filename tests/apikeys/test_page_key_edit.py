"""Edit a key on its page: what changes, what stays, and what nobody may give."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit import SYSTEM
from accounts.models import AuditEvent
from apikeys import lifecycle
from apikeys.models import ApiKey
from ratelimits import usage
from tests.surfing import surf

FIELD = re.compile(r'<(?:input|textarea|select)[^>]* name="([^"]+)"')


def at(api_key, rest="/edit"):
    return f"/settings/api-keys/{api_key.public_id}{rest}"


def now(api_key):
    return ApiKey.objects.get(pk=api_key.pk)


def shown(browser, api_key):
    """What the form would send, were nothing typed."""
    page = browser.get(at(api_key))
    form = page.context["form"]
    fields = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in fields.items() if value is not None}


def edit(browser, api_key, **typed):
    return browser.post(at(api_key), {**shown(browser, api_key), **typed})


@pytest.fixture
def api_key(issue):
    return issue(
        "scans_read",
        name="Nightly",
        allowed_ips=("10.0.0.0/8",),
        tags=("blue", "two words"),
        limits={"per_minute": 70},
        expires_at=timezone.now() + timedelta(days=20),
        metadata={"team": "ops"},
    )[0]


def test_what_nobody_typed_stays_as_it_is(alice, api_key):
    answer = surf(alice)
    before = vars(now(api_key))
    assert edit(answer, api_key).status_code == 302
    assert vars(now(api_key)) | {"_state": None} == before | {"_state": None}
    assert not AuditEvent.objects.filter(action="api_key.changed").exists()


def test_the_name_alone_changes_and_is_written_down(alice, api_key):
    assert edit(surf(alice), api_key, name="Weekly").status_code == 302
    assert now(api_key).name == "Weekly"
    event = AuditEvent.objects.get(action="api_key.changed")
    assert event.details == {"before": {"name": "Nightly"}, "after": {"name": "Weekly"}}
    assert event.actor == alice.user.public_id


def test_all_that_the_form_shows_can_change(alice, api_key):
    edit(
        surf(alice),
        api_key,
        scopes=["scans_write", "scans_read"],
        expires="never",
        allowed_ips="192.0.2.1\r\n198.51.100.0/24, 2001:db8::/32",
        ip_mode="report",
        per_minute="",
        burst="5",
        tags="red\r\n\r\n green ",
    )
    key = now(api_key)
    assert key.scopes == ["scans_read", "scans_write"]
    assert key.expires_at is None
    assert key.allowed_ips == ["192.0.2.1", "198.51.100.0/24", "2001:db8::/32"]
    assert (key.ip_mode, key.tags) == ("report", ["red", "green"])
    assert key.own_limits == {"burst": 5}
    assert key.metadata == {"team": "ops"}


def test_a_last_day_of_ones_own_is_the_end_of_that_day(alice, api_key):
    edit(surf(alice), api_key, expires="custom", expires_at="2040-02-29")
    assert f"{now(api_key).expires_at:%F %T}" == "2040-02-29 23:59:59"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", "", "This field is required."),
        ("name", "a\nb", "visible characters"),
        ("name", "x" * 101, "at most 100"),
        ("allowed_ips", "10.0.0.1/8", "10.0.0.0/8"),
        ("allowed_ips", "nowhere", "address"),
        ("per_minute", "0", "at least 1"),
        ("per_minute", "999999999", "at most 2000"),
        ("per_minute", "7.5", "whole number"),
        ("tags", "a\na", "Name each once."),
        ("tags", "\n".join("abcdefghijklmnopqrstuvw"), "no more than 20"),
        ("expires_at", "2001-01-01", "in the future"),
        ("scopes", ["everything"], "Select a valid choice"),
    ],
)
def test_wrong_input_is_told_and_what_was_typed_stays(
    alice, api_key, field, value, told
):
    typed = {"name": "Weekly", "expires": "custom", "expires_at": "2040-01-01"}
    answer = edit(surf(alice), api_key, **{**typed, field: value})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert told in page
    if field != "name":
        assert 'value="Weekly"' in page
    assert now(api_key).name == "Nightly"


def test_a_taken_name_is_told_at_the_name(alice, api_key, issue):
    issue("scans_read", name="Weekly")
    answer = edit(surf(alice), api_key, name="Weekly")
    assert answer.status_code == 409
    assert "has this name already" in answer.content.decode()


def test_nobody_gives_a_key_more_than_they_hold(bob, issue):
    api_key = issue("scans_read", owner=bob)[0]
    answer = edit(surf(bob), api_key, scopes=["scans_read", "billing"])
    assert answer.status_code == 403
    assert "You do not hold these yourself: billing." in answer.content.decode()
    assert now(api_key).scopes == ["scans_read"]


def test_what_somebody_lost_they_can_still_take_from_their_key(bob, issue):
    api_key = issue("scans_read", "billing", owner=bob)[0]
    page = surf(bob).get(at(api_key)).content.decode()
    assert (
        'value="users_manage" id="scope-users_manage" data-level="manage" disabled'
        in page
    )
    assert 'id="scope-billing" data-level="manage" checked>' in page
    assert edit(surf(bob), api_key, scopes=["scans_read"]).status_code == 302
    assert now(api_key).scopes == ["scans_read"]


def test_of_two_windows_the_second_does_not_undo_the_first(alice, api_key):
    browser = surf(alice)
    second = shown(browser, api_key)
    assert edit(browser, api_key, name="Weekly").status_code == 302
    answer = browser.post(at(api_key), {**second, "tags": "red"})
    assert answer.status_code == 400
    assert "The key was changed meanwhile." in answer.content.decode()
    assert (now(api_key).name, now(api_key).tags) == ("Weekly", ["blue", "two words"])


def test_a_key_that_another_tab_revoked_is_not_edited(alice, api_key):
    browser = surf(alice)
    typed = shown(browser, api_key)
    lifecycle.revoke(api_key, reason="unused", by=SYSTEM)
    answer = browser.post(at(api_key), {**typed, "name": "Weekly"})
    assert answer.status_code == 409
    assert "A revoked key cannot be changed." in answer.content.decode()
    assert "Undo" in answer.content.decode()


def test_without_scripts_a_button_ticks_the_reading_scopes(alice, api_key):
    browser = surf(alice)
    answer = edit(browser, api_key, set="read", name="Typed")
    page = answer.content.decode()
    assert 'value="Typed"' in page
    assert 'id="scope-devices_read" data-level="read" checked' in page
    assert 'id="scope-devices_write" data-level="write" checked' not in page
    assert now(api_key).scopes == ["scans_read"]


def test_the_form_says_where_the_key_is_used_from(alice, issue, call):
    api_key, key = issue("scans_read")
    call(key)
    usage.recorder.flush()
    page = surf(alice).get(at(api_key)).content.decode()
    assert "<code>127.0.0.1/32</code> (1)" in page


def test_an_expired_key_comes_back_with_another_end(alice, issue, call):
    api_key, key = issue("scans_read")
    ApiKey.objects.filter(pk=api_key.pk).update(
        expires_at=timezone.now() - timedelta(days=1)
    )
    browser = surf(alice)
    assert "This key has expired." in browser.get(at(api_key, "")).content.decode()
    edit(browser, api_key, expires="30")
    assert call(key).status_code == 200
