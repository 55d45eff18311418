"""The data folder of `up` and the secrets in it."""

from __future__ import annotations

import json
import os
import stat
from base64 import b64decode

import pytest

from config import datafolder
from config.steps import Stop

# No database is involved: once is enough.
pytestmark = pytest.mark.sqlite_only


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch):
    """No secrets and no database named from outside; locks and umask put back."""
    for name in (*datafolder.VARIABLES, "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    before = os.umask(0o022)
    yield
    os.umask(before)
    let_go()


def let_go():
    """As when the process ends."""
    datafolder.release()
    for name in list(datafolder._held):
        os.close(datafolder._held.pop(name))


def prepare(folder, *, reset=False):
    datafolder.prepare(folder, reset=reset)
    let_go()
    return json.loads((folder / "secrets.json").read_text())


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_made_for_this_user_alone(tmp_path):
    folder = tmp_path / "deep" / "data"
    prepare(folder)
    assert mode(folder) == 0o700
    assert mode(folder / "secrets.json") == 0o600


def test_files_made_later_are_private_as_well(tmp_path):
    prepare(tmp_path)
    (tmp_path / "doorward.sqlite3").touch()
    assert mode(tmp_path / "doorward.sqlite3") == 0o600


def test_secrets_are_random_and_each_is_another(tmp_path):
    one, two = prepare(tmp_path / "one"), prepare(tmp_path / "two")
    values = [
        value
        for made in (one, two)
        for value in (
            made["secret_key"],
            made["peppers"]["1"],
            made["encryption_keys"]["1"],
        )
    ]
    assert len(set(values)) == 6
    assert len(b64decode(one["peppers"]["1"])) == 32
    assert len(one["secret_key"]) >= 50


def test_a_second_start_keeps_the_secrets(tmp_path):
    assert prepare(tmp_path) == prepare(tmp_path)


def test_secrets_that_others_can_read_are_closed_and_said(tmp_path, capsys):
    made = prepare(tmp_path)
    (tmp_path / "secrets.json").chmod(0o644)
    assert prepare(tmp_path) == made
    assert mode(tmp_path / "secrets.json") == 0o600
    assert "mode 644, so others could read it" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_secrets_of_another_user_are_refused(tmp_path):
    prepare(tmp_path)
    os.chown(tmp_path / "secrets.json", 65534, 65534)
    with pytest.raises(Stop, match="belongs to another user"):
        prepare(tmp_path)


def test_no_file_is_made_when_the_environment_brings_every_secret(
    tmp_path, monkeypatch
):
    for name in datafolder.VARIABLES:
        monkeypatch.setenv(name, "given")
    datafolder.prepare(tmp_path, reset=False)
    assert not (tmp_path / "secrets.json").exists()


def test_a_database_without_its_secrets_is_not_given_new_ones(tmp_path):
    (tmp_path / "doorward.sqlite3").touch()
    with pytest.raises(Stop, match=r"secrets\.json is missing"):
        prepare(tmp_path)


def test_reset_deletes_what_the_demo_made_and_nothing_else(tmp_path, capsys):
    before = prepare(tmp_path)
    for name in ("doorward.sqlite3", "doorward.sqlite3-wal", "notes.txt"):
        (tmp_path / name).touch()
    assert prepare(tmp_path, reset=True) != before
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {"secrets.json", "notes.txt"}
    assert f"deletes {tmp_path / 'doorward.sqlite3'}" in capsys.readouterr().err


def test_reset_is_refused_while_a_server_uses_the_folder(tmp_path):
    datafolder.prepare(tmp_path, reset=False)
    datafolder.release()
    with pytest.raises(Stop, match=r"Another `up` works on .* Stop it first"):
        datafolder.empty(tmp_path)
    assert (tmp_path / "secrets.json").exists()


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_URL_FILE"])
def test_reset_is_refused_where_another_database_is_named(tmp_path, monkeypatch, name):
    prepare(tmp_path)
    monkeypatch.setenv(name, "postgres://somewhere/else")
    with pytest.raises(Stop, match="DATABASE_URL names another one"):
        prepare(tmp_path, reset=True)
    assert (tmp_path / "secrets.json").exists()


def test_a_folder_that_cannot_be_made_is_one_message(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Stop, match=r"cannot be used(.|\n)*set DOORWARD_DATA_DIR"):
        prepare(tmp_path / "file" / "data")
