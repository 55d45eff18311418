"""What happens to a key that somebody found where others can read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.utils import timezone

from accounts import mail, sealing
from accounts.audit import Actor
from accounts.models import Organization
from accounts.redaction import redact
from apikeys import events, imported, keys, lifecycle, recipients, rotation
from apikeys.hashes import PBKDF2
from apikeys.imported import NATIVE
from apikeys.models import LEAKED, ApiKey, ApiKeySecret, KeyPolicy, policy_of
from apikeys.models.policies import NOTIFY, ROTATE

# What is left to who has to rotate a leaked key.
GRACE = timedelta(hours=24)
LONGEST_PLACE = 2000
# Below what SQLite and PostgreSQL take in one statement.
MOST_DIGESTS = 10_000
# What was done, and how it is told to people.
REVOKED, ENDING, ENDED, OUTGOING = "revoked", "ending", "ended", "outgoing"
TOLD, DEAD = "told", "dead"
WORDS = {
    REVOKED: "The key was revoked. It cannot be restored: make a new one.",
    ENDING: "The leaked secret ends at {:%F %T} UTC. Rotate the key before then.",
    ENDED: "It was the old secret of a rotation, and was ended. The new one works on.",
    OUTGOING: "It is the old secret of a rotation, and ends at {:%F %T} UTC. "
    "The new one works on.",
    TOLD: "It still works, as your policy wants it. Rotate or revoke the key.",
}


@dataclass(frozen=True, slots=True)
class Leak:
    """A text that may hold a secret of ours, and where it was seen."""

    token: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A leak of a secret that we know."""

    secret: ApiKeySecret
    place: str
    done: str = ""

    @property
    def words(self) -> str:
        return WORDS[self.done].format(self.secret.retires_at)


def report(leaks: Iterable[Leak], *, by: Actor) -> None:
    """Deal with those that are keys of ours, as each organization wants it. What is
    done is done when this returns; a secret that was reported before stays as it is."""
    hits = sorted(_hits(leaks), key=lambda hit: _organization_of(hit).pk)
    for organization, its_hits in groupby(hits, key=_organization_of):
        _deal(organization, list(its_hits), by=by)


def known(text: str) -> ApiKeySecret | None:
    """Whose secret a text is, also of a dead key. Nothing is done about it."""
    found = _candidates(text.strip())
    rows = ApiKeySecret.objects.filter(digest__in=list(found))
    joined = rows.select_related("api_key__organization", "api_key__membership__user")
    secrets = (row for row in joined if found[bytes(row.digest)] == row.format)
    return next(secrets, None)


def _hits(leaks: Iterable[Leak]) -> list[Hit]:
    known: dict[bytes, tuple[str, str]] = {}
    for leak in leaks:
        for digest, form in _candidates(leak.token.strip()).items():
            known.setdefault(digest, (form, leak.place))
    found = []
    for secret in _secrets(list(known)):
        form, place = known[bytes(secret.digest)]
        # A row is only what its own column says: no hash passes as a key.
        if form == secret.format:
            found.append(Hit(secret, _clean(place)))
    return found


def _candidates(token: str) -> dict[bytes, str]:
    """Under what it may lie, and as which format: our own keys, and imported ones.

    A salted hash is no proof before it was computed, and that takes half a second: such
    a key is known from its first use on, when it gets a digest of ours.
    """
    if keys.well_formed(token):
        return dict.fromkeys(sealing.digests(token), NATIVE)
    if not imported.is_foreign(token):
        return {}
    found = imported.candidates_of(token)
    return {digest: form for digest, form in found.items() if form != PBKDF2}


def _secrets(digests: list[bytes]) -> list[ApiKeySecret]:
    """One query, but for a report that no honest reporter sends."""
    unknown = ApiKeySecret.objects.filter(leaked_at=None)
    unknown = unknown.select_related("api_key__organization")
    return [
        secret
        for start in range(0, len(digests), MOST_DIGESTS)
        for secret in unknown.filter(digest__in=digests[start : start + MOST_DIGESTS])
    ]


def _organization_of(hit: Hit) -> Organization:
    return hit.secret.api_key.organization


def _deal(organization: Organization, hits: list[Hit], *, by: Actor) -> None:
    with transaction.atomic():
        organization = Organization.objects.locked(organization)
        policy = policy_of(organization)
        hits.sort(key=lambda hit: hit.secret.api_key_id)
        dealt_with = [_end(hit, policy.leak_action, by=by) for hit in hits]
        _tell(policy, [hit for hit in dealt_with if hit.done in WORDS])


def _end(hit: Hit, action: str, *, by: Actor) -> Hit:
    """Do what the policy says to one secret. The answer tells what was done."""
    rows = ApiKey.objects.select_for_update(of=("self",))
    joined = rows.select_related("organization", "membership__user", "contact__user")
    api_key = joined.get(pk=hit.secret.api_key_id)
    secret = ApiKeySecret.objects.filter(pk=hit.secret.pk, leaked_at=None).first()
    if secret is None:
        # Another report was quicker.
        return hit
    now = timezone.now()
    secret.api_key, secret.leaked_at = api_key, now
    done = _done(secret, action, now=now, by=by)
    secret.save(update_fields=["leaked_at", "retires_at"])
    events.record(
        "api_key.leaked",
        api_key,
        by=by,
        hint=secret.hint,
        place=hit.place,
        done=done,
    )
    return replace(hit, secret=secret, done=done)


def _done(secret: ApiKeySecret, action: str, *, now: datetime, by: Actor) -> str:
    api_key = secret.api_key
    if api_key.revoked_at is not None:
        # Whoever revoked it for another reason shall not bring it back.
        ApiKey.objects.filter(pk=api_key.pk).update(revoked_reason=LEAKED)
        return DEAD
    if secret.is_retired(now):
        return DEAD
    if action == NOTIFY:
        return TOLD
    is_current = secret.retires_at is None
    if action == ROTATE:
        ends = (now + GRACE, secret.retires_at, api_key.expires_at)
        secret.retires_at = min(end for end in ends if end is not None)
        return ENDING if is_current else OUTGOING
    if is_current:
        lifecycle.revoke(api_key, reason=LEAKED, by=by)
        return REVOKED
    secret.retires_at = now - rotation.CLOCKS_DIFFER
    return ENDED


def _tell(policy: KeyPolicy, hits: list[Hit]) -> None:
    """One mail to each who has to know, about all keys of theirs."""
    if not hits:
        return
    organization = policy.organization
    owners = recipients.owners(organization)
    always = recipients.of_every_leak(policy)
    by_address: dict[str, list[Hit]] = {}
    for hit in hits:
        told = recipients.of_leak(hit.secret.api_key, owners)
        for address in recipients.each_once([*told, *always]):
            by_address.setdefault(address, []).append(hit)
    for address, its_hits in by_address.items():
        context = {"organization": organization, "hits": its_hits}
        mail.queue("key_leaked", to=address, context=context, organization=organization)


def _clean(place: str) -> str:
    """In one line, without secrets: it goes into mails, webhooks and the audit log."""
    line = "".join(each if each.isprintable() else " " for each in redact(place))
    return line[:LONGEST_PLACE].strip()
