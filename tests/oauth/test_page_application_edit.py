"""Settings > OAuth applications > one > edit."""

import re
from dataclasses import replace

import pytest

from accounts.models import AuditEvent
from oauth.models import Application
from tests.oauth.applying import (
    NEW,
    OF_TYPE,
    SECRET,
    UNCHANGED,
    at,
    errors,
    nonce_of,
    text,
)
from tests.oauth.conftest import CALLBACK, register
from tests.surfing import age, surf


@pytest.fixture
def surfer(alice):
    return surf(alice)


def filled(row, **more):
    """The form as it is shown, sent back with changes."""
    return {
        "name": row.name,
        "redirect_uris": "\n".join(row.redirects),
        "scopes": row.scopes,
        **UNCHANGED,
        **OF_TYPE[row.type],
        **more,
    }


def save(surfer, row, **more):
    return surfer.post(at(row, "/edit"), filled(row, **more))


def test_what_was_changed_is_changed_and_nothing_else(surfer, app):
    before = app.row.scopes
    answer = save(surfer, app.row, name="Renamed", redirect_uris="https://b.test/cb")
    assert answer["Location"] == at(app.row)
    row = Application.objects.get()
    assert (row.name, row.redirects) == ("Renamed", ["https://b.test/cb"])
    assert row.scopes == before
    event = AuditEvent.objects.get(action="application.changed")
    assert set(event.details["after"]) == {"name", "redirect_uris"}
    assert "The application was changed." in text(surfer.get(at(row)))


def test_a_form_that_is_sent_as_it_was_shown_changes_nothing(surfer, app):
    form = surfer.get(at(app.row, "/edit")).context["form"]
    shown = {
        name: form[name].value() for name in form.fields if form[name].value() not in
        (None, False)
    }  # fmt: skip
    assert surfer.post(at(app.row, "/edit"), shown).status_code == 302
    assert not AuditEvent.objects.filter(action="application.changed").exists()


def test_what_the_form_does_not_have_stays(alice, surfer):
    """A single-page application may have what only the API sets."""
    kept = "https://a.test/logout"
    row = register(alice, type="spa", backchannel_logout_uri=kept).row
    save(surfer, row, name="Renamed", backchannel_logout_uri="")
    row.refresh_from_db()
    assert (row.name, row.require_pkce) == ("Renamed", True)


def test_a_wrong_address_is_told_and_the_old_ones_stay(surfer, app):
    answer = save(surfer, app.row, redirect_uris="http://a.test/")
    assert errors(answer)[0].startswith("Line 1: Use https.")
    app.row.refresh_from_db()
    assert app.row.redirects == [CALLBACK]


def test_the_type_cannot_be_changed(surfer, app):
    save(surfer, app.row, type="machine", name="Renamed")
    app.row.refresh_from_db()
    assert (app.row.type, app.row.name) == ("web", "Renamed")


@pytest.fixture
def without_billing(alice, settings):
    """From now on the plan of alice has not this scope, so she does not hold it."""
    product = alice.organization.product
    scopes = frozenset(product.scopes) - {"billing"}
    plan = replace(alice.organization.plan, scopes=scopes)
    changed = replace(product, plans={**product.plans, plan.slug: plan})
    settings.PRODUCTS = {**settings.PRODUCTS, product.slug: changed}


def test_who_holds_less_cannot_point_it_elsewhere(surfer, app, without_billing):
    answer = save(surfer, app.row, redirect_uris="https://evil.test/cb")
    assert "You do not hold these yourself: billing." in errors(answer)
    app.row.refresh_from_db()
    assert app.row.redirects == [CALLBACK]


def test_who_holds_less_cannot_have_its_secret(surfer, app, without_billing):
    path = at(app.row, "/rotate-secret")
    body = {"grace_seconds": "0", "form_nonce": nonce_of(surfer, path)}
    answer = surfer.post(path, body)
    assert "You do not hold these yourself: billing." in errors(answer)
    assert not SECRET.search(answer.content.decode())


def test_what_i_do_not_hold_cannot_be_ticked_but_taken_away(
    alice, surfer, app, without_billing
):
    box = r'<input[^>]*value="billing"[^>]*>'
    new = surfer.get(f"{NEW}?type=web").content.decode()
    assert re.search(box, new)[0].endswith(" disabled>")
    assert "you do not hold it" in new
    present = surfer.get(at(app.row, "/edit")).content.decode()
    assert re.search(box, present)[0].endswith(" checked>")
    narrower = [scope for scope in app.row.scopes if scope != "billing"]
    assert save(surfer, app.row, scopes=narrower).status_code == 302


def test_it_is_asked_first_whether_it_is_them_and_goes_on_then(surfer, app, alice):
    age(surfer.session_row)
    asked = save(surfer, app.row, name="Renamed")
    assert "Confirm it is you" in text(asked)
    body = dict(asked.context["carried"])
    assert body["name"] == "Renamed"
    scopes = [value for name, value in asked.context["carried"] if name == "scopes"]
    again = {**body, "scopes": scopes, "confirm_password": alice.password}
    assert surfer.post(at(app.row, "/edit"), again).status_code == 302
    app.row.refresh_from_db()
    assert app.row.name == "Renamed"
