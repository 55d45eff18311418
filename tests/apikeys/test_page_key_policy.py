"""Settings > Organization > Key policy: read and changed on a page."""

import pytest

from accounts.models import AuditEvent
from apikeys.models import KeyPolicy, policy_of
from tests.cast import PASSWORD
from tests.surfing import age, surf

PAGE = "/settings/organization/key-policy"
CHANGE = "/settings/organization/key-policy/change"
USUAL = {"leak_action": "revoke"}


@pytest.fixture
def surfer(alice):
    return surf(alice)


def test_a_stranger_is_sent_to_the_sign_in_page(client):
    assert client.get(PAGE)["Location"].startswith("/login?next=")
    assert client.post(CHANGE, USUAL)["Location"].startswith("/login?next=")


def test_a_member_may_neither_see_nor_change_it(bob):
    member = surf(bob)
    assert member.get(PAGE).status_code == 403
    assert member.post(CHANGE, {**USUAL, "must_expire": "on"}).status_code == 403
    assert not KeyPolicy.objects.exists()


def test_every_rule_is_set_and_shown_again(alice, surfer):
    wish = {
        "longest_days": "90",
        "must_expire": "on",
        "ips_required": "on",
        "idle_days": "30",
        "owned_scopes": ["scans_read", "scans_write"],
        "leak_action": "rotate",
        "team_email": "team@acme.test",
    }
    assert surfer.post(CHANGE, wish)["Location"] == PAGE
    policy = policy_of(alice.organization)
    assert (policy.longest_days, policy.idle_days) == (90, 30)
    assert (policy.must_expire, policy.ips_required) == (True, True)
    assert policy.owned_scopes == ["scans_read", "scans_write"]
    assert (policy.leak_action, policy.team_email) == ("rotate", "team@acme.test")
    page = surfer.get(PAGE).content.decode()
    assert 'value="90"' in page
    assert 'value="team@acme.test"' in page
    assert page.count("checked") == 5


def test_what_is_left_empty_is_off(alice, surfer):
    surfer.post(CHANGE, {**USUAL, "longest_days": "90", "team_email": "a@acme.test"})
    surfer.post(CHANGE, USUAL)
    policy = policy_of(alice.organization)
    assert (policy.longest_days, policy.team_email) == (None, "")


def test_the_audit_log_tells_of_the_rules_that_changed(surfer):
    surfer.post(CHANGE, {**USUAL, "longest_days": "90"})
    event = AuditEvent.objects.get(action="key_policy.changed")
    assert event.details == {
        "before": {"longest_days": None},
        "after": {"longest_days": 90},
    }
    surfer.post(CHANGE, {**USUAL, "longest_days": "90"})
    assert AuditEvent.objects.filter(action="key_policy.changed").count() == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"longest_days": "0"},
        {"longest_days": "3651"},
        {"longest_days": "9" * 400},
        {"longest_days": "many"},
        {"idle_days": "-1"},
        {"owned_scopes": ["no_such"]},
        {"leak_action": "hide"},
        {"team_email": "nobody"},
        {"team_email": "a\x00@acme.test"},
    ],
)
def test_an_odd_value_is_explained_and_the_rest_stays_typed(surfer, odd):
    typed = {**USUAL, "must_expire": "on", "team_email": "t@acme.test", **odd}
    page = surfer.post(CHANGE, typed)
    assert page.status_code == 200
    text = page.content.decode()
    assert 'class="error"' in text
    assert 'name="must_expire"' in text
    assert "checked" in text
    assert not KeyPolicy.objects.exists()


def test_an_old_sign_in_is_asked_and_loses_nothing_that_was_typed(alice, surfer):
    age(surfer.session_row)
    wish = {**USUAL, "longest_days": "45", "owned_scopes": ["scans_read"]}
    page = surfer.post(CHANGE, wish).content.decode()
    assert "Confirm it is you" in page
    assert 'name="longest_days" value="45"' in page
    surfer.post(CHANGE, {**wish, "confirm_password": PASSWORD})
    assert policy_of(alice.organization).longest_days == 45


def test_each_organization_has_its_own(carol, surfer):
    surfer.post(CHANGE, {**USUAL, "longest_days": "45"})
    assert policy_of(carol.organization).longest_days is None
    assert 'value="45"' not in surf(carol).get(PAGE).content.decode()


def test_a_get_changes_nothing(surfer):
    answer = surfer.get(CHANGE, {**USUAL, "longest_days": "45"})
    assert answer.status_code == 405
    assert not KeyPolicy.objects.exists()


def test_the_page_costs_few_statements(surfer, django_assert_max_num_queries):
    with django_assert_max_num_queries(5):
        surfer.get(PAGE)
