"""How tests bring keys in: through the command, as an operator does."""

import csv
import hashlib
import io
import json
from io import StringIO

import pytest
from django.core.management import call_command

from apikeys.models import ApiKeySecret
from tests.cast import send

WHOAMI = "/api/v1/auth/whoami"


def import_rows(folder, organization, rows, *words, form="json"):
    """What the command says of these rows, as JSON. It ends by SystemExit on errors."""
    file = folder / f"keys.{form}"
    file.write_text(json.dumps(rows) if form == "json" else as_csv(rows))
    return import_file(file, organization, *words)


def import_file(file, organization, *words):
    out = StringIO()
    call_command(
        *("apikeys", "import", str(file)),
        *("--organization", organization.public_id, "--json", *words),
        stdout=out,
    )
    return json.loads(out.getvalue())


def as_csv(rows):
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    table = csv.DictWriter(out, names)
    table.writeheader()
    table.writerows(rows)
    return out.getvalue()


def status(key, **headers):
    return send("GET", WHOAMI, **(headers or {"X_API_KEY": key})).status_code


def stored():
    """What lies in the table: (format, digest) of each secret."""
    rows = ApiKeySecret.objects.order_by("pk")
    return [(row.format, bytes(row.digest).hex()) for row in rows]


def plain(number, **more):
    key = f"some-foreign-key-{number:08}"
    hash_ = hashlib.sha256(key.encode()).hexdigest()
    return {"name": f"key {number}", "hash": hash_, "format": "sha256", **more}


def refused(folder, organization, rows):
    """What an import says that ends with exit code 1, after which nothing is new."""
    file = folder / "bad.json"
    file.write_text(json.dumps(rows))
    out, before = StringIO(), ApiKeySecret.objects.count()
    with pytest.raises(SystemExit) as end:
        call_command(
            *("apikeys", "import", str(file), "--json"),
            *("--organization", organization.public_id),
            stdout=out,
        )
    assert end.value.code == 1
    assert ApiKeySecret.objects.count() == before
    return json.loads(out.getvalue())
