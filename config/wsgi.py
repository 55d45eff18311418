"""The WSGI application that the server runs."""

from __future__ import annotations

import os

import django
from django.core.exceptions import ImproperlyConfigured

from config import memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
memory.give_back()
django.setup(set_prefix=False)

from config import checks  # noqa: E402 - they read the settings
from config.requests import Application  # noqa: E402

for _mistake in checks.limiter():
    raise ImproperlyConfigured(f"{_mistake.msg} {_mistake.hint}")
application = Application()
