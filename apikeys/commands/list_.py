"""`manage.py apikeys list --organization ORG_ID`"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from apikeys.commands import chosen, shown
from apikeys.models import ApiKey


class List:
    """Lists keys, newest first."""

    help = "List the keys of an organization."

    def add_arguments(self, parser: ArgumentParser) -> None:
        chosen.add_organization(parser)
        parser.add_argument(
            "--all", action="store_true", help="revoked and expired ones too"
        )
        chosen.add_json(parser)

    def run(self, out: OutputWrapper, **options: Any) -> None:
        organization = chosen.organization(options)
        rows = ApiKey.objects if options["all"] else ApiKey.objects.lasting()
        own = rows.filter(organization=organization).with_people()
        found = own.prefetch_related("secrets").order_by("-id")
        if options["json"]:
            out.write(shown.as_json({"data": [shown.as_object(row) for row in found]}))
            return
        for api_key in found:
            out.write(shown.as_row(api_key))


word = List()
