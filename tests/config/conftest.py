"""What the tests of the frame share."""

import pytest
from django.test import Client
from hypothesis import settings as hypothesis_settings

from config.urls import cross_origin_paths, public_paths, uncharged_paths

# How long an example takes says more about the machine than about us.
hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")


@pytest.fixture
def frame(settings):
    """A client of the routes in tests/config/frame.py. A fault becomes a 500."""
    settings.ROOT_URLCONF = "tests.config.frame"
    _forget_addresses()
    yield Client(raise_request_exception=False)
    _forget_addresses()


def _forget_addresses():
    for of_all_routes in (public_paths, uncharged_paths, cross_origin_paths):
        of_all_routes.cache_clear()
