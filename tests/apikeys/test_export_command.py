"""`manage.py apikeys export`: keys move to another deployment and go on working."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts import sealing
from apikeys.hashes import hint
from apikeys.import_files import FORMS
from apikeys.models import ApiKey, ApiKeySecret
from tests.apikeys.importing_keys import (
    import_file,
    import_rows,
    plain,
    refused,
    status,
)
from tests.apikeys.test_import_door import SALTED
from tests.cast import send

FOREIGN = "some-foreign-key-00000001"


@pytest.fixture
def export(alice, tmp_path):
    """export("csv") -> the file that the command wrote."""

    def write(form="json"):
        out = StringIO()
        words = "--organization", alice.organization.public_id, "--format", form
        call_command("apikeys", "export", *words, stdout=out)
        file = tmp_path / f"exported.{form}"
        file.write_text(out.getvalue())
        return file

    return write


def emptied():
    """As another deployment with the same pepper would be."""
    ApiKeySecret.objects.all().delete()
    ApiKey.objects.all().delete()


@pytest.mark.parametrize("form", FORMS)
def test_keys_that_moved_answer_as_before(alice, bob, issue, tmp_path, export, form):
    key = issue(
        *("scans_read", "cve_read"),
        name="Nightly, and weekly",
        metadata={"team": "core"},
        tags=("ci", "old one"),
        allowed_ips=("127.0.0.0/8",),
        limits={"per_minute": 50},
    )[1]
    own = issue("scans_read", owner=bob, environment="test")[1]
    salted = {name: SALTED[name] for name in ("hash", "format", "prefix")}
    foreign = [plain(1, scopes="scans_read"), {**salted, "scopes": "scans_read"}]
    import_rows(tmp_path, alice.organization, foreign)
    before = {row["id"]: row for row in ApiKey.objects.values()}
    file = export(form)
    emptied()
    assert status(key) == 401
    assert import_file(file, alice.organization)["imported"] == len(before)
    for text in (key, own, FOREIGN, SALTED["key"]):
        assert status(text) == 200
    for row in ApiKey.objects.values():
        was = before[row["id"]]
        moving = row.keys() - {"created_by", "last_used_at", "last_used_ip"}
        assert {name: row[name] for name in moving} == {
            name: was[name] for name in moving
        }
    again = import_file(file, alice.organization)
    assert (again["imported"], again["already_there"]) == (0, len(before))


def test_keys_may_move_to_another_organization(alice, carol, issue, export):
    key = issue("scans_read")[1]
    file = export()
    emptied()
    import_file(file, carol.organization)
    whoami = send("GET", "/api/v1/auth/whoami", X_API_KEY=key).json()
    assert whoami["organization"] == carol.organization.public_id


def test_a_key_in_rotation_moves_with_both_secrets(alice, issue, export):
    api_key, old = issue("scans_read")
    path = f"/api/v1/api-keys/{api_key.public_id}/rotate"
    new = alice.call("POST", path, {"grace_seconds": 3600}).json()["key"]
    file = export()
    emptied()
    assert import_file(file, alice.organization)["imported"] == 1
    assert (status(old), status(new)) == (200, 200)
    assert ApiKey.objects.get().public_id == api_key.public_id
    ends = ApiKeySecret.objects.exclude(retires_at=None).get().retires_at
    assert 3500 < (ends - timezone.now()).total_seconds() < 3601


def test_dead_keys_stay_dead_where_they_move_to(alice, issue, export):
    texts = {}
    for reason in ("leaked", "unused"):
        api_key, texts[reason] = issue("scans_read", name=reason)
        path = f"/api/v1/api-keys/{api_key.public_id}?reason={reason}"
        assert alice.call("DELETE", path).status_code == 204
    before = {reason: told(key) for reason, key in texts.items()}
    file = export()
    emptied()
    import_file(file, alice.organization)
    assert {reason: told(key) for reason, key in texts.items()} == before


def told(key):
    return send("GET", "/api/v1/auth/whoami", X_API_KEY=key).json()["code"]


def test_no_secret_is_in_an_export(alice, issue, export):
    api_key, key = issue("scans_read")
    for form in FORMS:
        text = export(form).read_text()
        assert api_key.public_id in text
        assert key not in text
        assert key[12:40] not in text


def test_an_export_tells_another_pepper_and_its_number(alice, issue, export, tmp_path):
    issue("scans_read")
    rows = json.loads(export().read_text())
    [row] = rows
    [(check, number)] = sealing.pepper_checks().items()
    assert (row["pepper"], row["pepper_check"]) == (number, check)
    emptied()
    row.update(pepper=7, pepper_check="0" * 16)
    [error] = refused(tmp_path, alice.organization, rows)["errors"]
    assert "its pepper (number 7 where it comes from) is not configured" in error
    assert "DOORWARD_PEPPERS" in error


def test_the_same_pepper_may_have_another_number_there(alice, issue, export, settings):
    settings.PEPPERS = {1: b"1" * 32}
    key = issue("scans_read")[1]
    file = export()
    emptied()
    settings.PEPPERS = {1: b"2" * 32, 5: b"1" * 32}
    import_file(file, alice.organization)
    assert ApiKeySecret.objects.get().pepper == 5
    assert status(key) == 200


def test_a_check_of_a_pepper_is_no_digest_that_opens_anything(settings):
    settings.PEPPERS = {1: b"1" * 32}
    [check] = sealing.pepper_checks()
    assert len(check) == 16
    assert check != sealing.digest("").hex()[:16]
    settings.PEPPERS = {1: b"2" * 32}
    assert check not in sealing.pepper_checks()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"hash": "ab"}, "32 bytes in hex"),
        ({"wrapped": "md5"}, "wrapped is none of ours"),
        ({"wrapped": "sha256", "imported_digest": None}, "wrapped is none of ours"),
        ({"imported_digest": "zz"}, "32 bytes in hex"),
    ],
)
def test_an_export_that_somebody_changed_is_refused(
    alice, issue, export, tmp_path, change, why
):
    issue("scans_read")
    [row] = json.loads(export().read_text())
    emptied()
    [error] = refused(tmp_path, alice.organization, [{**row, **change}])["errors"]
    assert why in error


def test_an_id_that_is_taken_is_told(alice, issue, export, tmp_path):
    api_key = issue("scans_read")[0]
    [row] = json.loads(export().read_text())
    [error] = refused(tmp_path, alice.organization, [{**row, "hash": "ab" * 32}])[
        "errors"
    ]
    assert error == f"row 1: {api_key.public_id} is here already, with other secrets"


@pytest.mark.parametrize("length", [16, 24, 41, 64, 512])
def test_a_hint_shows_a_quarter_of_a_foreign_key_at_most(length):
    shown = hint("k" * length).replace("…", "")
    assert 2 <= len(shown) <= length // 4
