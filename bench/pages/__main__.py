"""How long the server takes for the pages of keys: the list of an organization with a
thousand keys, and one key's page over 90 days.

    .venv/bin/python -m bench.pages [--keys 1000] [--requests 200]

In the process, through every middleware, without a network. On DATABASE_URL where that
is set, else on SQLite in a file; either way in a test database, which goes afterwards.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.audit import SYSTEM
from apikeys import keys as key_texts
from apikeys.lifecycle import Wish
from apikeys.models import ApiKey, ApiKeySecret
from apikeys.views.keys import SIZE
from ratelimits.models import Usage
from tests.cast import Person, founder
from tests.surfing import surf

DAYS = 90
SPARK_DAYS = 30
MOST_SCOPES = 3
LIST = "/settings/api-keys"
# What the server counts by name on one day.
NAMES = {
    "endpoints": {f"GET /api/v1/things/{number}": 40 for number in range(20)},
    "addresses": {f"198.51.100.{number}": 40 for number in range(20)},
    "statuses": {"200": 800, "429": 100, "403": 100},
}


@dataclass
class Figure:
    """What one page took."""

    name: str
    milliseconds: list[float]
    cpu: list[float]
    size: int

    @property
    def row(self) -> str:
        cuts = statistics.quantiles(self.milliseconds, n=100)
        p50, p99 = statistics.median(self.milliseconds), cuts[98]
        size = f"{self.size / 1000:.1f}"
        cpu = f"{statistics.median(self.cpu):.1f}"
        told = [self.name, f"{p50:.1f} ({p99:.1f})", cpu, size]
        return f"| {' | '.join(told)} |"


def main() -> None:
    """Measure, and print a table in Markdown."""
    options = _options()
    with _database():
        owner = founder("a@bench.test", "Bench", product="netrecon", plan="enterprise")
        made = _fill(owner, options.keys)
        browser = surf(owner)
        # Without `setup_test_environment`, which makes templates slow.
        browser.defaults["SERVER_NAME"] = "localhost"
        figures = [
            _measure(browser, name, path, times=options.requests)
            for name, path in _pages(made[-1]).items()
        ]
        print(f"{connection.vendor}, {options.keys:,} keys, {DAYS} days of usage\n")
    print("| page | ms, p50 (p99) | of it CPU of the server | KB |")
    print("| --- | --- | --- | --- |")
    print("\n".join(figure.row for figure in figures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=200)
    return parser.parse_args()


@contextmanager
def _database() -> Iterator[None]:
    """An empty one beside the real one."""
    with tempfile.TemporaryDirectory() as folder:
        if connection.vendor == "sqlite":
            # What SQLite keeps in memory is quicker than what people have.
            connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / "pages.db")
        before = str(connection.settings_dict["NAME"])
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            yield
        finally:
            connection.creation.destroy_test_db(before, verbosity=0)


def _pages(api_key: ApiKey) -> dict[str, str]:
    return {
        "list": LIST,
        "list, searched": f"{LIST}?search=99",
        "list, ended": f"{LIST}?status=ended",
        "detail, 90 days": f"{LIST}/{api_key.public_id}?days={DAYS}",
    }


def _fill(owner: Person, count: int) -> list[ApiKey]:
    """Keys with their secrets, and usage on each day for each of them."""
    made = [_key(owner, number) for number in range(count)]
    ApiKey.objects.bulk_create(made, batch_size=500)
    secrets = [
        ApiKeySecret(
            api_key=api_key,
            digest=number.to_bytes(32),
            pepper=1,
            hint=key_texts.hint(key_texts.make(owner.organization.product.live_prefix)),
        )
        for number, api_key in enumerate(made)
    ]
    ApiKeySecret.objects.bulk_create(secrets, batch_size=500)
    rows = [row for api_key in made[:-SIZE] for row in _usage(api_key, days=SPARK_DAYS)]
    # Those that are looked at have more days, and names to sum up.
    for api_key in made[-SIZE:]:
        rows += _usage(api_key, days=DAYS, names=NAMES)
    Usage.objects.bulk_create(rows, batch_size=2000)
    return made


def _key(owner: Person, number: int) -> ApiKey:
    scopes = tuple(owner.organization.product.scopes)[:MOST_SCOPES]
    wish = Wish(f"Key {number}", scopes, "live", contact=owner.membership)
    api_key = wish.key_of(owner.organization, None, by=SYSTEM)
    if number % 5 == 0:
        api_key.revoked_at, api_key.revoked_reason = timezone.now(), "unused"
    if number % 3 == 0:
        api_key.expires_at = timezone.now() + timedelta(days=1 + number % 60)
    api_key.last_used_at, api_key.last_used_ip = timezone.now(), "198.51.100.7"
    return api_key


def _usage(
    api_key: ApiKey, *, days: int, names: dict[str, dict[str, int]] | None = None
) -> list[Usage]:
    today = timezone.now().date()
    heights = [random.randrange(1000) for _ in range(days)]  # noqa: S311
    return [
        Usage(
            credential=api_key.public_id,
            kind="api_key",
            organization=api_key.organization.public_id,
            environment="live",
            day=today - timedelta(days=back),
            requests=allowed + 200,
            allowed=allowed,
            limited=100,
            insufficient_scope=100,
            details=names or {},
        )
        for back, allowed in enumerate(heights)
    ]


def _measure(browser: Client, name: str, path: str, *, times: int) -> Figure:
    answer = browser.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answers {answer.status_code}.")
    taken, cpu = [], []
    for _ in range(times):
        begun, used = time.perf_counter(), time.process_time()
        browser.get(path)
        taken.append((time.perf_counter() - begun) * 1000)
        cpu.append((time.process_time() - used) * 1000)
    return Figure(name, taken, cpu, len(answer.content))


if __name__ == "__main__":
    main()
