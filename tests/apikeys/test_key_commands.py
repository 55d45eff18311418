"""The words of `manage.py apikeys` for single keys. Secrets come by stdin."""

import io
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from apikeys import keys
from apikeys.models import ApiKey
from tests.apikeys.importing_keys import status


@pytest.fixture
def apikeys(monkeypatch):
    """apikeys("show", "--key", "-", stdin=key) -> what the word prints."""

    def say(*words, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        out = StringIO()
        call_command("apikeys", *words, stdout=out)
        return out.getvalue()

    return say


@pytest.fixture
def create(apikeys, alice):
    """create("--name", "CI") -> the JSON that the word prints."""

    def say(*words):
        organization = alice.organization.public_id
        printed = apikeys("create", "--organization", organization, "--json", *words)
        return json.loads(printed)

    return say


def test_a_key_is_made_and_shown_once(create, apikeys):
    made = create("--name", "CI", "--scopes", "scans_read", "cve_read")
    assert status(made["key"]) == 200
    assert made["scopes"] == ["scans_read", "cve_read"]
    assert made["key"] not in apikeys("show", made["id"], "--json")
    event = AuditEvent.objects.get(action="api_key.created")
    assert (event.actor, event.target) == ("operator", made["id"])


def test_a_key_may_be_a_members_own(create, bob):
    made = create("--name", "CI", "--owner", "Bob@ACME.test", "--environment", "test")
    assert made["owner"] == bob.user.public_id
    assert made["environment"] == "test"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--scopes", "fly"), "Unknown scope"),
        (("--owner", "carol@other.test"), "nobody in the organization"),
        (("--expires-at", "2020-01-01T00:00:00Z"), "in the future"),
        (("--expires-at", "soon"), "Use a time such as"),
    ],
)
def test_a_wish_is_checked_as_the_api_does(create, carol, words, why):
    with pytest.raises(CommandError, match=why):
        create("--name", "CI", *words)
    assert not ApiKey.objects.exists()


def test_a_name_that_is_taken_is_refused(create):
    create("--name", "CI")
    with pytest.raises(CommandError, match="has this name already"):
        create("--name", "CI")


def test_keys_are_listed_without_their_secrets(create, apikeys, alice):
    made = [create("--name", name) for name in ("one", "two")]
    apikeys("revoke", made[0]["id"])
    own = "list", "--organization", alice.organization.public_id
    assert made[0]["id"] not in apikeys(*own)
    assert made[1]["id"] in apikeys(*own)
    every = json.loads(apikeys(*own, "--all", "--json"))["data"]
    assert [key["id"] for key in every] == [made[1]["id"], made[0]["id"]]
    assert all(one["key"] not in apikeys(*own, "--all") for one in made)


def test_a_secret_on_stdin_tells_which_key_it_is(create, apikeys):
    made = create("--name", "CI")
    shown = apikeys("show", "--key", "-", stdin=f"{made['key']}\n")
    assert made["id"] in shown
    assert made["key"] not in shown
    with pytest.raises(CommandError, match="no key with this secret"):
        apikeys("show", "--key", "-", stdin=keys.make("nr_live_"))


def test_a_secret_is_never_taken_as_an_argument(create, apikeys):
    key = create("--name", "CI")["key"]
    for word in ("show", "rotate", "revoke"):
        with pytest.raises(CommandError, match="Secrets come by stdin") as error:
            apikeys(word, key)
        assert key not in str(error.value)
    assert status(key) == 200


def test_a_rotation_shows_the_new_secret_once(create, apikeys):
    made = create("--name", "CI")
    new = json.loads(apikeys("rotate", made["id"], "--json"))
    assert new["id"] == made["id"]
    assert (status(new["key"]), status(made["key"])) == (200, 401)
    newer = json.loads(
        apikeys("rotate", made["id"], "--grace-seconds", "60", "--json")
    )["key"]
    assert (status(newer), status(new["key"])) == (200, 200)
    with pytest.raises(CommandError, match="seconds"):
        apikeys("rotate", made["id"], "--grace-seconds", "-1")


def test_a_key_is_revoked_for_a_reason(create, apikeys):
    made = create("--name", "CI")
    revoked = json.loads(apikeys("revoke", made["id"], "--reason", "unused", "--json"))
    assert (revoked["status"], revoked["revoked_reason"]) == ("revoked", "unused")
    assert status(made["key"]) == 401


def test_a_key_that_leaked_is_revoked_by_its_secret(create, apikeys):
    made = create("--name", "CI")
    apikeys("revoke", "--key", "-", "--reason", "leaked", stdin=made["key"])
    assert status(made["key"]) == 401


def test_verify_says_whether_a_key_would_be_let_in_and_why_not(create, apikeys, capsys):
    made = create("--name", "CI", "--scopes", "scans_read")
    found = json.loads(apikeys("verify", "--json", stdin=made["key"]))
    assert found["valid"]
    assert (found["id"], found["scopes"]) == (made["id"], ["scans_read"])
    apikeys("revoke", made["id"])
    for text, code in (
        (made["key"], "key_revoked"),
        (keys.make("nr_live_"), "invalid_credential"),
        ("hello", "invalid_credential"),
    ):
        with pytest.raises(SystemExit) as end:
            apikeys("verify", stdin=text)
        assert end.value.code == 1
        assert code
    with pytest.raises(CommandError, match="Nothing came on stdin"):
        apikeys("verify", stdin="\n\n")


def test_words_without_json_are_for_people(create, apikeys, alice):
    made = create("--name", "CI", "--scopes", "scans_read")
    assert "Scopes        scans_read" in apikeys("show", made["id"])
    assert "shown this once" in apikeys("rotate", made["id"])
    assert apikeys("revoke", made["id"]).startswith(f"{made['id']} is revoked")
    own = "--organization", alice.organization.public_id
    assert "shown this once" in apikeys("create", *own, "--name", "other")
