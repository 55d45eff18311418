"""The secrets of API keys: what requests show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts import sealing
from accounts.lookups import Lookup
from apikeys import keys
from apikeys.models.keys import ApiKey


class ApiKeySecretQuerySet(models.QuerySet["ApiKeySecret"]):
    """Many secrets."""

    def find(self, key: str) -> ApiKeySecret | None:
        """The secret, with all that decides about it: one query on a unique index."""
        return self.with_digest(sealing.digests(key))

    def with_digest(self, digests: Sequence[bytes]) -> ApiKeySecret | None:
        """The same by what a key may lie under, for keys from elsewhere."""
        return _by_digest.find(digests)

    def keep(self, api_key: ApiKey, text: str) -> ApiKeySecret:
        """Make this text the current secret of a key that has none."""
        secret: ApiKeySecret = self.create(
            api_key=api_key,
            digest=sealing.digest(text),
            pepper=sealing.newest_pepper(),
            hint=keys.hint(text),
        )
        return secret

    def living(self, now: datetime) -> Self:
        """Those that are not retired."""
        return self.filter(Q(retires_at=None) | Q(retires_at__gt=now))


class ApiKeySecret(models.Model):
    """One secret of a key, kept as its digest under a numbered pepper.

    Without `retires_at` it is the current one, of which a key has at most one; with it,
    it is an old one that a rotation lets live until then. An imported secret has the
    `format` of the hash that it came as, until its first use (apikeys.imported).
    """

    api_key = models.ForeignKey(
        ApiKey, on_delete=models.CASCADE, related_name="secrets"
    )
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    pepper = models.PositiveSmallIntegerField(editable=False)
    hint = models.CharField(max_length=60, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    retires_at = models.DateTimeField(null=True, editable=False)
    leaked_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    last_used_ip = models.CharField(max_length=45, null=True, editable=False)  # noqa: DJ001
    format = models.CharField(max_length=20, blank=True, editable=False)
    # Of a salted hash, which no digest can be looked up by.
    sealed_hash = models.BinaryField(null=True, editable=False)
    # What it was imported under. It stays, so that a second import finds it.
    imported_digest = models.BinaryField(
        max_length=32, unique=True, null=True, editable=False
    )

    objects: Any = ApiKeySecretQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["api_key"],
                condition=models.Q(retires_at=None),
                name="one_current_secret",
            ),
        ]

    def __str__(self) -> str:
        return self.hint

    @property
    def is_current(self) -> bool:
        return self.retires_at is None

    def is_retired(self, now: datetime) -> bool:
        return self.retires_at is not None and self.retires_at <= now


_by_digest: Lookup[ApiKeySecret] = Lookup(
    lambda: ApiKeySecret.objects.select_related(
        "api_key__organization", "api_key__membership__user"
    ).defer("sealed_hash", "api_key__metadata", "api_key__tags"),
    by="digest",
)
