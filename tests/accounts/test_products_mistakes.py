"""A mistake in a product file names the file, the key and what is expected."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.products import load
from tests.accounts.acme import ACME

# What is written instead of what, then the key and the expectation that are told.
MISTAKES = [
    ('slug = "acme"\n', "", "slug", "is missing, expected a text"),
    ('slug = "acme"', 'slug = ""', "slug", "must not be empty"),
    ('slug = "acme"', 'slug = "Acme"', "slug", "expected lower-case letters"),
    ('slug = "acme"', 'slug = "acme vault"', "slug", "expected lower-case letters"),
    ('slug = "acme"', f'slug = "{"a" * 41}"', "slug", "expected lower-case letters"),
    ('slug = "acme"', "slug = 5", "slug", "expected a text"),
    ('name = "Acme Vault"', "name = true", "name", "expected a text"),
    ("[words]", "[wordz]", "words", "is missing, expected a table"),
    (
        'slug = "acme"',
        'slug = "acme"\nslgu = 1',
        "slgu",
        "is not known here, remove it",
    ),
    ('"Forge a key"', '""', "words.create_key", "must not be empty"),
    ('live = "real"\n', "", "words.live", "is missing, expected a text"),
    ('live = "real"', 'live = "real"\nx = 1', "words.x", "is not known here"),
    ('"https://app.acme.test"', '"app.acme.test"', "addresses.app", 'expected "https'),
    ('"https://app.acme.test"', '"ftp://a.test"', "addresses.app", 'expected "https'),
    ('"https://app.acme.test"', '"https://a/b"', "addresses.app", "without a path"),
    ('"https://app.acme.test"', '"https://a/"', "addresses.app", "without a path"),
    ('"https://app.acme.test"', '"https://["', "addresses.app", 'expected "https'),
    ('"https://app.acme.test"', '"https://u@a"', "addresses.app", 'expected "https'),
    ('"https://app.acme.test"', '"https://a b"', "addresses.app", 'expected "https'),
    ('"https://app.acme.test"', '"https://*"', "addresses.app", 'expected "https'),
    ('"https://app.acme.test"', "[]", "addresses.app", "expected a text"),
    ('"X-API-Key"', '"Cookie"', "samples.header", "one of X-API-Key, Authorization"),
    ('"X-API-Key"', "1", "samples.header", "one of X-API-Key, Authorization"),
    ('"acme_live_"', '"acme_live"', "keys.live_prefix", "expected a prefix such as"),
    ('"acme_live_"', '"Acme_Live_"', "keys.live_prefix", "expected a prefix such as"),
    ('"acme_live_"', '"acme-live_"', "keys.live_prefix", "expected a prefix such as"),
    ('"acme_live_"', '"key_"', "keys.live_prefix", "expected a prefix such as"),
    ('"acme_live_"', '"_"', "keys.live_prefix", "expected a prefix such as"),
    ('"acme_live_"', '"a_b_c_d_"', "keys.live_prefix", "expected a prefix such as"),
    ("[keys]", '[keys]\nimported_schemes = "Token"', "keys.imported_schemes", "a list"),
    ("[keys]", "[keys]\nimported_schemes = [1]", "keys.imported_schemes", "a list of"),
    (
        "[keys]",
        '[keys]\nimported_schemes = ["Basic"]',
        "keys.imported_schemes",
        '"Basic" is none of Api-Key, Token',
    ),
    ('"acme_play_"', '"acme_live_"', "keys.test_prefix", "cannot be mistaken"),
    ('"acme_play_"', '"acme_live_x_"', "keys.test_prefix", "cannot be mistaken"),
    ('"acme_rt_"', '"acme_play_"', "sessions.refresh", "cannot be mistaken"),
    ('"acme_rt_"', '"opaque"', "sessions.refresh", "expected a prefix such as"),
    ('refresh = "acme_rt_"\n', "", "sessions.refresh", "is missing, expected a text"),
    ('"BEARER"', '"MAC"', "sessions.token_type", 'expected "bearer"'),
    ("= 120", "= 29", "sessions.access_seconds", "a whole number of 30 or more"),
    ("= 120", '= "120"', "sessions.access_seconds", "a whole number of 30 or more"),
    ("= 120", "= 120.0", "sessions.access_seconds", "a whole number of 30 or more"),
    ("= 120", "= true", "sessions.access_seconds", "a whole number of 30 or more"),
    ("idle_days = 2", "idle_days = 0", "sessions.refresh_idle_days", "of 1 or more"),
    (
        "absolute_days = 3",
        "absolute_days = 1",
        "sessions.refresh_absolute_days",
        "at least the 2 of refresh_idle_days",
    ),
    ("[oauth]", "[oauht]", "oauth", "is missing, expected a table"),
    ("_ort_", "_oat_", "oauth.refresh_prefix", "cannot be mistaken"),
    ("_ocs_", "_ort_x_", "oauth.secret_prefix", "cannot be mistaken"),
    ("acme_oat_", "acme_live_", "oauth.access_prefix", "cannot be mistaken"),
    ("acme_ort_", "acme_rt_", "oauth.refresh_prefix", "cannot be mistaken"),
    ("acme_oat_", "oat_", "oauth.access_prefix", "expected a prefix such as"),
    ("acme_ort_", "Acme_ort_", "oauth.refresh_prefix", "expected a prefix such as"),
    ("acme_ocs_", "acme_ocs", "oauth.secret_prefix", "expected a prefix such as"),
    ('"bEaReR"', '"DPoP"', "oauth.token_type", 'expected "bearer"'),
    ("= 240", "= 29", "oauth.access_seconds", "a whole number of 30 or more"),
    ("idle_days = 5", "idle_days = 0", "oauth.refresh_idle_days", "of 1 or more"),
    ("idle_days = 5", 'idle_days = "5"', "oauth.refresh_idle_days", "of 1 or more"),
    (
        "absolute_days = 8",
        "absolute_days = 4",
        "oauth.refresh_absolute_days",
        "at least the 5 of refresh_idle_days",
    ),
    ("= 240", "= 240\nid_seconds = 1", "oauth.id_seconds", "not known"),
    ('keys_manage = "vault.keys"\n', "", "capabilities.keys_manage", "is missing"),
    (
        'judge = "vault.keys"',
        'judge = "x"',
        "capabilities.judge",
        "a scope of this file",
    ),
    ('judge = "vault.keys"', "judge = 1", "capabilities.judge", "expected a text"),
    ('judge = "vault.keys"', "judge = {}", "capabilities.judge.role", "is missing"),
    (
        'judge = "vault.keys"',
        'fly = "x"\njudge = "vault.keys"',
        "capabilities.fly",
        "not known",
    ),
    (
        '{ role = "admin" }',
        '{ role = "king" }',
        "capabilities.applications_manage.role",
        "one of viewer, member, admin, owner",
    ),
    (
        '{ role = "admin" }',
        '{ role = "admin", x = 1 }',
        "capabilities.applications_manage.x",
        "not known",
    ),
    (
        '[scopes."vault.look"]',
        '[scopes."vault look"]',
        'scopes."vault look"',
        "expected letters",
    ),
    ('[scopes."vault.look"]', '[scopes."vault\\"x"]', "scopes.", "expected letters"),
    (
        '"Look into the vault"',
        '""',
        "scopes.vault.look.description",
        "must not be empty",
    ),
    ('group = "Keys"\n', "", "scopes.vault.keys.group", "is missing"),
    (
        'group = "Keys"',
        'group = "Keys"\nimplies_all = 1',
        "scopes.vault.keys.implies_all",
        "true or false",
    ),
    (
        'group = "Keys"',
        'group = "Keys"\nimplies = true',
        "scopes.vault.keys.implies",
        "not known",
    ),
    ("[plans.solo]", "[plans.Solo]", "plans.Solo", "expected lower-case letters"),
    ("per_minute = 30\n", "per_minute = 0\n", "plans.solo.per_minute", "of 1 or more"),
    ("burst = 3\n", "burst = -3\n", "plans.solo.burst", "of 1 or more"),
    ("daily = 100\n", "daily = -1\n", "plans.solo.daily", "of 0 or more"),
    ("daily = 100\n", "", "plans.solo.daily", "is missing"),
    ("most_keys = 4\n", "most_keys = 0\n", "plans.solo.most_keys", "of 1 or more"),
    ("= false", '= "no"', "plans.solo.applications", "true or false"),
    ("= false\n", "\n", "", "is not valid TOML"),
    (
        '["vault.look", "vault.keys"]',
        '["vault.fly"]',
        "plans.solo.scopes",
        '"vault.fly" is not a scope',
    ),
    (
        '["vault.look", "vault.keys"]',
        '"vault.look"',
        "plans.solo.scopes",
        "a list of texts",
    ),
    ('["vault.look", "vault.keys"]', "[1]", "plans.solo.scopes", "a list of texts"),
]


OAUTH = ACME.partition("[oauth]\n")[2].partition("\n\n")[0].splitlines()
ENTRIES = {line.partition(" = ")[0]: f"{line}\n" for line in OAUTH}


def told(folder, *others):
    with pytest.raises(ImproperlyConfigured) as found:
        load([folder, *others])
    return str(found.value)


@pytest.mark.parametrize(("right", "wrong", "key", "expectation"), MISTAKES)
def test_a_mistake_is_told_by_file_key_and_expectation(
    tmp_path, right, wrong, key, expectation
):
    assert ACME.count(right) >= 1
    file = tmp_path / "acme.toml"
    file.write_text(ACME.replace(right, wrong, 1), encoding="utf-8")
    message = told(tmp_path)
    assert message.startswith(f"{file}: {key}")
    assert expectation in message


@pytest.mark.parametrize("key", ENTRIES)
def test_no_entry_for_applications_has_a_default(tmp_path, key):
    before, table, after = ACME.partition("[oauth]\n")
    file = tmp_path / "acme.toml"
    file.write_text(before + table + after.replace(ENTRIES[key], "", 1))
    assert told(tmp_path).startswith(f"{file}: oauth.{key}: is missing, expected ")


@pytest.mark.parametrize("part", ["scopes", "plans"])
def test_a_product_without_scopes_or_plans_is_refused(tmp_path, part):
    lines = ACME.split(f"[{part}.")[0] + f"[{part}]\n"
    rest = "[plans." + ACME.split("[plans.", 1)[1] if part == "scopes" else ""
    (tmp_path / "acme.toml").write_text(lines + rest)
    message = told(tmp_path)
    assert "capabilities" in message or f"{part}: needs at least one entry" in message


def test_two_files_of_one_folder_have_two_slugs(tmp_path):
    """A copy whose slug was forgotten would take the place of its original."""
    (tmp_path / "acme.toml").write_text(ACME)
    (tmp_path / "copy.toml").write_text(ACME.replace("acme_", "copy_"))
    message = told(tmp_path)
    assert message.startswith(f"{tmp_path / 'copy.toml'}: slug: ")
    assert "acme.toml has the same" in message


def test_prefixes_of_two_products_cannot_be_mistaken(tmp_path):
    other = ACME.replace("acme_", "zeta_").replace('"acme"', '"zeta"')
    (tmp_path / "acme.toml").write_text(ACME)
    (tmp_path / "zeta.toml").write_text(other.replace("zeta_live_", "acme_live_pro_"))
    message = told(tmp_path)
    assert message.startswith(f"{tmp_path / 'zeta.toml'}: keys.live_prefix: ")
    assert '"acme_live_pro_" begins with "acme_live_" of acme.toml' in message


def test_prefixes_of_applications_cannot_be_mistaken_across_products(tmp_path):
    other = ACME.replace("acme_", "zeta_").replace('"acme"', '"zeta"')
    (tmp_path / "acme.toml").write_text(ACME)
    (tmp_path / "zeta.toml").write_text(other.replace("zeta_ocs_", "acme_oat_"))
    message = told(tmp_path)
    assert message.startswith(f"{tmp_path / 'zeta.toml'}: oauth.secret_prefix: ")
    assert '"acme_oat_" begins with "acme_oat_" of acme.toml' in message


def test_a_folder_that_is_none_is_named(tmp_path):
    missing = tmp_path / "nowhere"
    assert told(missing) == f"{missing}: is not a folder with product files."


def test_a_folder_without_files_is_not_enough(tmp_path):
    assert told(tmp_path) == "There is no product file, at least one is needed."


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"slug = \x80", b"[", b"a = 1\na = 2"]
)
def test_what_is_no_toml_is_named_with_its_file(tmp_path, content):
    file = tmp_path / "broken.toml"
    file.write_bytes(content)
    assert told(tmp_path).startswith(f"{file}: is not valid TOML: ")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    folder = tmp_path / "odd.toml"
    folder.mkdir()
    assert told(tmp_path).startswith(f"{folder}: cannot be read: ")
