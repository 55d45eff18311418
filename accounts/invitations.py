"""Invitations into an organization, for every door: invite and accept."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit, mail, passwords, sealing
from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.models import Invitation, Membership, Organization, User
from accounts.permissions import require_role
from accounts.problems import Problem

LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation. `url` is for the inviter to pass on, shown once."""

    membership: Membership
    url: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What somebody without an account fills in to accept."""

    name: str
    password: str


def invite(
    organization: Organization, email: str, *, role: str, inviter: Credential, by: Actor
) -> Invited:
    """Invite an address. The person need not exist; nothing is theirs until they
    accept.

    An open invitation of the same address is replaced: only the newest link works.
    """
    require_role(inviter, role)
    with transaction.atomic():
        Organization.objects.locked(organization)
        user = _person(email)
        membership = _seat(user, organization, role=role)
        # Whoever replaces an invitation acts on the role that it was for, too.
        require_role(inviter, membership.role)
        membership.role, membership.is_active = role, True
        membership.invited_as = email
        membership.save()
        shown, mailed = _new_links(membership)
        audit.record(
            "member.invited",
            by=by,
            organization=organization,
            target=user.public_id,
            role=role,
        )
    context = {"organization": organization, "url": mailed}
    mail.send("invitation", to=user.email, context=context)
    return Invited(membership, shown)


def invited(token: str) -> Membership:
    """What an open invitation leads to. Raises Problem `invalid_token`."""
    membership: Membership = _open_invitation(token).membership
    return membership


def accept(
    token: str, *, newcomer: Newcomer | None, signed_in: User | None, by: Actor
) -> Membership:
    """Join by an invitation's token. Raises Problem.

    Whoever has an account must be signed in with it: the link alone never sets a
    password of theirs. Only the mailed token proves the mailbox.
    """
    invitation = _open_invitation(token)
    with transaction.atomic():
        # The organization first, as everywhere: nobody waits for one who waits for
        # them.
        Organization.objects.locked(invitation.membership.organization)
        # Two invitations of one person, accepted side by side, must not both choose.
        user = User.objects.select_for_update().get(pk=invitation.membership.user_id)
        _refuse_stranger(user, newcomer=newcomer, signed_in=signed_in)
        unused = Invitation.objects.filter(pk=invitation.pk, accepted_at=None)
        if not unused.update(accepted_at=timezone.now()):
            raise Problem("invalid_token")
        if newcomer is not None and not user.has_usable_password():
            _welcome(user, newcomer)
        if bytes(invitation.mailed_digest) in sealing.digests(token):
            _verify_mailbox(user)
        return _join(invitation.membership, by=by)


def _person(email: str) -> User:
    user = User.objects.with_email(email).first()
    if user is not None:
        return user
    try:
        with transaction.atomic():
            return User.objects.enter(email)
    except IntegrityError:
        return User.objects.with_email(email).get()


def _seat(user: User, organization: Organization, *, role: str) -> Membership:
    """Their open invitation, or a new one. Raises Problem where they have joined."""
    current = user.memberships.current().filter(organization=organization).first()
    if current is None:
        return Membership(user=user, organization=organization, role=role)
    if current.joined_at is not None:
        raise Problem("already_member")
    return current


def _new_links(membership: Membership) -> tuple[str, str]:
    membership.invitations.filter(accepted_at=None).delete()
    shown, mailed = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    Invitation.objects.create(
        membership=membership,
        shown_digest=sealing.digest(shown),
        mailed_digest=sealing.digest(mailed),
        expires_at=timezone.now() + LIFETIME,
    )
    base = f"{settings.PUBLIC_URL}/invitations"
    return f"{base}/{shown}", f"{base}/{mailed}"


def _open_invitation(token: str) -> Invitation:
    digests = sealing.digests(token)
    found = Invitation.objects.select_related(
        "membership__user", "membership__organization"
    ).filter(Q(shown_digest__in=digests) | Q(mailed_digest__in=digests))
    invitation = found.first()
    if invitation is None or not invitation.is_open(timezone.now()):
        raise Problem("invalid_token")
    return invitation


def _refuse_stranger(
    user: User, *, newcomer: Newcomer | None, signed_in: User | None
) -> None:
    if user.has_usable_password():
        if user != signed_in:
            raise Problem("sign_in_to_accept")
    elif newcomer is None:
        raise Problem.invalid("password", "Choose a name and a password.")
    elif not newcomer.name:
        raise Problem.invalid("name", "Choose a name.")


def _verify_mailbox(user: User) -> None:
    if user.email_verified_at is None:
        user.email_verified_at = timezone.now()
        user.save(update_fields=["email_verified_at"])


def _welcome(user: User, newcomer: Newcomer) -> None:
    user.name = newcomer.name
    passwords.check_new(newcomer.password, user=user, field="password")
    user.set_password(newcomer.password)
    user.save(update_fields=["name", "password"])


def _join(membership: Membership, *, by: Actor) -> Membership:
    membership.joined_at = timezone.now()
    membership.save(update_fields=["joined_at"])
    membership.user.refresh_from_db()
    audit.record(
        "member.joined",
        by=replace(by, id=membership.user.public_id),
        organization=membership.organization,
        target=membership.user.public_id,
    )
    return membership
