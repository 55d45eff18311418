"""What was stored once is found for ever, in every form that a key can have come in.

The rows of packages were made by the packages themselves, in databases of their own.
"""

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest

from accounts import sealing
from apikeys import hashes
from apikeys.hashes import Salted
from apikeys.models import ApiKeySecret
from tests.apikeys.importing_keys import import_rows, status, stored

GOLDEN = json.loads(
    (Path(__file__).parent / "golden" / "stored_hashes.json").read_text()
)
IMPORTED = GOLDEN["imported"]
PEPPER = bytes.fromhex(GOLDEN["pepper"])
QUICK = [row for row in IMPORTED if "$1000000$" not in row["hash"]]
SLOW = [row for row in IMPORTED if row not in QUICK]
EACH = [*QUICK, *(pytest.param(row, marks=pytest.mark.slow) for row in SLOW)]


def label(row):
    return f"{row['format']} by {row['made_by']}"


@pytest.fixture
def golden_pepper(settings):
    settings.PEPPERS = {1: PEPPER}


def hmac_of(text):
    return hmac.digest(PEPPER, text.encode(), hashlib.sha256).hex()


def test_every_format_has_a_golden_vector():
    there = {row["format"] for row in IMPORTED}
    families = {hashes.FORMATS[name] for name in there}
    assert families == set(hashes.FORMATS.values()) - {hashes.DOORWARD}
    assert {"drf-api-key", "knox", "unkey", "better-auth", "netbox"} <= there


@pytest.mark.parametrize("row", EACH, ids=label)
def test_the_hash_of_the_vector_is_what_the_standard_library_makes(row):
    """The vectors are not what our own code happens to say."""
    key, written = row["key"].encode(), row["hash"]
    if row["stored_format"] == "pbkdf2":
        _, iterations, salt, hash_ = written.split("$")
        made = hashlib.pbkdf2_hmac("sha256", key, salt.encode(), int(iterations))
        assert base64.b64decode(hash_) == made
    elif row["stored_format"]:
        made = hashlib.new(row["stored_format"], key).digest()
        forms = made.hex(), base64.b64encode(made), base64.urlsafe_b64encode(made)
        texts = {form if isinstance(form, str) else form.decode() for form in forms}
        plain = written.removeprefix("sha512$$")
        assert plain.lower() in texts or {plain, plain + "="} & texts
    assert row["native"] == hmac_of(row["key"])


@pytest.mark.parametrize("row", IMPORTED, ids=label)
def test_a_hash_is_stored_as_it_always_was(golden_pepper, alice, tmp_path, row):
    wanted = {name: row[name] for name in ("hash", "format", "prefix") if name in row}
    import_rows(tmp_path, alice.organization, [{"name": "old", **wanted}])
    assert stored() == [(row["stored_format"], row["stored"])]


@pytest.mark.parametrize("row", QUICK, ids=label)
def test_a_row_that_was_stored_once_still_opens(golden_pepper, issue, row):
    """The row is written by hand: no code of the import takes part."""
    api_key = issue("scans_read")[0]
    api_key.secrets.all().delete()
    secret = ApiKeySecret(
        api_key=api_key,
        digest=bytes.fromhex(row["stored"]),
        imported_digest=bytes.fromhex(row["stored"]),
        pepper=1,
        hint="…",
        format=row["stored_format"],
    )
    if row["stored_format"] == "pbkdf2":
        plain = f"{row['hash']} {row['prefix']}".encode()
        context = f"api_key_hash:{row['stored']}"
        secret.sealed_hash = sealing.seal(plain, context=context)
    secret.save()
    assert status(row["key"]) == 200
    assert stored() == [("", row["native"])]
    assert status(row["key"]) == 200


def test_a_key_of_our_own_lies_under_its_hmac(golden_pepper, issue):
    native = GOLDEN["native"]
    api_key = issue("scans_read")[0]
    api_key.secrets.update(digest=bytes.fromhex(native["stored"]))
    assert native["stored"] == hmac_of(native["key"])
    assert status(native["key"]) == 200


@pytest.mark.slow
def test_the_hash_of_an_old_release_fits_its_key_only():
    [old] = [row for row in IMPORTED if "2.3.0" in row["made_by"]]
    salted = Salted.parse(old["hash"])
    assert str(salted) == old["hash"]
    assert salted.fits(old["key"])
    assert not salted.fits(old["key"] + "x")
