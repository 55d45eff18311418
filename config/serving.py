"""The server: granian with blocking threads, on loopback, ended with its parent.

granian runs in this process and forks its workers. That starts fastest, since a worker
finds Django loaded, and costs least memory, since it shares the loaded pages.
"""

from __future__ import annotations

import gc
import http.client
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from wsgiref.types import WSGIApplication

from django.db import connections
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.common import AbstractServer

from config.steps import Stop
from config.wsgi import application

ADDRESS = "127.0.0.1"
THREADS = 16
# The longest that headers may take, and that a kept connection may idle.
HEADER_SECONDS = 20
# granian reads up to twice this much before it answers 431; 100 headers are its limit.
HEADER_BYTES = 32 * 1024
# granian counts open connections, idle ones too, and lets the next one wait.
CONNECTIONS = 1024
STOP_SECONDS = 5
ANSWER_SECONDS = 60
PROBE = {"Host": "localhost", "Connection": "close"}
# Through the handlers that the settings chose, instead of granian's own on stdout.
LOGGERS = {"_granian": {"propagate": True}}
LOGGING = {"formatters": {}, "handlers": {}, "loggers": LOGGERS}
# Our settings are read by now; the rest of the process has no use for their secrets.
READ_ALREADY = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "DOORWARD_")


def serve(port: int, workers: int, ready: Callable[[], None]) -> None:
    """Serve until Ctrl-C or SIGTERM. `ready` is called when the server answers."""
    server = _server(port, workers)
    gave_up = threading.Event()
    server.on_startup(partial(_stop_with_terminal, signal.getsignal(signal.SIGHUP)))
    server.on_startup(partial(_watch_for_answer, server, ready, gave_up))
    _get_ready_to_fork()
    try:
        server.serve(target_loader=load, wrap_loader=False)
    except SystemExit:
        # A worker that ended by itself during a wanted stop is no failure.
        if not server.interrupt_signal:
            raise
    if gave_up.is_set():
        raise Stop(f"The server did not answer within {ANSWER_SECONDS} s; see above.")


def _server(port: int, workers: int) -> AbstractServer[Any]:
    return Granian(
        "config.wsgi:application",
        address=ADDRESS,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        blocking_threads=THREADS,
        # A thread keeps its database connection, so threads are kept as well.
        blocking_threads_idle_timeout=600,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=HEADER_BYTES
        ),
        log_level=LogLevels.error,
        log_dictconfig=LOGGING,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    )


def load() -> WSGIApplication:
    """What each worker does first."""
    # Ctrl-C in a terminal goes to the whole group; the parent alone decides.
    os.setpgrp()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _trim_environment()
    return application


def _get_ready_to_fork() -> None:
    """Leave nothing open that two processes may not share."""
    for connection in connections.all():
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
    if sys.platform == "linux":
        # Python 3.14 forks by a helper process, which would load Django once more.
        multiprocessing.set_start_method("fork", force=True)
    # Collections would write into the shared pages and so copy them.
    gc.collect()
    gc.freeze()


def _stop_with_terminal(before: object) -> None:
    """A closed terminal ends the demo, unless it was started with nohup."""
    on_term = signal.getsignal(signal.SIGTERM)
    signal.signal(
        signal.SIGHUP, signal.SIG_IGN if before == signal.SIG_IGN else on_term
    )


def _end_with_parent() -> None:
    """Also when the parent was killed: a worker left alone would keep the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os._exit(1)


def _trim_environment() -> None:
    """granian copies it into each request, where HTTP_… would be read as a header."""
    for name in list(os.environ):
        if name.startswith(("HTTP_", *READ_ALREADY)):
            del os.environ[name]


def _watch_for_answer(
    server: AbstractServer[Any], ready: Callable[[], None], gave_up: threading.Event
) -> None:
    def watch() -> None:
        until = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < until:
            time.sleep(0.02)
            # Until then only this loop runs beside the fork: a fork that copies a lock
            # which another thread holds would leave it locked in the worker for ever.
            forked = len(multiprocessing.active_children()) >= server.workers
            if forked and _answers(server.bind_port):
                return ready()
        gave_up.set()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers=PROBE)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
