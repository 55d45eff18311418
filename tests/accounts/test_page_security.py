"""Settings > Security: what it shows, and the change of the password."""

from html.parser import HTMLParser

import pytest
from django.urls import reverse

from accounts.models import Session
from tests.cast import PASSWORD
from tests.surfing import age, surf

PAGE = "/settings/security"
CHANGE = "/settings/security/password"
NEW = "seven green kettles 19"


@pytest.fixture
def surfer(alice):
    return surf(alice)


def change(surfer, **typed):
    wish = {"current_password": PASSWORD, "new_password": NEW, **typed}
    return surfer.post(CHANGE, wish)


def test_a_stranger_is_sent_to_the_sign_in_page(client):
    assert client.get(PAGE)["Location"] == f"/login?next={PAGE.replace('/', '%2F')}"
    assert client.post(CHANGE)["Location"].startswith("/login")


def test_every_role_has_the_page(bob):
    assert surf(bob).get(PAGE).status_code == 200


def test_who_has_only_a_password_is_warned(surfer):
    page = surfer.get(PAGE).content.decode()
    assert "Your password alone opens this account" in page
    assert "You have one method only" not in page


def test_who_has_only_an_app_is_told_to_add_a_passkey(alice, enrol):
    enrol(alice)
    page = surf(alice).get(PAGE).content.decode()
    assert "You have one method only" in page
    assert "10 left" in page


def test_the_password_is_changed_and_other_sign_ins_end(alice, surfer):
    other = surf(alice)
    answer = change(surfer)
    assert answer["Location"] == PAGE
    assert "Your password is changed" in surfer.get(PAGE).content.decode()
    assert other.get(PAGE).status_code == 302
    alice.password = NEW
    assert alice.log_in().status_code == 200


def test_a_wrong_present_password_changes_nothing(alice, surfer):
    page = change(surfer, current_password="not this one 42")
    assert page.status_code == 400
    assert "This is not your present password" in page.content.decode()
    assert alice.log_in().status_code == 200


def test_a_weak_password_is_explained_at_its_field(surfer):
    page = change(surfer, new_password="short")
    assert page.status_code == 400
    text = page.content.decode()
    assert 'id="id_new_password_error"' in text
    assert 'id="id_current_password_error"' not in text


def test_no_password_is_ever_sent_back(surfer):
    for typed in ({"current_password": "wrong one 42"}, {"new_password": "x"}):
        text = change(surfer, **typed).content.decode()
        assert PASSWORD not in text
        assert "wrong one 42" not in text


def test_an_empty_form_is_answered_with_what_is_missing(surfer):
    page = surfer.post(CHANGE, {})
    assert page.status_code == 200
    assert page.content.decode().count("This field is required.") == 2


def test_guessing_the_present_password_has_to_wait(surfer):
    for _ in range(10):
        change(surfer, current_password="wrong one 42")
    refused = change(surfer)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


def test_an_old_sign_in_may_change_the_password_with_the_password(alice, surfer):
    age(surfer.session_row)
    assert change(surfer)["Location"] == PAGE


def test_changing_needs_the_token_of_the_form(alice, browse):
    browser = browse()
    browser.log_in(alice)
    answer = browser.post(CHANGE, {"current_password": PASSWORD, "new_password": NEW})
    assert answer.status_code == 403
    assert alice.log_in().status_code == 200


def test_a_get_changes_nothing(surfer):
    typed = {"current_password": PASSWORD, "new_password": NEW}
    assert surfer.get(CHANGE, typed).status_code == 405


def test_the_page_costs_a_fixed_number_of_statements(
    alice, enrol, django_assert_max_num_queries
):
    enrol(alice)
    surfer = surf(alice)
    surfer.get(PAGE)
    with django_assert_max_num_queries(12):
        surfer.get(PAGE)


class _Posts(HTMLParser):
    """Where the forms of a page lead."""

    def __init__(self, text):
        super().__init__()
        self.actions = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "form":
            self.actions.append(dict(attrs).get("action", ""))


def test_the_forms_lead_to_pages_that_take_them(surfer):
    led_to = _Posts(surfer.get(PAGE).content.decode()).actions
    assert reverse("totp") in led_to
    assert reverse("change_password") in led_to


def test_another_sign_in_that_ended_meanwhile_is_sent_to_sign_in(alice, surfer):
    Session.objects.filter(pk=surfer.session_row.pk).end("test")
    assert change(surfer)["Location"].startswith("/login")
    assert alice.log_in().status_code == 200
