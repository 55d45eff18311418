"""Failed guesses slow an address and an account down, and nobody else."""

import pytest
import time_machine
from django.core.cache import caches

from ratelimits.brakes import failed
from tests.ratelimits.guessing import wait

pytestmark = pytest.mark.usefixtures("brakes")


@pytest.fixture(autouse=True)
def still():
    """Time stands in the middle of nowhere until a test moves it."""
    with time_machine.travel(1_795_262_437, tick=False) as traveller:
        yield traveller


def fail(request, group="sign-in", *, account="", times=1):
    for _ in range(times):
        assert wait(request, group, account=account) == 0
        failed(request, group, account=account)


def kept():
    """All that lies in the memory of the brakes."""
    return dict(vars(caches["brakes"])["_cache"])


def addresses(number):
    return [f"198.51.{index // 250}.{index % 250}" for index in range(number)]


def test_the_eleventh_guess_at_an_account_waits(arrive):
    fail(arrive(), account="alice@example.com", times=10)
    assert 0 < wait(arrive(), "sign-in", account="alice@example.com") <= 900


def test_the_account_waits_wherever_the_guesses_come_from(arrive):
    for client in addresses(10):
        fail(arrive(client), account="alice@example.com")
    assert wait(arrive("192.0.2.1"), "sign-in", account="alice@example.com") > 0
    assert wait(arrive("192.0.2.1"), "sign-in", account="bob@example.com") == 0


def test_the_sixty_first_guess_of_an_address_waits_whatever_the_account(arrive):
    for number in range(60):
        fail(arrive(), account=f"user{number}@example.com")
    assert wait(arrive(), "sign-in", account="fresh@example.com") > 0
    assert wait(arrive(), "sign-in") > 0
    assert wait(arrive("192.0.2.1"), "sign-in", account="fresh@example.com") == 0


def test_only_failures_count(arrive):
    for _ in range(200):
        assert wait(arrive(), "sign-in", account="alice@example.com") == 0


def test_groups_count_apart_and_a_shared_group_counts_together(arrive):
    fail(arrive(), "sign-in", account="alice@example.com", times=10)
    assert wait(arrive(), "reset", account="alice@example.com") == 0
    assert wait(arrive(), "sign-in", account="alice@example.com") > 0


def test_the_told_wait_is_enough_and_no_second_too_long(arrive, still, dice):
    chance = dice(3)
    for round_number in range(60):
        account = f"user{round_number}@example.com"
        fail(arrive(f"192.0.2.{round_number}"), account=account, times=10)
        seconds = wait(arrive(), "sign-in", account=account)
        assert 1 <= seconds <= 900
        still.shift(seconds - 1)
        assert wait(arrive(), "sign-in", account=account) == 1
        still.shift(1)
        assert wait(arrive(), "sign-in", account=account) == 0
        still.shift(chance.randrange(900))


def test_a_blocked_account_is_free_again_after_its_period(arrive, still):
    fail(arrive(), account="alice@example.com", times=10)
    still.shift(900)
    assert wait(arrive(), "sign-in", account="alice@example.com") == 0


@pytest.mark.parametrize(
    "spelling",
    ["ALICE@EXAMPLE.COM", " alice@example.com ", "ａｌｉｃｅ@example.com"],
)
def test_spellings_of_one_account_share_its_counter(arrive, spelling):
    fail(arrive(), account="alice@example.com", times=10)
    assert wait(arrive(), "sign-in", account=spelling) > 0


def test_requests_without_an_account_do_not_share_one(arrive):
    for client in addresses(30):
        fail(arrive(client))
    assert wait(arrive("192.0.2.1"), "sign-in") == 0


def test_ipv4_clients_of_a_dual_stack_socket_count_apart(arrive):
    for _ in range(60):
        failed(arrive("", peer="::ffff:203.0.113.1"), "sign-in")
    assert wait(arrive("", peer="::ffff:203.0.113.1"), "sign-in") > 0
    assert wait(arrive("", peer="203.0.113.1"), "sign-in") > 0
    assert wait(arrive("", peer="::ffff:203.0.113.2"), "sign-in") == 0


def test_one_household_of_ipv6_counts_as_one_address(arrive):
    for number in range(60):
        failed(arrive(f"2001:db8:1:2::{number:x}"), "sign-in")
    assert wait(arrive("2001:db8:1:2:ffff::1"), "sign-in") > 0
    assert wait(arrive("2001:db8:1:3::1"), "sign-in") == 0


@pytest.mark.parametrize("peer", ["", "unix:", "203.0.113.9:5678", "[2001:db8::1]:443"])
def test_a_strange_peer_is_counted_not_crashed_on(arrive, peer):
    for _ in range(60):
        failed(arrive("", peer=peer), "sign-in")
    assert wait(arrive("", peer=peer), "sign-in") > 0


def test_the_address_that_the_door_found_counts_not_the_proxy(arrive):
    for _ in range(60):
        failed(arrive("203.0.113.1", peer="10.0.0.1"), "sign-in")
    assert wait(arrive("203.0.113.2", peer="10.0.0.1"), "sign-in") == 0
    assert wait(arrive("203.0.113.1", peer="10.0.0.2"), "sign-in") > 0


def test_a_flood_of_other_addresses_does_not_free_a_blocked_one(arrive):
    for _ in range(60):
        failed(arrive("203.0.113.1"), "sign-in")
    for client in addresses(1_000):
        failed(arrive(client), "sign-in")
    assert wait(arrive("203.0.113.1"), "sign-in") > 0


def test_a_waiting_address_makes_no_new_counters(arrive):
    for _ in range(60):
        failed(arrive(), "sign-in")
    assert wait(arrive()) > 0
    before = len(kept())
    for number in range(50):
        assert wait(arrive(), "sign-in", account=f"user{number}@example.com") > 0
    assert len(kept()) == before


def test_group_and_rate_cannot_run_together(arrive, brakes):
    brakes.BRAKES = {"account": (10, 900), "address": (1, 60)}
    for _ in range(11):
        failed(arrive(), "sign-in1")
    brakes.BRAKES = {"account": (10, 900), "address": (11, 60)}
    assert wait(arrive(), "sign-in") == 0


def test_group_and_account_cannot_run_together(arrive):
    fail(arrive("192.0.2.1"), "sign", account="accountant", times=10)
    assert wait(arrive(), "sign", account="accountant") > 0
    assert wait(arrive(), "signaccount", account="ant") == 0


def test_an_account_named_like_an_address_has_its_own_counter(arrive, brakes):
    brakes.BRAKES = {"account": (10, 900), "address": (10, 900)}
    fail(arrive("192.0.2.1"), account="203.0.113.7", times=10)
    assert wait(arrive("203.0.113.7"), "sign-in") == 0


def test_rates_from_a_list_mean_the_same_as_from_a_tuple(arrive, brakes):
    brakes.BRAKES = {"account": [2, 900], "address": [60, 900]}
    fail(arrive(), account="alice@example.com", times=2)
    assert wait(arrive(), "sign-in", account="alice@example.com") > 1


def test_the_cache_holds_neither_accounts_nor_addresses(arrive):
    fail(arrive(), account="alice@example.com")
    assert "alice" not in repr(kept())
    assert "203.0.113" not in repr(kept())


def test_text_that_is_no_unicode_is_counted_not_crashed_on(arrive):
    fail(arrive(), account="\ud800@example.com", times=10)
    assert wait(arrive(), "sign-in", account="\ud800@example.com") > 0
