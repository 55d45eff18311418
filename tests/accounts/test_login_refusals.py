"""Who may not sign in is told so, and nothing else."""

import pytest

from accounts.models import Session, User
from tests.cast import PASSWORD, person, send

LOGIN = "/api/v1/auth/login"
VARYING = ("X-Request-Id", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit")


def log_in(email, password=PASSWORD, **extra):
    return send("POST", LOGIN, {"email": email, "password": password, **extra})


def told(answer):
    """Everything that an answer tells, but for what counts and names requests."""
    headers = {name: text for name, text in answer.items() if name not in VARYING}
    return answer.status_code, {**answer.json(), "request_id": ""}, headers


@pytest.fixture
def disabled(bob):
    User.objects.filter(pk=bob.user.pk).update(is_active=False)
    return bob


@pytest.fixture
def password_less(alice):
    someone = person("paula@acme.test", alice.organization, "member")
    someone.user.set_unusable_password()
    someone.user.save()
    return someone


def test_all_unknown_disabled_and_password_less_people_get_one_answer(
    alice, disabled, password_less
):
    wrong = told(log_in(alice.user.email, "not the password"))
    assert wrong[0] == 401
    assert wrong[1]["code"] == "invalid_login"
    assert told(log_in("nobody@acme.test")) == wrong
    assert told(log_in(disabled.user.email)) == wrong
    assert told(log_in(disabled.user.email, "not the password")) == wrong
    assert told(log_in(password_less.user.email)) == wrong


def test_a_refusal_asks_for_a_credential(alice):
    refused = log_in(alice.user.email, "wrong")
    assert refused["WWW-Authenticate"].startswith("Bearer ")
    assert refused["Cache-Control"] == "no-store"


def test_a_refusal_repeats_nothing_that_was_sent(alice):
    refused = log_in("Alice@ACME.test", "a wrong secret")
    assert "alice" not in refused.content.decode().lower()
    assert "wrong secret" not in refused.content.decode()


@pytest.mark.parametrize("password", ["", "!", "!unusable", None], ids=repr)
def test_no_password_opens_an_account_without_one(password_less, password):
    assert log_in(password_less.user.email, password).status_code in (400, 401)


def test_the_hash_of_a_password_is_not_the_password(alice):
    assert log_in(alice.user.email, alice.user.password).status_code == 401


@pytest.mark.parametrize(
    "spelling", ["ALICE@acme.test", "Alice@ACME.TEST", "alice@Acme.Test"]
)
def test_the_case_of_an_address_does_not_matter(alice, spelling):
    assert log_in(spelling).status_code == 200


def test_two_compositions_of_one_letter_are_one_address(alice):
    person("zo\u00eb@acme.test", alice.organization, "member")
    assert log_in("zoe\u0308@acme.test").status_code == 200
    assert log_in("ZOE\u0308@acme.test").status_code == 200


@pytest.mark.parametrize(
    ("real", "look_alike"),
    [
        ("admin@acme.test", "adm\u0131n@acme.test"),
        ("admin@acme.test", "ADM\u0130N@acme.test"),
        ("kate@acme.test", "\u212aate@acme.test"),
        ("jeff@acme.test", "je\ufb00@acme.test"),
        ("sam@acme.test", "\u017fam@acme.test"),
        ("bill@acme.test", "\uff42ill@acme.test"),
        ("hans@acme.test", "h\u0430ns@acme.test"),
        ("masse@acme.test", "ma\u00dfe@acme.test"),
    ],
    ids=[
        "dotless i",
        "dotted I",
        "Kelvin sign",
        "ligature ff",
        "long s",
        "full-width b",
        "Cyrillic a",
        "sharp s",
    ],
)
def test_a_look_alike_is_not_that_person(alice, real, look_alike):
    person(real, alice.organization, "member")
    assert log_in(real).status_code == 200
    assert log_in(look_alike).status_code == 401


@pytest.mark.parametrize(
    "spelling", [" alice@acme.test", "alice@acme.test ", "alice@acme.test\u200b"]
)
def test_what_is_added_to_an_address_makes_another(alice, spelling):
    assert log_in(spelling).status_code == 401


def test_a_password_is_taken_to_the_letter(alice):
    for password in (f" {PASSWORD}", f"{PASSWORD} ", PASSWORD.upper(), PASSWORD[:-1]):
        assert log_in(alice.user.email, password).status_code == 401


def test_who_has_no_membership_is_told_so_after_the_password(alice, bob):
    bob.membership.is_active = False
    bob.membership.save()
    assert log_in(bob.user.email, "wrong").json()["code"] == "invalid_login"
    refused = log_in(bob.user.email)
    assert (refused.status_code, refused.json()["code"]) == (403, "no_membership")
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "email"),
        ({"email": "alice@acme.test"}, "password"),
        ({"email": ["alice@acme.test"], "password": PASSWORD}, "email"),
        ({"email": 5, "password": PASSWORD}, "email"),
        ({"email": None, "password": PASSWORD}, "email"),
        ({"email": "alice@acme.test", "password": 12345678}, "password"),
        ({"email": "alice@acme.test", "password": {"$ne": ""}}, "password"),
        ({"email": "alice@acme.test", "password": "x" * 1025}, "password"),
        ({"email": "a" * 255, "password": PASSWORD}, "email"),
        ({"email": "alice@acme.test\n", "password": PASSWORD}, "email"),
        ({"email": "a@acme.test", "password": "x", "remember": True}, "remember"),
        ({"email": "a@acme.test", "password": "x", "organization": 7}, "organization"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_malformed_sign_in_is_refused_by_its_field(alice, body, field):
    refused = send("POST", LOGIN, body)
    assert refused.status_code == 400
    assert field in [error["field"] for error in refused.json()["errors"]]


def test_a_password_of_a_megabyte_is_refused_without_being_hashed(alice):
    refused = log_in(alice.user.email, "x" * 1_000_000)
    assert refused.status_code == 413
