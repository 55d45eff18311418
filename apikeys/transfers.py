"""Keys change hands: from a person to their organization, or to a colleague."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.models import Membership, User
from accounts.permissions import require, require_person
from accounts.problems import Problem
from apikeys import bounds, events, policies
from apikeys.lifecycle import OF_MEMBER, OF_ORGANIZATION, contact_of
from apikeys.models import ApiKey

# The new owner, none for the organization, and the new contact.
Hands = tuple[Membership | None, Membership | None]


@dataclass(frozen=True, slots=True)
class Handover:
    """To whom: "organization", "me" or a member's id. `contact` is a member's id, who
    answers for a key of the organization; empty: who hands it over."""

    owner: str = OF_ORGANIZATION
    contact: str = ""


def transfer(
    api_key: ApiKey, handover: Handover, *, giver: Credential, by: Actor
) -> ApiKey:
    """Give a key another owner, or another contact; its secrets stay. Raises Problem.

    What a person's role held down is the organization's in full, so the giver must hold
    all of it.
    """
    require(giver, "keys_manage")
    with transaction.atomic():
        api_key = ApiKey.objects.locked(api_key)
        if api_key.revoked_at is not None:
            raise Problem("conflict", "A revoked key cannot change hands.")
        # Also of a key that hands over itself: what its person lost it must not regain.
        bounds.refuse_beyond(giver, api_key, {})
        bounds.refuse_longer(giver, api_key.expires_at)
        _hand_over(api_key, _hands(handover, giver), by=by)
    return api_key


def hands_of(api_key: ApiKey) -> dict[str, str | None]:
    """Whose it is and who answers for it, as answers name them."""
    contact = api_key.contact
    return {
        "owner": api_key.owner,
        "contact": contact.user.public_id if contact is not None else None,
    }


def _hand_over(api_key: ApiKey, hands: Hands, *, by: Actor) -> None:
    before = hands_of(api_key)
    api_key.membership, api_key.contact = hands
    after = hands_of(api_key)
    if after["owner"] != before["owner"]:
        _refuse_owner(api_key)
    if after != before:
        api_key.save(update_fields=["membership", "contact"])
        events.record("api_key.transferred", api_key, by=by, before=before, after=after)


def _hands(handover: Handover, giver: Credential) -> Hands:
    if handover.owner == OF_ORGANIZATION:
        if handover.contact:
            return None, _colleague(handover.contact, giver, field="contact")
        return None, contact_of(giver)
    if handover.contact:
        raise Problem.invalid(
            "contact", "Leave it out: a person answers for their own key."
        )
    if handover.owner == OF_MEMBER:
        require_person(giver)
        return giver.membership, None
    return _colleague(handover.owner, giver, field="owner"), None


def _colleague(user_id: str, giver: Credential, *, field: str) -> Membership:
    users = User.objects.with_public_id(user_id)
    members = giver.organization.memberships.usable().select_related("user")
    member: Membership | None = members.filter(user__in=users).first()
    if member is None:
        raise Problem.invalid(
            field, "Use the id of an active member, as GET /api/v1/users lists them."
        )
    return member


def _refuse_owner(api_key: ApiKey) -> None:
    if api_key.is_service and api_key.membership is not None:
        raise Problem("conflict", "A person's key cannot judge a whole product.")
    if api_key.status != "expired":
        bounds.refuse_taken_name(api_key)
    policies.refuse_against_policy(api_key, changed=["owner"])
