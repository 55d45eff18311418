"""The commands that make people and tenants, and what a lost key is told as."""

from __future__ import annotations

import base64
import os
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import invitations, signing
from accounts.audit import SYSTEM
from accounts.authentication import credential_of
from accounts.invitations import Newcomer
from accounts.models import AuditEvent, Session, User
from tests.cast import PASSWORD, send


@pytest.fixture
def hijacked(alice):
    """An address whose account was taken by the link that was shown to the inviter."""
    alice.sign_in()
    session = Session.objects.get(membership=alice.membership)
    inviter = credential_of(session, expires_at=session.expires_at)
    invited = invitations.invite(
        alice.organization, "ceo@victim.test", role="viewer", inviter=inviter, by=SYSTEM
    )
    token = invited.url.rpartition("/")[2]
    newcomer = Newcomer("Mallory", PASSWORD)
    invitations.accept(token, newcomer=newcomer, signed_in=None, by=SYSTEM)
    return "ceo@victim.test"


def create_organization(owner):
    call_command(
        *("createorganization", "Victim", "--product", "netrecon"),
        *("--plan", "starter", "--owner", owner),
        stdout=StringIO(),
    )


def test_an_owner_whose_mailbox_was_never_proven_gets_no_tenant(hijacked):
    with pytest.raises(CommandError, match="never proven"):
        create_organization(hijacked)


def test_an_owner_made_by_the_operator_gets_a_second_tenant(signing_keys):
    create_organization("ceo@new.test")
    create_organization("CEO@new.test")
    assert User.objects.with_email("ceo@new.test").get().memberships.count() == 2


def test_an_operator_is_made_of_somebody_with_a_proven_mailbox(signing_keys, hijacked):
    create_organization("ceo@new.test")
    call_command("createoperator", "ceo@new.test", stdout=StringIO())
    assert User.objects.with_email("ceo@new.test").get().is_staff
    assert AuditEvent.objects.filter(action="operator.created").count() == 1
    for email in (hijacked, "nobody@new.test"):
        with pytest.raises(CommandError):
            call_command("createoperator", email, stdout=StringIO())


def test_a_lost_encryption_key_is_503_and_says_so_nowhere_else(alice, settings):
    signing.forget()
    key = base64.b64encode(os.urandom(32))[:32]
    settings.ENCRYPTION_KEYS = {1: key}
    answer = alice.log_in()
    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"
    assert "Retry-After" in answer.headers


def test_an_organization_whose_plan_is_gone_is_503(issue, call, alice):
    _api_key, key = issue("scans_read")
    token = alice.sign_in()["access_token"]
    alice.organization.plan_slug = "gone"
    alice.organization.save()
    assert call(key).status_code == 503
    answer = send("GET", "/api/v1/auth/whoami", AUTHORIZATION=f"Bearer {token}")
    assert answer.status_code == 503
    assert answer.headers["X-Request-Id"]
    assert answer.headers["X-RateLimit-Limit"]
