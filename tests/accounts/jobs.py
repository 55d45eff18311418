"""Jobs for the tests of the background, named as the settings name them."""

import threading

from django.db import connection

runs: list[str] = []
# Why `shaky` fails just now, if it does.
trouble: list[Exception] = []


def note():
    """Which thread did it."""
    runs.append(threading.current_thread().name)


def shaky():
    runs.append("shaky")
    if trouble:
        raise trouble[0]


def connect():
    """Whether the run before left its connection open."""
    runs.append("closed" if connection.connection is None else "open")
    connection.ensure_connection()
