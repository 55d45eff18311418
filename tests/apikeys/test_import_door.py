"""Keys from elsewhere at the door: they go on working as they were, and become ours."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection

from accounts import sealing
from apikeys import hashes
from apikeys.models import ApiKey, ApiKeySecret
from tests.apikeys.importing_keys import WHOAMI, import_rows, status, stored
from tests.apikeys.test_unproven_keys import told
from tests.cast import send

GOLDEN = json.loads(
    (Path(__file__).parent / "golden" / "stored_hashes.json").read_text()
)["imported"]
KEY = "acme_3ZbVJkQWn8sT5yRzLp2c"
SALTED = next(row for row in GOLDEN if "1,000 iterations" in row["made_by"])


@pytest.fixture
def bring(alice, tmp_path):
    """bring(key) -> the row of a key that came in as its SHA-256."""

    def by_hash(key=KEY, organization=None, **more):
        hash_ = hashlib.sha256(key.encode()).hexdigest()
        row = {"name": "old", "hash": hash_, "format": "sha256", **more}
        row.setdefault("scopes", ["scans_read"])
        import_rows(tmp_path, organization or alice.organization, [row])
        return ApiKey.objects.latest("id")

    return by_hash


def bring_salted(alice, tmp_path, **more):
    row = {name: SALTED[name] for name in ("hash", "format", "prefix")}
    import_rows(tmp_path, alice.organization, [{"name": "old", **row, **more}])


def test_an_imported_key_is_the_key_that_it_was(bring):
    api_key = bring()
    answer = send("GET", WHOAMI, X_API_KEY=KEY)
    assert answer.json()["credential_id"] == api_key.public_id
    assert answer.json()["scopes"] == ["scans_read"]
    assert (
        send("GET", "/api/v1/scans", AUTHORIZATION=f"Bearer {KEY}").status_code == 200
    )
    assert (
        send("POST", "/api/v1/scans", {"scope": "full"}, X_API_KEY=KEY).status_code
        == 403
    )


def test_its_first_use_replaces_the_foreign_hash_once(bring):
    bring()
    before = stored()
    assert before[0][0] == "sha256"
    assert status(KEY) == 200
    after = stored()
    assert after == [("", sealing.digest(KEY).hex())]
    assert status(KEY) == 200
    assert stored() == after
    assert ApiKeySecret.objects.get().hint == "acm…p2c"


def test_a_used_one_costs_one_query_as_any_key(bring, django_assert_num_queries):
    bring()
    assert status(KEY) == 200
    with django_assert_num_queries(1):
        assert status(KEY) == 200


@pytest.mark.parametrize("scheme", ["Api-Key", "api-key", "Token", "TOKEN"])
def test_the_schemes_of_the_product_file_carry_it(bring, scheme):
    bring()
    assert status(KEY, AUTHORIZATION=f"{scheme} {KEY}") == 200


@pytest.mark.parametrize("scheme", ["Api-Key", "Token"])
def test_a_product_that_names_no_scheme_has_none(bring, alice, settings, scheme):
    bring()
    product = alice.organization.product
    settings.PRODUCTS = {
        **settings.PRODUCTS,
        product.slug: replace(product, imported_schemes=frozenset()),
    }
    unknown = told(send("GET", WHOAMI, X_API_KEY="some-unknown-foreign-key"))
    assert told(send("GET", WHOAMI, AUTHORIZATION=f"{scheme} {KEY}")) == unknown
    assert status(KEY) == 200


@pytest.mark.parametrize("scheme", ["Basic", "DPoP", "Key", "X-API-Key"])
def test_no_other_scheme_carries_it(bring, scheme):
    bring()
    assert status(KEY, AUTHORIZATION=f"{scheme} {KEY}") == 401


def test_a_key_that_we_made_is_not_taken_in_their_schemes(issue):
    key = issue("scans_read")[1]
    for scheme in ("Api-Key", "Token"):
        assert status(key, AUTHORIZATION=f"{scheme} {key}") == 401


def test_who_holds_the_hash_holds_no_key(bring):
    """What was stolen from the other system's database opens nothing."""
    bring()
    hash_ = hashlib.sha256(KEY.encode()).hexdigest()
    for text in (
        hash_,
        f"sha256:{hash_}",
        f"imported%20sha256:{hash_}",
        hashes.stands_for("sha256", hash_),
        hashes.stands_for("sha256", hash_).replace(" ", ""),
        ApiKeySecret.objects.get().digest.hex(),
    ):
        assert status(text) == 401
    assert stored()[0][0] == "sha256"


def test_a_row_is_only_what_its_column_says(bring):
    """A digest of our own is no foreign hash, and the other way round."""
    bring()
    ApiKeySecret.objects.update(format="")
    assert status(KEY) == 401
    ApiKeySecret.objects.update(format="sha512")
    assert status(KEY) == 401
    ApiKeySecret.objects.update(format="sha256")
    assert status(KEY) == 200


def test_a_key_that_was_never_imported_does_not_pass_as_one(issue, alice, settings):
    """Where the product's prefix has changed, its old keys look foreign."""
    key = issue("scans_read")[1]
    product = alice.organization.product
    moved = replace(product, live_prefix="moved_live_")
    settings.PRODUCTS = {**settings.PRODUCTS, product.slug: moved}
    assert status(key) == 401


def test_unknown_foreign_texts_get_the_one_answer_by_one_query(
    bring, django_assert_num_queries
):
    bring()
    expected = told(send("GET", WHOAMI, X_API_KEY="nr_live_wrong"))
    for text in (KEY + "x", KEY.upper(), "some.unknown.foreign.key", "x" * 512):
        for header in ({"X_API_KEY": text}, {"AUTHORIZATION": f"Token {text}"}):
            with django_assert_num_queries(1):
                assert told(send("GET", WHOAMI, **header)) == expected


@pytest.mark.parametrize(
    "text",
    ["x" * 15, "x" * 513, "has a space in the middle", "schl\u00fcssel-schl\u00fcssel"],
)
def test_what_can_be_no_key_of_anybody_costs_no_query(
    db, django_assert_num_queries, text
):
    with django_assert_num_queries(0):
        assert status(text) == 401


def test_a_foreign_text_in_an_address_is_not_taken_for_a_credential(alice):
    path = "/api/v1/scans?workspace_id=aaaaaaaaaaaaaaaaaaaaaaaa"
    assert alice.call("GET", path).json().get("code") != "credential_in_url"


def test_a_revoked_one_is_dead_at_once_and_says_why(bring, alice):
    api_key = bring()
    assert status(KEY) == 200
    assert (
        alice.call("DELETE", f"/api/v1/api-keys/{api_key.public_id}").status_code == 204
    )
    assert send("GET", WHOAMI, X_API_KEY=KEY).json()["code"] == "key_revoked"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"revoked": True}, "key_revoked"),
        ({"disabled": "true"}, "key_disabled"),
        ({"expires_at": "2020-01-01 00:00:00+00"}, "key_expired"),
    ],
)
def test_what_was_dead_there_is_dead_here(bring, more, code):
    bring(**more)
    assert send("GET", WHOAMI, X_API_KEY=KEY).json()["code"] == code


def test_a_rotated_one_gets_our_look_and_its_old_text_ends(bring, alice):
    api_key = bring()
    assert status(KEY) == 200
    path = f"/api/v1/api-keys/{api_key.public_id}/rotate"
    new = alice.call("POST", path, {"grace_seconds": 0}).json()["key"]
    assert new.startswith("nr_live_")
    assert (status(new), status(KEY)) == (200, 401)


def test_an_older_pepper_still_finds_it_before_and_after_its_first_use(bring, settings):
    settings.PEPPERS = {1: b"1" * 32}
    bring()
    settings.PEPPERS = {1: b"1" * 32, 2: b"2" * 32}
    assert status(KEY) == 200
    assert ApiKeySecret.objects.get().pepper == 2
    assert status(KEY) == 200


def test_a_key_that_came_as_hash_and_whole_is_one_key_whoever_asks(
    bring, alice, tmp_path
):
    """A SHA-512 is not told from the key that is there: the whole key counts."""
    import_rows(tmp_path, alice.organization, [{"name": "whole", "key": KEY}])
    whole = ApiKey.objects.get()
    hash_ = hashlib.sha512(KEY.encode()).hexdigest()
    bring(hash=hash_, format="sha512")
    for _ in range(3):
        answer = send("GET", WHOAMI, X_API_KEY=KEY)
        assert answer.json()["credential_id"] == whole.public_id


# Salted hashes


def test_a_salted_hash_is_replaced_by_its_first_use(alice, tmp_path):
    bring_salted(alice, tmp_path)
    assert stored()[0][0] == "pbkdf2"
    assert status(SALTED["key"], AUTHORIZATION=f"Api-Key {SALTED['key']}") == 200
    assert stored() == [("", sealing.digest(SALTED["key"]).hex())]
    assert ApiKeySecret.objects.get().sealed_hash is None


def test_no_salted_hash_is_readable_at_rest(alice, tmp_path):
    bring_salted(alice, tmp_path)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed_hash FROM apikeys_apikeysecret")
        [(sealed,)] = cursor.fetchall()
    assert SALTED["hash"].encode() not in bytes(sealed)


def test_guesses_behind_a_known_prefix_are_refused_alike_and_then_braked(
    alice, tmp_path, settings
):
    settings.BRAKES = {"account": (3, 900), "address": (3, 900)}
    bring_salted(alice, tmp_path)
    expected = told(send("GET", WHOAMI, X_API_KEY="nr_live_wrong"))
    wrong = SALTED["key"][:-1] + "_"
    for _ in range(3):
        assert told(send("GET", WHOAMI, X_API_KEY=wrong)) == expected
    braked = send("GET", WHOAMI, X_API_KEY=wrong)
    assert (braked.status_code, braked.json()["code"]) == (429, "too_many_attempts")
    assert stored()[0][0] == "pbkdf2"


def test_guesses_that_name_no_salted_hash_brake_nobody(alice, tmp_path, settings):
    settings.BRAKES = {"account": (3, 900), "address": (3, 900)}
    bring_salted(alice, tmp_path)
    for number in range(6):
        assert status(f"unknown{number}.mO4SEgy4YNcWe22ATLckJ6o01Q3") == 401
    assert status(SALTED["key"]) == 200
