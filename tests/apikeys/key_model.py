"""A small model of keys, which says what a request with each secret has to answer."""

from dataclasses import dataclass, field

DAY = 86_400
RESTORABLE = 7 * DAY
# What each role of NetRecon holds of the scopes that the machine gives out.
SCOPES = ("scans_read", "scans_write")
OF_ROLE = {"viewer": {"scans_read"}, "member": set(SCOPES), "admin": set(SCOPES)}


@dataclass
class Secret:
    """A text, and when it ends; None: it is the current one."""

    text: str
    ends: float | None = None

    def lives(self, now):
        return self.ends is None or now < self.ends


@dataclass
class Member:
    """The person whose personal keys are in play."""

    role: str = "member"
    is_active: bool = True

    def may_have(self, scopes):
        """Whether they may make a key with these scopes, or be given a secret of it."""
        return self.is_active and OF_ROLE[self.role] >= set(scopes)


@dataclass
class Key:
    """What the model knows of one key. `member` is none for the organization's."""

    id: str
    scopes: tuple
    member: Member | None
    expires: float | None
    secrets: list[Secret] = field(default_factory=list)
    revoked: float | None = None
    reason: str = ""
    is_disabled: bool = False

    def is_expired(self, now):
        return self.expires is not None and self.expires <= now

    def status(self, now):
        if self.revoked is not None:
            return "revoked"
        if self.is_expired(now):
            return "expired"
        return "disabled" if self.is_disabled else "active"

    def lives(self, now):
        return self.status(now) == "active" and (
            self.member is None or self.member.is_active
        )

    def answer(self, secret, now):
        """What GET /scans has to answer to one of its secrets."""
        if not self.lives(now) or not secret.lives(now):
            return 401
        held = set(self.scopes)
        if self.member is not None:
            held &= OF_ROLE[self.member.role]
        return 200 if "scans_read" in held else 403

    @property
    def current(self):
        return next(each for each in self.secrets if each.ends is None)

    def retiring(self, now):
        return [
            each for each in self.secrets if each.ends is not None and each.lives(now)
        ]

    def revoke(self, reason, now):
        """What is known to have leaked stays so; any other reason stays the first."""
        if self.revoked is None:
            self.revoked, self.reason = now, reason
        elif reason == "leaked":
            self.reason = reason

    def is_restorable(self, now):
        return (
            self.revoked is not None
            and self.reason != "leaked"
            and now - self.revoked < RESTORABLE
        )

    def rotate(self, text, grace, now):
        end = now + grace
        if self.expires is not None:
            end = min(end, self.expires)
        for each in self.retiring(now):
            each.ends = now
        self.current.ends = end
        self.secrets.append(Secret(text))

    def finish(self, now):
        for each in self.retiring(now):
            each.ends = now

    def cancel(self, now):
        old = self.retiring(now)[-1]
        self.current.ends = now
        old.ends = None
