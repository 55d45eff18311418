"""`manage.py apikeys scan` finds our credentials in files, offline."""

import json
import os
import re
import tempfile
import tomllib
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.products import products
from accounts.tokens import OPAQUE_LENGTH
from apikeys import keys, scanning
from oauth import looks as oauth_looks
from tests.apikeys.planting import broken, planted, scan
from tests.running import ROOT

# Of a machine that has no such user, too: the number is enough.
NOBODY = 65534


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "README").write_text("Nothing here.\n")
    return tmp_path


def told(folder, *arguments):
    """The findings of a scan inside this process."""
    known = scanning.looks([scanning.PRODUCTS])
    return scanning.scan([str(folder)], known, None)


# The command


def test_a_planted_key_is_told_by_place_and_hint_only(folder):
    key = planted()
    (folder / "sub" / "app.py").write_text(f'# settings\nKEY = "{key}"\n')
    done = scan(".", cwd=folder)
    assert done.returncode == 1
    assert done.stdout.decode() == f"./sub/app.py:2:8: {keys.hint(key)}\n"
    assert key.encode() not in done.stdout + done.stderr


def test_a_key_with_a_broken_checksum_is_none(folder):
    (folder / "app.py").write_text(broken(planted()))
    done = scan(".", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_command_does_the_same_without_settings_or_packages(folder):
    (folder / "app.py").write_text(planted())
    manage = (ROOT / "manage.py", "apikeys", "scan")
    assert scan(".", cwd=folder, program=manage).returncode == 1
    (folder / "app.py").unlink()
    assert scan(".", cwd=folder, program=manage).returncode == 0


def test_the_command_inside_django_does_the_same(folder, capsys):
    key = planted()
    (folder / "app.py").write_text(key)
    with pytest.raises(SystemExit) as end:
        call_command("apikeys", "scan", str(folder))
    assert end.value.code == 1
    assert keys.hint(key) in capsys.readouterr().out


def test_standard_input_is_a_dash():
    key = planted("cpf_test_")
    done = scan("-", stdin=b"+ token: " + key.encode())
    assert (done.returncode, done.stdout.decode()) == (1, f"-:1:10: {keys.hint(key)}\n")


def test_what_was_found_as_json(folder):
    key = planted()
    (folder / "app.py").write_text(key)
    done = scan(str(folder), "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert (found["files"], found["skipped"]) == (2, {})
    assert found["found"] == [
        {
            "path": str(folder / "app.py"),
            "line": 1,
            "column": 1,
            "hint": keys.hint(key),
            "product": "NetRecon",
            "kind": "API key",
        }
    ]


@pytest.mark.parametrize(
    "arguments",
    [(), ("no-such-file",), ("--unknown", "."), ("--patterns", "nonsense")],
)
def test_wrong_usage_has_a_code_of_its_own(arguments, folder):
    done = scan(*arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr


# What is found


def test_every_credential_with_a_checksum_of_every_product_is_found(tmp_path):
    lengths = {
        "keys": keys.BODY_LENGTH,
        "sessions": OPAQUE_LENGTH,
        "oauth": oauth_looks.BODY_LENGTH,
    }
    planted_ones = [
        planted(prefix, random_characters=lengths[entry.partition(".")[0]] - 8)
        for product in products().values()
        for entry, prefix in product.prefixes_by_entry.items()
    ]
    (tmp_path / "all").write_text("\n".join(planted_ones))
    found = told(tmp_path).found
    assert [each.line for each in found] == list(range(1, len(planted_ones) + 1))
    assert len({(each.product, each.kind) for each in found}) == len(planted_ones)


def test_a_key_that_was_really_issued_is_found(tmp_path, issue):
    key = issue("scans_read")[1]
    (tmp_path / "env").write_text(f"KEY={key}")
    assert [each.hint for each in told(tmp_path).found] == [keys.hint(key)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b""),
        (b"x", b"x"),
        (b"\0\xff\xfe", b"\0"),
        (b"https://example.com/?key=", b"&a=b"),
        (b"nr_live_", b""),
        (b"_" * 70, b"0a"),
    ],
)
def test_whatever_stands_around_a_key_hides_nothing(before, after, tmp_path):
    (tmp_path / "data").write_bytes(before + planted().encode() + after)
    assert [each.column for each in told(tmp_path).found] == [len(before) + 1]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_text_in_utf_16_is_read_too(encoding, tmp_path):
    mark = b"\xfe\xff" if encoding.endswith("be") else b""
    text = f"a\r\nKEY={planted()}".encode(encoding)
    (tmp_path / "out.txt").write_bytes(mark + text)
    [found] = told(tmp_path).found
    assert (found.line, found.column) == (2, 5)


def test_a_key_across_two_blocks_is_found_once_in_its_place(tmp_path, monkeypatch):
    key = planted().encode()
    text = b"\n" * 99 + b"abc\n  " + key + b" " + key + b"\n" + key
    (tmp_path / "data").write_bytes(text)
    for size in range(1, 300):
        monkeypatch.setattr(scanning, "BLOCK_BYTES", size)
        found = [(each.line, each.column) for each in told(tmp_path).found]
        assert found == [(101, 3), (101, 4 + len(key)), (102, 1)], size


def test_a_short_and_a_long_look_do_not_hide_each_other(tmp_path):
    long = planted("nr_oat_", random_characters=64)
    (tmp_path / "data").write_text(f"{planted()}{long}{planted('cpf_live_')}")
    kinds = [each.kind for each in told(tmp_path).found]
    assert kinds == ["API key", "OAuth access token", "API key"]


def test_a_product_of_ones_own_is_known_by_its_folder(tmp_path):
    own = (ROOT / "config" / "products" / "netrecon.toml").read_text()
    own = own.replace("nr_", "acme_").replace('"netrecon"', '"acme"')
    (tmp_path / "products").mkdir()
    (tmp_path / "products" / "acme.toml").write_text(own)
    key = planted("acme_live_").encode()
    folder = str(tmp_path / "products")
    assert scan("-", stdin=key).returncode == 0
    assert scan("-", "--products", folder, stdin=key).returncode == 1
    assert scan("-", stdin=key, DOORWARD_PRODUCTS_DIR=folder).returncode == 1
    (tmp_path / "products" / "acme.toml").write_text("slug = ")
    assert scan("-", "--products", folder, stdin=key).returncode == 2


# Where it looks


def test_links_and_gits_own_store_are_left_out(folder):
    (folder / ".git").mkdir()
    (folder / ".git" / "packed").write_text(planted())
    outside = folder.parent / f"{folder.name}-outside"
    outside.mkdir()
    (outside / "key").write_text(planted())
    (folder / "link").symlink_to(outside)
    (folder / "file-link").symlink_to(outside / "key")
    (folder / "loop").symlink_to(folder)
    assert told(folder).found == []
    assert len(told(folder / "link").found) == 1


def test_what_cannot_be_read_is_noted_and_the_rest_is_scanned(folder):
    os.mkfifo(folder / "pipe")
    (folder / "app.py").write_text(planted())
    done = scan(".", cwd=folder)
    assert done.returncode == 1
    assert b"./pipe: skipped: not a regular file" in done.stderr


def test_a_file_of_somebody_else_is_noted():
    with tempfile.TemporaryDirectory() as open_to_all:
        secret = Path(open_to_all) / "secret"
        secret.write_text(planted())
        secret.chmod(0)
        secret.parent.chmod(0o755)
        with not_root():
            found = told(secret.parent)
        assert (found.found, list(found.skipped)) == ([], [str(secret)])


@contextmanager
def not_root():
    """Root reads everything, so it acts as nobody meanwhile."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_name_with_a_line_break_stays_in_its_line(folder):
    (folder / "a\nb:1:1: \udcff").write_text(planted())
    [line] = scan(".", cwd=folder).stdout.decode().splitlines()
    assert line.startswith("./a\\nb:1:1: \\xff:1:1: nr_live_")


# Patterns for others


def test_the_patterns_match_what_is_issued_and_tell_of_the_checksum(issue):
    patterns = json.loads(scan("--patterns").stdout)
    key = issue("scans_read")[1]
    [fitting] = [each for each in patterns if re.fullmatch(each["regex"], key)]
    assert fitting["name"] == "NetRecon API key"
    assert "CRC-32" in fitting["checksum"]
    prefixes = [prefix for each in products().values() for prefix in each.prefixes]
    assert len(patterns) == len(prefixes)


def test_the_patterns_for_gitleaks_are_rules_in_toml():
    rules = tomllib.loads(scan("--patterns", "gitleaks").stdout.decode())["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["keywords"][0] in rule["regex"]
        assert re.fullmatch(r"[a-z0-9-]+", rule["id"])


def test_the_patterns_for_github_are_the_fields_of_its_form():
    patterns = json.loads(scan("--patterns", "github").stdout)
    assert set(patterns[0]) == {
        "name",
        "secret_format",
        "before_secret",
        "after_secret",
    }
