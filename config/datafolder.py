"""The data folder before the settings are read: writable, private, with its secrets."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import tempfile
from pathlib import Path

from config.steps import WRONG_SETTING, Stop, say

SECRETS = "secrets.json"
DATABASE = "doorward.sqlite3"
DATABASE_FILES = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal")
# With all three in the environment no file is needed.
VARIABLES = ("DOORWARD_SECRET_KEY", "DOORWARD_PEPPERS", "DOORWARD_ENCRYPTION_KEYS")
KEY_BYTES = 32

# Open files that hold locks for as long as this process wants them.
_held: dict[str, int] = {}


def path() -> Path:
    """DOORWARD_DATA_DIR, read as the settings read it, or data/ in the checkout."""
    checkout = Path(__file__).resolve().parent.parent
    return Path(os.environ.get("DOORWARD_DATA_DIR") or checkout / "data").absolute()


def given(variable: str) -> bool:
    """Whether the environment sets it, by itself or as the name of a file."""
    return bool(os.environ.get(variable) or os.environ.get(f"{variable}_FILE"))


def prepare(folder: Path, *, reset: bool) -> None:
    """Leave the folder writable, locked for this start, and with its secrets inside."""
    # Databases and mail made from now on are nobody else's to read either.
    os.umask(0o077)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        _lock(folder)
        if reset:
            empty(folder)
        if not all(given(variable) for variable in VARIABLES):
            ensure_secrets(folder)
    except OSError as error:
        raise Stop(
            f"The data folder {folder} cannot be used: {error.strerror or error}.\n"
            "Make it writable, or set DOORWARD_DATA_DIR to a folder of your own."
        ) from error


def release() -> None:
    """Let the next start go on."""
    if "folder" in _held:
        # Unlocked by name: a forked worker holds a copy of the descriptor.
        fcntl.flock(_held["folder"], fcntl.LOCK_UN)
        os.close(_held.pop("folder"))


def empty(folder: Path) -> None:
    """Delete the demo's database and secrets, and nothing else in the folder."""
    if given("DATABASE_URL"):
        raise Stop(
            "--reset deletes the SQLite database of the data folder only, and\n"
            "DATABASE_URL names another one. Empty that one yourself.",
            WRONG_SETTING,
        )
    found = [folder / name for name in (*DATABASE_FILES, SECRETS)]
    found = [file for file in found if file.exists()]
    if folder / SECRETS in found and not _mine_alone(folder / SECRETS):
        raise Stop(f"Another `up` works on {folder}. Stop it first, then --reset.")
    for file in found:
        say(f"  --reset deletes {file}")
        file.unlink()


def ensure_secrets(folder: Path) -> None:
    """secrets.json: random, made once, never overwritten, for nobody else to read."""
    file = folder / SECRETS
    if not file.exists():
        _refuse_orphans(folder)
        _create(file)
    _tighten(file)
    if not _mine_alone(file):
        say("  Another `up` serves this folder too; each counts the limits by itself.")
    # Held while the server runs, so that no --reset pulls it from under it.
    _held["secrets"] = os.open(file, os.O_RDONLY)
    fcntl.flock(_held["secrets"], fcntl.LOCK_SH)


def new_secrets() -> dict[str, object]:
    return {
        "secret_key": secrets.token_urlsafe(48),
        "peppers": {"1": _random_key()},
        "encryption_keys": {"1": _random_key()},
    }


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _create(file: Path) -> None:
    with tempfile.NamedTemporaryFile("w", dir=file.parent) as draft:
        json.dump(new_secrets(), draft, indent=2)
        draft.flush()
        os.fsync(draft.fileno())
        # Whole or not at all, and a link never replaces what is there.
        os.link(draft.name, file)


def _tighten(file: Path) -> None:
    facts = file.stat()
    if facts.st_uid not in (os.geteuid(), 0):
        raise Stop(
            f"{file} belongs to another user, who can read and change it.\n"
            "Give it to the user that runs Doorward, with mode 600."
        )
    if facts.st_mode & 0o077:
        file.chmod(0o600)
        say(
            f"  {file} had mode {facts.st_mode & 0o777:o}, so others could read it.\n"
            "  It is 600 now. If somebody may have read it, start again with --reset."
        )


def _refuse_orphans(folder: Path) -> None:
    if (folder / DATABASE).exists():
        raise Stop(
            f"{folder / SECRETS} is missing, and without it the keys and passwords in\n"
            f"{folder / DATABASE} cannot be checked.\n"
            "Restore it from a backup, or start again with: up --reset"
        )


def _lock(folder: Path) -> None:
    """Of several starts at once one prepares the folder, the others wait."""
    release()
    _held["folder"] = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(_held["folder"], fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"  Another start is preparing {folder}; waiting for it.")
        fcntl.flock(_held["folder"], fcntl.LOCK_EX)


def _mine_alone(file: Path) -> bool:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
