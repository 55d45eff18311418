"""GitHub's reports of leaked keys are signed, and only its keys count."""

import io
import json
import os
import stat
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from tests.apikeys.leaking import PLACE, Signer, at_once, listed, post

pytestmark = pytest.mark.usefixtures("at_once")
__all__ = ["at_once"]
# The sample of GitHub's own documentation, whose key is retired there.
SAMPLE = (
    b'[{"source":"commit","token":"some_token","type":"some_type",'
    b'"url":"https://example.com/base-repo-url/"}]'
)
SAMPLE_HEADERS = {
    "Github-Public-Key-Identifier": (
        "bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c"
    ),
    "Github-Public-Key-Signature": (
        "MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4Xa"
        "eSt/AO1RtBY66YcAdjxji410VQV4xg=="
    ),
}
SAMPLE_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd
AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==
-----END PUBLIC KEY-----
"""


@pytest.fixture
def github(settings, tmp_path):
    """A signer whose key is in the file."""
    settings.GITHUB_KEYS_FILE = tmp_path / "github-keys.json"
    signer = Signer("a1")
    settings.GITHUB_KEYS_FILE.write_text(listed(signer))
    return signer


def code(answer):
    return answer.status_code, answer.json().get("code")


def test_a_signed_report_kills_the_key_and_notes_the_place(github, issue, call):
    api_key, key = issue("scans_read")
    answer = github.report("x", key)
    assert (answer.status_code, answer.json()) == (202, {"received": 2})
    assert code(call(key)) == (401, "key_leaked")
    event = AuditEvent.objects.get(action="api_key.leaked")
    assert (event.target, event.details["place"]) == (api_key.public_id, PLACE)
    assert (event.actor, event.credential) == ("leak desk", "GitHub")


def test_the_sample_that_github_publishes_is_accepted(settings, github):
    row = {
        "key_identifier": SAMPLE_HEADERS["Github-Public-Key-Identifier"],
        "key": SAMPLE_KEY,
        "is_current": False,
    }
    settings.GITHUB_KEYS_FILE.write_text(json.dumps({"public_keys": [row]}))
    assert post(SAMPLE, SAMPLE_HEADERS).status_code == 202
    changed = SAMPLE.replace(b"commit", b"commot")
    assert code(post(changed, SAMPLE_HEADERS)) == (403, "invalid_signature")


def test_a_wrong_signature_kills_nothing(github, issue, call):
    key = issue("scans_read")[1]
    other = Signer("a1")
    assert code(other.report(key)) == (403, "invalid_signature")
    body = json.dumps([{"token": key}]).encode()
    right = github.headers(body)
    name = "Github-Public-Key-Signature"
    for signature in ("nonsense", "TUVRQw==", right[name][:-4], "é"):
        answer = post(body, {**right, name: signature})
        assert code(answer) == (403, "invalid_signature"), signature
    assert code(post(body + b" ", right)) == (403, "invalid_signature")
    assert call(key).status_code == 200


def test_an_unknown_identifier_is_refused(github, issue, call):
    key = issue("scans_read")[1]
    assert code(Signer("b2").report(key)) == (403, "invalid_signature")
    assert call(key).status_code == 200


def test_without_a_file_of_keys_nobody_is_github(github, settings):
    settings.GITHUB_KEYS_FILE.unlink()
    assert code(github.report("x")) == (403, "invalid_signature")


def test_an_array_without_a_signature_is_told_what_to_send(github, issue, call):
    key = issue("scans_read")[1]
    body = json.dumps([{"token": key}]).encode()
    signed = github.headers(body)
    for left_out in signed:
        headers = {name: text for name, text in signed.items() if name != left_out}
        answer = post(body, headers)
        assert code(answer) == (400, "invalid_request")
        assert "Github-Public-Key-Signature" in answer.json()["detail"]
        assert '{"tokens"' in answer.json()["detail"]
    assert call(key).status_code == 200


@pytest.mark.parametrize(
    "body", [b"[1]", b'["x"]', b'[{"url": "x"}]', b'[{"token": 5}]']
)
def test_a_signed_body_of_another_form_is_refused(body, github):
    assert code(post(body, github.headers(body))) == (400, "invalid_request")


def test_members_that_github_adds_and_leaves_empty_do_not_matter(github, issue, call):
    key = issue("scans_read")[1]
    row = {"token": key, "type": "t", "url": "", "source": "gist", "new": {"a": [1]}}
    body = b" \n" + json.dumps([row]).encode()
    assert post(body, github.headers(body)).status_code == 202
    assert code(call(key)) == (401, "key_leaked")
    event = AuditEvent.objects.get(action="api_key.leaked")
    assert event.details["place"] == "GitHub, gist"


def test_a_place_that_github_sends_is_one_line_of_text(github, issue):
    key = issue("scans_read")[1]
    github.report(key, url="https://x.example/\r\nBcc: all\u202e@example.com")
    event = AuditEvent.objects.get(action="api_key.leaked")
    assert event.details["place"] == "https://x.example/  Bcc: all @example.com"


def test_a_changed_file_counts_from_the_next_request_on(github, settings):
    assert github.report("x").status_code == 202
    new = Signer("b2")
    call_command("apikeys", "github-keys", source=str(saved(settings, listed(new))))
    assert code(github.report("x")) == (403, "invalid_signature")
    assert new.report("x").status_code == 202


def test_a_file_that_cannot_be_read_is_a_fault_of_ours_and_not_of_github(
    github, settings
):
    settings.GITHUB_KEYS_FILE.write_text("{")
    answer = github.report("x")
    assert code(answer) == (503, "unavailable")
    assert answer.headers["Retry-After"]


# The command


def saved(settings, text):
    file = settings.GITHUB_KEYS_FILE.with_name("download.json")
    file.write_text(text)
    return file


def test_the_command_keeps_the_keys_for_nobody_else(settings, tmp_path, capsys):
    settings.GITHUB_KEYS_FILE = tmp_path / "github-keys.json"
    file = saved(settings, listed(Signer("a1"), Signer("b2")))
    call_command("apikeys", "github-keys", source=str(file))
    kept = settings.GITHUB_KEYS_FILE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert capsys.readouterr().out == f"2 keys of GitHub in {kept}\n"
    assert sorted(os.listdir(tmp_path)) == ["download.json", "github-keys.json"]


def test_the_command_reads_standard_input(github, settings, monkeypatch):
    new = Signer("b2")
    monkeypatch.setattr("sys.stdin", io.StringIO(listed(new)))
    call_command("apikeys", "github-keys", source="-")
    assert new.report("x").status_code == 202


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"public_keys": []}',
        '{"public_keys": [{"key_identifier": "a1", "key": "nonsense"}]}',
        '{"public_keys": [{"key": ""}]}',
        listed(Signer("a1", ec.SECP384R1)),
    ],
)
def test_what_is_no_list_of_keys_leaves_the_old_ones(text, github, settings):
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("apikeys", "github-keys", source=str(saved(settings, text)))
    assert github.report("x").status_code == 202


@pytest.fixture
def published():
    """published(status, text) -> an address that answers so."""
    servers = []

    def serve(status, text, **headers):
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        return f"http://127.0.0.1:{server.server_port}/keys"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_command_fetches_what_is_published(github, published):
    new = Signer("b2")
    call_command("apikeys", "github-keys", url=published(200, listed(new)))
    assert new.report("x").status_code == 202


def test_whatever_goes_wrong_on_the_way_is_told_and_changes_nothing(github, published):
    elsewhere = {"Location": "http://keys.example.com/"}
    for url, why in [
        (published(500, "down"), "it answered 500"),
        (published(302, "", **elsewhere), "gave no keys|https"),
        ("http://127.0.0.1:1/keys", "refused"),
        ("http://keys.example.com/", "https"),
        ("file:///etc/passwd", "https"),
        (published(200, "no list"), "no list"),
    ]:
        with pytest.raises(CommandError, match=why):
            call_command("apikeys", "github-keys", url=url)
    assert github.report("x").status_code == 202
