"""Settings > API keys: which keys the list shows, how each stands, and to whom."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit import SYSTEM
from apikeys import lifecycle
from apikeys.models import ApiKey
from tests.surfing import surf

KEYS = "/settings/api-keys"


@pytest.fixture
def surfer(alice):
    return surf(alice)


def shown(surfer, query=""):
    """The names in the list, in their order."""
    answer = surfer.get(f"{KEYS}{query}")
    assert answer.status_code == 200, answer.content
    return [row.api_key.name for row in answer.context.get("rows", [])]


def move(api_key, **fields):
    ApiKey.objects.filter(pk=api_key.pk).update(**fields)


def ago(**span):
    return timezone.now() - timedelta(**span)


def test_a_stranger_is_sent_to_the_sign_in_page(client):
    answer = client.get(f"{KEYS}?status=ended")
    assert answer["Location"] == "/login?next=%2Fsettings%2Fapi-keys%3Fstatus%3Dended"


def test_the_settings_begin_with_the_keys(surfer):
    assert surfer.get("/settings")["Location"] == KEYS


def test_without_a_key_the_page_says_how_one_is_used(surfer, settings):
    page = surfer.get(KEYS).content.decode()
    assert "No keys yet" in page
    assert f"curl {settings.PUBLIC_URL}/api/v1/auth/whoami" in page
    assert "Generate Key" in page


def test_the_list_shows_a_key_masked_with_what_matters(surfer, issue):
    api_key, text = issue("scans_read", "devices_read", "alerts_read", name="Night")
    move(api_key, last_used_at=ago(minutes=2), last_used_ip="198.51.100.7")
    page = surfer.get(KEYS).content.decode()
    assert f">{api_key.hint}</code>" in page
    assert text not in page
    for told in ("Night", "scans_read", "+1", "2 min ago", "198.51.100.7", "Active"):
        assert told in page, told


def test_the_newest_key_is_first_and_older_ones_are_a_link_away(surfer, issue):
    for _ in range(22):
        issue("scans_read")
    first = surfer.get(KEYS)
    assert len(first.context["rows"]) == 20
    assert first.context["rows"][0].api_key.name == "CI 22"
    assert shown(surfer, first.context["listed"].older) == ["CI 2", "CI"]


def test_nobody_sees_a_key_of_another_organization(surfer, carol, issue):
    issue("scans_read", owner=carol, name="Hers")
    assert shown(surfer, "?status=all") == []


def test_who_does_not_manage_keys_sees_their_own_only(alice, bob, issue):
    issue("scans_read", name="Of the organization")
    issue("scans_read", owner=alice, name="Of Alice")
    issue("scans_read", owner=bob, name="Of Bob")
    assert shown(surf(bob), "?status=all") == ["Of Bob"]


def test_ended_keys_have_a_tab_of_their_own(surfer, issue):
    revoked, expired = issue("scans_read")[0], issue("scans_read")[0]
    issue("scans_read", name="Kept")
    lifecycle.revoke(revoked, reason="unused", by=SYSTEM)
    move(expired, expires_at=ago(days=1))
    assert shown(surfer) == ["Kept"]
    assert shown(surfer, "?status=ended") == ["CI 2", "CI"]
    assert shown(surfer, "?status=revoked") == ["CI"]
    assert shown(surfer, "?status=expired") == ["CI 2"]
    assert shown(surfer, "?status=all") == ["Kept", "CI 2", "CI"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?search=nig", ["Night"]),
        ("?scope=devices_read", ["Day"]),
        ("?environment=test", ["Day"]),
        ("?owner=me", ["Mine"]),
        ("?owner=organization", ["Day", "Night"]),
        ("?status=unused", ["Night"]),
        ("?status=expiring", ["Day"]),
        ("?status=orphaned", []),
        ("?search=night&scope=devices_read", []),
        ("?search=&scope=&owner=&status=", ["Mine", "Day", "Night"]),
    ],
)
def test_filters_stand_in_the_address(surfer, alice, issue, query, found):
    night, _ = issue("scans_read", name="Night")
    move(night, created_at=ago(days=100))
    soon = timezone.now() + timedelta(days=3)
    issue("devices_read", name="Day", environment="test", expires_at=soon)
    issue("scans_read", name="Mine", owner=alice)
    assert shown(surfer, query) == found


@pytest.mark.parametrize(
    "query", ["?scope=nothing", "?status=odd", "?search=%00", f"?search={'a' * 101}"]
)
def test_a_filter_that_is_none_is_explained_and_finds_nothing(surfer, issue, query):
    issue("scans_read")
    answer = surfer.get(f"{KEYS}{query}")
    assert answer.status_code == 400
    assert not answer.context["rows"]
    assert b'class="error"' in answer.content


def test_a_cursor_that_is_none_is_refused(surfer, issue):
    issue("scans_read")
    assert surfer.get(f"{KEYS}?cursor=key_odd").status_code == 400


def test_a_name_is_shown_as_text(surfer, issue):
    issue("scans_read", name="<script>alert(1)</script>")
    page = surfer.get(KEYS).content.decode()
    assert "<script>alert" not in page
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>" in page
