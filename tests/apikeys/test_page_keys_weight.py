"""Settings > API keys: what a whole page of the list weighs and costs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apikeys.models import ApiKey
from apikeys.views.keys import SIZE
from ratelimits.models import Usage
from tests.surfing import surf

KEYS = "/settings/api-keys"


@pytest.fixture
def surfer(alice):
    return surf(alice)


@pytest.fixture
def fill(bob, issue):
    """So many keys, whose rows say all that a row can: someone's, of the sandbox, with
    scopes that have no room, used each day, with advice."""

    def made(count):
        had = ApiKey.objects.count()
        for number in range(had, had + count):
            name = f"Warehouse scanner {number}"
            scopes = bob.membership.organization.product.scopes
            keys = issue(*scopes, name=name, owner=bob, environment="test")
            Usage.objects.bulk_create(uses(keys[0]))
        now = timezone.now()
        ApiKey.objects.update(
            last_used_at=now - timedelta(minutes=12),
            last_used_ip="198.51.100.207",
            expires_at=now + timedelta(days=3, hours=4),
        )

    return made


def uses(api_key):
    today = timezone.now().date()
    for back in range(30):
        yield Usage(
            credential=api_key.public_id,
            kind="api_key",
            organization=api_key.organization.public_id,
            environment="test",
            day=today - timedelta(days=back),
            requests=10_000 + 7919 * back % 90_000,
        )


def test_a_whole_page_of_full_rows_is_light(surfer, fill):
    fill(SIZE + 1)
    answer = surfer.get(KEYS)
    assert len(answer.context["rows"]) == SIZE
    assert len(answer.content) <= 30_000


def test_its_statements_do_not_grow_with_its_rows(
    surfer, fill, django_assert_max_num_queries
):
    surfer.get(KEYS)
    for count in (1, SIZE - 1):
        fill(count)
        with django_assert_max_num_queries(6):
            assert surfer.get(KEYS).status_code == 200
