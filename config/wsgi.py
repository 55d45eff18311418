"""The WSGI application that the server runs."""

from __future__ import annotations

import os

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config import memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
memory.give_back()
django.setup(set_prefix=False)

from config import checks, counting_lock  # noqa: E402 - they read the settings
from config.requests import Application  # noqa: E402
from ratelimits.limits import LOCAL  # noqa: E402

# A server started without `up` must refuse too: two workers would admit twice the
# plan.
mistake = next(checks.limiter(), None)
if mistake is not None:
    raise ImproperlyConfigured(f"{mistake.msg} {mistake.hint}")
# The demo says aloud where two share a folder, and goes on.
if settings.LIMITER == LOCAL and not settings.DEMO:
    counting_lock.take(settings.DATA_DIR)
application = Application()
