"""`manage.py createoperator EMAIL`"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.audit import OPERATOR
from accounts.models import User
from config import tenants


class Command(BaseCommand):
    """Give a person the admin, on any deployment."""

    help = "Make somebody who has an account an operator, who may use the admin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            person = User.objects.with_email(options["email"]).first()
            if person is None or not person.memberships.usable().exists():
                raise CommandError(
                    "Nobody with this address is in an organization. Invite them, or "
                    "make one: manage.py createorganization … --owner EMAIL."
                )
            # The admin must not go to whoever took an invitation that was not theirs.
            if person.email_verified_at is None:
                raise CommandError(
                    "The mailbox of this address was never proven. Let its person "
                    "reset the password by mail first."
                )
            tenants.make_operator(person, by=OPERATOR)
        self.stdout.write(f"{person.email} is an operator now.")
