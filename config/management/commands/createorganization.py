"""`manage.py createorganization NAME --product P --plan P --owner EMAIL [--json]`"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts import addresses
from accounts.audit import OPERATOR
from accounts.products import products
from config import tenants
from config.tenants import Account, UnprovenOwner


class Command(BaseCommand):
    """Make a tenant with its owner and two keys, on any deployment."""

    help = "Make an organization with its owner and two keys, shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--product", required=True, choices=sorted(products()))
        parser.add_argument("--plan", required=True)
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        product = products()[options["product"]]
        plan = product.plans.get(options["plan"])
        if plan is None:
            known = ", ".join(product.plans)
            raise CommandError(f"{product.name} has these plans: {known}.")
        if not 0 < len(options["name"]) <= 100:
            raise CommandError("Use a name of 1 to 100 characters.")
        try:
            email = addresses.checked(options["owner"])
        except ValidationError as error:
            raise CommandError(f"--owner: {' '.join(error.messages)}") from error
        try:
            account = tenants.create(
                options["name"], product=product, plan=plan, email=email, by=OPERATOR
            )
        except UnprovenOwner as error:
            raise CommandError(f"--owner: {error}") from error
        self.stdout.write(
            json.dumps(account.as_dict()) if options["json"] else _told(account)
        )


def _told(account: Account) -> str:
    password = account.password or "as before: this person has an account"
    return "\n".join(
        (
            f"Organization  {account.organization} ({account.product}, {account.plan})",
            f"Owner         {account.email}",
            f"Password      {password}",
            f"API key       {account.api_key or 'none: this is a sandbox'}",
            f"Sandbox key   {account.test_api_key}",
            "Password and keys are shown this once.",
        )
    )
