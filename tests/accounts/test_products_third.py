"""A third product needs one more file and not one line of code."""

import ast
import re
from pathlib import Path

import httpx
import pytest

from accounts import opaque
from accounts.product_rights import CAPABILITIES
from accounts.products import load, products
from accounts.roles import ROLES
from tests.accounts.acme import ACME
from tests.cast import founder, person, send
from tests.running import running_up

ROOT = Path(__file__).resolve().parent.parent.parent
KEYS, SCANS, USERS = "/api/v1/api-keys", "/api/v1/scans", "/api/v1/users"
# Scopes that are named like what every product has are no sign of one product.
COMMON_WORDS = {*CAPABILITIES, *ROLES}


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "products"
    path.mkdir()
    (path / "acme.toml").write_text(ACME, encoding="utf-8")
    return path


@pytest.fixture
def only_acme(settings, folder):
    """A deployment without the two guides: whatever works here, works by the file."""
    settings.PRODUCTS = load([folder])


@pytest.fixture
def owner(only_acme, signing_keys):
    return founder("oda@acme.test", "Vaults", product="acme", plan="guild")


@pytest.fixture
def viewer(owner):
    return person("vic@acme.test", owner.organization, "viewer")


def test_sign_in_answers_as_the_file_says(owner):
    answer = owner.log_in().json()
    assert (answer["token_type"], answer["expires_in"]) == ("BEARER", 120)
    assert re.fullmatch(r"acme_rt_[0-9a-f]+", answer["refresh_token"])
    body = {"refresh_token": answer["refresh_token"]}
    assert send("POST", "/api/v1/auth/refresh", body).json()["token_type"] == "BEARER"


def test_keys_have_its_prefixes_and_scopes(owner):
    for environment, prefix in (("live", "acme_live_"), ("test", "acme_play_")):
        wish = {"name": "Ring", "scopes": ["vault.look"], "environment": environment}
        made = owner.call("POST", KEYS, wish).json()
        assert re.fullmatch(rf"{prefix}[0-9a-f]{{48}}", made["key"])
        assert made["limits"] == {"per_minute": 300, "burst": 30, "daily": None}
        told = send("GET", "/api/v1/auth/whoami", X_API_KEY=made["key"]).json()
        assert (told["product"], told["plan"]) == ("acme", "guild")
        assert told["scopes"] == ["vault.look"]
        assert send("GET", SCANS, X_API_KEY=made["key"]).json()["data"] == []


@pytest.mark.parametrize("kind", ["oat", "ort", "ocs"])
def test_what_its_applications_hold_is_refused_in_an_address(only_acme, db, kind):
    secret = opaque.make(f"acme_{kind}_", random_characters=64)
    for address in (f"{SCANS}?cursor={secret}", f"{SCANS}/{secret}"):
        answer = send("GET", address)
        assert (answer.status_code, answer.json()["code"]) == (400, "credential_in_url")
        assert secret not in answer.content.decode()


def test_prefixes_of_products_that_are_not_deployed_are_harmless(owner):
    ours = owner.call("GET", f"{SCANS}?status=nr_oat_{'0' * 64}")
    assert ours.json()["code"] != "credential_in_url"


def test_scopes_of_the_guides_are_unknown_to_it(owner):
    for scope in ("scans_read", "scan:read", "admin"):
        refused = owner.call("POST", KEYS, {"name": "Ring", "scopes": [scope]})
        assert refused.status_code == 400
        assert "vault.look, vault.touch, vault.keys" in refused.json()["detail"]


def test_its_capabilities_decide_who_may_what(owner, viewer):
    """Writing scans asks for a scope of its own, seeing people for the role owner."""
    assert owner.call("POST", SCANS, {"scope": "full"}).status_code == 201
    refused = viewer.call("POST", SCANS, {"scope": "full"})
    assert refused.json()["missing"] == ["vault.touch"]
    assert viewer.call("GET", SCANS).status_code == 200
    assert owner.call("GET", USERS).status_code == 200
    refused = viewer.call("GET", USERS)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert "owner" in refused.json()["detail"]


def test_no_key_has_what_its_file_gives_to_a_role(owner):
    wish = {"name": "Ring", "scopes": ["vault.look", "vault.touch", "vault.keys"]}
    key = owner.call("POST", KEYS, wish).json()["key"]
    assert send("GET", KEYS, X_API_KEY=key).status_code == 200
    for path in (USERS, "/api/v1/audit-events"):
        assert send("GET", path, X_API_KEY=key).json()["code"] == "forbidden"


def test_its_plan_takes_scopes_away(only_acme, signing_keys):
    poor = founder("sol@acme.test", "Solo", product="acme", plan="solo")
    told = poor.call("GET", "/api/v1/auth/whoami").json()
    assert told["scopes"] == ["vault.keys", "vault.look"]
    assert told["suspended_scopes"] == [{"scope": "vault.touch", "reason": "plan"}]
    answer = poor.call("GET", SCANS)
    assert answer.headers["X-RateLimit-Limit"] == "30"
    assert '"day";q=100;w=86400' in answer.headers["RateLimit-Policy"]


def test_its_limits_hold(only_acme, signing_keys):
    poor = founder("sol@acme.test", "Solo", product="acme", plan="solo")
    answers = [poor.call("GET", SCANS).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.sqlite_only
def test_a_running_server_serves_it_beside_the_guides(folder, tmp_path):
    data = tmp_path / "data"
    with running_up(data, DOORWARD_PRODUCTS_DIR=str(folder)) as up:
        assert len(up.facts["accounts"]) == 3
        account = up.account("acme")
        assert account["api_key"].startswith("acme_live_")
        with httpx.Client(base_url=up.url) as client:
            person = {"email": account["email"], "password": account["password"]}
            signed_in = client.post("/api/v1/auth/login", json=person).json()
            assert signed_in["token_type"] == "BEARER"
            bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}
            wish = {"name": "Ring", "scopes": ["vault.look"]}
            made = client.post(KEYS, json=wish, headers=bearer).json()
            headers = {"X-API-Key": made["key"]}
            assert client.get(SCANS, headers=headers).json()["data"] == []
            netrecon = {"X-API-Key": up.account("netrecon")["api_key"]}
            assert client.get(SCANS, headers=netrecon).status_code == 200


def _sources():
    folders = [path for path in ROOT.iterdir() if (path / "__init__.py").exists()]
    assert len(folders) >= 5
    for folder in folders:
        yield from folder.rglob("*.py")


def _texts(file):
    """The texts in the code of a file, without what is written for readers."""
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value.value = None
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_no_line_of_code_names_a_products_scope_or_prefix():
    scopes = {word for product in products().values() for word in product.scopes}
    prefixes = [
        prefix for product in products().values() for prefix in product.prefixes
    ]
    assert len(scopes) == 18
    for file in _sources():
        for text in _texts(file):
            named = {text} & (scopes - COMMON_WORDS)
            assert not named, f"{file} names {named}"
            assert not any(prefix in text for prefix in prefixes), file
