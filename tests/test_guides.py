"""Both guides, held to their word: our clients, the guides' own samples, every promise.

The clients in docs/clients run against a live server. Where the guides lie beside the
project, their samples run too (tests/guide_samples.py).
"""

import ast
import os
import re
import sys

import pytest

from tests import guide_samples
from tests.guide_samples import samples, with_guides
from tests.live import bearer, needs, node_program, run
from tests.promises import PROMISES, TITLES
from tests.running import ROOT, clean_environment

# A real server and real clients.
pytestmark = [pytest.mark.slow, pytest.mark.patient, pytest.mark.sqlite_only]

CLIENTS = ROOT / "docs" / "clients"
ID = re.compile(r"\b(usr|org|key|scan|ws)_[0-9a-z]{26}\b")
HINT = re.compile(r"\b(nr_live_)[0-9a-f]{4}…[0-9a-f]{4}\b")
# What a client prints, with what differs from run to run taken out.
SAID = {
    "netrecon": """\
Signed in as usr_… of org_…
Refreshed: a bearer token for 3600 s
Made key_…: nr_live_…
Started scan_…, now it is stopped
Revoked key_…: it is refused now
Signed out
""",
    "netallion": """\
Signed in as usr_… of org_…
Refreshed: a Bearer token for 900 s
Started scan_… in ws_…
Signed out
""",
}
TYPESCRIPT = pytest.param("ts", marks=pytest.mark.slow)
every_language = pytest.mark.parametrize("language", ["sh", "py", TYPESCRIPT])
every_product = pytest.mark.parametrize("product", list(SAID))


def compiled(folder, *words):
    """A folder with what tsc made of TypeScript, by our own strict settings."""
    needs("node")
    (folder / "package.json").write_text('{"type": "module"}')
    made = folder / "made"
    tsc = node_program("tsc")
    run([tsc, "--outDir", str(made), *words], dict(os.environ), cwd=ROOT)
    return made


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("clients"), "--project", str(ROOT))


@pytest.fixture
def start(request):
    """start("py", "netrecon") -> the words that start this client."""

    def words(language, product):
        if language == "py":
            return [sys.executable, str(CLIENTS / f"{product}.py")]
        if language == "ts":
            folder = request.getfixturevalue("scripts")
            return ["node", str(folder / f"{product}.js")]
        needs("curl")
        return [str(CLIENTS / f"{product}.sh")]

    return words


def settings_of(live, account):
    """What the clients read from the environment."""
    start = account["product"].upper()
    return clean_environment(
        None,
        **{
            f"{start}_URL": live.url,
            f"{start}_EMAIL": account["email"],
            f"{start}_PASSWORD": account["password"],
            f"{start}_API_KEY": account["api_key"],
        },
    )


# Our clients


@every_language
@every_product
def test_our_client_goes_the_whole_way(live, start, language, product):
    said = run(start(language, product), settings_of(live, live.account(product)))
    assert HINT.sub(r"\1…", ID.sub(r"\1_…", said)) == SAID[product]


@every_language
@every_product
def test_our_client_stops_at_an_unexpected_status(live, start, language, product):
    settings = settings_of(live, live.account(product))
    settings[f"{product.upper()}_PASSWORD"] = "wrong"
    with pytest.raises(AssertionError, match="Expected 200, got 401"):
        run(start(language, product), settings)


@pytest.fixture(scope="module")
def guarded(live):
    """An account with a password full of traps, and recovery codes for its sign-ins."""
    account = live.new_account("netrecon")
    headers = bearer(live.sign_in(account)["access_token"])
    awkward = 'a "quoted" \\ $HOME `päss` word'
    change = {"current_password": account["password"], "new_password": awkward}
    live.send("POST", "/api/v1/auth/password", headers=headers, json=change)
    account["password"] = awkward
    return {**account, "codes": live.turn_on_totp(account)}


@every_language
def test_our_client_takes_any_password_and_a_code(live, start, guarded, language):
    settings = settings_of(live, guarded)
    settings["NETRECON_TOTP_CODE"] = guarded["codes"].pop()
    assert run(start(language, "netrecon"), settings).endswith("Signed out\n")


# The guides' own samples


@pytest.fixture
def mine(live):
    """mine("netrecon") -> what a reader of that guide puts into its samples."""

    def values(guide):
        account = live.account(guide)
        headers = {"X-API-Key": account["api_key"]}
        workspaces = live.send("GET", "/api/v1/workspaces", headers=headers).json()
        tokens = live.sign_in(account)
        return {
            "url": live.url,
            "email": account["email"],
            "password": account["password"],
            "totp_code": "123456",
            "refresh_token": tokens["refresh_token"],
            "access_token": tokens["access_token"],
            "key": account["api_key"],
            "key_id": live.make_key(account)["id"],
            "workspace_id": workspaces["data"][0]["id"],
        }

    return values


@with_guides
@pytest.mark.parametrize("sample", samples("http"), ids=str)
def test_every_raw_request_of_the_guides_succeeds(live, mine, sample):
    values = mine(sample.guide)
    request = guide_samples.read(sample.filled(values))
    if request.method == "DELETE":
        request.headers.update(bearer(values["key"]))
    answer = live.send(
        request.method, request.path, headers=request.headers, content=request.content
    )
    assert answer.status_code == (204 if request.method == "DELETE" else 200)


@with_guides
@pytest.mark.parametrize("sample", samples("header"), ids=str)
def test_every_header_of_the_guides_proves_the_caller(live, mine, sample):
    name, value = sample.filled(mine(sample.guide)).split(": ", 1)
    answer = live.send("GET", "/api/v1/auth/whoami", headers={name: value})
    assert (answer.status_code, answer.json()["product"]) == (200, sample.guide)


@with_guides
@pytest.mark.parametrize("sample", samples("curl"), ids=str)
def test_every_curl_sample_of_the_guides_succeeds(mine, sample, tmp_path):
    needs("curl")
    # The status comes from curl's own settings: the sample itself stays as it is.
    (tmp_path / ".curlrc").write_text(r'write-out = "\n%{http_code}"')
    environment = clean_environment(None, CURL_HOME=str(tmp_path))
    said = run(["bash", "-c", sample.filled(mine(sample.guide))], environment)
    assert said.rpartition("\n")[2] in ("200", "201"), said


@with_guides
@pytest.mark.parametrize("sample", samples("answer"), ids=str)
def test_every_answer_in_the_guides_is_the_answer_given(live, sample):
    real = live.sign_in(live.account(sample.guide))
    shown = guide_samples.answer(sample)
    assert guide_samples.differences(shown, real) == []


@with_guides
@pytest.mark.parametrize("sample", samples("python"), ids=str)
def test_every_python_sample_of_the_guides_runs(mine, sample, tmp_path):
    file = tmp_path / "sample.py"
    file.write_text(sample.filled(mine(sample.guide)))
    said = run([sys.executable, str(file)], clean_environment(None))
    assert ID.sub(r"\1_…", said) == "Scan scan_… started\n"


@with_guides
@pytest.mark.slow
@pytest.mark.parametrize("sample", samples("typescript"), ids=str)
def test_every_typescript_sample_of_the_guides_runs(mine, sample, tmp_path):
    values = mine(sample.guide)
    (tmp_path / "sample.ts").write_text(sample.filled(values))
    extended = f'{{"extends": "{ROOT}/tsconfig.json", "include": ["*.ts"]}}'
    (tmp_path / "tsconfig.json").write_text(extended)
    words = ["--project", str(tmp_path), "--rootDir", str(tmp_path)]
    types = ["--typeRoots", str(ROOT / "node_modules" / "@types")]
    # The sample reads a list and does nothing with it.
    folder = compiled(tmp_path, *words, *types, "--noUnusedLocals", "false")
    environment = clean_environment(None, NETALLION_API_KEY=values["key"])
    said = run(["node", str(folder / "sample.js")], environment)
    assert ID.sub(r"\1_…", said) == "Scan scan_… started\n"


# The table


@pytest.mark.parametrize("promise", PROMISES, ids=str)
def test_every_promise_names_tests_that_exist_or_what_is_missing(promise):
    assert promise.held_by or promise.missing
    for name in promise.held_by:
        file, _, test = name.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert test in {node.name for node in tree.body if hasattr(node, "name")}


@with_guides
@pytest.mark.parametrize("guide", list(TITLES))
def test_every_line_of_the_guides_is_a_heading_or_in_the_table(guide):
    listed = set(TITLES[guide])
    for promise in PROMISES:
        if promise.guide == guide:
            listed.update(range(promise.first, promise.last + 1))
    written = {
        number for number, line in enumerate(guide_samples.lines(guide), 1) if line
    }
    assert written - listed == set()
    assert max(listed) == max(written)
