"""First uses of an imported key at the same moment: each is let in, one upgrades it."""

import hashlib

import pytest

from accounts import sealing
from apikeys.models import ApiKeySecret
from tests.apikeys.importing_keys import import_rows, status, stored
from tests.apikeys.test_import_door import KEY, SALTED

# Threads that write to one database.
pytestmark = pytest.mark.slow
CALLS = 12


@pytest.mark.parametrize("form", ["sha512", "pbkdf2"])
def test_parallel_first_uses_are_all_let_in(crowd, alice, tmp_path, form):
    key = {"sha512": KEY, "pbkdf2": SALTED["key"]}[form]
    hash_ = hashlib.sha512(KEY.encode()).hexdigest()
    row = {"hash": hash_, "format": "sha512"}
    if form == "pbkdf2":
        row = {name: SALTED[name] for name in ("hash", "format", "prefix")}
    import_rows(tmp_path, alice.organization, [{"name": "old", **row}])
    answers = crowd(lambda: status(key), times=CALLS, threads=CALLS)
    assert answers == [200] * CALLS
    assert stored() == [("", sealing.digest(key).hex())]
    assert ApiKeySecret.objects.count() == 1
