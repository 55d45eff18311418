"""How a command that takes a while speaks: numbered steps, and one message at the end.

Written for Python 3.6, as config/bootstrap.py explains.
"""

import contextlib
import sys
import time
from types import TracebackType
from typing import Optional, Type

WRONG_SETTING = 2
MACHINE_LACKS = 3
INTERRUPTED = 130
WIDTH = 52
BAR = 20
SECONDS_BETWEEN_LINES = 5.0


class Stop(Exception):
    """The end of a command: what is wrong, what to do, and the exit code."""

    def __init__(self, message: str, code: int = MACHINE_LACKS) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def say(text: str = "") -> None:
    """One line for the person; stdout stays free for what scripts read."""
    _write(text + "\n")


def _write(text: str) -> None:
    # Nobody may be reading any more, as behind `| head`. The work goes on.
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(text)
        sys.stderr.flush()


class Step:
    """One numbered line with its time. On a terminal it is drawn while it runs."""

    def __init__(self, number: str, label: str) -> None:
        self.label = "  [%s] %s" % (number, label)
        self.terminal = sys.stderr.isatty()
        self.begun = time.monotonic()
        self.spoken = self.begun

    def __enter__(self) -> "Step":
        self.begin()
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if kind is None:
            self.done()
        elif self.terminal:
            say()

    def begin(self) -> None:
        self.begun = self.spoken = time.monotonic()
        self._draw(self.label)

    def done(self) -> None:
        """The line as it stays, with the time that it took."""
        line = "%s %6.1f s" % (self.label.ljust(WIDTH), self.elapsed)
        say("\r" + line.ljust(WIDTH + 10) if self.terminal else line)

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.begun

    def progress(self, done: int, total: int) -> None:
        """A bar on a terminal; elsewhere one line for each 5 seconds."""
        if self.terminal:
            filled = BAR * min(done, total) // max(total, 1)
            bar = "#" * filled + "." * (BAR - filled)
            self._draw("%s [%s] %.0f s" % (self.label, bar, self.elapsed))
        elif time.monotonic() - self.spoken >= SECONDS_BETWEEN_LINES:
            self.spoken = time.monotonic()
            percent = 100 * min(done, total) // max(total, 1)
            say("%s: %d %%, %.0f s" % (self.label, percent, self.elapsed))

    def _draw(self, text: str) -> None:
        if self.terminal:
            _write("\r" + text.ljust(WIDTH + 10))
