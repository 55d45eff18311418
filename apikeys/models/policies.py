"""What an organization asks of its keys."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models

from accounts import addresses
from accounts.models import Organization

# What a leak does: end the key, end the leaked secret in a day, or only tell.
REVOKE, ROTATE, NOTIFY = "revoke", "rotate", "notify"
LEAK_ACTIONS = (REVOKE, ROTATE, NOTIFY)


class KeyPolicy(models.Model):
    """The rules of one organization for new and changed keys. No row: the defaults.

    `longest_days`: the longest expiry. `owned_scopes`: only keys of a person may have
    them. `idle_days`: keys that are unused for so long are disabled, after a notice.
    `team_email` is told beside the owner.
    """

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, related_name="key_policy"
    )
    longest_days = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    must_expire = models.BooleanField(default=False)
    ips_required = models.BooleanField(default=False)
    owned_scopes = models.JSONField(default=list)
    leak_action = models.CharField(
        max_length=6, choices=[(name, name) for name in LEAK_ACTIONS], default=REVOKE
    )
    idle_days = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    team_email = models.CharField(max_length=addresses.MOST_CHARACTERS, blank=True)

    class Meta:
        verbose_name_plural: ClassVar = "key policies"

    def __str__(self) -> str:
        return f"key policy of {self.organization}"


def policy_of(organization: Organization) -> KeyPolicy:
    """The row, or one of defaults that is not saved."""
    found = KeyPolicy.objects.filter(organization=organization).first()
    return found or KeyPolicy(organization=organization)
