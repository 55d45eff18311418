"""An organization that has been lived in: what pages show when there is something to
show. The same for the sweep over every page and for the pictures of the README."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential

from accounts import (
    authentication,
    invitations,
    sealing,
    totp,
    webhook_deliveries,
    webhooks,
)
from accounts.audit import Actor
from accounts.models import (
    AuditEvent,
    PasswordReset,
    TrustedBrowser,
    WebhookDelivery,
)
from apikeys import lifecycle, rotation, states
from apikeys.lifecycle import Wish
from apikeys.models import ApiKey
from oauth import devices
from oauth.models import Consent
from ratelimits.counted import ORGANIZATION
from ratelimits.models import Usage
from tests.accounts.conftest import Authenticator
from tests.cast import Person, person
from tests.oauth.conftest import App, register
from tests.surfing import begin

DAYS = 90
HOME = "203.0.113.7"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"
# Names, scopes, in how many days it ends, when and from where it was used.
KEYS = (
    ("CI pipeline", ("scans_read", "scans_write"), 62, 2, HOME),
    ("Nightly backup", ("backup_manage", "devices_read"), None, 410, "198.51.100.20"),
    ("Wallboard", ("scans_read", "alerts_read", "reports_read"), 5, 1, "203.0.113.9"),
    ("Ticket bridge", ("alerts_read", "alerts_write"), 21, 95, "2001:db8::17"),
    ("Old laptop", ("scans_read",), None, 130_000, "198.51.100.4"),
    ("Compliance export", ("reports_read", "billing"), 340, None, None),
)
ENDPOINTS = {
    "GET /api/v1/scans": 6,
    "POST /api/v1/scans": 3,
    "GET /api/v1/scans/{scan_id}": 2,
    "GET /api/v1/workspaces": 1,
}


@dataclass
class Furnished:
    """What there is, by the name that addresses give it."""

    owner: Person
    colleague: Person
    # A colleague with two-step sign-in, for the pages that only they have.
    guarded: Any = None
    keys: dict[str, ApiKey] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    webhook: Any = None
    delivery: Any = None
    consent: Any = None
    session: Any = None
    passkey: Any = None
    browser: Any = None
    invitation: str = ""
    reset: str = "a-mailed-token"
    user_code: str = ""

    @property
    def by(self) -> Actor:
        return Actor(self.owner.user.public_id, address=HOME)


def furnish(owner: Person, colleague: Person) -> Furnished:
    house = Furnished(owner, colleague)
    for name, scopes, ends_in, used, address in KEYS:
        _key(house, name, scopes, ends_in=ends_in, used=used, address=address)
    _ended_keys(house)
    _usage(house)
    _applications(house)
    _webhook(house)
    _people(house)
    _ways_in(house)
    _spread_history(house)
    return house


def _key(house: Furnished, name: str, scopes: tuple[str, ...], **told: Any) -> ApiKey:
    now = timezone.now()
    ends_in, used = told.get("ends_in"), told.get("used")
    wish = Wish(
        name=name,
        scopes=scopes,
        environment=told.get("environment", "live"),
        expires_at=now + timedelta(days=ends_in) if ends_in else None,
        tags=("production",) if ends_in else (),
        contact=house.owner.membership,
    )
    organization = house.owner.organization
    api_key = lifecycle.issue_for(organization, wish, membership=None, by=house.by)[0]
    ApiKey.objects.filter(pk=api_key.pk).update(
        created_at=now - timedelta(days=120),
        last_used_at=now - timedelta(minutes=used) if used else None,
        last_used_ip=told.get("address"),
    )
    api_key.refresh_from_db()
    house.keys[name] = api_key
    return api_key


def _ended_keys(house: Furnished) -> None:
    """One of each state, and one in the midst of a rotation."""
    both = ("scans_read", "devices_write")
    _key(house, "Staging", ("scans_read",), environment="test")
    disabled = _key(house, "Contractor", ("devices_read",))
    states.disable(disabled, by=house.by)
    revoked = _key(house, "Lost phone", ("scans_read",), used=3_000, address="::1")
    lifecycle.revoke(revoked, reason="replaced", by=house.by)
    expired = _key(house, "Spring audit", ("reports_read",), ends_in=1)
    then = timezone.now() - timedelta(days=3)
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=then)
    rotating = _key(house, "Deploy bot", both, used=7, address=HOME)
    rotation.rotate_for(rotating, 604_800, by=house.by)


def _usage(house: Furnished) -> None:
    """Ninety days of the keys that are used, and the sums of their organization."""
    owner = house.owner.organization.public_id
    rows = [
        _day(name_of(house, name), "api_key", owner, back=back, size=size)
        for name, size in (("CI pipeline", 9), ("Wallboard", 5), ("Ticket bridge", 2))
        for back in range(DAYS)
    ]
    rows += [_day(owner, ORGANIZATION, owner, back=back, size=16) for back in range(30)]
    Usage.objects.bulk_create(rows)


def name_of(house: Furnished, name: str) -> str:
    return house.keys[name].public_id


def _day(
    credential: str, kind: str, organization: str, *, back: int, size: int
) -> Usage:
    day = timezone.now().date() - timedelta(days=back)
    # Fewer at the weekend, more lately, and no two days alike.
    allowed = size * (40 if day.weekday() < 5 else 11) * (DAYS - back // 2)
    allowed = allowed // 10 + back * 7 % 23
    limited, missing = allowed // 31 if back % 9 == 0 else 0, back % 4
    return Usage(
        credential=credential,
        kind=kind,
        organization=organization,
        environment="live",
        day=day,
        charged=allowed,
        requests=allowed + limited + missing,
        allowed=allowed,
        limited=limited,
        insufficient_scope=missing,
        details=_names(allowed, limited=limited, missing=missing),
    )


def _names(allowed: int, *, limited: int, missing: int) -> dict[str, dict[str, int]]:
    return {
        "endpoints": {name: allowed * n // 12 for name, n in ENDPOINTS.items()},
        "statuses": {"200": allowed, "429": limited, "403": missing},
        "addresses": {HOME: allowed - 5, "198.51.100.20": 5},
        "agents": {"curl/8.14.1": 5, "python-requests/2.34": allowed - 5},
        "scopes": {"scans_read": allowed},
    }


def _applications(house: Furnished) -> None:
    owner = house.owner
    house.apps["web"] = register(
        owner, name="Alert Relay", scopes=["scans_read"], secret_hint="nr_ocs_…5e1c"
    )
    house.apps["spa"] = register(owner, name="Wallboard", type="spa")
    house.apps["machine"] = register(owner, name="Nightly report", type="machine")
    house.consent = Consent.objects.create(
        membership=owner.membership,
        application=house.apps["web"].row,
        scopes=["scans_read", "alerts_read"],
        last_used_at=timezone.now() - timedelta(hours=3),
        last_used_ip="198.51.100.20",
    )
    begun = devices.begin(house.apps["web"].row, ["scans_read"])
    house.user_code = begun.user_code


def _webhook(house: Furnished) -> None:
    wish = {
        "url": "https://hooks.acme.example/doorward",
        "events": ["api_key.created", "api_key.revoked", "api_key.expiring"],
        "description": "Tells the desk",
    }
    house.webhook, _secret = webhooks.make(house.owner.organization, wish, by=house.by)
    delivery = webhook_deliveries.test(house.webhook)
    now = timezone.now()
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        attempts=1,
        last_attempt_at=now,
        delivered_at=now,
        response_status=204,
        response_ms=83,
    )
    delivery.refresh_from_db()
    house.delivery = delivery


def _people(house: Furnished) -> None:
    organization = house.owner.organization
    person("dora@acme.test", organization, "viewer")
    house.guarded = person("emil@acme.test", organization, "admin")
    _two_step(house.guarded, by=house.by)
    house.session = begin(house.owner, factors=["pwd"])
    inviter = authentication.credential_of(
        house.session, expires_at=house.session.expires_at
    )
    invited = invitations.invite(
        organization, "fritz@acme.test", role="member", inviter=inviter, by=house.by
    )
    house.invitation = invited.url.rpartition("/")[2].rpartition("=")[2]


def _two_step(somebody: Person, *, by: Actor) -> None:
    secret = totp.enrol(somebody.user, issuer="Doorward", by=by).secret
    totp.confirm(somebody.user, Authenticator(secret).code(), by=by)


def _ways_in(house: Furnished) -> None:
    """A passkey, a browser that is trusted, a link to a new password."""
    user, now = house.owner.user, timezone.now()
    house.passkey = WebAuthnCredential.objects.create(
        user=user,
        name="MacBook",
        confirmed=True,
        credential_id=b"known",
        credential_id_sha256=sha256(b"known").hexdigest(),
        public_key=b"none",
        last_used_at=now - timedelta(hours=2),
    )
    house.browser = TrustedBrowser.objects.create(
        user=user,
        digest=sealing.digest("a-trusted-browser"),
        stamp=b"",
        user_agent=FIREFOX,
        expires_at=now + timedelta(days=29),
    )
    PasswordReset.objects.create(
        user=user,
        digest=sealing.digest(house.reset),
        expires_at=now + timedelta(hours=1),
    )


def _spread_history(house: Furnished) -> None:
    """As if it had taken weeks."""
    now = timezone.now()
    events = AuditEvent.objects.filter(organization=house.owner.organization)
    for number, event in enumerate(events.order_by("-pk")):
        then = now - timedelta(minutes=9 + 41 * number**2)
        AuditEvent.objects.filter(pk=event.pk).update(at=then)
