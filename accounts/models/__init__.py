"""The tables of accounts, by what they are about."""

from accounts.models.factors import (
    PasswordReset,
    RecoveryCode,
    TotpDevice,
    TrustedBrowser,
)
from accounts.models.identified import Identified
from accounts.models.limited import Limited
from accounts.models.outbox import OutboxMessage
from accounts.models.people import Invitation, Membership, Organization, User
from accounts.models.records import (
    AuditEvent,
    IdempotentAnswer,
    SeenOnce,
    SigningKey,
    UsageAlert,
)
from accounts.models.sessions import Session
from accounts.models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "AuditEvent",
    "IdempotentAnswer",
    "Identified",
    "Invitation",
    "Limited",
    "Membership",
    "Organization",
    "OutboxMessage",
    "PasswordReset",
    "RecoveryCode",
    "SeenOnce",
    "Session",
    "SigningKey",
    "TotpDevice",
    "TrustedBrowser",
    "UsageAlert",
    "User",
    "WebhookDelivery",
    "WebhookEndpoint",
]
