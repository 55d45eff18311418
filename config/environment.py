"""How the environment is read: X or X_FILE, typed, all mistakes in one message."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import EnvError, EnvValidationError, FileAwareEnv

from ratelimits.limits import Limits
from ratelimits.redis_server import is_address

KEY_BYTES = 32
SECRETS = {"DOORWARD_SECRET_KEY", "DOORWARD_PEPPERS", "DOORWARD_ENCRYPTION_KEYS"}
BRAKES = re.compile(
    r"(?P<account>\d+)/account,\s*(?P<address>\d+)/address in (?P<minutes>\d+) min"
)
REDIS_SCHEMES = ("redis", "rediss", "unix", "redis+cluster", "rediss+cluster")
NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def environment() -> FileAwareEnv:
    """A reader that collects mistakes until `finish`."""
    env = FileAwareEnv(strip_whitespace=True, eager=False)
    env.add_parser("origin", origin)
    env.add_parser("keys", numbered_keys)
    env.add_parser("limits", limits)
    env.add_parser("networks", networks)
    env.add_parser("brakes", brakes)
    env.add_parser("redis_url", redis_url)
    env.add_parser("prefix_name", prefix_name)
    return env


def finish(env: FileAwareEnv) -> None:
    """Raise ImproperlyConfigured if a variable is wrong, with every one by its name."""
    try:
        env.seal()
    except EnvValidationError as error:
        wrong: dict[str, Any] = dict(cast(Any, error.error_messages))
        lines = [
            f"  {name}: {' '.join(map(str, told))}" for name, told in wrong.items()
        ]
        if SECRETS & wrong.keys():
            lines.append("  `manage.py up` makes secrets; elsewhere set all three.")
        raise ImproperlyConfigured("Wrong settings:\n" + "\n".join(lines)) from error


def origin(value: str, **_: Any) -> str:
    """`https://auth.example.com`: scheme, host, a port where needed, nothing more."""
    parts = urlsplit(value.rstrip("/"))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise EnvError("Expected an address such as https://auth.example.com.")
    if parts.path or parts.query or parts.fragment or parts.username:
        raise EnvError("Expected scheme, host and port only, without path or user.")
    return value.rstrip("/")


def numbered_keys(value: str, **_: Any) -> dict[int, bytes]:
    """`1:<base64>,2:<base64>`: each 32 random bytes; the highest number is used for
    new."""
    found = {}
    for entry in value.split(","):
        number, _colon, text = entry.strip().partition(":")
        found[_key_number(number)] = _key(text)
    return found


def _key_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65_536:
        raise EnvError("Expected entries such as 1:<base64 of 32 random bytes>.")
    return int(text)


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EnvError("A key is not valid base64.") from error
    if len(key) != KEY_BYTES or len(set(key)) < 8:
        raise EnvError(f"A key must be {KEY_BYTES} random bytes in base64.")
    return key


def limits(value: str, **_: Any) -> Limits:
    try:
        return Limits.parse(value)
    except ValueError as error:
        raise EnvError(str(error)) from error


def networks(value: str, **_: Any) -> tuple[Network, ...]:
    """Addresses and CIDR networks, separated by commas."""
    try:
        return tuple(
            ipaddress.ip_network(entry.strip())
            for entry in value.split(",")
            if entry.strip()
        )
    except ValueError as error:
        raise EnvError(f"Expected addresses or networks: {error}.") from error


def brakes(value: str, **_: Any) -> dict[str, tuple[int, int]]:
    """`10/account, 60/address in 15 min`: how many failures are let through."""
    match = BRAKES.fullmatch(value.strip())
    if match is None or "0" in match.groups() or int(match["minutes"]) > 15:
        raise EnvError(
            'Expected "10/account, 60/address in 15 min", at most 15 minutes.'
        )
    seconds = int(match["minutes"]) * 60
    return {name: (int(match[name]), seconds) for name in ("account", "address")}


def redis_url(value: str, **_: Any) -> str:
    """The address of a Redis or Valkey, empty for none."""
    known = urlsplit(value).scheme in REDIS_SCHEMES and "://" in value
    if value and not (known and is_address(value)):
        raise EnvError(
            "Expected an address such as redis://localhost:6379/0, rediss://… for TLS, "
            "unix:///path/to/socket, or redis+cluster://… for a cluster. In a password "
            "write / as %2F, # as %23, ? as %3F and @ as %40."
        )
    return value


def prefix_name(value: str, **_: Any) -> str:
    if NAME.fullmatch(value) is None:
        raise EnvError("Expected letters, digits, - and _ only.")
    return value


@dataclass(frozen=True, slots=True)
class Secrets:
    """Defaults of the secret settings. `...` is environs' word for "must be set"."""

    secret_key: Any = ...
    peppers: Any = ...
    encryption_keys: Any = ...


def secrets_file(folder: Path) -> Secrets:
    """What `manage.py up` wrote into the data folder, where it did."""
    file = folder / "secrets.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return Secrets(
            found["secret_key"],
            _numbered(found["peppers"]),
            _numbered(found["encryption_keys"]),
        )
    except FileNotFoundError:
        return Secrets()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = (
            f"{file} cannot be read as Doorward's secrets. Restore it from a backup."
        )
        raise ImproperlyConfigured(message) from error


def _numbered(keys: dict[str, str]) -> str:
    return ",".join(f"{number}:{key}" for number, key in keys.items())
