"""Imports point down: config; scans, gateway, apikeys, oauth; accounts; ratelimits.

Read from the source itself, so that no import can hide in a function.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# From the top. Two apps of one layer do not know each other.
LAYERS = [
    {"config"},
    {"scans", "gateway", "apikeys", "oauth"},
    {"accounts"},
    {"ratelimits"},
]
LEVEL = {app: level for level, apps in enumerate(LAYERS) for app in apps}
APPS = sorted(app for app in LEVEL if (ROOT / app / "__init__.py").exists())
# `manage.py test` is the one command that reaches out of the product, to the tests.
OUTSIDE = {"tests": {"config/management/commands/test.py"}}


def files(app: str) -> Iterator[Path]:
    found = sorted((ROOT / app).rglob("*.py"))
    assert found, app
    yield from found


def imported(node: ast.AST, file: Path) -> list[str]:
    """The modules that an import names, in full."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    if not node.level:
        return [node.module or ""]
    package = file.relative_to(ROOT).parent.parts[: -(node.level - 1) or None]
    return [".".join([*package, node.module or ""])]


def forbidden(importer: str, name: str) -> bool:
    """Whether one of our apps may not import this module."""
    app = name.split(".")[0]
    if app == importer or app not in LEVEL:
        return False
    return LEVEL[app] <= LEVEL[importer]


@pytest.mark.parametrize("app", APPS)
def test_imports_point_down_only(app):
    upwards = [
        f"{file.relative_to(ROOT)}:{node.lineno} imports {name}"
        for file in files(app)
        for node in ast.walk(ast.parse(file.read_text()))
        for name in imported(node, file)
        if forbidden(app, name)
    ]
    assert upwards == []


@pytest.mark.parametrize("app", APPS)
def test_nothing_is_imported_inside_a_function(app):
    functions = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    late = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in files(app)
        for function in ast.walk(ast.parse(file.read_text()))
        if isinstance(function, functions)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Name) and node.id == "__import__")
    ]
    assert late == []


@pytest.mark.parametrize("app", APPS)
def test_no_product_code_imports_the_tests(app):
    reaching = {
        (name.split(".")[0], str(file.relative_to(ROOT)))
        for file in files(app)
        for node in ast.walk(ast.parse(file.read_text()))
        for name in imported(node, file)
    }
    for outside, allowed in OUTSIDE.items():
        assert {file for name, file in reaching if name == outside} <= allowed


def test_every_app_of_ours_has_its_layer():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - {"tests", "bench"} == set(APPS)
    assert {"config", "scans", "apikeys", "accounts", "ratelimits"} <= set(APPS)


def test_no_module_is_named_after_nothing():
    vague = {"utils", "helpers", "services", "common", "core", "misc", "util", "base"}
    named = {file.stem for app in APPS for file in files(app)} | set(APPS)
    assert not vague & named


@pytest.mark.parametrize(
    ("importer", "name", "wrong"),
    [
        *(("accounts", "config.door", True), ("apikeys", "scans.models", True)),
        *(("ratelimits", "accounts.ids", True), ("scans", "apikeys", True)),
        *(("config", "accounts.ids", False), ("apikeys", "accounts.audit", False)),
        *(("accounts", "accounts.ids", False), ("accounts", "django.db", False)),
    ],
)
def test_the_judge_of_imports_is_right(importer, name, wrong):
    assert forbidden(importer, name) is wrong


def test_the_judge_reads_every_form_of_an_import():
    file = ROOT / "accounts" / "api" / "x.py"
    forms = {
        "import config.door": ["config.door"],
        "import config.door as d, os": ["config.door", "os"],
        "from config import door": ["config"],
        "from . import members": ["accounts.api."],
        "from .. import ids": ["accounts."],
        "from ..models import people": ["accounts.models"],
    }
    for text, names in forms.items():
        assert imported(ast.parse(text).body[0], file) == names
