"""Which rule of a product file a request falls under, and which none does."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.product_routes import find
from accounts.products import load, products
from tests.accounts.acme import ACME

RULES = """
[[routes]]
methods = ["GET"]
path = "/"
scope = "vault.look"

[[routes]]
methods = ["GET"]
path = "/boxes/{box}"
scope = "vault.look"

[[routes]]
methods = ["GET", "DELETE"]
path = "/boxes/secret"
scope = "vault.touch"

[[routes]]
methods = ["HEAD"]
path = "/boxes/{box}/lid"
scope = "vault.touch"

[[routes]]
methods = ["GET"]
path = "/boxes/{box}/lid"
scope = "vault.look"

[[routes]]
methods = ["GET", "PUT"]
path = "/files/{rest*}"
scope = "vault.look"

[[routes]]
methods = ["PUT"]
path = "/files/{folder}/locked"
scope = "vault.touch"
"""


def loaded(folder, rules):
    (folder / "acme.toml").write_text(ACME + rules)
    return load([folder])["acme"].routes


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    return loaded(tmp_path_factory.mktemp("products"), RULES)


@pytest.mark.parametrize(
    ("method", "path", "rule"),
    [
        ("GET", "/", "/"),
        ("GET", "/boxes/7", "/boxes/{box}"),
        ("HEAD", "/boxes/7", "/boxes/{box}"),
        ("GET", "/boxes/secret", "/boxes/secret"),
        ("DELETE", "/boxes/secret", "/boxes/secret"),
        ("GET", "/boxes/a.b~c-d_e:f@g", "/boxes/{box}"),
        ("GET", "/files/a", "/files/{rest*}"),
        ("GET", "/files/a/b/c", "/files/{rest*}"),
        ("GET", "/files/a/locked", "/files/{rest*}"),
        ("PUT", "/files/a/locked", "/files/{folder}/locked"),
        ("PUT", "/files/a/locked/b", "/files/{rest*}"),
    ],
)
def test_the_most_specific_rule_of_the_method_decides(routes, method, path, rule):
    assert find(routes, method, path).path == rule


def test_head_needs_what_get_needs_unless_a_rule_names_it(routes):
    assert find(routes, "HEAD", "/boxes/7").scope == "vault.look"
    assert find(routes, "HEAD", "/boxes/7/lid").scope == "vault.touch"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/boxes/7"),
        ("get", "/boxes/7"),
        ("DELETE", "/boxes/7"),
        ("GET", "/boxes"),
        ("GET", "/boxes/"),
        ("GET", "/boxes/7/"),
        ("GET", "/files"),
        ("GET", "/files/"),
        ("GET", "/files/a/"),
        ("GET", "//boxes/7"),
        ("GET", "/boxes//7"),
        ("GET", "/files/a//b"),
        ("GET", "/files/../boxes/secret"),
        ("GET", "/files/."),
        ("GET", "/files/a/.."),
        ("GET", "/boxes/%73ecret"),
        ("GET", "/boxes/a%2Fb"),
        ("GET", "/files/%2e%2e"),
        ("GET", "/boxes/Secret"),
        ("GET", "/BOXES/7"),
        ("GET", "/boxes/secret;x=1"),
        ("GET", "/boxes/7?x=1"),
        ("GET", "/boxes/7#x"),
        ("GET", "/boxes/a\\b"),
        ("GET", "/boxes/a b"),
        ("GET", "/boxes/7\n"),
        ("GET", "/boxes/\u00e9"),
        ("GET", "boxes/7"),
        ("GET", "http://x/boxes/7"),
        ("GET", ""),
        ("GET", "/files/" + "a" * 2_000),
    ],
)
def test_what_servers_may_read_differently_falls_under_no_rule(routes, method, path):
    assert find(routes, method, path) is None


def test_a_product_without_rules_has_none(tmp_path):
    assert loaded(tmp_path, "") == ()


WRONG = [
    ('methods = ["GET"]', "", "routes[0].methods", "is missing"),
    ('["GET"]', "[]", "routes[0].methods", "expected methods such as"),
    ('["GET"]', '"GET"', "routes[0].methods", "a list of texts"),
    ('["GET"]', '["get"]', "routes[0].methods", "expected methods such as"),
    ('["GET"]', '["GET", "GET"]', "routes[0].methods", "each method once"),
    ('"vault.look"', '"vault.loook"', "routes[0].scope", "is not a scope of this file"),
    ('"/boxes"', '"boxes"', "routes[0].path", "expected a path such as"),
    ('"/boxes"', '"/boxes/"', "routes[0].path", "expected a path such as"),
    ('"/boxes"', '"//boxes"', "routes[0].path", "expected a path such as"),
    ('"/boxes"', '"/boxes/.."', "routes[0].path", "expected a path such as"),
    ('"/boxes"', '"/boxes/%20"', "routes[0].path", "expected a path such as"),
    ('"/boxes"', '"/boxes/{}"', "routes[0].path", "expected a path such as"),
    ('"/boxes"', '"/{rest*}/boxes"', "routes[0].path", "expected a path such as"),
    ('"/boxes"', '"/boxes/{a}b"', "routes[0].path", "expected a path such as"),
    ('"/boxes"', '"/boxes?x"', "routes[0].path", "expected a path such as"),
    ("scope =", "roles = 1\nscope =", "routes[0].roles", "is not known here"),
]
RULE = '[[routes]]\nmethods = ["GET"]\npath = "/boxes"\nscope = "vault.look"\n'


@pytest.mark.parametrize(("text", "instead", "key", "expectation"), WRONG)
def test_a_mistake_names_the_rule_and_the_expectation(
    tmp_path, text, instead, key, expectation
):
    with pytest.raises(ImproperlyConfigured) as error:
        loaded(tmp_path, RULE.replace(text, instead))
    assert f"acme.toml: {key}: " in str(error.value)
    assert expectation in str(error.value)


@pytest.mark.parametrize(
    "twin", ["/boxes/{a}", "/boxes/{other}", "/BOXES/{a}"], ids=str
)
def test_two_rules_for_the_same_requests_are_a_mistake(tmp_path, twin):
    first = RULE.replace("/boxes", "/boxes/{a}")
    with pytest.raises(ImproperlyConfigured, match=r"routes\[1\].path: routes\[0\]"):
        loaded(tmp_path, first + RULE.replace("/boxes", twin))


@pytest.mark.parametrize("rules", ["routes = 5\n", "routes = [5]\n"])
def test_rules_are_a_list_of_tables(tmp_path, rules):
    (tmp_path / "acme.toml").write_text(rules + ACME)
    with pytest.raises(ImproperlyConfigured, match="routes: expected a list of tables"):
        load([tmp_path])


@pytest.mark.parametrize("slug", ["netrecon", "netallion"])
def test_the_rules_of_both_guides_ask_for_what_our_own_endpoints_ask_for(slug):
    product = products()[slug]
    wanted = {
        ("GET", "/api/v1/scans"): "scans_read",
        ("POST", "/api/v1/scans"): "scans_write",
        ("GET", "/api/v1/scans/scan_1"): "scans_read",
        ("POST", "/api/v1/scans/scan_1/stop"): "scans_write",
        ("GET", "/api/v1/workspaces"): "scans_read",
        ("DELETE", "/api/v1/api-keys/key_1"): "keys_manage",
    }
    for (method, path), capability in wanted.items():
        rule = find(product.routes, method, path)
        assert rule.scope == product.capabilities[capability].scope
