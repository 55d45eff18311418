"""`manage.py rotate signing-key`"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts import signing
from accounts.audit import OPERATOR


class Command(BaseCommand):
    """Replace a secret of the deployment without ending what it protects."""

    help = "Rotate the keys that sign our JWTs. Tokens of the old ones stay valid."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("secret", choices=["signing-key"])

    def handle(self, *args: Any, **options: Any) -> None:
        for key in signing.rotate(by=OPERATOR):
            self.stdout.write(
                f"{key.kid} signs {key.algorithm} now. "
                "The one before verifies until its end."
            )
