"""`manage.py worker`: the jobs of the background, without a server."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from accounts.background import Background
from config.steps import say

ENDS = {signal.SIGINT, signal.SIGTERM}


class Command(BaseCommand):
    """For a machine that does nothing else. Any number may run beside the servers."""

    help = "Deliver messages and prune, until Ctrl-C or SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        """Ends after the job that runs now; a second Ctrl-C ends at once."""
        background = Background()
        thread = threading.Thread(target=background.run, daemon=True)
        # Blocked in both threads, and taken in by the line that waits for one.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
        thread.start()
        say("Working. Ctrl-C stops.")
        signal.sigwait(ENDS)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
        background.stop()
        thread.join()
        say("Stopped.")
