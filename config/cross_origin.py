"""What scripts of other sites may read of an answer under /api/ and /oauth/."""

from __future__ import annotations

from functools import lru_cache

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config import sunset
from config.urls import cross_origin_paths
from oauth.protocol import with_cors
from ratelimits import headers

# What every answer may carry, and a script is to read.
NAMES = (*headers.NAMES, *sunset.NAMES)
EXPOSED = "Access-Control-Expose-Headers"


def allow(request: HttpRequest, response: HttpResponseBase) -> None:
    """Also for an answer that no view has made: a script reads a 429, to wait."""
    methods = cross_origin_paths().get(request.path_info)
    if methods is not None:
        with_cors(response, methods)
    response.headers[EXPOSED] = _with_ours(response.headers.get(EXPOSED, ""))


@lru_cache(maxsize=64)
def _with_ours(exposed: str) -> str:
    """The list of names, and ours where they are missing."""
    names = [name.strip() for name in exposed.split(",") if name.strip()]
    listed = {name.lower() for name in names}
    return ", ".join([*names, *(name for name in NAMES if name.lower() not in listed)])
