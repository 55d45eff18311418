"""The secrets of an application: made here, kept as digests, two at most."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from accounts import sealing
from oauth import looks
from oauth.models import Application
from oauth.models.applications import SECRET_BASIC, SECRET_POST

METHODS = frozenset({SECRET_BASIC, SECRET_POST})
COLUMNS = (
    "secret_digest",
    "secret_hint",
    "secret_created_at",
    "old_secret_digest",
    "old_secret_hint",
    "old_secret_retires_at",
)


def used_by(application: Application) -> bool:
    """Whether it proves itself by a secret."""
    return application.token_endpoint_auth_method in METHODS


def first(application: Application) -> str | None:
    """The secret of a new application, if it is to have one."""
    return give(application) if used_by(application) else None


def give(application: Application) -> str:
    """A new secret. The row, which the caller saves, gets its digest and its look."""
    prefix = application.product.oauth.secret_prefix
    secret = looks.make(prefix)
    application.secret_digest = sealing.digest(secret)
    application.secret_hint = looks.hint(secret, prefix)
    application.secret_created_at = timezone.now()
    return secret


def retire(application: Application, retires_at: datetime | None) -> None:
    """Let the present secret live until then, beside a new one; none: not at all."""
    lives_on = retires_at is not None and application.secret_digest is not None
    application.old_secret_digest = application.secret_digest if lives_on else None
    application.old_secret_hint = application.secret_hint if lives_on else ""
    application.old_secret_retires_at = retires_at if lives_on else None


def forget(application: Application) -> None:
    """End both."""
    application.secret_digest = application.secret_created_at = None
    application.secret_hint = ""
    retire(application, None)
