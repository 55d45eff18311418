"""`manage.py createapplication NAME --organization ORG_ID --type T --scope S …`"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import OPERATOR
from accounts.models import Organization
from accounts.problems import Problem
from oauth import applications
from oauth.applications import Registration
from oauth.models import Application
from oauth.models.applications import AUTH_METHODS, OPAQUE, TOKEN_FORMATS, TYPES


class Command(BaseCommand):
    """Register an OAuth client of an organization, on any deployment."""

    help = "Make an OAuth application of an organization; its secret is shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--organization", required=True, metavar="ORG_ID")
        parser.add_argument("--type", required=True, choices=TYPES)
        several: dict[str, Any] = {"action": "extend", "nargs": "+", "default": []}
        parser.add_argument("--redirect-uri", metavar="URI", **several)
        parser.add_argument("--scope", **several)
        parser.add_argument("--require-pkce", action="store_true", default=None)
        parser.add_argument("--auth-method", choices=AUTH_METHODS, default="")
        parser.add_argument("--jwks", metavar="FILE", help="a JSON Web Key Set")
        parser.add_argument("--token-format", choices=TOKEN_FORMATS, default=OPAQUE)
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        public_id = options["organization"]
        organization = Organization.objects.with_public_id(public_id).first()
        if organization is None:
            raise CommandError("--organization: there is none with this id (org_…).")
        wish = Registration(
            name=options["name"],
            type=options["type"],
            scopes=tuple(" ".join(options["scope"]).split()),
            redirect_uris=tuple(options["redirect_uri"]),
            require_pkce=options["require_pkce"],
            token_endpoint_auth_method=options["auth_method"],
            jwks=_key_set(options["jwks"]) if options["jwks"] else None,
            access_token_format=options["token_format"],
        )
        try:
            made = applications.register_for(organization, wish, by=OPERATOR)
        except Problem as problem:
            raise CommandError(str(problem.detail)) from problem
        tell = _as_json if options["json"] else _told
        self.stdout.write(tell(*made))


def _key_set(file: str) -> dict[str, Any]:
    try:
        found = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"--jwks: {error}") from error
    if not isinstance(found, dict):
        raise CommandError("--jwks: the file holds one JSON object.")
    return found


def _as_json(application: Application, secret: str | None) -> str:
    return json.dumps(
        {
            "organization": application.organization.public_id,
            "name": application.name,
            "type": application.type,
            "client_id": application.client_id,
            "client_secret": secret,
        }
    )


def _told(application: Application, secret: str | None) -> str:
    lines = [
        f"Application    {application.name} ({application.type})",
        f"Organization   {application.organization.public_id}",
        f"Client id      {application.client_id}",
    ]
    if secret is None:
        lines.append(f"No secret: {application.token_endpoint_auth_method}.")
    else:
        lines.append(f"Client secret  {secret}")
        lines.append("The secret is shown this once.")
    return "\n".join(lines)
