"""What a request proved: one frozen shape, whatever kind of credential it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.audit import Actor
from accounts.last_used import Note
from accounts.models import Membership, Organization, User
from accounts.products import LIVE, Product
from accounts.roles import Role, reaches
from ratelimits.addresses import Network
from ratelimits.counted import Counted
from ratelimits.limits import Limits

SESSION = "session"
API_KEY = "api_key"
OAUTH = "oauth"


# Who has what a scope was granted for no longer: the person's role, the organization's
# plan, the product's file, the application, the person's consent to it.
REASONS = ("role", "plan", "product", "application", "consent")


@dataclass(frozen=True, slots=True)
class Suspension:
    """A granted scope that has no effect now, and why: one of REASONS."""

    scope: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rights:
    """Scopes as granted, as effective now, and the difference explained."""

    granted: tuple[str, ...]
    effective: frozenset[str]
    suspended: tuple[Suspension, ...]


def rights(
    organization: Organization, granted: Iterable[str], *, role: str | None
) -> Rights:
    """What was granted ∩ what the role holds now ∩ what the plan has now.

    `role` is none for what belongs to the organization itself.
    """
    product, plan = organization.product, organization.plan
    of_role = (
        frozenset(product.scopes) if role is None else product.scopes_of_role(role)
    )
    of_plan = product.scopes_of_plan(plan)
    granted = tuple(granted)
    suspended = []
    for scope in granted:
        if scope not in product.scopes:
            suspended.append(Suspension(scope, "product"))
        elif scope not in of_role:
            suspended.append(Suspension(scope, "role"))
        elif scope not in of_plan:
            suspended.append(Suspension(scope, "plan"))
    effective = product.expand(granted) & of_role & of_plan
    return Rights(granted, effective, tuple(suspended))


@dataclass(frozen=True, slots=True)
class Credential:
    """Behind `request.auth`. `id` is public, `rate_key` names the limiter's bucket.

    `rows` is where its last use is written (`accounts.last_used`). `authenticated_at`
    and `factors` (RFC 8176 words) tell when and how strongly a person signed in,
    `second_step_at` when they last used a second factor, `confirmed_at` when they last
    showed that it is them; a key has none of them. `user` is none
    for what belongs to the organization. `key_thumbprint` (RFC 7638) names the client's
    key that it is bound to, if it is (RFC 9449). `networks`: the only ones that it may
    come from, or any where there are none; `is_trying_networks`: others are counted,
    not refused, under the names in `reports`. `judges_product`: an operator lets it ask
    about every credential of its product. `exercised` fills with the scopes that the
    request needed and had.
    """

    kind: str
    id: str
    organization: Organization
    membership: Membership | None
    environment: str
    rights: Rights
    expires_at: datetime | None
    limits: Limits
    rate_key: str
    rows: tuple[Note, ...]
    authenticated_at: datetime | None = None
    factors: tuple[str, ...] = ()
    second_step_at: datetime | None = None
    confirmed_at: datetime | None = None
    key_thumbprint: str = ""
    networks: tuple[Network, ...] = ()
    is_trying_networks: bool = False
    judges_product: bool = False
    exercised: set[str] = field(default_factory=set, compare=False, repr=False)
    reports: set[str] = field(default_factory=set, compare=False, repr=False)

    @property
    def product(self) -> Product:
        return self.organization.product

    @property
    def user(self) -> User | None:
        return self.membership.user if self.membership is not None else None

    @property
    def scopes(self) -> frozenset[str]:
        return self.rights.effective

    @property
    def is_person(self) -> bool:
        """A signed-in person, not a key or a token that acts for one."""
        return self.kind == SESSION

    @property
    def is_live(self) -> bool:
        return self.environment == LIVE

    @property
    def counted(self) -> Counted:
        """Where its usage is counted."""
        organization = self.organization.public_id
        return Counted(self.rate_key, self.kind, organization, self.environment)

    def allows(self, capability: str) -> bool:
        """Whether the product lets this credential do what a view asks for."""
        requirement = self.product.capabilities[capability]
        if requirement.scope is not None:
            return requirement.scope in self.scopes
        # A role is a person's: a narrow key of an owner must not act with the owner's
        # role.
        role = self.membership.role if self.is_person and self.membership else None
        return role is not None and reaches(role, str(requirement.role))

    def lacks(self, scopes: Iterable[str]) -> list[str]:
        """Which of these it does not hold itself, and so may not hand on, sorted."""
        handed_on = tuple(scopes)
        missing = sorted(self.product.expand(handed_on) - self.scopes)
        if not missing:
            self.exercised.update(handed_on)
        return missing

    def may_give_role(self, role: str) -> bool:
        """Whether it may make someone this role, or change someone who has it.

        Nobody hands on what they do not hold: ownership passes between owners, and a
        role that opens something by itself passes between people who have it.
        """
        needed = [each.role for each in self.product.capabilities.values() if each.role]
        if any(reaches(role, least) for least in [Role.OWNER, *needed]):
            member = self.membership if self.is_person else None
            return member is not None and reaches(member.role, role)
        of_plan = self.product.scopes_of_plan(self.organization.plan)
        handed_on = self.product.scopes_of_role(role) & of_plan
        self.exercised.update(handed_on & self.scopes)
        return handed_on <= self.scopes


@dataclass(frozen=True, slots=True)
class Held:
    """A credential as a departure lists it. `hint` is how its secret looks."""

    id: str
    name: str
    hint: str
    last_used_at: datetime | None
    last_used_ip: str | None


@dataclass(frozen=True, slots=True)
class Departure:
    """What outlives sign-ins: `personal` stops when the person goes, `kept` is the
    organization's and loses who answers for it."""

    personal: list[Held] = field(default_factory=list)
    kept: list[Held] = field(default_factory=list)


class Kind(Protocol):
    """One kind of credential. `settings.CREDENTIAL_KINDS` lists one object for each."""

    name: str
    """The word for it, as in `Credential.kind`."""

    carriers: frozenset[str]
    """Where it may stand: "bearer" (RFC 6750), "dpop" (RFC 9449), "x-api-key"."""

    def recognises(self, text: str) -> bool:
        """Whether the text looks like one of this kind. Costs no query."""

    def find(self, text: str) -> Credential | None:
        """What it proves, by one query. None: not issued here, or damaged.

        Raises Problem once the secret is proven and the credential is dead.
        """

    def held_by(self, user: User, organization: Organization) -> list[str]:
        """Public ids of the live credentials that a person has in an organization."""

    def names(self, ids: Iterable[str]) -> dict[str, str]:
        """What people call them, by public id."""

    def limits(self, ids: Iterable[str]) -> dict[str, Limits]:
        """The limits of those that may have others than their organization, by public
        id."""

    def departure(self, membership: Membership) -> Departure:
        """Which of them a member's going would stop or leave without a contact."""

    def held_counts(self, memberships: Iterable[UUID]) -> dict[UUID, int]:
        """How many `departure` would list, for any number of memberships by the same
        number of queries. Who has none is left out."""

    def left(self, membership: Membership, reason: str, *, by: Actor) -> int:
        """A member was deactivated or, with `removed_at` set, removed: end or stop what
        they have, tell of it. The answer is how many. In the caller's transaction."""


class ImportedKeys(Protocol):
    """Finds what no kind recognises: keys that other systems issued."""

    def __call__(
        self, text: str, carrier: str | None, *, address: str
    ) -> Credential | None:
        """What it proves, as `Kind.find`. `carrier`: where it stood, none: anywhere.
        `address` is the one that guesses are counted by.
        """


@cache
def imported_keys() -> ImportedKeys:
    """The one of this deployment."""
    found: ImportedKeys = import_string(settings.IMPORTED_KEYS)
    return found


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind of credential of this deployment, in the order of asking."""
    return tuple(import_string(name) for name in settings.CREDENTIAL_KINDS)
