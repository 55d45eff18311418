"""How long a refused sign-in takes tells nobody whether the account exists."""

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


def seconds_of_a_refusal(email):
    body = {"email": email, "password": "not the password"}
    begun = time.perf_counter()
    assert send("POST", "/api/v1/auth/login", body).status_code == 401
    return time.perf_counter() - begun


def medians(addresses, rounds):
    """The kinds take turns, so that a busy moment of the machine meets all of them."""
    times = {kind: [] for kind in addresses}
    for _ in range(rounds):
        for kind, email in addresses.items():
            times[kind].append(seconds_of_a_refusal(email))
    return {kind: statistics.median(found) for kind, found in times.items()}


@pytest.mark.slow
def test_medians_of_all_kinds_of_accounts_lie_within_ten_percent(argon2, addresses):
    stores.reset()
    medians(addresses, rounds=3)
    found = medians(addresses, ROUNDS)
    for kind, seconds in found.items():
        print(f"{kind:>14}: {seconds * 1000:.2f} ms")
    assert max(found.values()) <= 1.10 * min(found.values()), found


def test_every_kind_of_account_costs_the_same_statements(
    addresses, django_assert_num_queries
):
    seconds_of_a_refusal(addresses["unknown"])
    for email in addresses.values():
        with django_assert_num_queries(1):
            seconds_of_a_refusal(email)


def test_every_kind_of_account_costs_one_hash(counted, addresses):
    for email in addresses.values():
        before = CountedHasher.asked
        seconds_of_a_refusal(email)
        assert CountedHasher.asked == before + 1, email


def test_no_more_than_four_hashes_are_made_at_once():
    """Each takes 19 MiB."""
    gate = passwords._hashing
    taken = [gate.acquire(blocking=False) for _ in range(5)]
    for is_taken in taken:
        if is_taken:
            gate.release()
    assert taken == [True] * 4 + [False]
