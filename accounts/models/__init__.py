"""The tables of accounts, by what they are about."""

from accounts.models.factors import PasswordReset, RecoveryCode, TotpDevice
from accounts.models.identified import Identified
from accounts.models.people import Invitation, Membership, Organization, User
from accounts.models.records import AuditEvent, SigningKey
from accounts.models.sessions import Session

__all__ = [
    "AuditEvent",
    "Identified",
    "Invitation",
    "Membership",
    "Organization",
    "PasswordReset",
    "RecoveryCode",
    "Session",
    "SigningKey",
    "TotpDevice",
    "User",
]
