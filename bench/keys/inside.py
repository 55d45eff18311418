"""A process that calls a WSGI application without a server, and times each request.

    python -m bench.keys.inside config.wsgi

Reads a JSON line {path, values, count} from stdin: `values` are those of Authorization,
one is picked for each request. Answers {seconds, queries, writes}: the time of each
request, and the statements of one.
"""

from __future__ import annotations

import io
import json
import random
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from django.db import connection

ENVIRON = {
    "REQUEST_METHOD": "GET",
    "QUERY_STRING": "",
    "SCRIPT_NAME": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_HOST": "localhost:8000",
    "REMOTE_ADDR": "127.0.0.1",
    "wsgi.url_scheme": "http",
    "wsgi.version": (1, 0),
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}
WRITES = ("INSERT", "UPDATE", "DELETE")
# The first requests of a path build what later ones find.
WARM_UP = 20


def main() -> None:
    application: WSGIApplication = import_module(sys.argv[1]).application
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(_answer(application, **json.loads(line))), flush=True)


def _answer(
    application: WSGIApplication, path: str, values: list[str], *, count: int
) -> dict[str, Any]:
    # A seed, so that all are asked in the same order; no secret is made of it.
    picked = random.Random(count).choices(values or [""], k=count + WARM_UP)  # noqa: S311
    statements = _statements(lambda: _request(application, path, picked[0]))
    for value in picked[:WARM_UP]:
        _request(application, path, value)
    seconds = []
    for value in picked[WARM_UP:]:
        begun = time.perf_counter()
        _request(application, path, value)
        seconds.append(time.perf_counter() - begun)
    writes = sum(each.lstrip().upper().startswith(WRITES) for each in statements)
    return {"seconds": seconds, "queries": len(statements), "writes": writes}


def _request(application: WSGIApplication, path: str, value: str) -> None:
    """One request, as a server makes it: until the answer is closed."""
    environ: WSGIEnvironment = {
        **ENVIRON,
        "PATH_INFO": path,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
    }
    if value:
        environ["HTTP_AUTHORIZATION"] = value
    answer: Any = application(environ, _start)
    try:
        assert b"".join(answer) == b'{"ok":true}'  # noqa: S101
    finally:
        answer.close()


def _start(status: str, headers: Any, exc_info: Any = None) -> Callable[..., Any]:
    assert status == "200 OK", status  # noqa: S101
    return lambda _: None


def _statements(request: Callable[[], None]) -> list[str]:
    """The statements of a request, in the order in which they were sent."""
    sent: list[str] = []

    def keep(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    # Once before: what is read once in a process does not belong to a request.
    request()
    with connection.execute_wrapper(keep):
        request()
    return sent


if __name__ == "__main__":
    main()
