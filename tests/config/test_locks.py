"""The lock files: everything by hash, nothing by address."""

from __future__ import annotations

import re

import pytest

from tests.running import ROOT

# No database is involved: once is enough.
pytestmark = pytest.mark.sqlite_only
LOCKS = ["requirements.lock", "requirements-dev.lock"]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_every_package_by_hash_and_names_no_address(name):
    text = (ROOT / name).read_text()
    assert not re.search(r"://|--index|--find-links|--extra|@ |/", text)
    entries = re.split(r"\n(?=[a-z])", text.split("\n\n")[-1])
    for entry in entries[1:]:
        assert re.match(r"[a-z0-9.-]+==[^ ]+", entry)
        assert "--hash=sha256:" in entry


def test_the_development_lock_holds_every_runtime_package_in_the_same_version():
    runtime, development = (
        set(re.findall(r"^([a-z0-9.-]+==[^ ]+)", (ROOT / name).read_text(), re.M))
        for name in LOCKS
    )
    assert runtime <= development
    assert 30 <= len(runtime) <= 60


def test_the_locks_come_from_the_files_that_name_what_we_want():
    for name in LOCKS:
        wanted = (ROOT / name).with_suffix(".in").read_text().lower()
        locked = (ROOT / name).read_text()
        for line in wanted.splitlines():
            if found := re.match(r"[a-z][a-z0-9-]*", line):
                assert f"\n{found[0]}==" in locked
