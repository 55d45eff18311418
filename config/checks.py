"""What must be true of settings and machine before Doorward serves strangers."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import Error as DatabaseError
from django.db import connection

from config.dependencies import pending_migrations, redis_answers, redis_facts
from ratelimits.limits import LOCAL
from ratelimits.redis_server import CLUSTER

SHORTEST_SECRET = 32
MOST_CLOCK_SECONDS = 5
OTHERS = stat.S_IRWXG | stat.S_IRWXO
LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "::1")
# Shorter prefixes hold whole providers: anybody's machine would be a trusted proxy.
SHORTEST_PREFIX = {4: 8, 6: 16}

Check = Callable[[], Iterator[CheckMessage]]


def public_address() -> Iterator[CheckMessage]:
    """Credentials travel to this address: https, unless it is this very machine."""
    parts = urlsplit(settings.PUBLIC_URL)
    if settings.DEMO or parts.scheme == "https":
        return
    hint = "Set DOORWARD_PUBLIC_URL to the https address that people use."
    if parts.hostname in LOOPBACK:
        yield Warning(
            "The public address is this machine only.", hint=hint, id="doorward.W001"
        )
        return
    yield Error("The public address is not https.", hint=hint, id="doorward.E001")


def debug_off() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        hint = "Remove DEBUG: its pages show settings and code to everybody."
        yield Error("DEBUG is on.", hint=hint, id="doorward.E002")


def secrets() -> Iterator[CheckMessage]:
    """Long enough, and no value used for two purposes: one leak must not become two."""
    values = [
        settings.SECRET_KEY.encode(),
        *settings.PEPPERS.values(),
        *settings.ENCRYPTION_KEYS.values(),
    ]
    if len(settings.SECRET_KEY) < SHORTEST_SECRET:
        hint = f"Use {SHORTEST_SECRET} or more random characters."
        yield Error("DOORWARD_SECRET_KEY is too short.", hint=hint, id="doorward.E003")
    if any(len(value) < SHORTEST_SECRET for value in values[1:]):
        hint = f"Each is the base64 of {SHORTEST_SECRET} random bytes."
        yield Error(
            "A pepper or encryption key is too short.", hint=hint, id="doorward.E004"
        )
    if len(set(values)) < len(values):
        hint = "Make a new one for each purpose and number."
        yield Error("Two secrets have the same value.", hint=hint, id="doorward.E005")


def data_folder() -> Iterator[CheckMessage]:
    """It holds the database and the secrets: this user writes, nobody else reads."""
    folder = Path(settings.DATA_DIR)
    if not folder.is_dir():
        if connection.vendor == "sqlite":
            hint = "Create it, or set DOORWARD_DATA_DIR to a folder that exists."
            yield Error("The data folder is missing.", hint=hint, id="doorward.E006")
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        hint = "Give it to the user that runs Doorward."
        yield Error("The data folder is not writable.", hint=hint, id="doorward.E007")
    if folder.stat().st_mode & OTHERS:
        hint = f"Run: chmod 700 {folder}"
        yield Warning(
            "Others may enter the data folder.", hint=hint, id="doorward.W002"
        )
    kept = folder / "secrets.json"
    if kept.exists() and kept.stat().st_mode & OTHERS:
        hint = f"Run: chmod 600 {kept}"
        yield Error("Others may read the secrets.", hint=hint, id="doorward.E008")


def limiter() -> Iterator[CheckMessage]:
    """Counters in memory count for one process: two would admit twice the plan."""
    if settings.LIMITER == LOCAL and settings.WORKERS > 1:
        hint = (
            "Set REDIS_URL to a Redis or Valkey that all workers share, or "
            "DOORWARD_WORKERS to 1."
        )
        yield Error(
            "Several workers, but limits in memory.", hint=hint, id="doorward.E009"
        )


def trusted_proxies() -> Iterator[CheckMessage]:
    """Who is trusted here chooses the client address that limits and logs see."""
    for network in settings.TRUSTED_PROXIES:
        hint = (
            f"Name your proxies in TRUSTED_PROXIES, one by one, instead of {network}."
        )
        if network.prefixlen == 0:
            yield Error("Everybody is a trusted proxy.", hint=hint, id="doorward.E010")
        elif network.prefixlen < SHORTEST_PREFIX[network.version]:
            yield Warning(
                "A trusted network is very wide.", hint=hint, id="doorward.W003"
            )


def mail() -> Iterator[CheckMessage]:
    if not settings.DEMO and not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        hint = "Set EMAIL_URL, for example smtp+tls://user:password@host:587."
        message = "No mail is sent: invitations and resets reach nobody."
        yield Warning(message, hint=hint, id="doorward.W004")


# These ask the database or Redis: `doctor` runs them, `check` does not


def database() -> Iterator[CheckMessage]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        hint = "Check DATABASE_URL, and that the server runs and lets this host in."
        yield Error("The database does not answer.", hint=hint, id="doorward.E011")


def migrations() -> Iterator[CheckMessage]:
    pending = pending_migrations()
    if pending:
        hint = "Run: python3 manage.py migrate"
        yield Error(
            f"{pending} migrations are not applied.", hint=hint, id="doorward.E012"
        )


def clock() -> Iterator[CheckMessage]:
    """Expiry is judged by both clocks: the process's and the database's."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        apart = abs(float(cursor.fetchone()[0]) - time.time())
    if apart > MOST_CLOCK_SECONDS:
        hint = "Keep both machines' clocks with NTP."
        message = f"The database's clock is {apart:.0f} s away from this machine's."
        yield Error(message, hint=hint, id="doorward.E013")


def redis() -> Iterator[CheckMessage]:
    if not settings.REDIS_URL:
        return
    if redis_answers():
        yield from _fit_for_limits(redis_facts())
        return
    hint = "Check REDIS_URL, and that the server runs and lets this host in."
    yield Error("Redis does not answer.", hint=hint, id="doorward.E014")


def _fit_for_limits(facts: dict[str, Any]) -> Iterator[CheckMessage]:
    """With the first two nothing is counted there, with the third counts are lost."""
    if facts.get("redis_mode") == "cluster" and CLUSTER not in settings.REDIS_URL:
        hint = "Write REDIS_URL as redis+cluster://host:port."
        yield Error("This Redis is a cluster.", hint=hint, id="doorward.E015")
    if facts.get("role") == "slave" and facts.get("slave_read_only", 1):
        hint = "Point REDIS_URL at its primary."
        message = "This Redis is a replica that only reads."
        yield Error(message, hint=hint, id="doorward.E016")
    policy = facts.get("maxmemory_policy", "noeviction")
    if facts.get("maxmemory") and policy != "noeviction":
        hint = "Set maxmemory-policy to noeviction, on a Redis that holds nothing else."
        message = f"When its memory is full, this Redis forgets counts ({policy})."
        yield Warning(message, hint=hint, id="doorward.W005")


ALWAYS: dict[str, Check] = {
    "secrets": secrets,
    "limiter": limiter,
    "trusted proxies": trusted_proxies,
}
DEPLOYED: dict[str, Check] = {
    "public address": public_address,
    "debug": debug_off,
    "data folder": data_folder,
    "mail": mail,
}
CONNECTED: dict[str, Check] = {"database": database, "redis": redis}
# These are asked only where the database answers.
INSIDE: dict[str, Check] = {
    "migrations": migrations,
    "clock": clock,
}


def register_all() -> None:
    """Make the checks known to `manage.py check` and `check --deploy`."""
    register(settings_are_sound, "doorward")
    register(deployment_is_sound, "doorward", deploy=True)


def settings_are_sound(app_configs: Any, **_: Any) -> list[CheckMessage]:
    return [message for check in ALWAYS.values() for message in check()]


def deployment_is_sound(app_configs: Any, **_: Any) -> list[CheckMessage]:
    return [message for check in DEPLOYED.values() for message in check()]
