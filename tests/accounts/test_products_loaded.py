"""A product is what its file says; both guides are such files."""

from datetime import timedelta

import pytest

from accounts.product_rights import CAPABILITIES
from accounts.product_tokens import OAuthRules
from accounts.products import load, products
from ratelimits.limits import Limits
from tests.accounts.acme import ACME


@pytest.fixture
def folder(tmp_path):
    """folder(acme=text) -> a folder with these files."""

    def make(name="products", **files):
        path = tmp_path / name
        path.mkdir()
        for stem, text in files.items():
            (path / f"{stem}.toml").write_text(text, encoding="utf-8")
        return path

    return make


def test_every_fact_of_a_file_is_in_the_product(folder):
    acme = load([folder(acme=ACME)])["acme"]
    assert (acme.slug, acme.name) == ("acme", "Acme Vault")
    assert (acme.app_url, acme.api_url) == (
        "https://app.acme.test",
        "https://api.acme.test:8443",
    )
    assert (acme.words.create_key, acme.words.scopes) == ("Forge a key", "privileges")
    assert (acme.words.live, acme.words.test) == ("real", "playground")
    assert acme.sample_header == "X-API-Key"
    assert acme.key_prefix("live") == "acme_live_"
    assert acme.key_prefix("test") == "acme_play_"
    assert acme.sessions.token_type == "BEARER"
    assert acme.sessions.access_seconds == 120
    assert acme.sessions.refresh_prefix == "acme_rt_"
    assert acme.sessions.refresh_idle == timedelta(days=2)
    assert acme.sessions.refresh_absolute == timedelta(days=3)


def test_schemes_of_imported_keys_are_none_unless_the_file_names_them(folder):
    assert load([folder(acme=ACME)])["acme"].imported_schemes == frozenset()
    named = ACME.replace("[keys]", '[keys]\nimported_schemes = ["API-Key", "Token"]')
    acme = load([folder("named", acme=named)])["acme"]
    assert acme.imported_schemes == {"api-key", "token"}
    for product in ("netrecon", "netallion"):
        assert products()[product].imported_schemes == {"api-key", "token"}


def test_what_applications_are_given_is_in_the_file_too(folder):
    assert load([folder(acme=ACME)])["acme"].oauth == OAuthRules(
        access_prefix="acme_oat_",
        refresh_prefix="acme_ort_",
        secret_prefix="acme_ocs_",
        token_type="bEaReR",
        access_seconds=240,
        refresh_idle=timedelta(days=5),
        refresh_absolute=timedelta(days=8),
    )


def test_the_prefixes_of_a_product_are_those_of_all_its_credentials(folder):
    acme = load([folder(acme=ACME)])["acme"]
    kinds = ("live", "play", "rt", "oat", "ort", "ocs")
    assert acme.prefixes == tuple(f"acme_{kind}_" for kind in kinds)
    opaque = 'refresh = "acme_rt_"'
    jwt = load([folder("jwt", acme=ACME.replace(opaque, 'refresh = "jwt"'))])["acme"]
    assert set(acme.prefixes) - set(jwt.prefixes) == {"acme_rt_"}


def test_refresh_tokens_may_last_as_long_unused_as_used(folder):
    same = ACME.replace("refresh_absolute_days = 8", "refresh_absolute_days = 5")
    oauth = load([folder(acme=same)])["acme"].oauth
    assert oauth.refresh_absolute == oauth.refresh_idle == timedelta(days=5)


def test_scopes_have_words_a_group_and_a_least_role(folder):
    acme = load([folder(acme=ACME)])["acme"]
    assert list(acme.scopes) == ["vault.look", "vault.touch", "vault.keys"]
    touch = acme.scopes["vault.touch"]
    assert (touch.description, touch.group) == ("Touch what is in it", "Vault")
    held = {
        role: len(acme.scopes_of_role(role)) for role in ("viewer", "admin", "owner")
    }
    assert held == {"viewer": 1, "admin": 2, "owner": 3}
    assert acme.scopes_of_role("member") == acme.scopes_of_role("viewer")


def test_a_capability_is_a_scope_or_a_role(folder):
    acme = load([folder(acme=ACME)])["acme"]
    assert set(acme.capabilities) == set(CAPABILITIES)
    by_scope, by_role = acme.capabilities["scans_read"], acme.capabilities["audit_read"]
    assert (by_scope.scope, by_scope.role) == ("vault.look", None)
    assert (by_role.scope, by_role.role) == (None, "owner")


def test_a_plan_has_limits_and_may_list_scopes(folder):
    acme = load([folder(acme=ACME)])["acme"]
    solo, guild = acme.plans["solo"], acme.plans["guild"]
    assert solo.limits == Limits(per_minute=30, burst=3, daily=100)
    assert guild.limits == Limits(per_minute=300, burst=30, daily=None)
    assert (solo.most_keys, solo.applications) == (4, False)
    assert acme.scopes_of_plan(acme.plans["solo"]) == {"vault.look", "vault.keys"}
    assert acme.scopes_of_plan(acme.plans["guild"]) == set(acme.scopes)


def test_a_later_folder_adds_products_and_replaces_the_same_slug(folder):
    first = folder("first", acme=ACME, zeta=ACME.replace("acme", "zeta"))
    second = folder("second", other=ACME.replace("Acme Vault", "Acme Two"))
    found = load([first, second])
    assert {slug: product.name for slug, product in found.items()} == {
        "acme": "Acme Two",
        "zeta": "Acme Vault",
    }


def test_a_product_that_was_replaced_does_not_hold_its_prefixes(folder):
    first = folder("first", acme=ACME)
    moved = ACME.replace("acme_live_", "vault_live_")
    taker = ACME.replace('slug = "acme"', 'slug = "taker"').replace("acme_rt_", "t_rt_")
    taker = taker.replace("acme_play_", "t_play_").replace("acme_o", "t_o")
    found = load([first, folder("second", acme=moved, taker=taker)])
    assert found["taker"].live_prefix == "acme_live_"


def test_other_files_in_the_folder_do_not_matter(folder):
    path = folder(acme=ACME)
    (path / "README.md").write_text("slug = 5")
    (path / "old.toml.bak").write_text("nonsense")
    assert list(load([path])) == ["acme"]


def test_the_guides_facts_are_loaded(settings):
    netrecon, netallion = products()["netrecon"], products()["netallion"]
    assert len(netrecon.scopes) == 14
    assert list(netallion.scopes) == [
        "scan:read",
        "scan:write",
        "incidents:read",
        "admin",
    ]
    assert netrecon.sessions.access_seconds == 3600
    assert netallion.sessions.access_seconds == 900
    assert netrecon.sessions.token_type == "bearer"
    assert netallion.sessions.token_type == "Bearer"
    assert netrecon.sessions.refresh_prefix is None
    assert netallion.sessions.refresh_prefix == "cpf_rt_"
    assert (netrecon.oauth.token_type, netallion.oauth.token_type) == (
        "bearer",
        "Bearer",
    )
    assert netrecon.words.create_key == "Generate Key"
    assert netallion.words.create_key == "Create API Key"


@pytest.mark.parametrize("product", ["netrecon", "netallion"])
def test_both_products_have_the_guides_plans(product):
    table = {
        slug: (plan.limits.per_minute, plan.limits.burst, plan.limits.daily)
        for slug, plan in products()[product].plans.items()
    }
    assert table == {
        "starter": (100, 20, 10_000),
        "professional": (500, 100, 100_000),
        "enterprise": (2_000, 500, None),
    }


@pytest.mark.parametrize(
    ("product", "brand"), [("netrecon", "nr"), ("netallion", "cpf")]
)
def test_applications_of_both_products_get_the_same_lifetimes(product, brand):
    oauth = products()[product].oauth
    assert oauth.access_prefix == f"{brand}_oat_"
    assert oauth.refresh_prefix == f"{brand}_ort_"
    assert oauth.secret_prefix == f"{brand}_ocs_"
    assert oauth.access_seconds == 3600
    assert oauth.refresh_idle == timedelta(days=30)
    assert oauth.refresh_absolute == timedelta(days=90)


def test_only_admin_of_netallion_implies_other_scopes():
    implying = {
        word
        for product in products().values()
        for word, scope in product.scopes.items()
        if scope.implies_all
    }
    assert implying == {"admin"}
    netallion = products()["netallion"]
    assert netallion.expand(["admin"]) == set(netallion.scopes)
    assert netallion.expand(["scan:read", "unknown"]) == {"scan:read"}
    assert netallion.expand([]) == set()


def test_who_manages_holds_the_role_admin_at_least():
    for product, managing in (
        ("netrecon", "users_manage billing backup_manage api_keys_manage"),
        ("netallion", "admin"),
    ):
        below = products()[product].scopes_of_role("member")
        assert not below & set(managing.split())
        assert set(managing.split()) <= products()[product].scopes_of_role("admin")
