"""What a key was granted, against what its requests have needed in 30 days."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone

from accounts.roles import Role
from apikeys.models import ApiKey
from ratelimits import usage
from ratelimits.counted import REST
from ratelimits.models import Usage
from tests.apikeys.conftest import KEYS, through
from tests.cast import person

SCANS = "/api/v1/scans"


def told(who, api_key, query=""):
    answer = through(who, "GET", f"{KEYS}/{api_key.public_id}/usage{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def moved_back(api_key, days):
    """The one row that the key has, as if it had been used so many days ago."""
    usage.recorder.flush()
    rows = Usage.objects.filter(credential=api_key.public_id)
    rows.update(day=timezone.now().date() - timedelta(days=days))


def made_before(api_key, days):
    made_at = timezone.now() - timedelta(days=days)
    ApiKey.objects.filter(pk=api_key.pk).update(created_at=made_at)


def first_of_thirty():
    first = timezone.now().date() - timedelta(days=29)
    return datetime.combine(first, time(), tzinfo=UTC)


def moment(text):
    return datetime.fromisoformat(text)


def test_what_a_key_needed_and_what_it_did_not_need(alice, issue, call):
    api_key, key = issue("scans_read", "scans_write", "billing")
    for _ in range(2):
        call(key)
    call(key, "POST", SCANS, {"scope": "full"})
    answer = told(alice, api_key)
    assert answer["scopes"] == [
        {"scope": "scans_read", "requests": 2},
        {"scope": "scans_write", "requests": 1},
    ]
    assert answer["unused_scopes"] == ["billing"]


def test_a_call_shows_at_once_to_who_asks_the_same_process(alice, issue, call):
    api_key, key = issue("scans_read")
    call(key)
    assert told(alice, api_key)["totals"]["requests"] == 1
    answer = alice.call("GET", "/api/v1/usage").json()
    assert answer["credentials"][0]["requests"] >= 1


def test_a_refused_request_has_needed_nothing(alice, issue, call):
    api_key, key = issue("scans_read", "api_keys_manage", environment="test")
    live = issue("scans_read")[0]
    # Each of them has the scope, and is refused for something else.
    assert call(key, "GET", f"{KEYS}/{live.public_id}").status_code == 403
    body = {"name": "B", "scopes": ["billing"]}
    assert call(key, "POST", KEYS, body).status_code == 403
    assert call(key, "POST", SCANS, {"scope": "full"}).status_code == 403
    answer = told(alice, api_key)
    assert answer["scopes"] == []
    assert answer["unused_scopes"] == ["scans_read", "api_keys_manage"]


def test_an_answer_of_404_needed_the_scope_as_well(alice, issue, call):
    api_key, key = issue("scans_read")
    assert call(key, "GET", f"{SCANS}/scan_1").status_code == 404
    assert told(alice, api_key)["unused_scopes"] == []


def test_what_a_key_hands_on_it_needs_itself(alice, issue, call):
    api_key, key = issue("api_keys_manage", "scans_read", "billing")
    body = {"name": "Child", "scopes": ["scans_read"]}
    assert call(key, "POST", KEYS, body).status_code == 201
    assert told(alice, api_key)["unused_scopes"] == ["billing"]


def test_what_a_role_needs_its_giver_needs_too(alice, issue, call):
    product, plan = alice.organization.product, alice.organization.plan
    of_role = product.scopes_of_role(Role.VIEWER) & product.scopes_of_plan(plan)
    api_key, key = issue("users_manage", "billing", *sorted(of_role))
    body = {"email": "vera@acme.test", "role": Role.VIEWER}
    assert call(key, "POST", "/api/v1/users", body).status_code == 201
    assert told(alice, api_key)["unused_scopes"] == ["billing"]


def test_a_request_that_needs_no_scope_exercises_none(alice, issue, call):
    api_key, key = issue("scans_read")
    assert call(key, "GET", "/api/v1/auth/whoami").status_code == 200
    answer = told(alice, api_key)
    assert (answer["scopes"], answer["unused_scopes"]) == ([], ["scans_read"])


@pytest.mark.parametrize(("days", "unused"), [(29, []), (30, ["scans_read"])])
def test_thirty_days_count_whatever_days_are_asked_for(
    alice, issue, call, days, unused
):
    api_key, key = issue("scans_read")
    call(key)
    moved_back(api_key, days)
    today = timezone.now().date()
    answer = told(alice, api_key, f"?from={today}&to={today}")
    assert answer["totals"]["requests"] == 0
    assert answer["unused_scopes"] == unused


# A scope that implies all


@pytest.fixture
def granted(nadia, issue, call):
    """granted(*scopes) -> a key of Netallion that has read the list of scans."""

    def make(*scopes):
        api_key, key = issue(*scopes, owner=nadia)
        assert call(key).status_code == 200
        return api_key

    return make


def test_a_scope_that_implies_all_was_needed_where_only_it_grants(nadia, granted):
    api_key = granted("admin", "incidents:read")
    assert told(nadia, api_key)["unused_scopes"] == ["incidents:read"]


def test_it_was_not_needed_where_a_narrower_one_grants_as_well(nadia, granted):
    api_key = granted("scan:read", "admin")
    assert told(nadia, api_key)["unused_scopes"] == ["admin"]


def test_it_was_needed_for_what_is_its_own(nadia, granted, issue, call):
    api_key, key = issue("admin", "scan:read", owner=nadia)
    call(key)
    assert call(key, "GET", KEYS).status_code == 200
    assert told(nadia, api_key)["unused_scopes"] == []


# Since when it is known


def test_of_a_young_key_it_is_known_since_its_making(alice, issue):
    api_key = issue("scans_read")[0]
    since = moment(told(alice, api_key)["scopes_since"])
    assert abs(since - api_key.created_at) < timedelta(milliseconds=1)


def test_of_an_old_key_it_is_known_for_thirty_days(alice, issue):
    api_key = issue("scans_read")[0]
    made_before(api_key, 90)
    assert moment(told(alice, api_key)["scopes_since"]) == first_of_thirty()


@pytest.mark.parametrize("details", [{"statuses": {"200": 1}}, {"scopes": {REST: 1}}])
def test_days_before_scopes_were_counted_are_not_known(alice, issue, call, details):
    api_key, key = issue("scans_read")
    made_before(api_key, 90)
    call(key)
    moved_back(api_key, 10)
    Usage.objects.filter(credential=api_key.public_id).update(details=details)
    since = first_of_thirty() + timedelta(days=20)
    assert moment(told(alice, api_key)["scopes_since"]) == since


def test_a_day_without_a_request_is_known(alice, issue, call):
    api_key, key = issue("scans_read")
    made_before(api_key, 90)
    call(key)
    moved_back(api_key, 10)
    rows = Usage.objects.filter(credential=api_key.public_id)
    rows.update(details={}, requests=0)
    assert moment(told(alice, api_key)["scopes_since"]) == first_of_thirty()


def test_what_a_rule_on_trial_would_refuse_is_reported(alice, issue, call):
    api_key, key = issue("scans_read")
    rule = {"allowed_ips": ["198.51.100.0/24"], "ip_mode": "report"}
    ApiKey.objects.filter(pk=api_key.pk).update(**rule)
    call(key)
    call(key)
    answer = told(alice, api_key)
    assert answer["reported"] == {"ip_not_allowed": 2}
    assert answer["totals"]["allowed"] == 2


def test_a_member_sees_it_of_a_key_of_their_own(alice, issue):
    dora = person("dora@acme.test", alice.organization, Role.MEMBER)
    api_key = issue("scans_read", owner=dora)[0]
    assert told(dora, api_key)["unused_scopes"] == ["scans_read"]
