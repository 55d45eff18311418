"""How the C library gives memory back, so that password hashes do not stay in the
process.

Each hash takes 19 MiB. glibc would raise its threshold after the first one and then
keep such a block for every thread that ever hashed.
"""

from __future__ import annotations

import ctypes

M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8
LARGE = 1024 * 1024
ARENAS = 2


def give_back() -> None:
    """Large blocks come from the system and return to it. Without glibc, nothing."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt") and hasattr(libc, "gnu_get_libc_version"):
        libc.mallopt(M_MMAP_THRESHOLD, LARGE)
        libc.mallopt(M_ARENA_MAX, ARENAS)
