"""What the list says of each key: how it stands, its last 30 days, and as a file."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.utils import timezone

from accounts.audit import SYSTEM
from apikeys import lifecycle, sparklines, standing
from apikeys.models import ApiKey, ApiKeySecret
from ratelimits.models import Usage
from tests.surfing import surf

KEYS = "/settings/api-keys"
DAY = timedelta(days=1)
MOVE = "Move its end, or make a new one."


@pytest.fixture
def surfer(alice):
    return surf(alice)


def found(api_key):
    row = ApiKey.objects.with_people().prefetch_related("secrets").get(pk=api_key.pk)
    told = standing.of(row)
    return str(told.word), str(told.advice)


def use(api_key, *, days_ago, requests):
    Usage.objects.create(
        credential=api_key.public_id,
        kind="api_key",
        organization=api_key.organization.public_id,
        environment=api_key.environment,
        day=timezone.now().date() - days_ago * DAY,
        requests=requests,
    )


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, ("Active", "")),
        ({"expires_at": 20 * DAY}, ("Active", "")),
        ({"expires_at": 6 * DAY}, ("Expires soon", MOVE)),
        ({"expires_at": -DAY}, ("Expired", MOVE)),
        ({"disabled_at": -DAY}, ("Disabled", "Enable it to let it in again.")),
        ({"created_at": -91 * DAY}, ("Unused", "Revoke it if nobody needs it.")),
        ({"created_at": -91 * DAY, "last_used_at": -DAY}, ("Active", "")),
        ({"last_used_at": -91 * DAY}, ("Unused", "Revoke it if nobody needs it.")),
        ({"disabled_at": -DAY, "expires_at": -DAY}, ("Expired", MOVE)),
    ],
)  # fmt: skip
def test_each_state_has_a_word_and_says_what_to_do(issue, fields, told):
    api_key, _ = issue("scans_read")
    moments = {name: timezone.now() + span for name, span in fields.items()}
    if moments:
        ApiKey.objects.filter(pk=api_key.pk).update(**moments)
    assert found(api_key) == told


@pytest.mark.parametrize(
    ("reason", "advice"), [("unused", "It can be restored."), ("leaked", "")]
)
def test_only_what_can_come_back_says_so(issue, reason, advice):
    api_key, _ = issue("scans_read")
    lifecycle.revoke(api_key, reason=reason, by=SYSTEM)
    assert found(api_key) == ("Revoked", advice)


def test_what_was_revoked_with_a_leaked_secret_cannot_come_back(issue):
    api_key, _ = issue("scans_read")
    ApiKeySecret.objects.filter(api_key=api_key).update(leaked_at=timezone.now())
    lifecycle.revoke(api_key, reason="unused", by=SYSTEM)
    assert found(api_key) == ("Revoked", "")


def test_a_leaked_secret_is_said_before_all_else_that_lives(issue):
    api_key, _ = issue("scans_read", expires_at=timezone.now() + DAY)
    ApiKeySecret.objects.filter(api_key=api_key).update(leaked_at=timezone.now())
    assert found(api_key) == ("Leaked", "Rotate it now.")


def test_a_key_whose_owner_is_inactive_says_so(issue, bob):
    api_key, _ = issue("scans_read", owner=bob)
    type(bob.membership).objects.filter(pk=bob.membership.pk).update(is_active=False)
    assert found(api_key)[0] == "Owner inactive"


def test_a_key_that_nobody_answers_for_says_so(issue, bob):
    api_key, _ = issue("scans_read", contact=bob.membership)
    type(bob.membership).objects.filter(pk=bob.membership.pk).update(is_active=False)
    assert found(api_key)[0] == "Nobody answers for it"


def test_a_rotation_that_goes_on_says_so(surfer, alice, issue):
    api_key, _ = issue("scans_read")
    alice.call("POST", f"/api/v1/api-keys/{api_key.public_id}/rotate",
               {"grace_seconds": 3600})  # fmt: skip
    assert found(api_key)[0] == "Rotating"


def test_the_small_chart_has_one_bar_for_each_of_30_days(issue):
    api_key, _ = issue("scans_read")
    other, _ = issue("scans_read")
    for days_ago, requests in ((0, 5), (29, 7), (30, 100)):
        use(api_key, days_ago=days_ago, requests=requests)
    counts = sparklines.of([api_key, other])
    assert counts[api_key.public_id] == [7, *[0] * 28, 5]
    assert counts[other.public_id] == [0] * 30


def test_a_chart_says_its_sum_to_who_does_not_see_it(surfer, issue):
    use(issue("scans_read")[0], days_ago=1, requests=1200)
    page = surfer.get(KEYS).content.decode()
    assert 'aria-label="1,200 requests in 30 days"' in page


def test_the_list_is_a_file_too_filtered_as_the_page(surfer, issue):
    issue("scans_read", name="=cmd", tags=("ci",))
    issue("devices_read", name="Other")
    answer = surfer.get(f"{KEYS}?scope=scans_read&format=csv")
    row, *others = csv.DictReader(StringIO(answer.content.decode()))
    assert others == []
    assert (row["name"], row["scopes"], row["tags"]) == ("'=cmd", "scans_read", "ci")
    assert answer["Content-Disposition"] == 'attachment; filename="api-keys.csv"'
    (told,) = surfer.get(f"{KEYS}?scope=devices_read&format=json").json()["data"]
    assert told["name"] == "Other"
    assert "key" not in told


@pytest.mark.parametrize("query", ["", "?search=ci", "?status=ended", "?format=json"])
def test_statements_do_not_grow_with_the_keys(
    surfer, bob, issue, django_assert_max_num_queries, query
):
    for number in range(12):
        owner = bob if number % 2 else None
        use(issue("scans_read", owner=owner)[0], days_ago=1, requests=number)
    surfer.get(KEYS)
    with django_assert_max_num_queries(9):
        surfer.get(f"{KEYS}{query}")
