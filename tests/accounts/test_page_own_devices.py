"""Settings > Security: passkeys and trusted browsers, named and removed."""

import secrets
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential

from accounts import passkeys, trusted_browsers
from accounts.models import AuditEvent, TrustedBrowser
from tests.cast import PASSWORD
from tests.surfing import age, surf

PAGE = "/settings/security"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"


def own(person, name="Laptop"):
    """A passkey of somebody's, as if a browser had made it."""
    return WebAuthnCredential.objects.create(
        user=person.user,
        name=name,
        confirmed=True,
        credential_id=secrets.token_bytes(16),
        public_key=b"x",
        aaguid="00000000-0000-0000-0000-000000000000",
    )


def trust(person):
    request = RequestFactory(headers={"user-agent": FIREFOX}).get("/login")
    trusted_browsers.trust(request, HttpResponse(), person.user)
    return TrustedBrowser.objects.latest("created_at")


def at(passkey, action=""):
    return f"{PAGE}/passkeys/{passkeys.id_of(passkey)}{action}"


def remove(browser):
    return f"{PAGE}/trusted-browsers/{browser.public_id}/remove"


def test_passkeys_are_listed_with_their_names(alice, bob):
    own(alice, "Key <1>")
    own(bob, "Bob's")
    page = surf(alice).get(PAGE).content.decode()
    assert "<bdi>Key &lt;1&gt;</bdi>" in page
    assert "Bob&#x27;s" not in page
    assert "Your password alone" not in page


def test_a_passkey_gets_another_name(alice):
    passkey, surfer = own(alice), surf(alice)
    assert 'value="Laptop"' in surfer.get(at(passkey)).content.decode()
    assert surfer.post(at(passkey), {"name": "Work"})["Location"] == PAGE
    assert "<bdi>Work</bdi>" in surfer.get(PAGE).content.decode()


@pytest.mark.parametrize("odd", ["", "x" * 61, "a\u202eb", "a\x00b"])
def test_an_odd_name_is_refused(alice, odd):
    passkey, surfer = own(alice), surf(alice)
    page = surfer.post(at(passkey), {"name": odd})
    assert 'class="error"' in page.content.decode()
    passkey.refresh_from_db()
    assert passkey.name == "Laptop"


def test_a_passkey_is_removed_and_told_of(alice):
    passkey, surfer = own(alice), surf(alice)
    assert surfer.post(at(passkey, "/remove"))["Location"] == PAGE
    assert not WebAuthnCredential.objects.exists()
    assert AuditEvent.objects.filter(action="passkey.removed").exists()


def test_an_old_sign_in_is_asked_before_a_passkey_goes(alice):
    passkey, surfer = own(alice), surf(alice)
    age(surfer.session_row)
    assert "Confirm it is you" in surfer.post(at(passkey, "/remove")).text
    assert WebAuthnCredential.objects.exists()
    surfer.post(at(passkey, "/remove"), {"confirm_password": PASSWORD})
    assert not WebAuthnCredential.objects.exists()


def test_the_passkey_of_somebody_else_is_not_there(alice, bob):
    theirs, surfer = own(bob), surf(alice)
    assert surfer.get(at(theirs)).status_code == 404
    assert surfer.post(at(theirs), {"name": "Mine"}).status_code == 404
    assert surfer.post(at(theirs, "/remove")).status_code == 404
    theirs.refresh_from_db()
    assert theirs.name == "Laptop"


def test_a_number_that_is_too_large_is_not_found(alice):
    surfer = surf(alice)
    assert surfer.get(f"{PAGE}/passkeys/{'9' * 40}").status_code == 404
    assert surfer.post(f"{PAGE}/passkeys/{'9' * 40}/remove").status_code == 404


def test_a_trusted_browser_is_listed_and_removed(alice, enrol):
    enrol(alice)
    browser, surfer = trust(alice), surf(alice, factors=["pwd", "otp"])
    assert "Firefox on Linux" in surfer.get(PAGE).content.decode()
    assert surfer.post(remove(browser))["Location"] == PAGE
    assert not TrustedBrowser.objects.exists()
    again = surfer.post(remove(browser))
    assert again.status_code == 404
    assert "This browser is not trusted any more." in again.content.decode()


def test_trust_that_has_ended_is_not_listed(alice, enrol):
    enrol(alice)
    trust(alice)
    past = timezone.now() - timedelta(seconds=1)
    TrustedBrowser.objects.update(expires_at=past)
    assert "Trusted browsers" not in surf(alice).get(PAGE).content.decode()


def test_the_browser_of_somebody_else_is_not_there(alice, bob, enrol):
    enrol(bob)
    browser = trust(bob)
    surfer = surf(alice)
    assert surfer.post(remove(browser)).status_code == 404
    assert TrustedBrowser.objects.exists()


def test_nothing_of_this_is_a_strangers(client, alice):
    passkey = own(alice)
    for path in (at(passkey), at(passkey, "/remove")):
        assert client.post(path)["Location"].startswith("/login?next=")


def test_the_page_costs_the_same_with_many(alice, enrol, django_assert_max_num_queries):
    enrol(alice)
    for number in range(8):
        own(alice, f"Key {number}")
        trust(alice)
    surfer = surf(alice)
    surfer.get(PAGE)
    with django_assert_max_num_queries(12):
        page = surfer.get(PAGE)
    assert len(page.content) < 30_000
