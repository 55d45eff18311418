"""Settings > API keys > new: what the form offers, and what the rules say to it."""

import pytest

from accounts.audit import SYSTEM
from accounts.roles import Role
from apikeys import policies
from apikeys.models import ApiKey
from tests.apikeys.wishing import KEY, NEW, create, errors, review, typed
from tests.cast import person
from tests.surfing import surf

LATER = {"expires": "custom", "expires_at": "2031-01-01"}


@pytest.fixture
def surfer(alice):
    return surf(alice)


def offered(surfer, field):
    form = surfer.get(NEW).context["form"]
    return [value for value, _label in form.fields[field].choices]


def choices(surfer):
    """Every scope of the matrix, by its word."""
    rows = surfer.get(NEW).context["matrix"]
    listed = [choice for row in rows for choice in (*row.reading, *row.changing)]
    return {choice.scope.word: choice for choice in listed}


def test_the_matrix_has_a_row_for_each_group(surfer, alice):
    rows = surfer.get(NEW).context["matrix"]
    told = {row.group: [c.scope.word for c in row.reading] for row in rows}
    assert told["Scans"] == ["scans_read"]
    assert told["Findings"] == ["cve_read", "ids_read"]
    assert told["Administration"] == []
    assert set(choices(surfer)) == set(alice.organization.product.scopes)


def test_each_scope_is_one_input_named_by_its_word(surfer, alice):
    page = surfer.get(NEW).content.decode()
    for word in alice.organization.product.scopes:
        assert page.count(f'name="scopes" value="{word}"') == 1


def test_powerful_scopes_are_flagged(surfer, nadia):
    powerful = {w for w, c in choices(surfer).items() if c.scope.is_powerful}
    assert powerful == {"users_manage", "billing", "backup_manage", "api_keys_manage"}
    powerful = {w for w, c in choices(surf(nadia)).items() if c.scope.is_powerful}
    assert powerful == {"admin"}


def test_what_a_role_does_not_hold_is_offered_to_nobody_of_it(bob):
    found = choices(surf(bob))
    assert str(found["billing"].why_not) == "Your role does not hold it."
    assert not found["scans_write"].why_not
    answer = review(surf(bob), owner="me", scopes=["scans_read", "billing"])
    assert answer.status_code == 403
    assert "You do not hold these yourself: billing." in answer.content.decode()


def test_a_viewer_gets_a_reading_key_of_their_own(alice):
    viewer = surf(person("vera@acme.test", alice.organization, Role.VIEWER))
    assert offered(viewer, "owner") == ["me"]
    assert KEY.search(create(viewer, owner="me").content.decode())
    assert ApiKey.objects.get().membership is not None


def test_nobody_gives_the_organization_a_key_without_the_right_to(bob):
    assert "owner" in errors(review(surf(bob), owner="organization"))
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    ("button", "chosen"),
    [
        ("none", set()),
        ("read", {"scans_read", "devices_read", "alerts_read", "reports_read",
                  "cve_read", "ids_read"}),
    ],
)  # fmt: skip
def test_one_button_chooses_without_a_script(surfer, button, chosen):
    answer = surfer.post(NEW, typed(set=button, name="Kept"))
    form = answer.context["form"]
    assert set(form.chosen) == chosen
    assert form["name"].value() == "Kept"
    assert not form.errors


def test_no_button_chooses_what_is_powerful_or_out_of_reach(surfer, alice):
    everything = set(surfer.post(NEW, typed(set="all")).context["form"].chosen)
    assert {"scans_read", "scans_write"} <= everything
    assert not everything & {"billing", "users_manage"}
    viewer = surf(person("vera@acme.test", alice.organization, Role.VIEWER))
    few = viewer.post(NEW, typed(set="all")).context["form"].chosen
    assert "scans_write" not in few


@pytest.mark.parametrize(
    ("policy", "ends"),
    [
        ({}, ["7", "30", "90", "365", "custom", "never"]),
        ({"longest_days": 60}, ["7", "30", "custom"]),
        ({"longest_days": 3}, ["3", "custom"]),
        ({"must_expire": True}, ["7", "30", "90", "365", "custom"]),
    ],
)
def test_only_the_ends_that_the_policy_allows_are_offered(surfer, alice, policy, ends):
    policies.change(alice.organization, policy, by=SYSTEM)
    assert offered(surfer, "expires") == ends
    assert surfer.get(NEW).context["form"]["expires"].value() in ends
    create(surfer, expires=ends[0])
    assert ApiKey.objects.count() == 1


def test_a_day_of_ones_own_lasts_to_its_end(surfer):
    create(surfer, expires="custom", expires_at="2031-05-06")
    assert f"{ApiKey.objects.get().expires_at:%FT%TZ}" == "2031-05-06T23:59:59Z"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a" * 101}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["odd"]}, "scopes"),
        ({"scopes": ["scans_read", "scans_read"]}, "scopes"),
        ({"environment": "prod"}, "environment"),
        ({"expires": "8"}, "expires"),
        ({"expires": "custom"}, "expires_at"),
        ({"expires": "custom", "expires_at": "2020-01-01"}, "expires_at"),
        ({"expires": "custom", "expires_at": "soon"}, "expires_at"),
        ({"allowed_ips": "10.0.0.1/8"}, "allowed_ips"),
        ({"allowed_ips": "nowhere"}, "allowed_ips"),
        ({"per_minute": "0"}, "per_minute"),
        ({"per_minute": "2001"}, "per_minute"),
        ({"burst": "many"}, "burst"),
        ({"daily": "9" * 40}, "daily"),
    ],
)
def test_wrong_input_is_explained_at_its_field_and_kept(surfer, changes, field):
    answer = review(surfer, **{"name": "Kept", **changes})
    assert list(errors(answer)) == [field]
    form = answer.context["form"]
    assert form["name"].value() == changes.get("name", "Kept")
    assert form.chosen == changes.get("scopes", ["scans_read"])
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    ("policy", "changes", "field"),
    [
        ({"ips_required": True}, {}, "allowed_ips"),
        ({"owned_scopes": ["scans_read"]}, {}, "scopes"),
        ({"longest_days": 9}, LATER, "expires"),
    ],
)  # fmt: skip
def test_the_policy_speaks_at_the_field_it_is_about(
    surfer, alice, policy, changes, field
):
    policies.change(alice.organization, policy, by=SYSTEM)
    assert list(errors(review(surfer, **changes))) == [field]


def test_a_taken_name_is_told_before_the_review(surfer, issue):
    issue("scans_read", name="Night build")
    assert list(errors(review(surfer))) == ["name"]


def test_a_full_plan_is_told_before_the_review(surfer, issue, most):
    most(1)
    issue("scans_read")
    assert "Your plan allows 1 active keys" in errors(review(surfer))["__all__"]


def test_what_changes_between_review_and_key_is_refused_then(surfer, alice):
    reviewed = review(surfer)
    create(surfer)
    fields = {**typed(), "form_nonce": reviewed.context["nonce"], "step": "create"}
    answer = surfer.post(NEW, fields)
    assert list(errors(answer)) == ["name"]
    assert ApiKey.objects.count() == 1


def test_where_only_the_sandbox_is_open_no_live_key_is_offered(surfer, settings):
    settings.SANDBOX_ONLY = True
    assert offered(surfer, "environment") == ["test"]
    assert "environment" in errors(review(surfer, environment="live"))


def test_the_words_of_the_product_are_used(nadia):
    page = surf(nadia).get(NEW).content.decode()
    assert "Create API Key" in page
    assert "Production" in page
    made = create(surf(nadia), scopes=["scan:read"]).content.decode()
    assert f"Authorization: Bearer {KEY.search(made)[0]}" in made


def test_the_form_asks_few_questions_of_the_database(
    surfer, django_assert_max_num_queries
):
    surfer.get(NEW)
    with django_assert_max_num_queries(4):
        surfer.get(NEW)
