"""The buttons of an application: a new secret, off and on, and its end."""

import pytest

from accounts.models import AuditEvent
from oauth.models import Application, Consent
from tests.oauth.applying import LIST, SECRET, at, errors, nonce_of, text
from tests.oauth.conftest import App, register
from tests.surfing import age, surf

DESTROYING = ("/rotate-secret", "/end-old-secret", "/disable", "/enable", "/delete")


@pytest.fixture
def surfer(alice):
    return surf(alice)


def rotate(surfer, row, **more):
    nonce = nonce_of(surfer, at(row, "/rotate-secret"))
    body = {"grace_seconds": "3600", "form_nonce": nonce, **more}
    return surfer.post(at(row, "/rotate-secret"), body)


def works(app, secret):
    return App(app.row, secret).post("introspect", token="x").status_code == 200


def test_both_secrets_work_for_the_grace(surfer, app):
    answer = rotate(surfer, app.row)
    (secret,) = set(SECRET.findall(answer.content.decode()))
    assert works(app, secret)
    assert works(app, app.secret)
    assert "The old secret" in text(answer)
    page = surfer.get(at(app.row)).content.decode()
    assert "End the old secret now" in page
    assert secret not in page


def test_the_old_secret_ends_when_the_button_says_so(surfer, app):
    answer = rotate(surfer, app.row)
    (secret,) = set(SECRET.findall(answer.content.decode()))
    done = surfer.post(at(app.row, "/end-old-secret"))
    assert done["Location"] == at(app.row)
    assert "is refused from now on" in text(surfer.get(done["Location"]))
    assert not works(app, app.secret)
    assert works(app, secret)
    assert AuditEvent.objects.filter(action="application.old_secret_ended").count() == 1


def test_in_a_second_tab_the_old_secret_is_gone_already(surfer, app):
    rotate(surfer, app.row, grace_seconds="0")
    done = surfer.post(at(app.row, "/end-old-secret"))
    assert "It has no old secret any more." in text(surfer.get(done["Location"]))
    assert not AuditEvent.objects.filter(action="application.old_secret_ended").exists()


def test_now_ends_the_old_secret_at_once(surfer, app):
    rotate(surfer, app.row, grace_seconds="0")
    assert not works(app, app.secret)


@pytest.mark.parametrize("grace", ["", "-1", "2592001", "1e3", "٣", "9" * 400])
def test_a_grace_that_is_none_of_these_rotates_nothing(surfer, app, grace):
    answer = rotate(surfer, app.row, grace_seconds=grace)
    assert errors(answer)
    assert not SECRET.search(answer.content.decode())
    assert works(app, app.secret)


def test_the_rotation_sent_again_makes_no_second_secret(surfer, app):
    nonce = nonce_of(surfer, at(app.row, "/rotate-secret"))
    first = rotate(surfer, app.row, form_nonce=nonce)
    again = rotate(surfer, app.row, form_nonce=nonce)
    assert "This form was sent before" in text(again)
    assert not SECRET.search(again.content.decode())
    assert works(app, SECRET.search(first.content.decode())[0])
    assert works(app, app.secret)


def test_who_has_no_secret_cannot_rotate_it(alice, surfer):
    row = register(alice, type="spa").row
    assert "It has no secret: it uses none." in text(
        surfer.get(at(row, "/rotate-secret"))
    )
    answer = surfer.post(
        at(row, "/rotate-secret"), {"grace_seconds": "0", "form_nonce": "x" * 22}
    )
    assert "It has no secret" in text(answer)
    row.refresh_from_db()
    assert row.secret_digest is None


@pytest.mark.parametrize("then", ["/disable", "/delete"])
@pytest.mark.parametrize("name", ["", "slack bot", "Slack"])
def test_the_name_has_to_be_typed(surfer, app, bobs, then, name):
    bobs.code(app)
    answer = surfer.post(at(app.row, then), {"typed_name": name})
    assert errors(answer) == ["This is not its name."]
    assert "1 person lets it in." in text(answer)
    app.row.refresh_from_db()
    assert app.row.status == "active"


def test_a_name_is_the_same_where_it_looks_the_same(surfer, app):
    Application.objects.update(name="Caf\u00e9  Bot")
    surfer.post(at(app.row, "/disable"), {"typed_name": "Cafe\u0301 Bot"})
    app.row.refresh_from_db()
    assert app.row.status == "disabled"


def test_a_disabled_application_stops_and_starts_again(surfer, app, bobs):
    token = bobs.tokens(app)["access_token"]
    done = surfer.post(at(app.row, "/disable"), {"typed_name": " Slack Bot "})
    assert done["Location"] == at(app.row)
    assert "disabled" in text(surfer.get(at(app.row)))
    assert App(app.row, app.secret).post("introspect", token=token).status_code == 401
    surfer.post(at(app.row, "/enable"))
    assert app.introspect(token)["active"]


def test_a_deleted_application_is_gone_with_what_people_let_it_do(surfer, app, bobs):
    bobs.code(app)
    done = surfer.post(at(app.row, "/delete"), {"typed_name": "Slack Bot"})
    assert done["Location"] == LIST
    assert "Slack Bot was deleted" in text(surfer.get(LIST))
    assert Consent.objects.get().withdrawn_reason == "application_deleted"
    assert surfer.post(at(app.row, "/delete")).status_code == 404


@pytest.mark.parametrize("then", DESTROYING)
def test_looking_changes_nothing(surfer, app, then):
    before = Application.objects.values().get()
    surfer.get(at(app.row, then))
    assert Application.objects.values().get() == before


@pytest.mark.parametrize("then", DESTROYING)
def test_each_asks_first_whether_it_is_them(surfer, app, then):
    age(surfer.session_row)
    body = {"typed_name": "Slack Bot", "grace_seconds": "0", "form_nonce": "x" * 22}
    assert "Confirm it is you" in text(surfer.post(at(app.row, then), body))
    app.row.refresh_from_db()
    assert app.row.status == "active"
    assert works(app, app.secret)
