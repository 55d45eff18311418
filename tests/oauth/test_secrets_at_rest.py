"""Whatever OAuth gives out once cannot be read anywhere afterwards: neither in a row of
any table nor in the log."""

from __future__ import annotations

import base64
import io
import logging
import re
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qs

import pytest

from accounts import outbox
from accounts.models import AuditEvent
from accounts.redaction import REDACTED, redact
from config.logs import JSONFormatter, TextFormatter
from oauth import logout
from oauth.models import (
    AccessToken,
    Application,
    DeviceGrant,
    PushedRequest,
    RefreshToken,
)
from tests.accounts.proving import Prover
from tests.accounts.receiving import receiving
from tests.accounts.test_secrets_at_rest import everything_stored, spellings
from tests.cast import Person
from tests.oauth import registering
from tests.oauth.conftest import App, Browser, pkce, register
from tests.oauth.flows import begin_device, device_tokens, push, register_with_key
from tests.oauth.speaking import assertion, calls, token_proof

# Many cases: `manage.py test --all` runs them.
pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.patient]
Shown = dict[str, str]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged in both formats, as talkative as a setting can make it."""
    stream, root = io.StringIO(), logging.getLogger()
    handlers = [logging.StreamHandler(stream) for _ in range(2)]
    for handler, kind in zip(handlers, (JSONFormatter, TextFormatter), strict=True):
        handler.setFormatter(kind())
        root.addHandler(handler)
    before = root.level
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(before)
    for handler in handlers:
        root.removeHandler(handler)


@pytest.fixture(params=["alice", "nadia"], ids=["netrecon", "netallion"])
def browser(request: pytest.FixtureRequest) -> Browser:
    """A person of each product at the browser."""
    return Browser(request.getfixturevalue(request.param)).sign_in()


def scope_of(person: Person) -> str:
    return next(iter(person.organization.product.scopes))


def ways_to_write(text: str) -> list[bytes]:
    """How a text could have been written down."""
    raw = text.encode()
    found = [*spellings(text), base64.urlsafe_b64encode(raw).rstrip(b"=")]
    if opaque := re.search(r"[_:]([0-9a-f]{64})[0-9a-f]{8}\Z", text):
        # Without its prefix and its checksum, and as the 32 bytes that it stands for.
        plain = bytes.fromhex(opaque[1])
        found += [opaque[1].encode(), plain, base64.b64encode(plain)]
    if text.startswith("eyJ"):
        found.append(text.rpartition(".")[2].encode())
    if len(text) == 9:
        found.append(text.replace("-", "").encode())
    return found


def assert_forgotten(shown: Shown, log: io.StringIO) -> None:
    stored, logged = everything_stored(), log.getvalue().encode()
    for name, text in shown.items():
        for spelling in ways_to_write(text):
            assert spelling not in stored, name
            assert spelling not in logged, name


def numbered(name: str, answer: dict[str, Any]) -> Shown:
    """Every token of an answer."""
    found = {key: answer[key] for key in answer if key.endswith("_token")}
    assert found, answer
    return {f"{name} {key}": text for key, text in found.items()}


def test_the_search_finds_what_is_stored_and_what_is_logged(
    app: App, alices: Browser, log
):
    code = alices.code(app, nonce="walnut-42-lantern")
    stored = everything_stored()
    assert b"walnut-42-lantern" in stored
    assert code.encode() not in stored
    logging.getLogger("doorward.test").debug("walnut")
    assert log.getvalue().count("walnut") == 2


def test_no_code_and_no_token_of_a_sign_in_is_stored(browser: Browser, log):
    scope = f"openid profile {scope_of(browser.person)}"
    shown: Shown = {}
    for kind in ("opaque", "jwt"):
        app = register(browser.person, access_token_format=kind)
        verifier, challenge = pkce()
        query = {"code_challenge": challenge, "code_challenge_method": "S256"}
        code = browser.code(app, scope=scope, **query)
        first = app.exchange(code, code_verifier=verifier).json()
        second = app.refresh(first["refresh_token"]).json()
        # Given once more, from what is kept sealed.
        assert app.refresh(first["refresh_token"]).json() == second
        third = app.refresh(second["refresh_token"]).json()
        shown |= {f"{kind} code": code, f"{kind} verifier": verifier}
        shown |= {f"{kind} unused code": browser.code(app, scope=scope)}
        for name, tokens in (("1", first), ("2", second), ("3", third)):
            shown |= numbered(f"{kind} {name}", tokens)
            assert (
                calls(tokens["access_token"], "/api/v1/auth/whoami").status_code == 200
            )
            app.introspect(tokens["access_token"])
            app.introspect(tokens["refresh_token"])
        shown[f"{kind} secret"] = app.secret
        app.post("revoke", token=third["refresh_token"])
    assert len(shown) == 26
    assert (AccessToken.objects.count(), RefreshToken.objects.count()) == (6, 6)
    assert_forgotten(shown, log)


def test_no_code_of_a_device_is_stored(browser: Browser, log):
    app, scope = register(browser.person), scope_of(browser.person)
    waiting = begin_device(app, scope)
    begun, tokens = device_tokens(app, browser, scope)
    shown = numbered("device", tokens)
    for name, each in (("waiting", waiting), ("begun", begun)):
        shown[f"{name} code"] = each["device_code"]
        shown[f"{name} user code"] = each["user_code"]
    assert DeviceGrant.objects.count() == 2
    assert_forgotten(shown, log)


def test_no_request_uri_and_no_proof_is_stored(browser: Browser, log):
    app, prover = register_with_key(browser.person)
    dpop, scope = Prover(), scope_of(browser.person)
    proofs = [assertion(app, prover) for _ in range(3)]
    uri = push(app, scope=scope, **proofs[0])
    unanswered = push(app, scope=scope, **proofs[2])
    asked = {"request_uri": uri, "redirect_uri": "", "response_type": ""}
    code = browser.code(app, **asked, scope="", state="")
    proof = token_proof(app, dpop)
    body = {"grant_type": "authorization_code", "code": code, **proofs[1]}
    answer = app.token(proof, redirect_uri=app.row.redirects[0], **body)
    assert answer.status_code == 200, answer.content
    shown = {
        **numbered("bound", answer.json()),
        "request_uri": uri,
        "unanswered request_uri": unanswered,
        "code": code,
        "proof": proof["DPoP"],
        "first assertion": proofs[0]["client_assertion"],
        "second assertion": proofs[1]["client_assertion"],
        "assertion of what waits": proofs[2]["client_assertion"],
    }
    other = register(browser.person)
    push(other, scope=scope)
    shown["secret"] = other.secret
    assert PushedRequest.objects.count() == 2
    assert_forgotten(shown, log)


def test_no_secret_of_an_application_is_stored(browser: Browser, log):
    person, scope = browser.person, scope_of(browser.person)
    body = registering.made(person, "machine", scopes=[scope])
    rotated = registering.rotate(person, body, grace_seconds=3600).json()
    again = registering.rotate(person, body, grace_seconds=0).json()
    shown = {
        name: each["client_secret"]
        for name, each in (("first", body), ("second", rotated), ("third", again))
    }
    machine = App(Application.objects.get(), again["client_secret"])
    answer = machine.token(grant_type="client_credentials", scope=scope)
    assert answer.status_code == 200, answer.content
    shown |= numbered("machine", answer.json())
    assert len(set(shown.values())) == 4
    assert AuditEvent.objects.filter(action="application.secret_rotated").count() == 2
    assert_forgotten(shown, log)


def test_no_logout_token_is_stored(browser: Browser, log, settings):
    settings.OUTBOUND_NETWORKS = [ip_network("127.0.0.0/8")]
    with receiving() as receiver:
        told_at = f"http://127.0.0.1:{receiver.port}/logout"
        app = register(browser.person, backchannel_logout_uri=told_at)
        browser.tokens(app, scope=f"openid {scope_of(browser.person)}")
        page = browser.client.get("/oauth/device")
        token = {"csrfmiddlewaretoken": str(page.context["csrf_token"])}
        assert browser.client.post("/logout", token).status_code == 302
        assert logout.announce() == 1
        assert outbox.deliver_due() == 1
    [sent] = parse_qs(receiver.body)["logout_token"]
    assert sent.startswith("eyJ")
    assert_forgotten({"logout token": sent}, log)


def test_what_slips_into_a_log_line_is_taken_out(browser: Browser, log):
    """A traceback, say, of somebody else's library."""
    app, scope = register(browser.person), scope_of(browser.person)
    code = browser.code(app, scope=f"openid {scope}")
    tokens = app.exchange(code).json()
    begun = begin_device(app, scope)
    shown = {
        **numbered("code", tokens),
        "code": code,
        "secret": app.secret,
        "device code": begun["device_code"],
        "request_uri": push(app, scope=scope),
    }
    for name, text in shown.items():
        assert redact(f"It was {text} once") == f"It was {REDACTED} once", name
        logging.getLogger("doorward.test").warning("It was %s.", text)
    assert_forgotten(shown, log)
