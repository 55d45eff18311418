"""Doorward as it is deployed, with two more addresses (`doorward_urls`)."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.keys.doorward_urls"
