"""A key whose answer was lost: asked for again, it is the same one, for ten minutes."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from accounts import sealing
from accounts.idempotency import forget_answers
from accounts.models import AuditEvent, IdempotentAnswer
from apikeys.models import ApiKey, ApiKeySecret
from tests.accounts.conftest import clock as clock
from tests.accounts.conftest import enrol as enrol
from tests.accounts.test_secrets_at_rest import assert_nowhere
from tests.cast import Person, person, send

KEYS = "/api/v1/api-keys"
MINUTE = 60
WISH = {"name": "CI", "scopes": ["scans_read"]}
REPLAYED = "Idempotent-Replayed"


@pytest.fixture
def again(alice):
    """again(who=bob, key="k1", body={…}, path=…) -> the answer. Alice's wish for a
    key, where nothing else is said."""

    def ask(who=None, key="try-1", body=None, path=KEYS):
        body = WISH if body is None else body
        if isinstance(who, str):
            return send("POST", path, body, X_API_KEY=who, IDEMPOTENCY_KEY=key)
        return (who or alice).call("POST", path, body, IDEMPOTENCY_KEY=key)

    return ask


@pytest.fixture
def rotation(ask):
    """The address of a rotation."""
    return f"{KEYS}/{ask(name='old').json()['id']}/rotate"


def test_a_repeat_is_answered_alike_and_makes_nothing(again, call):
    first, second = again(), again()
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert REPLAYED not in first.headers
    assert second.headers[REPLAYED] == "true"
    assert ApiKey.objects.count() == ApiKeySecret.objects.count() == 1
    assert AuditEvent.objects.filter(action="api_key.created").count() == 1
    assert call(second.json()["key"]).status_code == 200


def test_a_repeated_rotation_rotates_once(again, rotation, call):
    body = {"grace_seconds": 60}
    first, second = (again(body=body, path=rotation) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.content == second.content
    assert second.headers[REPLAYED] == "true"
    assert ApiKeySecret.objects.count() == 2
    assert call(second.json()["key"]).status_code == 200


def test_a_rotation_without_a_body_can_be_repeated_too(alice, rotation):
    first, second = (
        alice.call("POST", rotation, IDEMPOTENCY_KEY="try-1") for _ in range(2)
    )
    assert first.status_code == 200
    assert first.content == second.content


def test_without_the_header_each_request_is_another_one(alice, ask):
    assert ask(name="one").json()["id"] != ask(name="two").json()["id"]
    assert not IdempotentAnswer.objects.exists()


def test_the_order_and_the_spaces_of_the_body_do_not_matter(alice, again):
    first = again()
    text = '{ "scopes": ["scans_read"],\n "name": "\\u0043I" }'
    headers = {
        "HTTP_AUTHORIZATION": f"Bearer {alice.tokens['access_token']}",
        "HTTP_IDEMPOTENCY_KEY": "try-1",
    }
    second = Client().generic("POST", KEYS, text, "application/json", **headers)
    assert second.content == first.content


@pytest.mark.parametrize(
    "body", [{**WISH, "name": "other"}, {**WISH, "tags": []}, {"name": 5}, {}]
)
def test_another_body_under_the_same_key_is_refused(again, refused, body):
    again()
    told = refused(again(body=body), 409, "idempotency_key_reused")
    assert "key" not in told
    assert ApiKey.objects.count() == 1


def test_after_ten_minutes_the_secret_is_not_told_again(clock, again, refused):
    first = again()
    clock.shift(10 * MINUTE)
    assert again().content == first.content
    clock.shift(1)
    told = refused(again(), 409, "idempotency_key_used")
    assert told["id"] == first.json()["id"]
    assert first.json()["id"] in told["detail"]
    assert first.json()["key"] not in json.dumps(told)
    assert ApiKey.objects.count() == 1


def test_what_was_forgotten_is_not_told_either(clock, again, refused):
    first = again()
    clock.shift(10 * MINUTE)
    assert forget_answers() == 0
    clock.shift(1)
    assert forget_answers() == 1
    assert forget_answers() == 0
    told = refused(again(), 409, "idempotency_key_used")
    assert told["id"] == first.json()["id"]


# Who is the same caller


def test_the_same_person_is_the_same_caller_after_another_sign_in(alice, again):
    first = again()
    alice.sign_in()
    assert again().content == first.content


def test_what_one_caller_made_no_other_is_told(alice, bob, carol, again, issue):
    first = again().json()
    maker = issue("api_keys_manage", "scans_read", name="maker")[1]
    other = issue("api_keys_manage", "scans_read", name="other")[1]
    answers = [again(who) for who in (bob, carol)]
    answers += [again(who, body={**WISH, "name": who[-4:]}) for who in (maker, other)]
    made = [answer.json() for answer in answers]
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({first["key"], *(each["key"] for each in made)}) == 5


def test_a_person_in_two_organizations_is_two_callers(alice, carol, again):
    first = again().json()
    joined = carol.organization.memberships.create(
        user=alice.user, role="owner", joined_at=timezone.now()
    )
    second = again(Person(joined)).json()
    assert first["key"] != second["key"]


def test_the_same_key_at_another_address_is_another_request(again, rotation):
    made = again()
    rotated = again(path=rotation, body={})
    assert (made.status_code, rotated.status_code) == (201, 200)


def test_keys_and_tokens_are_callers_too(issue, again):
    maker = issue("api_keys_manage", "scans_read", name="maker")[1]
    assert again(maker).content == again(maker).content


# Rights are asked for again


def test_who_lost_the_right_is_not_told_the_secret_again(alice, again, refused):
    first = again().json()
    person("olga@acme.test", alice.organization, "owner")
    alice.membership.role = "member"
    alice.membership.save()
    told = refused(again(), 403, "insufficient_scope")
    assert first["key"] not in json.dumps(told)


def test_who_lost_a_scope_of_the_key_is_not_told_its_secret(bob, again, refused):
    again(bob)
    ApiKey.objects.update(scopes=["billing"])
    refused(again(bob), 403, "beyond_own_rights")


def test_a_second_step_that_is_out_of_date_is_asked_for_again(
    clock, alice, enrol, again, refused
):
    app = enrol(alice)
    alice.tokens = alice.log_in(totp_code=app.code()).json()
    clock.shift(14 * MINUTE)
    first = again()
    assert first.status_code == 201
    clock.shift(2 * MINUTE)
    refused(again(), 403, "fresh_sign_in_required")
    alice.call("POST", "/api/v1/auth/step-up", {"totp_code": app.code()})
    assert again().content == first.content


# What is kept


def test_a_refused_request_leaves_nothing(alice, again, refused):
    refused(again(body={"name": "CI"}), 400, "invalid_request")
    refused(again(body={**WISH, "scopes": ["nonsense"]}), 400, "invalid_request")
    assert not IdempotentAnswer.objects.exists()
    assert again().status_code == 201


def test_a_refused_rotation_leaves_nothing(alice, again, rotation, refused):
    body = {"grace_seconds": 60}
    alice.call("POST", rotation, body)
    refused(again(body=body, path=rotation), 409, "conflict")
    alice.call("POST", f"{rotation}/finish")
    assert again(body=body, path=rotation).status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9", "a\tb", "a\x7fb"])
def test_a_key_that_is_no_short_printable_text_is_refused(again, refused, key):
    body = refused(again(key=key), 400, "invalid_request")
    assert body["errors"][0]["field"] == "Idempotency-Key"
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("key", ["x", "x" * 255, "a b ~!", '"quoted"', "8e03978e-40d5"])
def test_any_printable_text_may_be_a_key(again, key):
    assert again(key=key).content == again(key=key).content


def test_neither_the_secret_nor_the_key_nor_the_answer_can_be_read_at_rest(again):
    header = "an-idempotency-key-of-mine"
    body = {**WISH, "name": "first"}
    made = again(key=header, body=body).json()
    again(key=header, body=body)
    assert IdempotentAnswer.objects.get().sealed_answer
    assert_nowhere(made["key"], header, json.dumps(body), json.dumps(made))


def test_our_key_alone_does_not_open_what_is_sealed(again):
    """Nor does the caller's: the database and one of both are not enough."""
    again(key="mine")
    row = IdempotentAnswer.objects.get()
    caller = AuditEvent.objects.get(action="api_key.created")
    context = context_of(row, caller)
    inner = sealing.unseal(bytes(row.sealed_answer), context=context)
    assert b"nr_live_" not in inner
    with pytest.raises(sealing.Unsealable):
        sealing.unseal_under("other", inner, context=context)
    assert b"nr_live_" in sealing.unseal_under("mine", inner, context=context)


def context_of(row, event):
    organization = event.organization.public_id
    name = json.dumps([f"{organization}:{event.actor}", "POST", KEYS, "mine"])
    assert bytes(row.digest) == sealing.digest(f"idempotent:{name}")
    return f"idempotent:{name}"


# At once


def test_of_many_at_once_one_makes_the_key_and_all_are_told(alice, crowd):
    alice.sign_in()

    def ask():
        return alice.call("POST", KEYS, WISH, IDEMPOTENCY_KEY="crowd")

    answers = crowd(ask, times=50, threads=10)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert [REPLAYED in answer.headers for answer in answers].count(False) == 1
    assert ApiKey.objects.count() == IdempotentAnswer.objects.count() == 1


def test_of_many_rotations_at_once_one_is_made_and_all_are_told(alice, rotation, crowd):
    def ask():
        return alice.call("POST", rotation, IDEMPOTENCY_KEY="crowd")

    answers = crowd(ask, times=20, threads=10)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert ApiKeySecret.objects.count() == 2
