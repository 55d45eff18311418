"""What a new password must be: not short, not common, not one's own address."""

import time

import pytest

from accounts.models import User
from accounts.passwords import Argon2Hasher
from config import settings as deployed
from tests.cast import PASSWORD

PATH = "/api/v1/auth/password"


def change(person, new):
    return person.call(
        "POST", PATH, {"current_password": PASSWORD, "new_password": new}
    )


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("eleven char", "12 characters"),
        (" " * 11, "12 characters"),
        ("123456789123", "too common"),
        ("administrator", "too common"),
        ("Password1234", "too common"),
        ("alice@acme.test", "too similar to the email"),
        ("ALICE@acme.test1", "too similar to the email"),
        ("\u00e9" * 513, "1024 bytes"),
    ],
    ids=[
        "short",
        "blank",
        "digits",
        "common",
        "common case",
        "e-mail",
        "like",
        "bytes",
    ],
)
def test_a_weak_password_is_refused_by_the_field_and_says_why(alice, new, why):
    refused = change(alice, new)
    assert refused.status_code == 400
    [error] = refused.json()["errors"]
    assert error["field"] == "new_password"
    assert why in error["detail"]
    assert new not in refused.content.decode()
    assert alice.log_in().status_code == 200


@pytest.mark.parametrize(
    "new",
    [
        "a b c d e f g",
        "\u5bc6\u7801 lantern otter",
        "x7" * 512,
        "tab\tand\nline plum",
        " leading plum 42 ",
    ],
    ids=["spaces", "other script", "1024 bytes", "control characters", "outer spaces"],
)
def test_a_strong_password_is_taken_to_the_letter(alice, new):
    assert change(alice, new).status_code == 204
    alice.password = new
    assert alice.log_in().status_code == 200
    alice.password = new + " "
    assert alice.log_in().status_code in (400, 401)


def test_megabytes_are_refused_without_being_hashed(alice):
    alice.sign_in()
    begun = time.perf_counter()
    assert change(alice, "x" * 1_000_000).status_code == 413
    assert change(alice, "x" * 60_000).status_code == 400
    assert time.perf_counter() - begun < 1


def test_every_password_is_hashed_by_argon2id_with_19_mib(alice, settings):
    settings.PASSWORD_HASHERS = deployed.PASSWORD_HASHERS + settings.PASSWORD_HASHERS
    assert change(alice, "walnut kayak 77 comet").status_code == 204
    stored = User.objects.get(pk=alice.user.pk).password
    assert stored.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_two_hashes_of_one_password_differ():
    hasher = Argon2Hasher()
    first, second = (hasher.encode(PASSWORD, hasher.salt()) for _ in range(2))
    assert first != second
    assert hasher.verify(PASSWORD, first)
    assert not hasher.verify(PASSWORD + "x", first)
