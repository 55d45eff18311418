"""`manage.py apikeys show KEY_ID`, or `show --key -` with the key on stdin"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from apikeys.commands import chosen, shown


class Show:
    """Tells about one key; also which one a secret belongs to."""

    help = "Show a key by its id, or by its secret on stdin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        chosen.add_key(parser)
        chosen.add_json(parser)

    def run(self, out: OutputWrapper, **options: Any) -> None:
        api_key = chosen.api_key(options)
        if options["json"]:
            out.write(shown.as_json(shown.as_object(api_key)))
        else:
            out.write(shown.as_lines(api_key))


word = Show()
