"""The WSGI application that the server runs."""

from __future__ import annotations

import os

import django

from config import memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
memory.give_back()
django.setup(set_prefix=False)

from config.requests import Application  # noqa: E402 - it reads the settings

application = Application()
