"""Settings > Connected applications: what a person lets others do, and its end."""

import pytest
from django.utils import timezone

from oauth.models import Consent
from tests.cast import founder, person
from tests.oauth.applying import CONNECTED, text
from tests.oauth.conftest import Browser, bearer, register
from tests.surfing import age, surf


def grant(person, app, scope="scans_read"):
    Browser(person).sign_in().code(app, scope=scope)
    return Consent.objects.latest("id")


def end(surfer, consent):
    return surfer.post(f"{CONNECTED}/{consent.public_id}/revoke")


def test_it_says_in_words_who_may_do_what(app, bob):
    grant(bob, app, "openid scans_read")
    page = text(surf(bob).get(CONNECTED))
    for words in (
        *("Slack Bot", "by Acme", "Read scan results scans_read"),
        *("Know that you signed in here, and recognise you openid", "never"),
    ):
        assert words in page
    assert "not your organization" not in page


def test_the_application_of_another_organization_is_marked(alice, carol):
    grant(alice, register(carol, published_at=timezone.now()))
    page = text(surf(alice).get(CONNECTED))
    assert "by Other not your organization" in page


def test_what_stands_for_all_is_marked(nadia):
    grant(nadia, register(nadia), "admin")
    assert "full access" in text(surf(nadia).get(CONNECTED))


def test_without_any_it_says_what_would_stand_here(bob):
    assert "No connected applications" in text(surf(bob).get(CONNECTED))


def test_each_sees_their_own_only(app, alice, bob):
    consent = grant(bob, app)
    alices = surf(alice)
    assert "Slack Bot" not in text(alices.get(CONNECTED))
    assert alices.get(f"{CONNECTED}?format=json").json() == {"data": []}
    assert end(alices, consent).status_code == 404
    consent.refresh_from_db()
    assert consent.withdrawn_at is None


def test_those_of_another_organization_of_mine_name_it(app, alice):
    consent = grant(alice, app)
    other = founder("zed@zed.test", "Zed", product="netrecon", plan="enterprise")
    own = person("x@x.test", other.organization, "member").membership
    own.user = alice.user
    own.save()
    alice.membership = own
    surfer = surf(alice)
    assert "in Acme" in text(surfer.get(CONNECTED))
    assert end(surfer, consent).status_code == 302
    consent.refresh_from_db()
    assert consent.withdrawn_reason == "withdrawn"


def test_disconnected_its_tokens_are_refused_at_once(app, bob, client):
    browser = Browser(bob).sign_in()
    token = browser.tokens(app)["access_token"]
    assert client.get("/api/v1/scans", headers=bearer(token)).status_code == 200
    surfer = surf(bob)
    done = end(surfer, Consent.objects.get())
    assert done["Location"] == CONNECTED
    page = text(surfer.get(CONNECTED))
    assert "Slack Bot can do nothing for you any more." in page
    assert "No connected applications" in page
    assert client.get("/api/v1/scans", headers=bearer(token)).status_code == 401


def test_in_a_second_tab_it_is_gone_already(app, bob):
    consent = grant(bob, app)
    surfer = surf(bob)
    assert [end(surfer, consent).status_code for _ in range(2)] == [302, 302]


def test_a_disconnect_asks_first_whether_it_is_them(app, bob):
    consent = grant(bob, app)
    surfer = surf(bob)
    age(surfer.session_row)
    # The consent is as old as the sign-in then.
    Consent.objects.update(granted_at=timezone.now())
    assert "Confirm it is you" in text(end(surfer, consent))
    assert surfer.get(f"{CONNECTED}/{consent.public_id}/revoke").status_code == 405
    consent.refresh_from_db()
    assert consent.withdrawn_at is None


def test_one_that_cannot_act_now_says_so(app, bob):
    grant(bob, app)
    app.row.is_active = False
    app.row.save()
    assert "does not work now" in text(surf(bob).get(CONNECTED))


def test_the_list_is_exported(app, bob):
    consent = grant(bob, app)
    surfer = surf(bob)
    (row,) = surfer.get(f"{CONNECTED}?format=json").json()["data"]
    assert (row["id"], row["publisher"]) == (consent.public_id, "Acme")
    csv = surfer.get(f"{CONNECTED}?format=csv")
    assert csv["Content-Disposition"].endswith('"connected-applications.csv"')


def test_a_hostile_name_stays_text(alice, bob):
    name = "<script>alert(1)</script>"
    grant(bob, register(alice, name=name))
    page = surf(bob).get(CONNECTED).content.decode()
    assert name not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("number", [1, 8])
def test_many_cost_as_many_statements_as_one(
    alice, bob, number, django_assert_max_num_queries
):
    for each in range(number):
        Consent.objects.create(
            membership=bob.membership,
            application=register(alice, name=f"App {each}").row,
            scopes=["scans_read"],
        )
    surfer = surf(bob)
    with django_assert_max_num_queries(3):
        assert surfer.get(CONNECTED).status_code == 200
