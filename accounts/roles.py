"""The four roles of a membership and their order."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """viewer < member < admin < owner. A higher role holds all that a lower one may."""

    VIEWER = "viewer"
    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"


ROLES = tuple(str(role) for role in Role)
CHOICES = [(role, role.capitalize()) for role in ROLES]


def reaches(role: str, least: str) -> bool:
    """Whether a role stands at or above another."""
    return ROLES.index(role) >= ROLES.index(least)
