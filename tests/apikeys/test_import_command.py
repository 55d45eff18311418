"""`manage.py apikeys import`: all rows come in or none, and twice changes nothing."""

import json

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from apikeys import keys
from apikeys.models import ApiKey, ApiKeySecret
from tests.apikeys.importing_keys import (
    as_csv,
    import_file,
    import_rows,
    plain,
    status,
)
from tests.apikeys.test_import_door import GOLDEN

COLUMNS = ("hash", "format", "prefix")


def row_of(vector, **more):
    found = {name: vector[name] for name in COLUMNS if name in vector}
    return {"scopes": "scans_read", **found, **more}


@pytest.mark.parametrize("form", ["json", "csv"])
def test_keys_of_every_kind_come_in_at_once_and_go_on_working(alice, tmp_path, form):
    vectors = [row for row in GOLDEN if "$1000000$" not in row["hash"]]
    rows = [row_of(row, name=f"key {at}") for at, row in enumerate(vectors)]
    told = import_rows(tmp_path, alice.organization, rows, form=form)
    assert (told["imported"], told["wrong"]) == (len(rows), 0)
    assert [status(row["key"]) for row in vectors] == [200] * len(vectors)
    again = import_rows(tmp_path, alice.organization, rows, form=form)
    assert (again["imported"], again["already_there"]) == (0, len(rows))


@pytest.mark.slow
def test_tables_of_other_systems_come_in_as_they_were_exported(alice, tmp_path):
    """The acceptance test: the columns of drf-api-key and knox, by their own names."""
    drf = [row for row in GOLDEN if "djangorestframework" in row["made_by"]]
    knox = [row for row in GOLDEN if "knox" in row["made_by"]]
    tables = {
        "drf-api-key": [
            {
                "id": f"{row['prefix']}.{row['hash']}",
                "prefix": row["prefix"],
                "hashed_key": row["hash"],
                "created": "2024-05-01 10:00:00.123+00",
                "name": "Partner",
                "revoked": "f",
                "expiry_date": "",
            }
            for row in drf
        ],
        "knox": [
            {
                "digest": row["hash"],
                "token_key": row["prefix"],
                "user_id": "7",
                "created": "2024-05-01 10:00:00+00",
                "expiry": "2099-05-01 10:00:00+00",
            }
            for row in knox
        ],
    }
    for format_, rows in tables.items():
        words = "--hash-format", format_, "--scopes", "scans_read"
        told = import_rows(tmp_path, alice.organization, rows, *words, form="csv")
        assert (told["imported"], told["wrong"]) == (len(rows), 0)
    before = set(ApiKeySecret.objects.values_list("digest", flat=True))
    for row in drf:
        assert status(row["key"], AUTHORIZATION=f"Api-Key {row['key']}") == 200
    for row in knox:
        assert status(row["key"], AUTHORIZATION=f"Token {row['key']}") == 200
    after = set(ApiKeySecret.objects.values_list("digest", flat=True))
    assert not {bytes(one) for one in before} & {bytes(one) for one in after}
    assert len(set(ApiKey.objects.values_list("name", flat=True))) == len(drf + knox)
    for format_, rows in tables.items():
        words = "--hash-format", format_, "--scopes", "scans_read"
        told = import_rows(tmp_path, alice.organization, rows, *words, form="csv")
        assert (told["imported"], told["already_there"]) == (0, len(rows))


def test_a_dry_run_says_the_same_and_writes_nothing(alice, tmp_path):
    rows = [plain(1), plain(2)]
    told = import_rows(tmp_path, alice.organization, rows, "--dry-run")
    assert (told["imported"], told["dry_run"]) == (2, True)
    assert not ApiKey.objects.exists()
    assert not AuditEvent.objects.filter(action__startswith="api_key").exists()


def test_everything_that_a_row_says_is_kept(alice, bob, tmp_path):
    import_rows(
        tmp_path,
        alice.organization,
        [
            plain(
                1,
                scopes=["scans_read", "scans_write"],
                environment="test",
                expires_at="2099-01-31T12:00:00+02:00",
                owner="BOB@acme.test",
                allowed_ips=["198.51.100.0/24"],
                metadata={"team": "core"},
                tags=["old", "ci"],
                limits={"per_minute": 60},
            )
        ],
    )
    api_key = ApiKey.objects.get()
    assert api_key.name == "key 1"
    assert api_key.scopes == ["scans_read", "scans_write"]
    assert (api_key.environment, api_key.membership) == ("test", bob.membership)
    assert f"{api_key.expires_at:%FT%TZ}" == "2099-01-31T10:00:00Z"
    assert api_key.allowed_ips == ["198.51.100.0/24"]
    assert (api_key.metadata, api_key.tags) == ({"team": "core"}, ["old", "ci"])
    assert (api_key.per_minute, api_key.burst) == (60, None)
    assert api_key.created_by == "operator"


def test_a_csv_says_lists_and_objects_in_one_cell(alice, tmp_path):
    row = plain(1, scopes="scans_read, cve_read", tags="old ci", per_minute="60")
    row["metadata"] = '{"team": "core"}'
    import_rows(tmp_path, alice.organization, [row], form="csv")
    api_key = ApiKey.objects.get()
    assert api_key.scopes == ["scans_read", "cve_read"]
    assert (api_key.tags, api_key.metadata) == (["old", "ci"], {"team": "core"})
    assert api_key.per_minute == 60


def test_each_key_has_its_event(alice, tmp_path):
    import_rows(tmp_path, alice.organization, [plain(1), plain(2)])
    events = AuditEvent.objects.filter(action="api_key.imported")
    targets = {event.target for event in events}
    assert targets == {api_key.public_id for api_key in ApiKey.objects.all()}
    assert {event.actor for event in events} == {"operator"}


def test_names_that_are_taken_are_numbered(alice, tmp_path, issue):
    issue("scans_read", name="CI")
    rows = [plain(number, name="CI") for number in range(3)]
    import_rows(tmp_path, alice.organization, rows)
    names = sorted(ApiKey.objects.values_list("name", flat=True))
    assert names == ["CI", "CI (2)", "CI (3)", "CI (4)"]


def test_a_whole_key_of_our_look_is_one_of_ours(alice, tmp_path):
    key = keys.make("nr_test_")
    import_rows(tmp_path, alice.organization, [{"name": "moved", "key": key}])
    assert ApiKey.objects.get().environment == "test"
    assert ApiKeySecret.objects.get().hint == keys.hint(key)
    assert status(key) == 200
    told = import_rows(tmp_path, alice.organization, [{"name": "moved", "key": key}])
    assert told["already_there"] == 1


@pytest.mark.parametrize("first", ["key", "hash"])
def test_a_key_that_is_there_is_known_in_another_form(alice, tmp_path, first):
    """Whole, then as SHA-256, or the other way round; also after its first use."""
    key = "some-foreign-key-00000001"
    forms = {"key": {"name": "whole", "key": key}, "hash": plain(1)}
    import_rows(tmp_path, alice.organization, [forms.pop(first)])
    for _ in range(2):
        told = import_rows(tmp_path, alice.organization, list(forms.values()))
        assert (told["imported"], told["already_there"]) == (0, 1)
        assert status(key) == 200


# Files


def test_stdin_is_read_and_told_by_its_first_character(alice, tmp_path, monkeypatch):
    class Stdin:
        def __init__(self, text):
            self.buffer = self
            self.text = text

        def read(self):
            return self.text.encode()

    for number, write in enumerate((json.dumps, as_csv)):
        monkeypatch.setattr("sys.stdin", Stdin(write([plain(number)])))
        assert import_file("-", alice.organization)["imported"] == 1


def test_a_spreadsheets_mark_and_quotes_do_not_matter(alice, tmp_path):
    file = tmp_path / "keys.csv"
    table = as_csv([plain(1, name='A "quoted", name')])
    file.write_bytes(b"\xef\xbb\xbf" + table.encode())
    assert import_file(file, alice.organization)["imported"] == 1
    assert ApiKey.objects.get().name == 'A "quoted", name'


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("keys.json", b"{", "it is no JSON: "),
        ("keys.json", b"[1]", "a JSON array of objects"),
        ("keys.json", b"{}", "a JSON array of objects"),
        ("keys.csv", b"", "its first line has to name each column"),
        ("keys.csv", b"name,name\na,b\n", "each name once"),
        ("keys.csv", b"name,key\na\n", "row 1 has not as many fields"),
        ("keys.csv", b"name,key\na,b,c\n", "row 1 has not as many fields"),
        ("keys.csv", b"name\n\xff\n", "byte 5 is no UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(alice, tmp_path, name, content, why):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(CommandError) as error:
        import_file(file, alice.organization)
    assert why in str(error.value)


def test_a_file_and_an_organization_that_are_not_there_are_told(alice, tmp_path):
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        import_file(tmp_path / "none.csv", alice.organization)
    with pytest.raises(CommandError, match="there is none with this id"):
        call_command("apikeys", "import", "x", "--organization", "org_x")


def test_no_secret_is_told_by_anything(alice, tmp_path, capsys):
    rows = [plain(1), {"name": "whole", "key": "some-foreign-key-00000002"}]
    told = import_rows(tmp_path, alice.organization, rows)
    events = json.dumps(list(AuditEvent.objects.values()), default=str)
    output = capsys.readouterr()
    everything = json.dumps(told) + events + output.out + output.err
    assert "some-foreign-key" not in everything
    assert rows[0]["hash"] not in everything
