"""The settings of the tests: the real ones, random secrets, quick hashes, kept mail."""

from __future__ import annotations

import atexit
import base64
import os
import secrets
import shutil
import tempfile

os.environ.setdefault("DOORWARD_SECRET_KEY", secrets.token_urlsafe(48))
for _name in ("DOORWARD_PEPPERS", "DOORWARD_ENCRYPTION_KEYS"):
    _key = base64.b64encode(secrets.token_bytes(32)).decode()
    os.environ.setdefault(_name, f"1:{_key}")
if "DOORWARD_DATA_DIR" not in os.environ:
    # Made only by a test that needs it: type checkers read this file too, and leave
    # without cleaning up.
    _folder = f"{tempfile.gettempdir()}/doorward-tests-{secrets.token_hex(8)}"
    os.environ["DOORWARD_DATA_DIR"] = _folder
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)

# Two workers at once must not clear each other's counters. And a busy machine must not
# look like a Redis that is away: the tests that are about that have servers of their
# own.
if os.environ.get("REDIS_URL"):
    _number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    _patient = "socket_timeout=2&socket_connect_timeout=2"
    os.environ["REDIS_URL"] = (
        f"{os.environ['REDIS_URL'].partition('?')[0]}?db={_number}&{_patient}"
    )

from config.settings import *  # noqa: E402, F403

# What processes share there would be shared by the workers of a test run.
DATA_DIR = DATA_DIR / os.environ.get("PYTEST_XDIST_WORKER", "")  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# No thread of ours writes beside a test; a test that is about it asks for it.
LAST_USED_SECONDS = 0
USAGE_SECONDS = 0
BACKGROUND = False
# Static files are looked up when asked for: every client of a test builds the stack
# anew.
WHITENOISE_AUTOREFRESH = True
