"""One store for the whole process, chosen by the settings."""

import threading

import pytest
from django.core.exceptions import ImproperlyConfigured

from ratelimits import stores
from ratelimits.limits import Limits
from ratelimits.local import LocalStore

pytestmark = pytest.mark.usefixtures("fresh_stores")


def test_every_caller_in_the_process_counts_in_the_same_store(settings):
    settings.LIMITER = "local"
    assert stores.store().check("key", Limits(1, 1, 1)).allowed
    assert not stores.store().check("key", Limits(1, 1, 1)).allowed


def test_first_callers_at_the_same_moment_get_the_same_store(settings, monkeypatch):
    settings.LIMITER = "slow"
    start = threading.Barrier(8)
    building = threading.Event()

    def build():
        building.wait(0.05)
        return LocalStore()

    monkeypatch.setitem(stores.STORES, "slow", build)
    found = set()

    def work():
        start.wait()
        found.add(stores.store())

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 1


def test_reset_forgets_every_count(settings):
    settings.LIMITER = "local"
    stores.store().check("key", Limits(1, 1, 1))
    stores.reset()
    assert stores.store().check("key", Limits(1, 1, 1)).allowed


def test_an_unknown_store_is_named_with_those_that_exist(settings):
    settings.LIMITER = "postgres"
    with pytest.raises(ImproperlyConfigured, match=r'"postgres".*local'):
        stores.store()
