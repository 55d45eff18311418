"""Which process may count limits in its memory: one on a data folder."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

logger = logging.getLogger(__name__)

NAME = "limits.lock"
# A server that is being replaced may still answer its last requests.
MOST_SECONDS = 10.0
# Open files that hold the lock as long as this process, or one that it forked, lives.
_held: dict[Path, int] = {}


def take(folder: Path, *, seconds: float = MOST_SECONDS) -> None:
    """Hold the folder's lock until the process ends. Raises ImproperlyConfigured where
    another has it: two that count in memory would admit twice the limit.

    A server started with several workers by hand is so refused too, though no setting
    tells of them.
    """
    if folder in _held:
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        logger.warning("Whether another process counts too is not known: %s", error)
        return
    until = time.monotonic() + seconds
    while not _locked(descriptor):
        if time.monotonic() > until:
            os.close(descriptor)
            raise ImproperlyConfigured(
                f"Another process counts limits in its memory for {folder}. Set "
                "REDIS_URL to a Redis or Valkey that all share, or run one worker."
            )
        time.sleep(0.1)
    _held[folder] = descriptor


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
