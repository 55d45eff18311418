"""`manage.py createapplication`: the same rules, and the secret once."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import sealing
from accounts.models import AuditEvent
from oauth.models import Application
from tests.oauth.registering import CALLBACK, ec_jwk


@pytest.fixture
def command(alice, capsys):
    """command("--type=web", …) -> what it prints."""

    def run(*words, organization=alice.organization):
        flags = ["--organization", organization.public_id, *words]
        call_command("createapplication", "Dashboard", *flags)
        return capsys.readouterr().out

    return run


WEB = ("--type", "web", "--redirect-uri", CALLBACK, "--scope", "openid", "scans_read")


def test_it_prints_the_id_and_the_secret_once(command, alice):
    told = command(*WEB)
    application = Application.objects.get()
    secret = next(word for word in told.split() if word.startswith("nr_ocs_"))
    assert application.client_id in told
    assert "this once" in told
    digests = sealing.digests(secret)
    assert application.has_secret(digests, now=timezone.now())
    assert application.organization == alice.organization
    assert application.redirects == [CALLBACK]
    assert application.scopes == ["openid", "scans_read"]
    assert application.created_by == "operator"
    event = AuditEvent.objects.get(action="application.created")
    assert secret not in str(event.details)


def test_it_prints_one_json_object(command, alice):
    told = json.loads(command(*WEB, "--json"))
    application = Application.objects.get()
    assert told.pop("client_secret").startswith("nr_ocs_")
    assert told == {
        "organization": alice.organization.public_id,
        "name": "Dashboard",
        "type": "web",
        "client_id": application.client_id,
    }


def test_what_has_no_secret_says_so(command):
    words = ("--type", "spa", "--redirect-uri", CALLBACK, "--scope", "openid")
    assert json.loads(command(*words, "--json"))["client_secret"] is None
    assert "No secret: none." in command(*words)


def test_every_word_of_it_has_its_effect(command, tmp_path):
    keys = {"keys": [ec_jwk(ec.generate_private_key(ec.SECP256R1()))]}
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(keys))
    command(
        *WEB,
        *("--redirect-uri", f"{CALLBACK}/2", "--scope", "profile email"),
        *("--require-pkce", "--auth-method", "private_key_jwt"),
        *("--jwks", str(file), "--token-format", "jwt"),
    )
    application = Application.objects.get()
    assert application.redirects == [CALLBACK, f"{CALLBACK}/2"]
    assert application.scopes == ["openid", "scans_read", "profile", "email"]
    assert application.require_pkce
    assert application.token_endpoint_auth_method == "private_key_jwt"
    assert application.client_jwks == keys
    assert application.access_token_format == "jwt"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--type", "web", "--scope", "openid"), "redirect_uris"),
        (("--type", "machine"), "at least one scope"),
        (("--type", "machine", "--scope", "scan:read"), "Unknown scope"),
        ((*WEB, "--redirect-uri", "http://a.example.com"), "https"),
        ((*WEB, "--auth-method", "none"), "client_secret_basic"),
        ((*WEB, "--auth-method", "private_key_jwt"), "jwks"),
        ((*WEB, "--jwks", "/nowhere"), "--jwks"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(command, words, said):
    with pytest.raises(CommandError) as refusal:
        command(*words)
    assert said in str(refusal.value)
    assert not Application.objects.exists()


def test_a_file_that_is_no_key_set_is_refused(command, tmp_path):
    file = tmp_path / "keys.json"
    for text in ("{", "[]", "\0"):
        file.write_text(text)
        with pytest.raises(CommandError, match="--jwks"):
            command(*WEB, "--jwks", str(file))


def test_the_organization_must_exist_and_its_plan_have_applications(command, alice):
    alice.organization.plan_slug = "starter"
    alice.organization.save()
    with pytest.raises(CommandError, match="Enterprise"):
        command(*WEB)
    with pytest.raises(CommandError, match="--organization"):
        command(*WEB, organization=alice.user)
