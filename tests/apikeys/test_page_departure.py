"""Before a member goes: their own keys are kept or stop, the others get a contact."""

import pytest
from django.test import Client

from accounts.models import AuditEvent, Membership
from accounts.roles import Role
from apikeys.models import ApiKey
from apikeys.views import departure
from tests.cast import person
from tests.surfing import age, surf


def at(who):
    return f"/settings/members/{who.user.public_id}/remove"


def is_gone(who):
    return Membership.objects.get(pk=who.membership.pk).removed_at is not None


def now(api_key):
    return ApiKey.objects.with_people().get(pk=api_key.pk)


@pytest.fixture
def adam(alice):
    return person("adam@acme.test", alice.organization, Role.ADMIN)


@pytest.fixture
def held(adam, issue):
    """Two keys of adam's own, and one of the organization that he answers for."""
    return {
        "laptop": issue("scans_read", name="<b>Laptop</b>", owner=adam),
        "server": issue("scans_read", name="Server", owner=adam),
        "deploy": issue("scans_read", name="Deploy", contact=adam.membership),
    }


def test_the_page_lists_what_hangs_on_a_member(alice, adam, held):
    page = surf(alice).get(at(adam)).content.decode()
    assert "Remove Adam" in page
    for api_key, key in held.values():
        assert key not in page
        assert api_key.name.replace("<b>", "").replace("</b>", "") in page
    assert "<b>Laptop" not in page
    assert "They go on." not in page
    assert "1 key. It goes on." in page


def test_a_ticked_key_goes_on_and_the_others_stop(alice, adam, held, call):
    server, deploy = held["server"], held["deploy"]
    fields = {"keep": server[0].public_id, "contact": ""}
    answer = surf(alice).post(at(adam), fields)
    assert (answer.status_code, answer["Location"]) == (302, "/settings/members")
    assert is_gone(adam)
    assert call(server[1]).status_code == call(deploy[1]).status_code == 200
    assert call(held["laptop"][1]).status_code == 401
    for api_key, _ in (server, deploy):
        assert now(api_key).owner == "organization"
        assert now(api_key).contact == alice.membership


def test_a_colleague_can_answer_for_what_stays(alice, bob, adam, held):
    surf(alice).post(at(adam), {"contact": bob.user.public_id})
    assert now(held["deploy"][0]).contact == bob.membership
    assert is_gone(adam)


def test_who_goes_cannot_answer_for_what_stays(alice, adam, held):
    answer = surf(alice).post(at(adam), {"contact": adam.user.public_id})
    assert answer.status_code == 400
    assert "Choose somebody who stays." in answer.content.decode()
    assert not is_gone(adam)


def test_where_one_key_cannot_be_handed_over_nothing_happens(alice, adam, held, issue):
    issue("scans_read", name="Server")
    kept = [held["laptop"][0].public_id, held["server"][0].public_id]
    answer = surf(alice).post(at(adam), {"keep": kept})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "has this name already" in page
    assert f'value="{kept[1]}" checked' in page
    assert not is_gone(adam)
    assert now(held["laptop"][0]).membership == adam.membership
    assert not AuditEvent.objects.filter(action="api_key.transferred").exists()


@pytest.mark.parametrize("odd", ["key_01h455vb4pex5vsknk084sn02q", "x", "org"])
def test_no_key_but_theirs_can_be_ticked(alice, bob, adam, held, issue, odd):
    others = issue("scans_read", owner=bob)[0]
    for keep in (odd, others.public_id):
        assert surf(alice).post(at(adam), {"keep": keep}).status_code == 400
    assert now(others).membership == bob.membership
    assert not is_gone(adam)


def test_one_box_stands_for_all_that_the_page_does_not_list(
    alice, adam, held, call, monkeypatch
):
    monkeypatch.setattr(departure, "MOST_SHOWN", 1)
    assert "Keep the 1 others, too" in surf(alice).get(at(adam)).content.decode()
    surf(alice).post(at(adam), {"keep_others": "on"})
    owners = {now(held[name][0]).owner for name in ("laptop", "server")}
    assert owners == {"organization", adam.user.public_id}


def test_only_who_manages_members_removes_them(alice, bob, carol, adam):
    assert Client().post(at(adam))["Location"].startswith("/login")
    assert surf(bob).post(at(adam)).status_code == 403
    assert surf(carol).post(at(adam)).status_code == 404
    assert surf(adam).post(at(alice)).status_code == 403
    assert surf(alice).get("/settings/members/usr_1/remove").status_code == 404
    assert not is_gone(adam)
    assert not is_gone(alice)


def test_who_signed_in_long_ago_is_asked_first(alice, adam):
    browser = surf(alice)
    age(browser.session_row)
    assert b"Confirm it is you" in browser.post(at(adam)).content
    assert not is_gone(adam)


def test_the_last_owner_cannot_go(alice, adam):
    answer = surf(alice).post(at(alice), {"contact": adam.user.public_id})
    assert answer.status_code == 409
    assert not is_gone(alice)


def test_who_leaves_names_a_colleague_and_is_signed_out(alice, adam, held):
    browser = surf(adam)
    assert "You leave this organization." in browser.get(at(adam)).content.decode()
    assert browser.post(at(adam), {"contact": ""}).status_code == 400
    browser.post(at(adam), {"contact": alice.user.public_id})
    assert is_gone(adam)
    assert now(held["deploy"][0]).contact == alice.membership
    assert browser.get("/settings/api-keys").status_code == 302


def test_removing_somebody_twice_finds_nobody(alice, adam):
    surf(alice).post(at(adam))
    assert surf(alice).post(at(adam)).status_code == 404


def test_its_statements_do_not_grow_with_the_keys(
    alice, adam, issue, django_assert_max_num_queries
):
    for _ in range(20):
        issue("scans_read", owner=adam)
    browser = surf(alice)
    with django_assert_max_num_queries(9):
        assert browser.get(at(adam)).status_code == 200
