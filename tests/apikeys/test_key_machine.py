"""Whatever is done to keys in whatever order: no dead secret is let in, no live one is
refused."""

import itertools
import time

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from accounts.roles import Role
from ratelimits import stores
from tests.apikeys.key_model import DAY, SCOPES, Key, Member, Secret
from tests.cast import founder, person, send

KEYS = "/api/v1/api-keys"
SCANS = "/api/v1/scans"
BEGIN = 1_900_000_000
GRACES = (0, 60, 3_600, 7 * DAY, 30 * DAY)
STEPS = (1, 59, 60, 3_600, DAY, 7 * DAY - 1, 7 * DAY, 30 * DAY)
_number = itertools.count()


class Keys(RuleBasedStateMachine):
    """Alice, an owner, acts over HTTP; bob is a member with keys of his own."""

    keys = Bundle("keys")

    def __init__(self):
        super().__init__()
        self.now = BEGIN
        self.clock = time_machine.travel(BEGIN, tick=False)
        self.traveller = self.clock.start()
        number = next(_number)
        self.alice = founder(
            f"alice{number}@acme.test", "Acme", product="netrecon", plan="enterprise"
        )
        self.bob = person(
            f"bob{number}@acme.test", self.alice.organization, Role.MEMBER
        )
        self.member = Member()
        self.all = []

    def teardown(self):
        self.clock.stop()

    def act(self, method, path, body=None, *, who=None):
        who = who or self.alice
        stores.reset()
        who.sign_in()
        return who.call(method, path, body)

    def asked(self, key, word, body=None, *, who=None):
        """What a change of a key answers, and whether it was taken."""
        answer = self.act("POST", f"{KEYS}/{key.id}{word}", body, who=who)
        assert answer.status_code in (200, 204, 409), answer.content
        return answer, answer.status_code < 300

    @rule(
        target=keys,
        scopes=st.sets(st.sampled_from(SCOPES)).map(sorted),
        lives_for=st.sampled_from([None, 60, DAY, 40 * DAY]),
        owner=st.sampled_from(["organization", "me"]),
    )
    def create(self, scopes, lives_for, owner):
        who = self.bob if owner == "me" else self.alice
        if who is self.bob and not self.member.may_have(scopes):
            return multiple()
        wish = {"name": f"key {next(_number)}", "scopes": scopes, "owner": owner}
        expires = None if lives_for is None else self.now + lives_for
        if expires is not None:
            wish["expires_at"] = written(expires)
        answer = self.act("POST", KEYS, wish, who=who)
        assert answer.status_code == 201, answer.content
        made = answer.json()
        member = self.member if owner == "me" else None
        key = Key(made["id"], tuple(scopes), member, expires, [Secret(made["key"])])
        self.all.append(key)
        return key

    @rule(key=keys, grace=st.sampled_from(GRACES))
    def rotate(self, key, grace):
        who = self.alice if key.member is None else self.bob
        if who is self.bob and not self.member.may_have(key.scopes):
            return
        body = {"grace_seconds": grace}
        answer, taken = self.asked(key, "/rotate", body, who=who)
        is_free = grace == 0 or not key.retiring(self.now)
        may = key.status(self.now) in ("active", "disabled") and is_free
        assert taken == may, answer.content
        if taken:
            key.rotate(answer.json()["key"], grace, self.now)

    @rule(key=keys)
    def finish(self, key):
        answer, taken = self.asked(key, "/rotate/finish")
        may = key.status(self.now) in ("active", "disabled")
        assert taken == (may and bool(key.retiring(self.now))), answer.content
        if taken:
            key.finish(self.now)

    @rule(key=keys)
    def cancel(self, key):
        answer, taken = self.asked(key, "/rotate/cancel")
        may = key.status(self.now) in ("active", "disabled")
        assert taken == (may and bool(key.retiring(self.now))), answer.content
        if taken:
            key.cancel(self.now)

    @rule(key=keys, reason=st.sampled_from(["leaked", "unused", "replaced", "other"]))
    def revoke(self, key, reason):
        path = f"{KEYS}/{key.id}?reason={reason}"
        assert self.act("DELETE", path).status_code == 204
        key.revoke(reason, self.now)

    @rule(key=keys)
    def restore(self, key):
        answer, taken = self.asked(key, "/restore")
        assert taken == key.is_restorable(self.now), answer.content
        if taken:
            key.revoked, key.reason = None, ""

    @rule(key=keys)
    def disable(self, key):
        taken = self.asked(key, "/disable")[1]
        if taken:
            key.is_disabled = True

    @rule(key=keys)
    def enable(self, key):
        taken = self.asked(key, "/enable")[1]
        if taken:
            key.is_disabled = False

    @rule(key=keys, to=st.sampled_from(["organization", "bob"]))
    def transfer(self, key, to):
        owner = "organization" if to == "organization" else self.bob.user.public_id
        answer = self.act("POST", f"{KEYS}/{key.id}/transfer", {"owner": owner})
        # Nothing is handed to somebody who is not active.
        assert answer.status_code in (200, 400, 409), answer.content
        if answer.status_code == 200:
            key.member = None if to == "organization" else self.member

    @rule(role=st.sampled_from(["viewer", "member", "admin"]))
    def change_role(self, role):
        self.change_bob(role=role)
        self.member.role = role

    @rule(is_active=st.booleans())
    def change_activity(self, is_active):
        self.change_bob(is_active=is_active)
        self.member.is_active = is_active

    def change_bob(self, **changes):
        path = f"/api/v1/users/{self.bob.user.public_id}"
        answer = self.act("PATCH", path, changes)
        assert answer.status_code == 200, answer.content

    @rule(seconds=st.sampled_from(STEPS))
    def wait(self, seconds):
        self.now += seconds
        self.traveller.move_to(self.now)

    @invariant()
    def every_secret_answers_as_it_must(self):
        stores.reset()
        for key in self.all:
            for secret in key.secrets:
                answer = send("GET", SCANS, X_API_KEY=secret.text)
                wanted = key.answer(secret, self.now)
                assert answer.status_code == wanted, (key, secret, answer.content)


def written(moment):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def run(examples, steps):
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Keys, settings=chosen)


@pytest.mark.usefixtures("signing_keys")
def test_a_few_orders():
    run(4, 12)


@pytest.mark.slow
@pytest.mark.usefixtures("signing_keys")
def test_many_orders():
    run(60, 25)
