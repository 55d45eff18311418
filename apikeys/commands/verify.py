"""`manage.py apikeys verify`, with the key on stdin"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from accounts.problems import Problem
from apikeys import authentication
from apikeys.commands import chosen, shown


class Verify:
    """Says whether a key would be let in, and if not, why."""

    help = "Say whether the key on stdin would be let in; exit code 1 if not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        chosen.add_json(parser)

    def run(self, out: OutputWrapper, **options: Any) -> None:
        found = _judged(chosen.secret_on_stdin())
        if options["json"]:
            out.write(shown.as_json(found))
        elif found["valid"]:
            scopes = " ".join(found["scopes"]) or "no scope"
            out.write(f"Valid: {found['id']} of {found['organization']}, {scopes}.")
        else:
            out.write(f"Not valid: {found['code']}. {found['detail']}")
        if not found["valid"]:
            sys.exit(1)


def _judged(text: str) -> dict[str, Any]:
    try:
        secret = chosen.secret_of(text)
        if secret is None:
            raise Problem("invalid_credential")
        credential = authentication.proven(secret)
    except Problem as problem:
        code, detail = problem.code, str(problem.detail)
        return {"valid": False, "code": code, "detail": detail}
    return {
        "valid": True,
        "id": credential.id,
        "organization": credential.organization.public_id,
        "environment": credential.environment,
        "scopes": sorted(credential.scopes),
        "expires_at": shown.moment(credential.expires_at),
    }


word = Verify()
