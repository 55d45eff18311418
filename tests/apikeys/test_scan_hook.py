"""The hook of `.pre-commit-hooks.yaml`, in somebody else's repository."""

import os
import re
import subprocess

import pytest

from apikeys import scanning
from tests.apikeys.planting import SCRIPT, broken, planted, scan
from tests.running import ROOT


@pytest.fixture
def git(tmp_path):
    """git(word, …) in an empty repository, without anybody's configuration."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    repository = tmp_path / "repository"

    def run(*words):
        author = ("-c", "user.name=N", "-c", "user.email=n@example.com")
        return subprocess.run(
            ["git", *author, *words],
            cwd=repository,
            env=environment,
            capture_output=True,
            check=False,
        )

    repository.mkdir()
    run("init", "-q")
    run.folder = repository
    return run


def test_the_hook_names_a_script_that_can_be_started():
    text = (ROOT / ".pre-commit-hooks.yaml").read_text()
    entry = re.search(r"^  entry: (\S+)$", text, re.MULTILINE)[1]
    assert ROOT / entry == SCRIPT
    assert "\n  language: script\n" in text
    assert os.access(SCRIPT, os.X_OK)
    assert SCRIPT.read_text().startswith("#!/usr/bin/env python3\n")


def test_a_planted_key_is_refused_and_one_with_a_broken_checksum_is_not(git):
    file = git.folder / "deploy.sh"
    file.write_text(f"export KEY={planted()}\n")
    assert scan("deploy.sh", cwd=git.folder).returncode == 1
    file.write_text(f"export KEY={broken(planted())}\n")
    assert scan("deploy.sh", cwd=git.folder).returncode == 0


def test_as_a_hook_of_git_it_keeps_a_key_out_of_the_history(git):
    hook = git.folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    names = "git diff --cached --name-only --diff-filter=d -z"
    hook.write_text(f"#!/bin/sh\n{names} | xargs -0 '{SCRIPT}'\n")
    hook.chmod(0o755)
    key = planted()
    (git.folder / "a b.txt").write_text(f"{key}\n")
    git("add", "a b.txt")
    refused = git("commit", "-qm", "With a key")
    assert refused.returncode != 0
    assert b"a b.txt:1:1: nr_live_" in refused.stdout + refused.stderr
    assert key.encode() not in refused.stdout + refused.stderr
    (git.folder / "a b.txt").write_text(f"{broken(key)}\n")
    git("add", "a b.txt")
    assert git("commit", "-qm", "Without").returncode == 0


def test_our_own_repository_holds_none():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    )
    names = os.fsdecode(listed.stdout).split("\0")
    files = [str(ROOT / name) for name in names if name and (ROOT / name).is_file()]
    # A copy without git is looked at as it lies there.
    files = files or [str(ROOT)]
    known = scanning.looks([scanning.PRODUCTS])
    assert scanning.scan(files, known, None).found == []
