"""A whole tenant at once, for the demo and by a command; its secrets show once."""

import json
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from accounts.audit import SYSTEM
from accounts.models import AuditEvent, Membership, Organization, User
from accounts.problems import Problem
from accounts.products import load, products
from apikeys.models import ApiKey
from config import demo, tenants
from scans.models import Workspace
from tests.accounts.acme import ACME
from tests.cast import send

pytestmark = pytest.mark.usefixtures("signing_keys")


@pytest.fixture
def make():
    """make(email="…", plan="starter") -> the account of a new tenant."""

    def tenant(email="oda@small.test", product="netrecon", plan="starter"):
        found = products()[product]
        return tenants.create(
            "Small", product=found, plan=found.plans[plan], email=email, by=SYSTEM
        )

    return tenant


@pytest.fixture
def command(capsys):
    """command("Small", "--owner", …) -> the account that it prints as JSON."""

    def run(name="Small", **options):
        words = {"product": "netrecon", "plan": "starter", "owner": "oda@small.test"}
        words.update(options)
        flags = [f"--{word}={value}" for word, value in words.items()]
        call_command("createorganization", name, *flags, "--json")
        return json.loads(capsys.readouterr().out)

    return run


def whoami(key):
    return send("GET", "/api/v1/auth/whoami", X_API_KEY=key).json()


def sign_in(account):
    body = {"email": account["email"], "password": account["password"]}
    return send("POST", "/api/v1/auth/login", body).status_code


@pytest.mark.parametrize("product", ["netrecon", "netallion"])
def test_a_tenant_has_an_owner_two_keys_and_two_workspaces(make, product):
    account = make(product=product)
    assert sign_in(account.as_dict()) == 200
    every = sorted(products()[product].scopes)
    live, test = whoami(account.api_key), whoami(account.test_api_key)
    assert (live["environment"], test["environment"]) == ("live", "test")
    for told in (live, test):
        assert told["scopes"] == every
        assert (told["plan"], told["product"]) == ("starter", product)
        assert told["organization"] == account.organization
        assert told["user"] is None
    environments = Workspace.objects.values_list("environment", "is_default")
    assert sorted(environments) == [("live", True), ("test", True)]


def test_the_owner_is_an_owner_and_no_operator(make):
    make()
    owner = User.objects.get()
    assert (owner.is_staff, owner.is_superuser) == (False, False)
    assert owner.memberships.get().role == "owner"


def test_the_operator_vouches_for_the_address_of_a_new_owner(make):
    make()
    assert User.objects.get().email_verified_at is not None


def test_an_account_that_nobody_proved_to_own_does_not_become_an_owner(make, command):
    """Whoever invited the address may have taken the account by the link shown."""
    taken = User.objects.enter("oda@small.test")
    taken.set_password("seven blue lanterns")
    taken.save()
    with pytest.raises(tenants.UnprovenOwner, match="never proven"):
        make()
    with pytest.raises(CommandError, match=r"oda@small\.test has an account"):
        command()
    assert not Organization.objects.exists()


def test_two_tenants_have_different_secrets(make):
    one, other = make("a@small.test"), make("b@small.test")
    assert len({one.password, other.password, one.api_key, other.api_key}) == 4
    assert len(one.password) >= 16


def test_a_known_owner_keeps_password_and_other_tenants(make):
    first = make()
    second = make("ODA@small.test")
    assert second.password is None
    assert second.email == first.email
    assert sign_in(first.as_dict()) == 200
    assert User.objects.get().memberships.count() == 2


def test_making_a_tenant_is_audited_without_its_secrets(make):
    account = make()
    events = AuditEvent.objects.order_by("id")
    assert [event.action for event in events] == [
        "organization.created",
        "api_key.created",
        "api_key.created",
    ]
    told = json.dumps([event.details for event in events])
    for secret in (account.password, account.api_key, account.test_api_key):
        assert secret not in told


def test_a_tenant_is_made_whole_or_not_at_all(make, settings):
    product = products()["netrecon"]
    # A plan that holds one key has no place for the second.
    plan = replace(product.plans["starter"], most_keys=1)
    settings.PRODUCTS = {"netrecon": replace(product, plans={"starter": plan})}
    with pytest.raises(Problem, match="Your plan allows 1 active keys"):
        make()
    for model in (Organization, Membership, User, ApiKey, AuditEvent):
        assert not model.objects.exists()


def test_the_command_prints_the_account(command):
    account = command(product="netallion", plan="enterprise")
    assert list(account) == [
        *("product", "organization", "plan", "email", "password"),
        *("api_key", "test_api_key"),
    ]
    assert account["plan"] == "enterprise"
    assert account["organization"].startswith("org_")
    assert sign_in(account) == 200
    assert whoami(account["api_key"])["product"] == "netallion"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"plan": "free"}, "has these plans: starter, professional, enterprise"),
        ({"product": "acme"}, "invalid choice"),
        ({"owner": "oda"}, "--owner: "),
        ({"owner": "\u212aarl@small.test"}, "--owner: "),
        ({"name": ""}, "a name of 1 to 100 characters"),
        ({"name": "x" * 101}, "a name of 1 to 100 characters"),
    ],
)
def test_the_command_says_what_is_wrong(command, options, why):
    with pytest.raises(CommandError, match=why):
        command(**options)
    assert not Organization.objects.exists()


def test_the_demo_has_one_tenant_for_each_product():
    accounts = demo.ensure()
    assert [account["product"] for account in accounts] == ["netrecon", "netallion"]
    assert [account["plan"] for account in accounts] == ["enterprise", "starter"]
    assert len({account["email"] for account in accounts}) == 2
    for account in accounts:
        assert sign_in(account) == 200
        assert whoami(account["api_key"])["organization"] == account["organization"]


def test_the_demo_is_made_once_and_its_secrets_show_once():
    first, second = demo.ensure(), demo.ensure()
    assert Organization.objects.count() == User.objects.count() == 2
    assert ApiKey.objects.count() == 4
    for before, after in zip(first, second, strict=True):
        assert after["organization"] == before["organization"]
        assert after["password"] is after["api_key"] is after["test_api_key"] is None
        assert sign_in(before) == 200


def test_only_the_first_owner_of_the_demo_is_an_operator():
    demo.ensure()
    operators = User.objects.filter(is_staff=True, is_superuser=True)
    assert [user.email for user in operators] == ["owner@netrecon.test"]


def test_the_demo_has_a_tenant_for_a_third_product_too(settings, tmp_path):
    (tmp_path / "acme.toml").write_text(ACME)
    settings.PRODUCTS = load([*settings.PRODUCT_FOLDERS, tmp_path])
    accounts = {account["product"]: account for account in demo.ensure()}
    assert accounts["acme"]["plan"] == "guild"
    assert accounts["acme"]["api_key"].startswith("acme_live_")
    assert accounts["acme"]["test_api_key"].startswith("acme_play_")
