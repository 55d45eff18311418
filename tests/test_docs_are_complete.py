"""What README.md and docs/ list is all there is, and what they name exists."""

import re
import tomllib

import pytest
from django.core.management import get_commands
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern

from accounts.product_rights import CAPABILITIES
from accounts.products import products
from oauth.models.applications import (
    CLIENT_CREDENTIALS,
    CODE,
    DEVICE,
    GRANT_TYPES,
    NO_AUTHENTICATION,
    PRIVATE_KEY,
    REFRESH,
    SECRET_BASIC,
    SECRET_POST,
    TYPES,
)
from oauth.registration import AUTH_METHODS_OF_TYPE
from tests.documents import DOCUMENTS, blocks
from tests.running import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
LIMITS = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
OAUTH = (ROOT / "docs" / "oauth.md").read_text(encoding="utf-8")
PRODUCTS = (ROOT / "docs" / "products.md").read_text(encoding="utf-8")
CHANGELOG = ROOT / "CHANGELOG.md"
LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")
# Between single backquotes: a path in the project.
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|toml|json|py))`")
# They are made, or lie elsewhere.
NOT_KEPT = {"data/", "secrets.json", "../shared/guides", "acme.toml"}
# Django's own commands that the README tells about.
OF_DJANGO = {"migrate"}
HTTP = {"GET", "POST", "PATCH", "PUT", "DELETE"}


def rows(text, *, columns):
    """The cells of every table row with so many columns that begins with a code."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if len(row) == columns]


def codes(cell):
    return re.findall(r"`([^`]+)`", cell)


# Links


@pytest.mark.parametrize(
    "document", [*DOCUMENTS, CHANGELOG], ids=lambda file: file.name
)
def test_every_link_and_file_name_leads_somewhere(document):
    text = document.read_text(encoding="utf-8")
    for block in blocks(document):
        text = text.replace(block.text, "")
    links = [link for link in LINK.findall(text) if not link.startswith("https://")]
    for link in links:
        name, _, heading = link.partition("#")
        target = document.parent / name if name else document
        assert target.exists(), link
        assert not heading or heading in headings(target), link
    for name in set(FILE.findall(text)) - NOT_KEPT:
        assert (ROOT / name).exists(), name


def headings(document):
    """Where a link into a document may lead: its headings as GitHub names them."""
    lines = document.read_text(encoding="utf-8").splitlines()
    titles = [line.lstrip("#").strip().lower() for line in lines if line[:1] == "#"]
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


# The tables of README.md


def test_the_table_of_settings_is_complete():
    source = (ROOT / "config" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    listed = [codes(row[0])[0] for row in rows(README, columns=3)]
    listed = [name for name in listed if re.fullmatch(r"[A-Z_]+", name)]
    assert sorted(listed) == sorted(read)


def test_the_defaults_in_the_table_are_the_ones_in_the_settings():
    source = (ROOT / "config" / "settings.py").read_text(encoding="utf-8")
    written = dict(
        re.findall(r'env\.\w+\(\s*"([A-Z_]+)",\s*"?([^")\n]*?)"?\s*\)', source)
    )
    shown = {
        codes(row[0])[0]: codes(row[1])[0]
        for row in rows(README, columns=3)
        if re.fullmatch(r"`[A-Z_]+`", row[0]) and re.fullmatch(r"`[^`]+`", row[1])
    }
    assert len(shown) > 5
    for name, default in shown.items():
        assert written[name] == default, name


def test_the_other_variables_are_read_somewhere():
    sentence = README[README.index("Three more are read") :].partition("\n\n")[0]
    names = set(re.findall(r"`(DOORWARD_[A-Z_]+)", sentence))
    assert len(names) == 3
    files = [*(ROOT / "config").glob("*.py"), *(ROOT / "tests").glob("*.py")]
    sources = "".join(file.read_text(encoding="utf-8") for file in files)
    assert all(f'"{name}"' in sources for name in names)


SECTION = re.compile(r"^(/settings/[a-z-]+)/.*")


def routes(patterns, start="/"):
    """Address -> its view; none for the admin, whose views are its own business."""
    found = {}
    for entry in patterns:
        address = start + re.sub(r"<\w+:(\w+)>", r"{\1}", str(entry.pattern))
        # What a page can do lies below it, which the README says once for all.
        address = SECTION.sub(r"\1", address)
        if address.removesuffix("/") in found:
            # The same with a slash at the end, which the README says once for all.
            continue
        if isinstance(entry, URLPattern):
            found[address] = entry.callback
        elif address != "/admin/":
            found |= routes(entry.url_patterns, address)
        else:
            found[address] = None
    return found


def listed_addresses():
    """Address -> methods, as the table has them."""
    table = rows(README[README.index("## Addresses") :], columns=3)
    return {codes(row[0])[0]: set(row[1].split(", ")) for row in table}


def methods_of(view, address):
    """Those of an endpoint; "page" for what is none."""
    if hasattr(view, "cls"):
        return {name.upper() for name in dir(view.cls)} & HTTP
    if getattr(view, "is_public", False):
        refused = Client().generic("PATCH", address)
        return set(refused.headers["Allow"].split(", ")) & HTTP
    return {"page"}


def test_the_table_of_addresses_is_complete():
    real = routes(get_resolver().url_patterns)
    assert "Each address under `/oauth/` lies under `/api/v1/auth/oauth2/`" in README
    listed = listed_addresses()
    for address, methods in list(listed.items()):
        if address.startswith("/oauth/"):
            listed["/api/v1/auth/oauth2/" + address.removeprefix("/oauth/")] = methods
    assert set(listed) == set(real)
    for address, view in real.items():
        if address.startswith(("/api/v1/", "/oauth/")):
            assert listed[address] == methods_of(view, address), address


def test_the_table_of_commands_is_complete():
    ours = {name for name, app in get_commands().items() if app == "config"}
    words = [codes(row[0])[0].split() for row in rows(README, columns=2)]
    listed = {word[1] for word in words if word[0] == "manage.py"}
    assert listed == ours | OF_DJANGO


def test_the_picture_of_the_folders_shows_every_package():
    picture = next(
        block for block in blocks(ROOT / "README.md") if block.name == "folders"
    )
    shown = [line.split()[0].rstrip("/") for line in picture.text.splitlines()]
    packages = {file.parent.name for file in ROOT.glob("*/__init__.py")}
    assert packages <= set(shown)
    for name in shown:
        assert (ROOT / name).is_dir() or (ROOT / "config" / name).is_dir(), name


# docs/limits.md


@pytest.mark.parametrize("slug", ["netrecon", "netallion"])
def test_the_table_of_plans_is_the_products(slug):
    for plan in products()[slug].plans.values():
        limits = plan.limits
        daily = f"{limits.daily:,}" if limits.daily else "unlimited"
        row = f"| {plan.name} | {limits.per_minute:,} | {limits.burst:,} | {daily} |"
        assert row in LIMITS


# docs/oauth.md


def test_the_table_of_application_types_says_what_each_may_do():
    words = {
        "code": [CODE],
        "refresh": [REFRESH],
        "device": [DEVICE],
        "client credentials": [CLIENT_CREDENTIALS],
        "secret or key": [SECRET_BASIC, SECRET_POST, PRIVATE_KEY],
        "nothing": [NO_AUTHENTICATION],
    }
    table = rows(OAUTH, columns=5)
    assert [codes(row[0])[0] for row in table] == list(TYPES)
    for name, _, grants, means, _ in table:
        granted = [each for word in grants.split(", ") for each in words[word]]
        assert granted == list(GRANT_TYPES[codes(name)[0]])
        assert words[means] == list(AUTH_METHODS_OF_TYPE[codes(name)[0]])


@pytest.mark.parametrize("slug", ["netrecon", "netallion"])
def test_the_lifetimes_and_plans_are_the_products(slug):
    product = products()[slug]
    rules = product.oauth
    assert (rules.access_seconds, rules.refresh_idle.days) == (3600, 30)
    assert rules.refresh_absolute.days == 90
    text = " ".join(OAUTH.split())
    assert "access 1 hour; refresh 30 days unused, 90 days after consent" in text
    having = [plan.name for plan in product.plans.values() if plan.applications]
    everywhere = having == [plan.name for plan in product.plans.values()]
    where = "every plan" if everywhere else ", ".join(having)
    assert f"{product.name} on {where}" in text or f"on {where}, " in text


# docs/products.md


def entries(table, path=""):
    """`plans.NAME.burst` for every value of a product file."""
    for name, value in table.items():
        at = f"{path}.{name}" if path else name
        if path in ("scopes", "plans"):
            at = f"{path}.NAME"
        if path == "capabilities":
            yield "capabilities.…"
        elif isinstance(value, dict):
            yield from entries(value, at)
        else:
            yield at


@pytest.mark.parametrize(
    "file",
    sorted((ROOT / "config" / "products").glob("*.toml")),
    ids=lambda file: file.stem,
)
def test_every_entry_of_a_product_file_is_explained(file):
    explained = {code for row in rows(PRODUCTS, columns=2) for code in codes(row[0])}
    assert set(entries(tomllib.loads(file.read_text()))) <= explained


def test_every_capability_is_explained():
    explained = {codes(row[0])[0] for row in rows(PRODUCTS, columns=2)}
    assert set(CAPABILITIES) <= explained
