"""`manage.py apikeys revoke KEY_ID [--reason REASON]`"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from accounts.audit import OPERATOR
from apikeys import lifecycle
from apikeys.commands import chosen, shown
from apikeys.models import REASONS


class Revoke:
    """Ends a key at once."""

    help = "Revoke a key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        chosen.add_key(parser)
        parser.add_argument("--reason", choices=REASONS, default="other")
        chosen.add_json(parser)

    def run(self, out: OutputWrapper, **options: Any) -> None:
        api_key = chosen.api_key(options)
        with chosen.told_as_error():
            lifecycle.revoke(api_key, reason=options["reason"], by=OPERATOR)
        api_key.refresh_from_db(fields=["revoked_at", "revoked_reason"])
        if options["json"]:
            out.write(shown.as_json(shown.as_object(api_key)))
        else:
            out.write(f"{api_key.public_id} is revoked ({api_key.revoked_reason}).")


word = Revoke()
