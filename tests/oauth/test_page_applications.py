"""Settings > OAuth applications: the list, and the page of one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from oauth.models import AccessToken, Application
from tests.cast import founder, person
from tests.oauth.applying import CONNECTED, LIST, NEW, at, text
from tests.oauth.conftest import register
from tests.surfing import surf

PAGES = (
    *("", "/edit", "/rotate-secret", "/end-old-secret", "/disable", "/enable"),
    *("/delete", "/test", "/test/done"),
)


@pytest.fixture
def surfer(alice):
    return surf(alice)


@pytest.mark.parametrize("then", PAGES)
def test_who_is_signed_out_signs_in_first(client, app, then):
    for method in (client.get, client.post):
        answer = method(at(app.row, then))
        assert (answer.status_code, answer["Location"][:12]) == (302, "/login?next=")
    app.row.refresh_from_db()
    assert app.row.status == "active"


@pytest.mark.parametrize("path", [LIST, NEW, f"{LIST}/check-addresses", CONNECTED])
def test_the_other_pages_want_a_sign_in_too(client, db, path):
    assert client.get(path)["Location"].startswith("/login?next=")


@pytest.mark.parametrize("then", PAGES)
def test_another_organization_finds_no_application(app, carol, then):
    theirs = surf(carol)
    statuses = {
        method(at(app.row, then)).status_code for method in (theirs.get, theirs.post)
    }
    # A button has no page.
    assert statuses <= {404, 405}
    assert 404 in statuses
    app.row.refresh_from_db()
    assert app.row.status == "active"


@pytest.mark.parametrize("then", PAGES)
def test_a_member_is_told_who_may(app, bob, then):
    bobs = surf(bob)
    answers = [
        method(at(app.row, then), {"typed_name": app.row.name})
        for method in (bobs.get, bobs.post)
    ]
    assert {answer.status_code for answer in answers} <= {403, 405}
    told = [text(answer) for answer in answers if answer.status_code == 403]
    assert all("needs the role admin" in page for page in told)
    assert told
    app.row.refresh_from_db()
    assert app.row.status == "active"


def test_a_member_sees_neither_the_list_nor_the_form(bob):
    bobs = surf(bob)
    for path in (LIST, NEW):
        assert bobs.get(path).status_code == 403


def test_the_list_says_what_each_is_and_who_uses_it(alice, surfer, app, bobs):
    bobs.code(app)
    register(alice, type="machine", name="Nightly report")
    page = text(surfer.get(LIST))
    for words in ("Slack Bot", app.client_id, "Web application", "Nightly report"):
        assert words in page
    assert page.index("Nightly report") < page.index("Slack Bot")
    assert surfer.get(LIST).context["shown"][1][2] == 1


def test_the_list_is_of_the_own_organization(app, carol):
    assert "Slack Bot" not in text(surf(carol).get(LIST))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=slack", ["Slack Bot"]),
        ("q=%00zebra", []),
        ("type=spa", ["Panel"]),
        ("type=nonsense", ["Panel", "Slack Bot"]),
        ("status=disabled", ["Panel"]),
        ("status=active&type=web", ["Slack Bot"]),
    ],
)
def test_the_address_filters_the_list(alice, surfer, app, query, found):
    register(alice, type="spa", name="Panel", is_active=False)
    shown = surfer.get(f"{LIST}?{query}").context["shown"]
    assert [row.name for row, _, _ in shown] == found


def test_an_empty_list_offers_the_first_application(surfer):
    assert "No applications yet" in text(surfer.get(LIST))


def test_a_plan_without_applications_says_which_plans_have_them(app, alice, surfer):
    alice.organization.plan_slug = "starter"
    alice.organization.save()
    for path in (LIST, NEW, f"{NEW}?type=web", at(app.row)):
        page = text(surfer.get(path))
        assert "The plan Starter has no OAuth applications." in page, path
        assert "These plans have them: Enterprise." in page
    assert "Create the application" not in text(surfer.get(f"{NEW}?type=web"))


def test_the_list_is_exported(surfer, app):
    rows = surfer.get(f"{LIST}?format=json").json()["data"]
    assert [row["client_id"] for row in rows] == [app.client_id]
    csv = surfer.get(f"{LIST}?format=csv")
    assert csv["Content-Disposition"].endswith('"oauth-applications.csv"')
    for answer in (surfer.get(f"{LIST}?format=json"), csv):
        assert app.secret not in answer.content.decode()


def test_a_page_of_many_costs_as_many_statements_as_of_one(
    alice, surfer, django_assert_max_num_queries
):
    for number in range(20):
        register(alice, name=f"App {number}")
    for path in (LIST, at(Application.objects.first())):
        with django_assert_max_num_queries(6):
            assert surfer.get(path).status_code == 200


def test_the_page_of_one_counts_people_and_the_tokens_that_work(surfer, app, bobs):
    scopes = {"scope": "scans_read"}
    bobs.tokens(app, **scopes)
    bobs.tokens(app, **scopes)
    old = AccessToken.objects.first()
    old.expires = timezone.now() - timedelta(seconds=1)
    old.save()
    page = text(surfer.get(at(app.row)))
    assert "1 person lets it in" in page
    assert "1 can be used now" in page
    bobs.person.user.is_active = False
    bobs.person.user.save()
    page = text(surfer.get(at(app.row)))
    assert "0 people let it in" in page
    assert "0 can be used now" in page


def test_the_page_of_one_has_snippets_with_the_real_address(surfer, app, settings):
    page = surfer.get(at(app.row)).content.decode()
    assert f"{settings.PUBLIC_URL}/.well-known/openid-configuration" in page
    assert app.client_id in page
    assert app.secret not in page


def test_a_hostile_name_and_address_stay_text(alice, surfer):
    name = "<script>alert(1)</script>"
    row = register(alice, name=name).row
    for path in (LIST, *(at(row, then) for then in PAGES[:3]), at(row, "/delete")):
        page = surfer.get(path).content.decode()
        assert name not in page
        assert "&lt;script&gt;alert(1)" in page, path


def test_an_admin_manages_them_too(alice, app):
    admin = surf(person("admin@acme.test", alice.organization, "admin"))
    assert admin.get(at(app.row)).status_code == 200


def test_a_deleted_application_is_not_found(surfer, app):
    app.row.deleted_at = timezone.now()
    app.row.save()
    assert surfer.get(at(app.row)).status_code == 404
    assert "Slack Bot" not in text(surfer.get(LIST))


def test_another_membership_of_the_same_person_shows_nothing_of_this_one(app, db):
    other = founder("zoe@zoe.test", "Zoe", product="netallion", plan="starter")
    assert surf(other).get(at(app.row)).status_code == 404
