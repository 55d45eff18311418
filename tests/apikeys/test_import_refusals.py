"""What an import refuses: by the number of the row, and then nothing comes in."""

import pytest
from django.core.management import CommandError

from apikeys import keys
from apikeys.models import ApiKey
from tests.apikeys.importing_keys import import_rows, plain, refused

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
    "no number": (plain(1, metadata={"a": float("nan")}), "metadata: Send a JSON"),
    "a NUL": (plain(1, metadata={"a": "\0"}), "metadata: Send a JSON object"),
    "half a character": (plain(1, metadata={"a": "\ud800"}), "metadata: Send a JSON"),
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
