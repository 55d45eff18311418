"""Numbers that only grow, counted by all processes of one machine together."""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
from array import array
from collections.abc import Callable
from pathlib import Path
from threading import Lock

BYTES = 8

logger = logging.getLogger(__name__)


class WorkerNumbers:
    """One number for each index, from 0.

    Where there is no folder this process counts in its memory. Else each process counts
    in a file of its own there, which is mapped into its memory: adding asks nothing of
    the system, and what a killed process counted is not lost. A process holds its file
    by a lock. Who starts goes on in one that nobody holds any more, so that sums never
    fall and no file is left over. A file's name tells how many numbers it has, so that
    another version does not read it wrongly.

    `trouble` is why the folder cannot be used, if it cannot: then this process counts
    in its memory.
    """

    def __init__(self, how_many: int, where: Callable[[], Path | None]) -> None:
        self.trouble: OSError | None = None
        self._how_many = how_many
        # Asked when the first number is added, since settings are read late.
        self._where = where
        self._folder: Path | None = None
        self._lock = Lock()
        self._process = 0
        self._numbers = memoryview(array("Q", bytes(BYTES * how_many)))

    def add(self, *steps: tuple[int, int]) -> None:
        """Each step is an index, and by how much its number grows. It never raises: a
        number is not worth a request."""
        with self._lock:
            # Two processes in one file would overwrite each other's numbers.
            if self._process != os.getpid():
                self._begin()
            for index, amount in steps:
                self._numbers[index] += amount

    def totals(self) -> list[int]:
        """The sums of all processes, by index. Raises OSError where there is trouble:
        the numbers of one process would look like those of all."""
        self.add()
        if self.trouble is not None:
            raise self.trouble
        if self._folder is None:
            return self._numbers.tolist()
        totals = [0] * self._how_many
        for file in self._folder.glob(f"{self._how_many}-*"):
            for index, number in enumerate(array("Q", file.read_bytes())):
                totals[index] += number
        return totals

    def _begin(self) -> None:
        self._process = os.getpid()
        try:
            self._folder = self._where()
            if self._folder is not None:
                self._numbers = self._own_numbers(self._folder)
        except OSError as error:
            self.trouble = error
            logger.error("Metrics cannot be kept in %s: %s", self._folder, error)

    def _own_numbers(self, folder: Path) -> memoryview:
        for each in (folder.parent, folder):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = 0
        while True:
            found = _held(folder / f"{self._how_many}-{number}", BYTES * self._how_many)
            if found is not None:
                return memoryview(found).cast("Q")
            number += 1


def _held(path: Path, size: int) -> mmap.mmap | None:
    """The file as memory; None where a living process counts in it."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "rb+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        # Written, not only lengthened: on a full disk this fails, where a first write
        # into mapped memory would end the process.
        if len(file.read()) < size:
            file.seek(0)
            file.write(bytes(size))
            file.flush()
        # It keeps a copy of the descriptor, and with it the lock, until it is dropped.
        return mmap.mmap(file.fileno(), size)
