"""`manage.py apikeys rotate KEY_ID [--grace-seconds N]`"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from accounts.audit import OPERATOR
from apikeys import rotation
from apikeys.commands import chosen, shown


class Rotate:
    """Gives a key a new secret."""

    help = "Give a key a new secret, shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        chosen.add_key(parser)
        parser.add_argument(
            "--grace-seconds",
            type=int,
            default=0,
            metavar="N",
            help="how long the old secret lives on (0)",
        )
        chosen.add_json(parser)

    def run(self, out: OutputWrapper, **options: Any) -> None:
        api_key = chosen.api_key(options)
        with chosen.told_as_error():
            api_key, key = rotation.rotate_for(
                api_key, options["grace_seconds"], by=OPERATOR
            )
        if options["json"]:
            out.write(shown.as_json(shown.as_object(api_key, key=key)))
        else:
            out.write(shown.as_lines(api_key, **{"API key": key}))
            out.write(shown.SHOWN_ONCE)


word = Rotate()
