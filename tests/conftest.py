"""What every test may use."""

from __future__ import annotations

pytest_plugins = [
    "tests.cast",
    "tests.lanes",
    "tests.live",
    "tests.browser",
    "tests.operating",
    "tests.ratelimits.redis_servers",
]
