"""Keys from elsewhere whose hash is salted: guesses at them are braked here as well."""

import json
from ipaddress import ip_network
from pathlib import Path

from tests.apikeys.importing_keys import import_rows
from tests.cast import send
from tests.gateway.conftest import VERIFY

GOLDEN = Path(__file__).parents[1] / "apikeys" / "golden" / "stored_hashes.json"
ROWS = json.loads(GOLDEN.read_text())["imported"]
SALTED = next(row for row in ROWS if "1,000 iterations" in row["made_by"])


def ask(judge, key, address):
    shown = {"X_API_KEY": judge, "X_FORWARDED_FOR": address}
    return send("POST", VERIFY, {"credential": key}, **shown).json()["code"]


def test_wrong_guesses_brake_only_the_service_that_they_came_through(
    alice, tmp_path, settings, judge
):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1")]
    settings.BRAKES = {"account": (3, 900), "address": (3, 900)}
    row = {name: SALTED[name] for name in ("hash", "format", "prefix")}
    import_rows(tmp_path, alice.organization, [{"name": "old", **row}])
    wrong = SALTED["key"][:-1] + "_"
    codes = [ask(judge, wrong, "203.0.113.9") for _ in range(4)]
    assert codes == ["invalid_credential"] * 3 + ["too_many_attempts"]
    assert ask(judge, SALTED["key"], "203.0.113.9") == "too_many_attempts"
    assert ask(judge, SALTED["key"], "198.51.100.7") is None
