"""Switching to another organization beside what ends the sign-in."""

import threading
import time

import pytest
from django.db import transaction

from accounts import sessions, switching
from accounts.audit import SYSTEM
from accounts.models import AuditEvent, Membership, Session
from accounts.roles import Role
from tests.cast import HERE
from tests.surfing import surf


@pytest.fixture
def places(alice, carol):
    """Alice's memberships: her own, and one as a viewer of carol's organization."""
    joined = alice.membership.joined_at
    there = Membership.objects.create(
        user=alice.user,
        organization=carol.organization,
        role=Role.VIEWER,
        joined_at=joined,
    )
    return alice.membership, there


def test_who_is_ended_everywhere_is_nowhere_else(alice, places, crowd):
    """A thief who is about to switch does not slip through."""
    here, there = places
    thief = sessions.begin_in_browser(here, factors=["pwd"], place=HERE)
    switched = threading.Event()

    def switch():
        with transaction.atomic():
            switching.switch(thief, there.organization.public_id, by=SYSTEM)
            switched.set()
            time.sleep(0.5)

    def end():
        switched.wait(timeout=30)
        sessions.end_all(alice.user, reason="ended", by=SYSTEM)

    acts = iter([switch, end])
    crowd(lambda: next(acts)(), times=2, threads=2)
    assert not Session.objects.filter(ended_at=None).exists()


def test_no_organization_reads_of_another_in_its_log(alice, places):
    here, there = places
    surfer = surf(alice)
    name = there.organization.public_id
    surfer.post("/settings/organization/switch", {"organization": name})
    ended, switched = (
        AuditEvent.objects.get(action=action)
        for action in ("session.ended", "session.switched")
    )
    assert (ended.organization_id, ended.target) == (
        here.organization_id,
        surfer.session_row.public_id,
    )
    assert ended.details == {"reason": "switched"}
    assert (switched.organization_id, switched.details) == (there.organization_id, {})
