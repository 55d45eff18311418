"""Many keys of one organization keep no other from being told of its own."""

from datetime import timedelta

from django.utils import timezone

from apikeys import expiry
from apikeys.models import KeyNotice


def test_organizations_take_turns(issue, alice, carol, monkeypatch):
    monkeypatch.setattr(expiry, "AT_ONCE", 2)
    monkeypatch.setattr(expiry, "SECONDS", 60)
    soon = timezone.now() + timedelta(days=2)
    for hours in range(6):
        issue(owner=alice, expires_at=soon + timedelta(hours=hours))
    issue(owner=carol, expires_at=soon + timedelta(days=1))
    assert expiry.announce() == 7
    rows = KeyNotice.objects.order_by("created_at").select_related("api_key")
    whose = [notice.api_key.organization_id for notice in rows]
    assert whose.index(carol.organization.pk) == 2
