"""What holds for every page of OAuth, for signing out and for wrong requests."""

import pytest
from django.test import Client

from accounts.models import Session
from oauth.models import DeviceGrant, Grant
from tests.oauth.conftest import MOUNTS, Browser, address, register, sent_back
from tests.oauth.reading import Page, begin, policy, shown, to_the_question

HOSTILE = """</title><script>alert(1)</script><img src=x onerror='x'>"{{7*7}}"""


@pytest.mark.parametrize("mount", MOUNTS)
def test_signing_out_is_asked_about(app, alices, mount):
    path = f"{mount}/logout?client_id={app.client_id}"
    page = shown(alices, path)
    assert "Slack Bot asks to sign you out." in page.text
    assert "/" in page.links
    answer = page.forms[0].send(alices.client, path)
    assert "You are signed out" in Page(answer).text
    assert not Session.objects.filter(is_browser=True, ended_at=None).exists()


def test_after_signing_out_the_form_leads_to_the_application(alice):
    bye = "https://your-app.com:8443/bye"
    app, browser = register(alice, post_logout_redirect_uris=bye), Browser(alice)
    path = (
        f"/oauth/logout?client_id={app.client_id}&post_logout_redirect_uri={bye}"
        "&state=a%26b"
    )
    answer = browser.sign_in().client.get(path)
    assert "https://your-app.com:8443" in policy(answer)["form-action"]
    done = Page(answer).forms[0].send(browser.client, path)
    assert (done.status_code, done["Location"]) == (303, f"{bye}?state=a%26b")


def test_a_script_that_somebody_put_into_a_page_is_found():
    class Answer:
        content = b"""<script src="/static/a.js"></script><p onclick="x">
            <script>alert(1)</script><script src="https://evil.test/a.js"></script>"""

    found = Page(Answer).strange
    assert found == ["", "https://evil.test/a.js", "p onclick", "alert(1)"]


@pytest.mark.parametrize(
    "path",
    [
        "/oauth/authorize",
        "/oauth/authorize?client_id=%22%3E%3Cscript%3E&response_type=code",
        "/oauth/logout?post_logout_redirect_uri=https://evil.test/",
        "/oauth/logout?id_token_hint=x",
    ],
)
def test_a_wrong_request_is_explained_and_leads_nowhere(alices, path):
    answer = alices.client.get(path)
    page = Page(answer)
    assert answer.status_code == 400
    assert "The application's request is not valid" in page.text
    assert "invalid_request" in page.text
    assert page.forms == []
    assert set(page.links) == {"#content", "/"}
    assert page.strange == []


def test_an_address_that_is_not_registered_is_not_shown_as_a_link(app, alices):
    answer = alices.ask(app, redirect_uri="https://evil.test/cb")
    assert answer.status_code == 400
    assert "evil.test" not in " ".join(Page(answer).links)


def every_page(app, browser):
    question, asked = to_the_question(browser, app)
    return {
        "consent": browser.ask(app),
        "device": browser.client.get("/oauth/device"),
        "device question": asked,
        "device done": question.forms[0].send(browser.client, "/oauth/device"),
        "sign-out": browser.client.get(f"/oauth/logout?client_id={app.client_id}"),
        "wrong": browser.client.get("/oauth/authorize"),
        "signed out": Client().get("/oauth/logout"),
    }


def test_none_can_be_framed_kept_or_given_a_script_of_others(app, alices):
    for name, answer in every_page(app, alices).items():
        assert policy(answer)["frame-ancestors"] == "'none'", name
        assert policy(answer)["default-src"] == "'none'"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "no-store" in answer.headers["Cache-Control"], name
        assert answer.headers["Referrer-Policy"] == "same-origin"
        page = Page(answer)
        assert policy(answer)["script-src"] == "'self'"
        assert page.strange == [], name
        assert not any("style" in found for _, found in page.tags)


def test_a_hostile_name_stays_text(alice):
    app = register(alice, name=HOSTILE)
    answers = every_page(app, Browser(alice).sign_in())
    named = [answer for answer in answers.values() if "alert(1)" in Page(answer).text]
    assert len(named) == 4
    for answer in named:
        page = Page(answer)
        assert HOSTILE in page.texts
        assert page.strange == []


def test_a_hostile_query_stays_in_its_attribute(app, alices):
    asked = address(app, state="\"><script>alert(1)</script>'&x=1")
    page = shown(alices, f'{asked}&y="><script>')
    assert page.strange == []
    answer = page.forms[0].send(alices.client, asked)
    assert sent_back(answer)["state"] == "\"><script>alert(1)</script>'&x=1"


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("token", [{}, {"csrfmiddlewaretoken": "x" * 64}])
def test_every_form_needs_the_token_of_its_page(app, alices, mount, token):
    app.mount = mount
    fields = {
        **token,
        "membership": alices.person.membership.public_id,
        "user_code": begin(app),
    }
    client = alices.client
    client.raise_request_exception = False
    asked = address(app)
    for path in (
        *(asked, asked.replace("authorize?", "authorize/cancel?")),
        *(f"{mount}/device", f"{mount}/device/allow", f"{mount}/device/deny"),
        f"{mount}/logout/confirm",
    ):
        answer = client.post(path, fields)
        assert answer.status_code == 403, path
        assert "Location" not in answer.headers
    assert not Grant.objects.exists()
    assert DeviceGrant.objects.get().denied_at is None
    assert Session.objects.filter(is_browser=True, ended_at=None).exists()
