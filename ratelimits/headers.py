"""The headers in which an answer tells its limits."""

from __future__ import annotations

from functools import lru_cache

from ratelimits.limits import Decision, Limits, quotas, whole_seconds

# For Access-Control-Expose-Headers: a script in a browser reads no others.
NAMES = (
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
)


def headers(decision: Decision, limits: Limits) -> dict[str, str]:
    """Name to value; Retry-After only where the request was refused.

    The X- names describe one window. RateLimit and RateLimit-Policy are those of
    draft-ietf-httpapi-ratelimit-headers-11: `r` is what is left, `t` the seconds
    until there is more.
    """
    told = {
        "X-RateLimit-Limit": str(decision.limit),
        "X-RateLimit-Remaining": str(decision.remaining),
        "X-RateLimit-Reset": str(decision.reset),
        "RateLimit": ", ".join(
            f'"{window}";r={left};t={whole_seconds(more_in)}'
            for window, left, more_in in quotas(limits, decision.reading)
        ),
        "RateLimit-Policy": policy(limits),
    }
    if not decision.allowed:
        told["Retry-After"] = str(decision.retry_after)
    return told


@lru_cache(maxsize=1024)
def policy(limits: Limits) -> str:
    """All windows of a plan as RateLimit-Policy: `q` requests in `w` seconds."""
    windows = [f'"burst";q={limits.burst};w=1', f'"minute";q={limits.per_minute};w=60']
    if limits.daily is not None:
        windows.append(f'"day";q={limits.daily};w=86400')
    return ", ".join(windows)
