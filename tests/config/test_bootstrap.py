"""From a fresh checkout to .venv: the decisions, without the installing."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from config import pythons
from tests.running import ROOT, clean_environment

# No database is involved: once is enough.
pytestmark = pytest.mark.sqlite_only
FILES = ["bootstrap.py", "packages.py", "pythons.py", "steps.py"]
LOCKS = ["requirements.lock", "requirements-dev.lock"]


@pytest.fixture
def folder_on_path(tmp_path, monkeypatch):
    """The only folder on PATH besides the shell's own programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.fixture
def checkout(tmp_path):
    """manage.py with what it needs before Django, and nothing installed."""
    folder = tmp_path / "checkout"
    (folder / "config").mkdir(parents=True)
    for name in ["manage.py", *LOCKS]:
        shutil.copy(ROOT / name, folder)
    for name in ["__init__.py", *FILES]:
        shutil.copy(ROOT / "config" / name, folder / "config")
    return folder


def program(folder, name, *lines):
    """A shell script, for what a machine may have in the place of a real program."""
    path = folder / name
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)
    return path


def start(checkout, *words, **variables):
    environment = clean_environment(None, **variables)
    del environment["DOORWARD_NO_BOOTSTRAP"]
    return subprocess.Popen(
        [sys._base_executable, "manage.py", *words],
        cwd=checkout,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def manage(checkout, *words, **variables):
    """The exit code of a command, and what it said."""
    process = start(checkout, *words, **variables)
    said = process.communicate(timeout=60)[1]
    return process.returncode, said


@pytest.mark.parametrize("name", ["manage.py", *(f"config/{file}" for file in FILES)])
def test_an_old_python_can_read_what_tells_it_that_it_is_too_old(name):
    source = (ROOT / name).read_text()
    tree = ast.parse(source, feature_version=(3, 6))
    imported = {
        alias.name.partition(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        str(node.module).partition(".")[0]
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
    }
    assert imported <= {*sys.stdlib_module_names, "config"}
    # The walrus, f"{x=}" and match are caught above; these two names came later.
    assert "capture_output" not in source
    assert "from __future__ import annotations" not in source


def test_a_shim_that_does_not_run_is_passed_over(folder_on_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nonexistent/python3.6")
    program(folder_on_path, "python3.15", "echo 'not installed' >&2", "exit 127")
    program(folder_on_path, "python3.14", "exit 1")
    works = program(folder_on_path, "python3.13", "echo 3.13.0")
    assert pythons.plain_tools().python == (str(works), "3.13.0")


def test_this_python_is_taken_before_any_other(folder_on_path):
    program(folder_on_path, "python3.15", "echo 3.15.0")
    assert pythons.plain_tools().python.path == os.path.realpath(sys.executable)


def test_uv_is_taken_where_it_works(folder_on_path):
    uv = program(folder_on_path, "uv", "echo uv 1.0")
    assert pythons.find_tools().uv == str(uv)


def test_uv_is_passed_over_where_it_does_not_run(folder_on_path):
    program(folder_on_path, "uv", "exit 127")
    assert pythons.find_tools().uv is None


@pytest.mark.parametrize("answer", ["exit 1", "exec sleep 60", "exit 127"])
def test_a_program_that_fails_or_hangs_has_no_answer(
    folder_on_path, monkeypatch, answer
):
    monkeypatch.setattr(pythons, "PROBE_SECONDS", 0.2)
    assert pythons.ask(str(program(folder_on_path, "python3", answer))) is None


def test_too_old_a_python_gets_lines_to_paste(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 8, 18))
    stop = pythons.no_python()
    assert stop.code == 3
    assert "needs Python 3.11 or newer; this is 3.8" in stop.message
    pasted = [line for line in stop.message.splitlines() if line.startswith("    ")]
    assert len(pasted) == 3
    for line in pasted:
        # What explains a line is a comment to the shell as well.
        assert re.match(r"    (sudo apt|brew|curl) [^#]+ # \S", line)


def test_a_missing_venv_module_gets_one_line_to_paste(
    checkout, folder_on_path, tmp_path
):
    (tmp_path / "ensurepip.py").write_text("raise ImportError")
    for name in ("python3", *(f"python3.{minor}" for minor in range(11, 16))):
        program(folder_on_path, name, "exit 1")
    code, said = manage(checkout, "up", PYTHONPATH=str(tmp_path))
    version = "{}.{}".format(*sys.version_info)
    assert code == 3
    assert f"sudo apt install python{version}-venv" in said
    assert not (checkout / ".venv").exists()


def test_a_half_made_folder_is_removed_when_making_it_fails(
    checkout, folder_on_path, tmp_path
):
    half = f'mkdir -p "{checkout}/.venv/bin"; echo "no space left"; exit 1'
    program(folder_on_path, "uv", '[ "$1" = --version ] && exit 0', half)
    # After uv comes pip, and here the module that it needs does not work either.
    (tmp_path / "venv.py").write_text("__name__ == '__main__' and exit('broken')")
    code, said = manage(checkout, "up", PYTHONPATH=str(tmp_path))
    assert code == 3
    assert "no space left" in said
    assert "broken" in said
    assert not (checkout / ".venv").exists()


def fake_uv(folder, *installing):
    """Its environments have a Python, and of packages what the lines put there."""
    python = sys._base_executable
    return program(
        folder,
        "uv",
        'case "$1" in',
        f'venv) for last; do :; done; exec {python} -m venv --without-pip "$last";;',
        "pip) true",
        *installing,
        ";; esac",
    )


def test_an_environment_that_never_works_ends_with_a_message_and_no_loop(
    checkout, folder_on_path
):
    fake_uv(folder_on_path)
    code, said = manage(checkout, "check")
    assert code == 3
    assert "The folder .venv does not work. Delete it" in said


@pytest.mark.slow
def test_of_two_starts_at_once_one_installs_and_the_other_waits(
    checkout, folder_on_path
):
    fake_uv(
        folder_on_path,
        f"echo once >> {checkout}/installations",
        "sleep 1",
        f"cd {checkout}/.venv/lib/python3*/site-packages",
        "mkdir -p django",
        "touch django/__init__.py",
    )
    starts = [start(checkout, "check") for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in starts]
    assert (checkout / "installations").read_text() == "once\n"
    assert sum("Another start is installing" in words for words in said) == 1


def test_each_lock_has_its_own_stamp_and_the_larger_one_counts_for_both(
    checkout, folder_on_path
):
    fake_uv(folder_on_path)
    manage(checkout, "check")
    stamps = {file.name for file in (checkout / ".venv").glob("*.installed")}
    assert stamps == {"requirements.lock.installed"}
    manage(checkout, "test")
    stamps = {file.name for file in (checkout / ".venv").glob("*.installed")}
    assert stamps == {"requirements.lock.installed", "requirements-dev.lock.installed"}


def test_a_changed_lock_is_installed_again(checkout, folder_on_path):
    fake_uv(folder_on_path)
    manage(checkout, "check")
    assert fresh(checkout)
    with (checkout / "requirements.lock").open("a") as lock:
        lock.write("another==1.0\n")
    assert not fresh(checkout)


def test_an_environment_whose_python_is_gone_is_not_fresh(checkout, folder_on_path):
    fake_uv(folder_on_path)
    manage(checkout, "check")
    python = checkout / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nonexistent/python3.11")
    assert not fresh(checkout)


def fresh(checkout):
    code = "from config import packages; print(packages.fresh(packages.RUNTIME))"
    command = [sys.executable, "-c", code]
    return subprocess.check_output(command, cwd=checkout, text=True).strip() == "True"


def test_an_interrupted_installation_leaves_no_stamp(checkout, folder_on_path):
    fake_uv(folder_on_path, f"touch {checkout}/installing", "sleep 60")
    process = start(checkout, "check")
    while not (checkout / "installing").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert "goes on where this one ended" in said
    assert list((checkout / ".venv").glob("*.installed")) == []


def test_what_a_killed_start_left_running_keeps_the_next_one_waiting(
    checkout, folder_on_path
):
    installing = f"echo $$ > {checkout}/installing; while :; do sleep 0.1; done"
    fake_uv(folder_on_path, installing)
    first = start(checkout, "check")
    while not (checkout / "installing").exists():
        time.sleep(0.02)
    first.kill()
    first.communicate()
    second = start(checkout, "check")
    assert "Another start is installing" in second.stderr.readline()
    left = int((checkout / "installing").read_text())
    fake_uv(folder_on_path)
    os.kill(left, signal.SIGKILL)
    assert second.communicate(timeout=60)[0] is None
    assert second.returncode == 3
