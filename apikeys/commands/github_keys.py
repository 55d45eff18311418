"""`manage.py apikeys github-keys`: fetch the public keys of GitHub's reports."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from django.conf import settings
from django.core.management.base import CommandError, OutputWrapper

from apikeys import github

SECONDS = 10
MOST_BYTES = 1024 * 1024
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class GitHubKeys:
    """Fetches, judges and keeps the keys."""

    help = "Fetch the public keys with which GitHub signs reports of leaked keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default=github.PUBLISHED, help="where to fetch")
        parser.add_argument(
            "--from",
            dest="source",
            metavar="FILE",
            help="read them from a file, or - for standard input, instead",
        )

    def run(self, out: OutputWrapper, **options: Any) -> None:
        """Whatever goes wrong, the old file stays."""
        text = _read(options["source"]) if options["source"] else _fetch(options["url"])
        try:
            found = github.keep(text)
        except github.NotKeys as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        except OSError as error:
            raise CommandError(
                f"{settings.GITHUB_KEYS_FILE} cannot be written: {error.strerror}."
            ) from error
        out.write(f"{len(found)} keys of GitHub in {settings.GITHUB_KEYS_FILE}")


word = GitHubKeys()


def _read(source: str) -> str:
    try:
        if source == "-":
            return sys.stdin.read()
        return Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{source} cannot be read. Nothing was changed.") from error


def _fetch(url: str) -> str:
    _require_safe(url)
    request = Request(url, headers={"User-Agent": "Doorward"})  # noqa: S310 - judged
    try:
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            _require_safe(answer.geturl())
            body: bytes = answer.read(MOST_BYTES)
            return body.decode()
    except HTTPError as error:
        why = f"it answered {error.code}"
    except (URLError, OSError, ValueError) as error:
        why = str(getattr(error, "reason", error))
    raise CommandError(
        f"{url} gave no keys: {why}. Nothing was changed. Where the network is closed, "
        "download the list elsewhere and use --from FILE."
    )


def _require_safe(url: str) -> None:
    """Who can change the list on its way could sign reports as GitHub."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in LOOPBACK
    ):
        return
    raise CommandError("The address must begin with https://. Nothing was changed.")
