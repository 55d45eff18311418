"""An operator gives an organization other limits than its plan. They hold at once."""

import pytest

from accounts.models import AuditEvent, Organization, User
from ratelimits.limits import Limits
from tests.cast import founder, send

TABLE = "/admin/accounts/organization/"
WHOAMI = "/api/v1/auth/whoami"
NUMBERS = ("per_minute", "burst", "daily")

pytestmark = pytest.mark.usefixtures("standing_limits", "in_the_demo")


@pytest.fixture
def operator(carol):
    """An operator, whose own organization is another one."""
    User.objects.filter(pk=carol.user.pk).update(is_staff=True, is_superuser=True)
    return carol


@pytest.fixture
def starter(signing_keys):
    """An owner on the starter plan: 100 in a minute, 20 in a second, 10,000 a day."""
    return founder("stan@small.test", "Small", product="netrecon", plan="starter")


@pytest.fixture
def browser(operator, browse):
    browser = browse()
    browser.log_in(operator)
    return browser


@pytest.fixture
def change(browser):
    """change(organization, per_minute=5) -> the answer to the operator's form."""

    def fill_in(organization, **fields):
        path = f"{TABLE}{organization.pk}/change/"
        return browser.fill_in(path, **form_of(organization, **fields))

    return fill_in


def form_of(organization, **fields):
    row = Organization.objects.get(pk=organization.pk)
    numbers = {name: getattr(row, name) or "" for name in NUMBERS}
    present = {"name": row.name, "plan_slug": row.plan_slug, "is_active": "on"}
    return {**present, **numbers, **fields}


def told(**headers):
    """Status, limit and what is left of it, as the headers of the next answer say."""
    answer = send("GET", WHOAMI, **headers)
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining")
    return answer.status_code, *(int(answer.headers[name]) for name in names)


def now(person):
    return Organization.objects.get(pk=person.organization.pk).limits


def test_without_numbers_the_plan_holds(alice, starter):
    assert now(alice) is alice.organization.plan.limits
    assert now(starter) is starter.organization.plan.limits


@pytest.mark.parametrize(
    ("numbers", "effective"),
    [
        ({"per_minute": 7}, Limits(7, 20, 10_000)),
        ({"per_minute": 7000}, Limits(7000, 20, 10_000)),
        ({"burst": 1}, Limits(100, 1, 10_000)),
        ({"burst": 900}, Limits(100, 900, 10_000)),
        ({"daily": 5}, Limits(100, 20, 5)),
        ({"daily": 999_999_999}, Limits(100, 20, 999_999_999)),
        ({"per_minute": 1, "burst": 2, "daily": 3}, Limits(1, 2, 3)),
    ],
)
def test_each_number_counts_in_place_of_the_plans(starter, change, numbers, effective):
    assert change(starter.organization, **numbers).status_code == 302
    assert now(starter) == effective
    assert change(starter.organization, **dict.fromkeys(NUMBERS, "")).status_code == 302
    assert now(starter) == Limits(100, 20, 10_000)


def test_a_daily_number_sets_one_where_the_plan_has_none(alice, change):
    change(alice.organization, daily=9)
    assert now(alice) == Limits(2000, 500, 9)


@pytest.mark.parametrize("by", ["key", "session"])
def test_lowered_in_mid_run_what_was_counted_before_counts(starter, issue, change, by):
    """The very next request is judged by it."""
    headers = shown(starter, issue, by)
    assert [told(**headers) for _ in range(3)][-1] == (200, 100, 97)
    change(starter.organization, per_minute=4)
    assert [told(**headers) for _ in range(2)] == [(200, 4, 0), (429, 4, 0)]


@pytest.mark.parametrize("by", ["key", "session"])
def test_raised_it_goes_on_at_once(starter, issue, change, by):
    headers = shown(starter, issue, by)
    change(starter.organization, burst=2)
    assert [told(**headers)[0] for _ in range(3)] == [200, 200, 429]
    change(starter.organization, burst=30, per_minute=300)
    assert told(**headers) == (200, 300, 297)


def shown(person, issue, by):
    if by == "key":
        return {"X_API_KEY": issue(owner=person)[1]}
    return {"AUTHORIZATION": f"Bearer {person.sign_in()['access_token']}"}


def test_a_daily_number_counts_what_was_used_before(alice, issue, change):
    headers = shown(alice, issue, "key")
    for _ in range(3):
        told(**headers)
    change(alice.organization, daily=4)
    assert [told(**headers) for _ in range(2)] == [(200, 4, 0), (429, 4, 0)]


def test_the_policy_header_shows_the_operators_numbers(alice, issue, change):
    change(alice.organization, per_minute=5000, daily=70)
    answer = send("GET", WHOAMI, **shown(alice, issue, "key"))
    assert answer.headers["RateLimit-Policy"] == (
        '"burst";q=500;w=1, "minute";q=5000;w=60, "day";q=70;w=86400'
    )


def test_other_organizations_keep_theirs(alice, starter, carol, change):
    change(starter.organization, per_minute=7)
    assert (now(alice).per_minute, now(carol).per_minute) == (2000, 2000)


def test_a_change_of_the_plan_keeps_the_operators_numbers(starter, change):
    change(starter.organization, per_minute=70)
    change(starter.organization, plan_slug="professional")
    assert now(starter) == Limits(70, 100, 100_000)


def test_the_change_is_audited_with_before_and_after(starter, operator, change):
    change(starter.organization, per_minute=70, daily=5)
    change(starter.organization, per_minute="", daily=5)
    events = AuditEvent.objects.filter(action="organization.changed").order_by("id")
    assert [event.details for event in events] == [
        {
            "before": {"per_minute": None, "daily": None},
            "after": {"per_minute": 70, "daily": 5},
        },
        {"before": {"per_minute": 70}, "after": {"per_minute": None}},
    ]
    for event in events:
        assert event.actor == operator.user.public_id
        assert event.organization == starter.organization
        assert event.target == starter.organization.public_id


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("wrong", ["0", "-1", "1.5", "many", "1000000000", "9" * 30])
def test_what_is_no_limit_comes_back_with_the_form(starter, change, name, wrong):
    answer = change(starter.organization, **{name: wrong})
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [name]
    assert now(starter) == Limits(100, 20, 10_000)


def test_the_pages_show_what_holds_now(starter, alice, change, browser):
    assert "100/min, 20/s, 10000/day" in browser.read(TABLE)
    assert "2000/min, 500/s</td>" in browser.read(TABLE)
    change(starter.organization, burst=3)
    assert "100/min, 3/s, 10000/day" in browser.read(TABLE)
    page = browser.read(f"{TABLE}{starter.organization.pk}/change/")
    assert 'name="burst" value="3"' in page
    assert "Unlimited above a plan is written as 999999999." in page


def test_the_page_of_a_key_shows_what_holds_now(starter, issue, change, browser):
    api_key = issue(owner=starter, limits={"per_minute": 50})[0]
    change(starter.organization, daily=70)
    page = browser.read(f"/admin/apikeys/apikey/{api_key.pk}/change/")
    assert "50/min, 20/s, 70/day" in page
    assert 'name="per_minute"' not in page


def test_who_has_lost_its_plan_can_be_given_another(starter, issue, change, browser):
    api_key = issue(owner=starter)[0]
    Organization.objects.filter(pk=starter.organization.pk).update(plan_slug="gone")
    for path in (TABLE, f"/admin/apikeys/apikey/{api_key.pk}/change/"):
        assert browser.get(path).status_code == 200
    assert change(starter.organization, plan_slug="starter").status_code == 302
    assert now(starter) == Limits(100, 20, 10_000)


@pytest.mark.parametrize("is_staff", [False, True])
def test_only_operators_give_other_limits(alice, browse, is_staff):
    """An owner is none, and staff without the rights of one neither."""
    User.objects.filter(pk=alice.user.pk).update(is_staff=is_staff)
    browser = browse()
    browser.log_in(alice)
    path = f"{TABLE}{alice.organization.pk}/change/"
    form = form_of(alice.organization, per_minute=9000)
    answer = browser.fill_in(path, page="/login", **form)
    assert answer.status_code == (403 if is_staff else 302)
    assert now(alice) == Limits(2000, 500, None)
