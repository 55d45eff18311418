"""How long a refused sign-in takes tells nobody whether the account exists."""

import random
import statistics
import time

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from accounts import passwords
from accounts.models import User
from config import settings as deployed
from ratelimits import stores
from ratelimits.limits import Limits
from tests.cast import person, send

ROUNDS = 80


class CountedHasher(MD5PasswordHasher):
    """Knows how often it was asked."""

    asked = 0

    def verify(self, password, encoded):
        type(self).asked += 1
        return super().verify(password, encoded)


@pytest.fixture
def hash_by(settings):
    """hash_by(hashers): for everybody who is made from now on, and for nobody too."""

    def switch(hashers):
        settings.PASSWORD_HASHERS = hashers
        passwords._nobodys_hash.cache_clear()

    yield switch
    passwords._nobodys_hash.cache_clear()


@pytest.fixture
def argon2(hash_by):
    hash_by(deployed.PASSWORD_HASHERS)


@pytest.fixture
def counted(hash_by):
    hash_by(["tests.accounts.test_login_times.CountedHasher"])


@pytest.fixture
def addresses(alice, settings):
    """One address for each kind of account. So many refusals meet no brake."""
    settings.BRAKES = {"account": (100_000, 900), "address": (100_000, 900)}
    settings.ANONYMOUS_LIMITS = Limits(per_minute=100_000, burst=100_000, daily=None)
    known, disabled, password_less = (
        person(f"{name}@acme.test", alice.organization, "member").user
        for name in ("known", "disabled", "password-less")
    )
    User.objects.filter(pk=disabled.pk).update(is_active=False)
    password_less.set_unusable_password()
    password_less.save()
    return {
        "known": known.email,
        "disabled": disabled.email,
        "password-less": password_less.email,
        "unknown": "unknown@acme.test",
    }


def refuse(email):
    body = {"email": email, "password": "not the password"}
    assert send("POST", "/api/v1/auth/login", body).status_code == 401


def seconds_of_a_refusal(email):
    """On the clock, and of the processor: the latter no other program can prolong."""
    begun = time.perf_counter(), time.thread_time()
    refuse(email)
    return time.perf_counter() - begun[0], time.thread_time() - begun[1]


def medians(addresses, rounds):
    """The kinds take turns, so that a busy moment of the machine meets all of them."""
    chance = random.Random(1)  # noqa: S311 - an order, no secret
    times = {kind: [] for kind in addresses}
    for _ in range(rounds):
        for kind in chance.sample(list(addresses), len(addresses)):
            times[kind].append(seconds_of_a_refusal(addresses[kind]))
    return {
        kind: [statistics.median(column) for column in zip(*pairs, strict=True)]
        for kind, pairs in times.items()
    }


@pytest.mark.slow
def test_medians_of_all_kinds_of_accounts_lie_within_ten_percent(argon2, addresses):
    stores.reset()
    medians(addresses, rounds=3)
    found = medians(addresses, ROUNDS)
    for kind, (clock, processor) in found.items():
        print(f"{kind:>14}: {clock * 1000:.2f} ms, {processor * 1000:.2f} ms of work")
    work = [processor for _clock, processor in found.values()]
    assert max(work) <= 1.10 * min(work), found


def test_every_kind_of_account_costs_the_same_statements(
    addresses, django_assert_num_queries
):
    refuse(addresses["unknown"])
    for email in addresses.values():
        with django_assert_num_queries(1):
            refuse(email)


def test_every_kind_of_account_costs_one_hash(counted, addresses):
    for email in addresses.values():
        before = CountedHasher.asked
        refuse(email)
        assert CountedHasher.asked == before + 1, email


def test_no_more_than_four_hashes_are_made_at_once():
    """Each takes 19 MiB."""
    gate = passwords._hashing
    taken = [gate.acquire(blocking=False) for _ in range(5)]
    for is_taken in taken:
        if is_taken:
            gate.release()
    assert taken == [True] * 4 + [False]
