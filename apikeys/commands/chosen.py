"""What the words of `manage.py apikeys` are about: which organization, which key."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError

from accounts import addresses
from accounts.models import Membership, Organization
from accounts.problems import Problem
from apikeys import imported
from apikeys.models import ApiKey, ApiKeySecret

STDIN = "-"
HERE = "command line"
SECRETS = "Secrets come by stdin, never as an argument: they end up in histories."


def add_organization(parser: ArgumentParser) -> None:
    parser.add_argument("--organization", required=True, metavar="ORG_ID")


def add_json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object")


def add_key(parser: ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", default="", metavar="KEY_ID")
    parser.add_argument(
        "--key", choices=[STDIN], help='"-": the key itself is on stdin'
    )


def organization(options: dict[str, Any]) -> Organization:
    rows = Organization.objects.with_public_id(options["organization"])
    found = rows.first()
    if found is None:
        raise CommandError("--organization: there is none with this id (org_…).")
    return found


def member(of: Organization, email: str) -> Membership:
    current = Membership.objects.current().filter(organization=of)
    found = current.filter(user__email_key=addresses.fold(email)).first()
    if found is None:
        raise CommandError("--owner: nobody in the organization has this address.")
    return found


def api_key(options: dict[str, Any]) -> ApiKey:
    """The key of an id, or of a secret on stdin. Raises CommandError."""
    if options["key"]:
        secret = secret_of(secret_on_stdin())
        if secret is None:
            raise CommandError("There is no key with this secret.")
        pk = secret.api_key_id
        return ApiKey.objects.with_people().get(pk=pk)
    found = ApiKey.objects.with_people().with_public_id(options["id"]).first()
    if found is None:
        raise CommandError(f"There is no key with this id (key_…). {SECRETS}")
    return found


def secret_of(text: str) -> ApiKeySecret | None:
    """The row of a secret, dead or alive."""
    with told_as_error():
        return ApiKeySecret.objects.find(text) or imported.prove(text, address=HERE)


def secret_on_stdin() -> str:
    """The first line that is not empty."""
    for line in sys.stdin:
        if line.strip():
            return line.strip()
    raise CommandError("Nothing came on stdin.")


@contextmanager
def told_as_error() -> Iterator[None]:
    """A refusal of ours as the command's."""
    try:
        yield
    except Problem as problem:
        raise CommandError(str(problem.detail)) from problem
