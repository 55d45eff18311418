"""The page that asks for consent: what it says, and where its forms lead."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from oauth.models import Consent, Grant
from tests.oauth.conftest import (
    CALLBACK,
    MOUNTS,
    Browser,
    address,
    pkce,
    register,
    sent_back,
)
from tests.oauth.reading import Page, policy, shown


def test_it_says_who_wants_what_from_whom_and_where_it_leads(app, alices):
    page = shown(alices, address(app, scope="openid scans_read"))
    title = "Slack Bot wants to use your NetRecon account"
    assert title in page.text
    for words in (
        "Acme , your organization",
        "alice@acme.test",
        "You will be sent back to your-app.com",
        "Know that you signed in here, and recognise you openid",
        "Read scan results scans_read",
    ):
        assert words in page.text
    assert "It will not be able to" not in page.text


def test_not_you_leads_to_the_sign_in_page_and_back(app, alices, bob):
    asked = address(app)
    page = shown(alices, asked)
    link = next(link for link in page.links if link.startswith("/login?"))
    form = shown(alices, link).forms[0]
    fields = {"email": bob.user.email, "password": bob.password}
    onward = form.send(alices.client, link, **fields)
    assert (onward.status_code, onward["Location"].split("&asked=")[0]) == (302, asked)
    assert "bob@acme.test" in shown(alices, onward["Location"]).text


def test_what_the_role_does_not_hold_is_told_apart(app, bobs):
    page = shown(bobs, address(app, scope="scans_read users_manage"))
    given, _, withheld = page.text.partition("It will not be able to")
    assert "Read scan results" in given
    assert "Manage users" not in given
    assert "Manage users users_manage" in withheld
    assert "your role does not hold" in withheld


def test_the_application_of_another_organization_is_marked(alice, carol):
    published = register(carol, published_at=timezone.now())
    page = shown(Browser(alice).sign_in(), address(published))
    assert "Other not your organization" in page.text


def test_the_scope_that_stands_for_all_is_marked(nadia):
    robot = register(nadia)
    browser = Browser(nadia).sign_in()
    assert "full access" in shown(browser, address(robot, scope="admin")).text
    assert "full access" not in shown(browser, address(robot, scope="scan:read")).text


@pytest.mark.parametrize("mount", MOUNTS)
def test_the_first_form_allows(app, alices, mount):
    app.mount = mount
    asked = address(app)
    form = shown(alices, asked).forms[0]
    assert (form.method, form.button) == ("post", "Allow")
    assert sorted(form.fields) == ["csrfmiddlewaretoken", "membership", "scopes"]
    answer = form.send(alices.client, asked)
    assert answer.status_code == 303
    assert answer["Location"].startswith(f"{CALLBACK}?code=")
    assert sent_back(answer)["state"] == "opaque state"


@pytest.mark.parametrize("mount", MOUNTS)
def test_the_second_form_cancels(app, alices, mount):
    app.mount = mount
    asked = address(app)
    form = shown(alices, asked).forms[1]
    assert (form.method, form.button) == ("post", "Cancel")
    assert list(form.fields) == ["csrfmiddlewaretoken"]
    answer = form.send(alices.client, asked)
    assert answer.status_code == 303
    assert answer["Location"].startswith(f"{CALLBACK}?error=access_denied")
    assert sent_back(answer)["state"] == "opaque state"
    assert not Consent.objects.exists()


def test_the_yes_of_somebody_else_is_asked_for_again(app, alices, bob):
    asked = address(app)
    form = shown(alices, asked).forms[0]
    answer = form.send(alices.client, asked, membership=bob.membership.public_id)
    assert answer.status_code == 200
    assert Page(answer).forms[0].button == "Allow"
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    ("type", "redirect_uri", "source", "told"),
    [
        ("web", CALLBACK, "https://your-app.com", "your-app.com"),
        ("web", "https://a.test:8443/cb", "https://a.test:8443", "a.test:8443"),
        ("web", "http://localhost:3000/cb", "http://localhost:3000", "localhost:3000"),
        # A policy has no words for IPv6 addresses, and browsers drop what they cannot
        # read.
        ("native", "http://[::1]:7000/cb", "http://*:7000", "[::1]:7000"),
        ("native", "com.example.app:/cb", "com.example.app:", "com.example.app:"),
    ],
)
def test_the_policy_lets_the_form_lead_to_the_application(
    alice, type, redirect_uri, source, told
):
    app = register(alice, type=type, redirect_uris=redirect_uri, require_pkce=False)
    pkce = {"code_challenge": "x" * 43, "code_challenge_method": "S256"}
    answer = Browser(alice).sign_in().ask(app, redirect_uri=redirect_uri, **pkce)
    assert answer.status_code == 200
    assert policy(answer)["form-action"] == f"'self' {source} https:"
    assert f"You will be sent back to {told}" in Page(answer).text


def test_a_sign_in_that_leads_straight_to_the_application_may(app, alices, alice):
    """Browsers hold the whole chain of redirects against the page whose form began
    it."""
    assert alices.allow(app).status_code == 303
    fresh = Browser(alice)
    to_sign_in = fresh.ask(app)
    assert to_sign_in.status_code == 303
    page = fresh.client.get(to_sign_in["Location"])
    assert "https://your-app.com" in policy(page)["form-action"]
    fields = {"email": alice.user.email, "password": alice.password}
    signed_in = Page(page).forms[0].send(fresh.client, to_sign_in["Location"], **fields)
    assert fresh.client.get(signed_in["Location"])["Location"].startswith(CALLBACK)


def test_no_other_link_widens_the_policy_of_the_sign_in_page(app):
    forged = Client().get("/login", {"leads_to": "https://evil.test:abc"})
    assert policy(forged)["form-action"] == "'self'"


def test_a_yes_gives_what_the_page_showed(app, bobs):
    """Whoever holds more by now is shown that first."""
    asked = {"scope": "scans_read users_manage"}
    first = bobs.ask(app, **asked)
    assert first.context["given"] == "scans_read"
    Membership.objects.filter(pk=bobs.person.membership.pk).update(role="admin")
    body = {
        "csrfmiddlewaretoken": str(first.context["csrf_token"]),
        "membership": str(first.context["membership"].public_id),
        "scopes": first.context["given"],
    }
    again = bobs.client.post(address(app, **asked), body)
    assert again.status_code == 200
    assert again.context["given"] == "scans_read users_manage"


def test_an_application_in_a_small_window_keeps_its_opener(app, alices):
    asked, answer = alices.ask(app), alices.allow(app)
    for response in (asked, answer):
        assert response.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"


def test_a_scheme_that_any_program_can_take_is_asked_about_each_time(alice, alices):
    """RFC 8252 8.6."""
    scheme = "com.example.app:/callback"
    native = register(alice, type="native", redirect_uris=f"{scheme} {CALLBACK}")
    challenge = {"code_challenge": pkce()[1], "code_challenge_method": "S256"}
    for _ in range(2):
        assert alices.ask(native, redirect_uri=scheme, **challenge).status_code == 200
        assert alices.allow(native, redirect_uri=scheme, **challenge).status_code == 303
    assert alices.ask(native, **challenge).status_code == 303


def test_a_second_question_marks_what_is_new(app, alices):
    first = shown(alices, address(app, scope="scans_read")).text
    assert "You let it in before" not in first
    assert "scans_read new" not in first
    alices.code(app, scope="scans_read")
    again = shown(alices, address(app, scope="scans_read alerts_read")).text
    assert "You let it in before. It asks again:" in again
    assert "Read alerts alerts_read new" in again
    assert "scans_read new" not in again


def test_an_application_that_no_operator_published_says_so(app, alices, alice):
    told = "Not reviewed by the operator of this service."
    assert told in shown(alices, address(app)).text
    public = register(alice, published_at=timezone.now())
    assert told not in shown(alices, address(public)).text
