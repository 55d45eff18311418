"""`manage.py apikeys import`: all rows come in or none, and twice changes nothing."""

import hashlib
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from apikeys import keys
from apikeys.models import ApiKey, ApiKeySecret
from tests.apikeys.importing_keys import as_csv, import_file, import_rows, status
from tests.apikeys.test_import_door import GOLDEN

COLUMNS = ("hash", "format", "prefix")


def row_of(vector, **more):
    found = {name: vector[name] for name in COLUMNS if name in vector}
    return {"scopes": "scans_read", **found, **more}


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


WRONG = {
    "no secret at all": ({"name": "x"}, "one of key and hash is needed"),
    "both": (plain(1, key="some-foreign-key-00000001"), "one of key and hash"),
    "no format": ({"hash": "0" * 64}, "format is missing"),
    "unknown format": (plain(1, format="md5"), "unknown format. There are: raw"),
    "another length": (plain(1, format="sha512"), "not a sha512 in hex or base64"),
    "no hash": (plain(1, hash="xyz"), "not a sha256 in hex or base64"),
    "unknown scope": (plain(1, scopes="fly"), "scopes: Unknown scope"),
    "a scope twice": (plain(1, scopes="cve_read cve_read"), "scopes: Name each"),
    "time without zone": (
        plain(1, expires_at="2030-01-01T00:00:00"),
        "expires_at: use",
    ),
    "no time": (plain(1, expires_at="soon"), "expires_at: use a time with its zone"),
    "environment": (plain(1, environment="prod"), "environment: Use one of"),
    "name": (plain(1, name="x" * 101), "name: use 1 to 100"),
    "unknown column": (plain(1, colour="red"), "colour: there is no such column"),
    "stranger": (plain(1, owner="carol@other.test"), "owner: nobody"),
    "flag": (plain(1, revoked="maybe"), "revoked: use true or false"),
    "addresses": (plain(1, allowed_ips="10.0.0.1/8"), "allowed_ips: This is no"),
    "faster than the plan": (plain(1, burst=10_000), "burst: Your organization has"),
    "no checksum": (
        {"name": "x", "key": "nr_live_" + "a" * 48},
        "its checksum does not fit",
    ),
    "another product": ({"key": keys.make}, "a key of another product"),
    "short": ({"key": "hunter2"}, "this is no key: it has 16 to 512"),
    "two words": ({"key": "correct horse battery"}, "this is no key"),
    "our other tokens": ({"key": "nr_ocs_" + "0" * 48}, "this is no key"),
    "no prefix": (
        {"hash": "pbkdf2_sha256$1000$salt$" + "A" * 43 + "="},
        "prefix is needed",
    ),
    "too slow": (
        {"hash": "pbkdf2_sha256$2000001$salt$" + "A" * 43 + "=", "prefix": "abc"},
        "more than 2,000,000 iterations",
    ),
    "not Django's": (
        {"hash": "pbkdf2_sha512$1000$salt$AAAA", "prefix": "abc"},
        "not of the form",
    ),
}


@pytest.mark.parametrize(("row", "why"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_row_is_named_and_nothing_comes_in(alice, tmp_path, row, why):
    if row.get("key") is keys.make:
        row = {"key": keys.make("cpf_live_")}
    told = refused(tmp_path, alice.organization, [plain(7), row])
    assert told["wrong"] == 1
    [error] = told["errors"]
    assert error.startswith("row 2: ")
    assert why in error
    for secret in ("key", "hash"):
        assert str(row.get(secret, "\0")) not in error


def test_all_that_is_wrong_is_told_but_not_without_end(alice, tmp_path):
    rows = [plain(number, scopes="fly", name="") for number in range(60)]
    told = refused(tmp_path, alice.organization, rows)
    assert (told["wrong"], len(told["errors"])) == (60, 50)
    [error] = refused(
        tmp_path, alice.organization, [plain(1, scopes="fly", expires_at="x")]
    )["errors"]
    assert "scopes:" in error
    assert "expires_at:" in error


def test_a_key_twice_in_one_file_is_wrong(alice, tmp_path):
    rows = [plain(1), plain(2), {"key": "some-foreign-key-00000001"}]
    told = refused(tmp_path, alice.organization, rows)
    assert told["errors"] == ["row 3: this is the same key as row 1"]


def test_a_key_of_another_organization_is_not_taken_over(alice, carol, tmp_path):
    import_rows(tmp_path, carol.organization, [plain(1)])
    told = refused(tmp_path, alice.organization, [plain(1)])
    assert told["errors"] == ["row 1: another organization has this key"]


def test_no_more_come_in_than_the_plan_allows(nadia, tmp_path):
    most = nadia.organization.plan.most_keys
    rows = [plain(number) for number in range(most)]
    dead = [
        plain(most + 1, revoked=True),
        plain(most + 2, expires_at="2020-01-01T00:00Z"),
    ]
    dead[1]["expires_at"] = "2020-01-01T00:00:00Z"
    import_rows(tmp_path, nadia.organization, rows + dead)
    with pytest.raises(CommandError, match=f"allows {most} active keys. {most} are"):
        import_rows(tmp_path, nadia.organization, [plain(most + 3)])
    assert ApiKey.objects.count() == most + 2


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
