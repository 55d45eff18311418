"""`manage.py apikeys create --organization ORG_ID --name NAME --scopes …`"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, OutputWrapper
from rest_framework.exceptions import ValidationError

from accounts.audit import OPERATOR
from accounts.products import ENVIRONMENTS, LIVE, Product
from apikeys import lifecycle
from apikeys.commands import chosen, shown
from apikeys.lifecycle import Wish
from apikeys.serializers import ApiKeyRequest


class Create:
    """Makes a key, bound by the plan only."""

    help = "Make a key, shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        chosen.add_organization(parser)
        parser.add_argument("--name", required=True)
        parser.add_argument("--scopes", nargs="*", default=[], metavar="SCOPE")
        parser.add_argument("--environment", choices=ENVIRONMENTS, default=LIVE)
        parser.add_argument("--expires-at", metavar="TIME", help="as 2030-01-31T12:00Z")
        parser.add_argument("--owner", metavar="EMAIL", help="a member's own key")
        chosen.add_json(parser)

    def run(self, out: OutputWrapper, **options: Any) -> None:
        organization = chosen.organization(options)
        email = options["owner"]
        membership = chosen.member(organization, email) if email else None
        wish = _wish(options, organization.product)
        with chosen.told_as_error():
            api_key, key = lifecycle.issue_for(
                organization, wish, membership=membership, by=OPERATOR
            )
        if options["json"]:
            out.write(shown.as_json(shown.as_object(api_key, key=key)))
        else:
            out.write(shown.as_lines(api_key, **{"API key": key}))
            out.write(shown.SHOWN_ONCE)


def _wish(options: dict[str, Any], product: Product) -> Wish:
    """As the API checks it. Raises CommandError."""
    data = {
        "name": options["name"],
        "scopes": " ".join(options["scopes"]).split(),
        "environment": options["environment"],
        "expires_at": options["expires_at"],
    }
    asked = ApiKeyRequest(data=data, context={"product": product})
    try:
        asked.is_valid(raise_exception=True)
    except ValidationError as error:
        raise CommandError(str(error.detail)) from error
    found = asked.validated_data
    expires_at: datetime | None = found["expires_at"]
    return Wish(
        name=found["name"],
        scopes=tuple(found["scopes"]),
        environment=found["environment"],
        expires_at=expires_at,
    )


word = Create()
