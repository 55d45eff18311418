"""The old secret of a rotation, ended before its time: it leaked, or nobody uses it."""

from __future__ import annotations

from django.db import transaction

from accounts.audit import Actor
from accounts.credentials import Credential
from accounts.permissions import require
from accounts.problems import Problem
from oauth import applications, client_secrets
from oauth.models import Application


def end(application: Application, *, holder: Credential, by: Actor) -> str:
    """Refuse it from the answer on, which is its hint. Raises Problem without one."""
    require(holder, "applications_manage")
    with transaction.atomic():
        application = applications.locked(application)
        hint = application.old_secret_hint
        if len(application.secrets) < 2:
            raise Problem("conflict", "It has no old secret any more.")
        client_secrets.retire(application, None)
        application.save(update_fields=client_secrets.COLUMNS)
        applications.record(
            "application.old_secret_ended", application, by=by, hint=hint
        )
    return hint
