"""What the clients of Python ask for, at which addresses, and in which ways."""

from __future__ import annotations

import pytest

from tests.oauth.conftest import MOUNTS

CALLBACK = "https://app.example.com/callback"
SCOPE = "openid profile email scans_read"
ALLOWED = [*SCOPE.split(), "scans_write"]
SECRET_METHODS = ("client_secret_basic", "client_secret_post")
# A real server and real clients.
REAL = [pytest.mark.slow, pytest.mark.patient, pytest.mark.sqlite_only]
every_mount = pytest.mark.parametrize("mount", MOUNTS)
with_and_without_pkce = pytest.mark.parametrize("pkce", ["S256", None])
