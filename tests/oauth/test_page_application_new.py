"""Settings > OAuth applications > new: the type first, then the form, then the
secret, this once."""

import re

import pytest

from accounts.models import AuditEvent
from oauth.models import Application
from tests.cast import person
from tests.oauth.applying import (
    LIST,
    NEW,
    SECRET,
    at,
    create,
    errors,
    text,
    typed,
)
from tests.oauth.conftest import App
from tests.surfing import age, surf


@pytest.fixture
def surfer(alice):
    return surf(alice)


def test_the_type_is_asked_first(surfer):
    page = surfer.get(NEW).content.decode()
    for type in ("web", "spa", "native", "machine"):
        assert f'href="?type={type}"' in page
    assert "<textarea" not in page
    assert "<textarea" not in surfer.get(f"{NEW}?type=nonsense").content.decode()


@pytest.mark.parametrize(
    ("type", "has", "has_not"),
    [
        ("web", ["redirect_uris", "require_pkce", "jwks"], []),
        ("spa", ["redirect_uris"], ["require_pkce", "jwks"]),
        ("native", ["redirect_uris"], ["require_pkce", "token_endpoint_auth_method"]),
        ("machine", ["jwks"], ["redirect_uris", "require_pkce"]),
    ],
)
def test_each_type_has_the_fields_that_fit_it(surfer, type, has, has_not):
    page = surfer.get(f"{NEW}?type={type}").content.decode()
    for name in has:
        assert f'name="{name}"' in page
    for name in has_not:
        assert f'name="{name}"' not in page


def test_the_secret_is_in_the_answer_and_works(surfer):
    answer = create(surfer)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    (secret,) = set(SECRET.findall(answer.content.decode()))
    row = Application.objects.get()
    assert (row.name, row.redirects) == ("Alert Relay", ["https://app.test/callback"])
    assert row.scopes == ["scans_read"]
    assert App(row, secret).post("introspect", token="x").status_code == 200


def test_the_secret_is_nowhere_but_in_that_answer(surfer, caplog):
    answer = create(surfer)
    (secret,) = set(SECRET.findall(answer.content.decode()))
    title = re.search(r"<title>.*?</title>", answer.content.decode(), re.S)[0]
    cookies = " ".join(morsel.value for morsel in surfer.cookies.values())
    audit = " ".join(str(event.details) for event in AuditEvent.objects.all())
    row = Application.objects.get()
    for page in (LIST, at(row), at(row, "/edit"), at(row, "/rotate-secret")):
        assert secret not in surfer.get(page).content.decode()
    for place in (title, cookies, audit, caplog.text):
        assert secret not in place


@pytest.mark.parametrize("type", ["spa", "native"])
def test_who_keeps_no_secret_is_given_none(surfer, type):
    answer = create(surfer, type)
    assert "It has no secret: it uses none." in text(answer)
    assert not SECRET.search(answer.content.decode())
    assert Application.objects.get().require_pkce


def test_a_machine_has_a_snippet_that_gets_a_token(surfer):
    page = create(surfer, "machine").content.decode()
    assert "grant_type=client_credentials" in page


def test_the_form_sent_again_makes_no_second_and_shows_no_secret(surfer):
    body = typed(surfer)
    assert surfer.post(f"{NEW}?type=web", body).status_code == 200
    again = surfer.post(f"{NEW}?type=web", body)
    assert "This form was sent before" in text(again)
    assert not SECRET.search(again.content.decode())
    assert at(Application.objects.get()) in again.content.decode()


def test_without_its_nonce_a_form_makes_nothing(surfer):
    answer = create(surfer, form_nonce="")
    assert errors(answer) == ["Open the form again, then send it."]
    assert not Application.objects.exists()


def test_every_wrong_address_is_told_by_its_line(surfer):
    typed_in = "https://a.test/cb\nhttp://a.test/cb\n\nhttps://a.test/cb#x"
    answer = create(surfer, redirect_uris=typed_in, name="Kept")
    assert errors(answer) == [
        "Line 2: Use https. http is only for localhost, 127.0.0.1 and [::1], in lower "
        "case.",
        "Line 3: Leave out the fragment, the part from # on.",
    ]
    page = answer.content.decode()
    assert 'value="Kept"' in page
    assert "http://a.test/cb" in page
    assert re.search(r'value="scans_read"[^>]* checked', page)
    assert not Application.objects.exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "two\u2028lines"}, "Use visible characters"),
        ({"scopes": []}, "Name at least one scope."),
        ({"scopes": ["nonsense"]}, "Unknown scope."),
        ({"redirect_uris": ""}, "Name at least one address"),
        ({"redirect_uris": "https://a.test/\nhttps://a.test/"}, "Name each once."),
        ({"redirect_uris": "https://a.test/\n" * 21}, "Name at most 20."),
        ({"jwks": "{"}, "Send a JSON Web Key Set"),
        ({"jwks": "[1]"}, "Send a JSON Web Key Set"),
        ({"token_endpoint_auth_method": "none"}, "Select a valid choice."),
        ({"backchannel_logout_uri": "ftp://x"}, "Use https."),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_made(surfer, more, told):
    answer = create(surfer, **more)
    assert answer.status_code == 200
    assert any(told in each for each in errors(answer)), errors(answer)
    assert not Application.objects.exists()


def test_nobody_hands_on_what_they_do_not_hold(alice):
    admin = person("admin@acme.test", alice.organization, "admin")
    surfer = surf(admin)
    body = typed(surfer)
    admin.membership.role = "member"
    admin.membership.save()
    assert surfer.post(f"{NEW}?type=web", body).status_code == 403
    assert not Application.objects.exists()


def test_the_addresses_are_checked_while_they_are_typed(surfer):
    check = f"{LIST}/check-addresses?type=web"
    body = {"redirect_uris": "https://a.test/cb\ncom.example.app:/cb"}
    wrong = "Line 2: Use https. Only native applications have their own schemes."
    assert surfer.post(check, body).json() == {"problems": [wrong]}
    native = check.replace("web", "native")
    assert surfer.post(native, body).json() == {"problems": []}
    assert surfer.post(check, {"redirect_uris": "x\n" * 20_000}).status_code == 200
    assert surfer.get(check).status_code == 405


def test_it_is_asked_first_whether_it_is_them(surfer):
    body = typed(surfer)
    age(surfer.session_row)
    for answer in (surfer.get(NEW), surfer.post(f"{NEW}?type=web", body)):
        assert "Confirm it is you" in text(answer)
    assert not Application.objects.exists()
