"""The test sign-in of an application: the real flow, for one browser, and no trace."""

from urllib.parse import parse_qs, urlsplit

import pytest

from accounts import sessions
from accounts.audit import SYSTEM
from accounts.models import AuditEvent
from oauth import logout
from oauth.models import AccessToken, Consent, Grant, PushedRequest, RefreshToken
from tests.cast import person
from tests.oauth.applying import at, text
from tests.oauth.conftest import CALLBACK, Browser, register, sent_back
from tests.oauth.reading import Page, policy
from tests.surfing import surf


@pytest.fixture
def surfer(alice):
    return surf(alice)


def begin(surfer, row):
    """The address of the question that the test leads to."""
    answer = surfer.post(at(row, "/test"))
    assert answer.status_code == 302, answer.content
    return answer["Location"]


def answered(surfer, row, *, number=0):
    """Where the yes (or with 1 the no) leads."""
    asked = begin(surfer, row)
    return Page(surfer.get(asked)).forms[number].send(surfer, asked)["Location"]


def test_the_page_says_what_will_happen(surfer, app):
    page = text(surfer.get(at(app.row, "/test")))
    for words in (CALLBACK, "Read scan results", "Nothing is sent to the application."):
        assert words in page


def test_it_shows_what_the_application_would_have_learned(surfer, app, alice):
    app.row.scopes = ["openid", "email", "scans_read"]
    app.row.save()
    page = text(surfer.get(answered(surfer, app.row)))
    assert "The sign-in works" in page
    for words in (
        alice.user.public_id,
        "alice@acme.test",
        "Read scan results",
        "nonce",
    ):
        assert words in page
    assert "org_name" not in page


def test_the_question_is_the_real_one_and_says_that_it_is_a_test(surfer, app):
    question = surfer.get(begin(surfer, app.row))
    assert "Slack Bot wants to use your NetRecon account" in text(question)
    assert "This is a test sign-in" in text(question)
    assert policy(question)["form-action"] == "'self'"


def test_no_token_outlives_the_test_and_none_is_shown(surfer, app):
    answer = surfer.get(answered(surfer, app.row))
    page = answer.content.decode()
    assert "nr_oat_" not in page
    assert "nr_ort_" not in page
    assert "eyJ" not in page
    grant = Grant.objects.get()
    assert grant.revoked_at is not None
    assert AccessToken.objects.count() == RefreshToken.objects.count() == 1
    assert Consent.objects.get().withdrawn_reason == "test_sign_in"
    assert "The consent of this test has ended, too." in text(answer)


def test_a_consent_of_before_stays(surfer, app, alice):
    Browser(alice).sign_in().code(app)
    answer = surfer.get(answered(surfer, app.row))
    assert "that consent stands" in text(answer)
    assert Consent.objects.get().withdrawn_at is None
    assert Grant.objects.filter(revoked_at=None).count() == 1


def test_a_sign_in_for_real_meanwhile_stays(surfer, app, alice):
    back = answered(surfer, app.row)
    Browser(alice).sign_in().code(app)
    surfer.get(back)
    assert Consent.objects.get().withdrawn_at is None


def test_a_no_is_told_as_the_application_would_hear_it(surfer, app):
    page = text(surfer.get(answered(surfer, app.row, number=1)))
    assert "The sign-in ended without a token" in page
    assert "access_denied" in page
    assert not Consent.objects.exists()


def test_nobody_is_sent_to_the_application(surfer, app):
    for number in (0, 1):
        back = answered(surfer, app.row, number=number)
        assert back.startswith(f"{at(app.row)}/test/done?")


@pytest.mark.parametrize("type", ["spa", "native"])
def test_who_keeps_no_secret_is_tested_too(alice, surfer, type):
    row = register(alice, type=type).row
    assert "The sign-in works" in text(surfer.get(answered(surfer, row)))


@pytest.mark.parametrize(
    "settings",
    [
        {"require_pushed_authorization_requests": True},
        {"dpop_bound_access_tokens": True},
        {"require_pkce": True},
        {"access_token_format": "jwt", "algorithm": "ES256"},
    ],
)
def test_a_strict_application_is_tested_too(alice, surfer, settings):
    row = register(alice, **settings).row
    assert "The sign-in works" in text(surfer.get(answered(surfer, row)))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"type": "machine"}, "A machine signs nobody in"),
        ({"redirect_uris": ""}, "It has no redirect URI"),
        ({"is_active": False}, "It is disabled"),
    ],
)
def test_where_there_is_nothing_to_test_it_says_why(alice, surfer, fields, why):
    row = register(alice, **fields).row
    assert why in text(surfer.get(at(row, "/test")))
    assert surfer.post(at(row, "/test")).status_code == 409
    assert not PushedRequest.objects.exists()


def test_the_question_is_for_the_browser_that_began(surfer, app, alice, bob):
    asked = begin(surfer, app.row)
    for other in (surf(alice), surf(bob)):
        answer = other.get(asked)
        assert answer.status_code == 400
        assert "belongs to another browser" in text(answer)
    assert not Consent.objects.exists()


def test_the_answer_is_for_the_browser_that_began(surfer, app, alice):
    back = answered(surfer, app.row)
    admin = person("admin@acme.test", alice.organization, "admin")
    for other in (surf(alice), surf(admin)):
        answer = other.get(back)
        assert answer.status_code == 400
        assert "This browser began no such test." in text(answer)
    assert Grant.objects.get().consumed_at is None
    assert "The sign-in works" in text(surfer.get(back))


def test_the_answer_is_read_once(surfer, app):
    back = answered(surfer, app.row)
    surfer.get(back)
    again = surfer.get(back)
    assert again.status_code == 409
    assert "This test is over." in text(again)


def test_the_code_of_somebody_else_is_not_taken(surfer, app, bobs):
    """Neither one of a real sign-in, nor one without a challenge."""
    back = answered(surfer, app.row)
    own = parse_qs(urlsplit(back).query)
    stolen = bobs.code(app)
    answer = surfer.get(back.replace(own["code"][0], stolen))
    assert "invalid_grant" in text(answer)
    assert not AccessToken.objects.exists()
    assert app.exchange(stolen).status_code == 200


@pytest.mark.parametrize("change", [{"state": "x"}, {"iss": "https://evil.test"}])
def test_an_answer_from_elsewhere_is_refused(surfer, app, change):
    back = answered(surfer, app.row)
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    answer = surfer.get(at(app.row, "/test/done"), {**query, **change})
    assert answer.status_code == 400
    assert Grant.objects.get().consumed_at is None


def test_the_state_of_one_application_serves_no_other(alice, surfer, app):
    other = register(alice, name="Other").row
    back = answered(surfer, app.row)
    answer = surfer.get(back.replace(app.row.public_id, other.public_id, 1))
    assert answer.status_code == 400


def test_no_client_can_make_its_request_a_test(app, alices):
    """What it pushes leads to its own address, whatever it names beside it."""
    body = {
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "scans_read",
        "leads_to": "/settings",
        "session": "ses_x",
    }
    uri = app.post("par", **body).json()["request_uri"]
    asked = f"/oauth/authorize?client_id={app.client_id}&request_uri={uri}"
    question = alices.client.get(asked)
    assert "This is a test sign-in" not in text(question)
    answer = Page(question).forms[0].send(alices.client, asked)
    assert answer["Location"].startswith(f"{CALLBACK}?code=")
    assert sent_back(answer)["code"]


def test_the_address_of_the_test_is_no_redirect_uri(app, alices, surfer):
    address = f"http://testserver{at(app.row, '/test/done')}"
    for uri in (address, at(app.row, "/test/done")):
        assert alices.ask(app, redirect_uri=uri).status_code == 400


def test_an_ended_session_ends_the_test(surfer, app):
    asked = begin(surfer, app.row)
    surfer.session_row.refresh_from_db()
    surfer.post("/logout")
    assert surfer.get(asked).status_code == 400
    assert not Grant.objects.exists()


def test_the_audit_log_tells_of_the_test(surfer, app):
    surfer.get(answered(surfer, app.row))
    reasons = AuditEvent.objects.filter(details__reason="test_sign_in")
    actions = sorted(reasons.values_list("action", flat=True))
    assert actions == ["consent.withdrawn", "oauth_tokens.revoked"]


def test_the_application_hears_of_no_sign_out_after_it(surfer, app):
    app.row.backchannel_logout_uri = "https://slackbot.test/bye"
    app.row.save()
    surfer.get(answered(surfer, app.row))
    surfer.session_row.refresh_from_db()
    sessions.end(surfer.session_row, reason="signed_out", by=SYSTEM)
    assert Grant.objects.get().consumed_at is not None
    assert logout.announce() == 0


def test_the_last_use_of_the_application_is_not_the_test(surfer, app):
    surfer.get(answered(surfer, app.row))
    app.row.refresh_from_db()
    assert app.row.last_used_at is None
