"""Settings > Sessions: where somebody is signed in, and how it ends."""

import csv
import io

import pytest

from accounts.models import Session
from tests.cast import PASSWORD
from tests.surfing import age, begin, surf

PAGE = "/settings/sessions"
END_OTHERS = "/settings/sessions/end-others"


@pytest.fixture
def surfer(alice):
    return surf(alice)


def end(session):
    return f"{PAGE}/{session.public_id}/end"


def test_a_stranger_is_sent_to_the_sign_in_page(client):
    assert client.get(PAGE)["Location"].startswith("/login?next=")
    assert client.post(END_OTHERS)["Location"].startswith("/login?next=")


def test_this_browser_and_programs_are_shown_apart(alice, surfer):
    alice.sign_in()
    page = surfer.get(PAGE).content.decode()
    this, others = page.split("<caption>Others</caption>")
    assert "<caption>This browser</caption>" in this
    assert ">program</td>" in others
    assert surfer.session_row.public_id not in page


def test_nobody_elses_sign_in_is_shown(bob, surfer):
    theirs = begin(bob, factors=["pwd"])
    page = surfer.get(PAGE).content.decode()
    assert theirs.public_id not in page
    assert "You are signed in nowhere else." in page


def test_one_sign_in_ends_at_once(alice, surfer):
    other = surf(alice)
    answer = surfer.post(end(other.session_row))
    assert answer["Location"] == PAGE
    assert other.get(PAGE)["Location"].startswith("/login")
    assert surfer.get(PAGE).status_code == 200


def test_a_program_is_refused_after_its_sign_in_has_ended(alice, surfer):
    alice.sign_in()
    program = Session.objects.get(is_browser=False)
    surfer.post(end(program))
    assert alice.call("GET", "/api/v1/auth/whoami").status_code == 401


def test_the_sign_in_of_somebody_else_is_not_there(alice, bob, carol):
    theirs = [begin(person, factors=["pwd"]) for person in (bob, carol)]
    surfer = surf(alice)
    for session in theirs:
        assert surfer.post(end(session)).status_code == 404
    assert not Session.objects.exclude(ended_at=None).exists()


def test_an_id_that_is_none_is_not_found(surfer):
    for odd in ("nothing", "ses_", "key_01h455vb4pex5vsknk084sn02q", "%00"):
        assert surfer.post(f"{PAGE}/{odd}/end").status_code == 404


def test_all_others_end_and_this_one_stays(alice, surfer):
    others = [surf(alice) for _ in range(3)]
    alice.sign_in()
    assert surfer.post(END_OTHERS)["Location"] == PAGE
    assert [other.get(PAGE).status_code for other in others] == [302] * 3
    assert alice.call("GET", "/api/v1/auth/whoami").status_code == 401
    assert "All your other sign-ins have ended." in surfer.get(PAGE).text


def test_an_old_sign_in_is_asked_who_it_is_first(alice, surfer):
    other = surf(alice)
    age(surfer.session_row)
    # The line that the test drew for the person would end nothing that is newer.
    page = surfer.post(END_OTHERS)
    assert "Confirm it is you" in page.content.decode()
    assert other.get(PAGE).status_code == 200
    surfer.post(END_OTHERS, {"confirm_password": PASSWORD})
    assert other.get(PAGE).status_code == 302


def test_ending_ones_own_leads_to_the_sign_in_page(surfer):
    answer = surfer.post(end(surfer.session_row), follow=True)
    assert answer.redirect_chain[-1][0].startswith("/login")


def test_a_sign_in_that_ended_in_another_tab_is_explained(alice, surfer):
    other = surf(alice)
    surfer.post(end(other.session_row))
    again = surfer.post(end(other.session_row))
    assert again.status_code == 404
    assert "This sign-in has ended already." in again.content.decode()


def test_the_list_is_a_file_too(alice, surfer):
    alice.sign_in()
    rows = surfer.get(PAGE, {"format": "json"}).json()["data"]
    assert {row["kind"] for row in rows} == {"browser", "program"}
    table = csv.DictReader(io.StringIO(surfer.get(PAGE, {"format": "csv"}).text))
    assert {row["id"] for row in table} == {row["id"] for row in rows}


def test_a_user_agent_is_only_text(alice):
    surfer = surf(alice)
    mark = "<b>x</b> (Linux) Firefox/1"
    Session.objects.update(user_agent=mark)
    assert mark not in surfer.get(PAGE).content.decode()


def test_a_long_list_is_read_page_by_page_at_a_fixed_cost(
    alice, surfer, django_assert_max_num_queries
):
    for _ in range(30):
        begin(alice, factors=["pwd"])
    with django_assert_max_num_queries(8):
        page = surfer.get(PAGE)
    assert page.content.decode().count('data-label="Kind"') == 21
    assert len(page.content) < 30_000
    assert "Older" in page.text


def test_a_get_ends_nothing(alice, surfer):
    other = surf(alice)
    for path in (END_OTHERS, end(other.session_row)):
        assert surfer.get(path).status_code == 405
    assert other.get(PAGE).status_code == 200
