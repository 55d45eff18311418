"""`manage.py apikeys service KEY_ID [--off]`"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from accounts.audit import OPERATOR
from apikeys import service_keys
from apikeys.commands import chosen


class Service:
    """Makes a key one that judges its whole product."""

    help = "Let a key ask about every credential of its product, or no more."

    def add_arguments(self, parser: ArgumentParser) -> None:
        chosen.add_key(parser)
        parser.add_argument(
            "--off", action="store_true", help="only its own organization again"
        )

    def run(self, out: OutputWrapper, **options: Any) -> None:
        api_key = chosen.api_key(options)
        change = service_keys.dismiss if options["off"] else service_keys.appoint
        with chosen.told_as_error():
            api_key = change(api_key, by=OPERATOR)
        reach = "product" if api_key.is_service else "organization"
        out.write(f"{api_key.public_id} judges the credentials of its {reach}.")


word = Service()
