"""Accepting an invitation: a newcomer chooses a password, an account is proven."""

import re

import pytest
import time_machine

from accounts.models import User
from tests.cast import send

ACCEPT = "/api/v1/auth/invitations/accept"
PASSWORD = "seven blue lanterns"


@pytest.fixture
def invite(alice, post):
    """invite("dora@new.test") -> the token shown to alice and the mailed one."""

    def ask(email="dora@new.test", role="member", by=None):
        with post() as mails:
            body = {"email": email, "role": role}
            answer = (by or alice).call("POST", "/api/v1/users", body)
        assert answer.status_code == 201, answer.content
        mailed = re.search(r"/invitations/([\w-]+)", mails[-1].body)
        return answer.json()["invitation_url"].rpartition("/")[2], mailed[1]

    return ask


@pytest.fixture
def accept():
    """accept(token, who=carol, password="…") -> the answer."""

    def ask(token, who=None, **body):
        through = who.call if who else send
        return through("POST", ACCEPT, {"token": token, **body})

    return ask


@pytest.fixture
def newcomer(accept):
    """newcomer(token) -> the answer to somebody without an account."""
    return lambda token: accept(token, name="Dora", password=PASSWORD)


def code(answer):
    return answer.status_code, answer.json().get("code")


def test_a_newcomer_chooses_name_and_password_and_signs_in(invite, newcomer):
    joined = newcomer(invite()[0])
    assert joined.status_code == 201
    member = joined.json()
    assert member.pop("id").startswith("usr_")
    assert member == {
        "email": "dora@new.test",
        "name": "Dora",
        "role": "member",
        "status": "active",
    }
    body = {"email": "dora@new.test", "password": PASSWORD}
    assert send("POST", "/api/v1/auth/login", body).status_code == 200


def test_an_answer_to_a_newcomer_signs_nobody_in(invite, newcomer):
    joined = newcomer(invite()[0])
    assert "access_token" not in joined.json()
    assert not joined.cookies


def test_only_the_mailed_link_proves_the_mailbox(invite, newcomer):
    shown, _ = invite("dora@new.test")
    assert newcomer(shown).status_code == 201
    assert User.objects.get(email="dora@new.test").email_verified_at is None
    _, mailed = invite("emil@new.test")
    assert newcomer(mailed).status_code == 201
    assert User.objects.get(email="emil@new.test").email_verified_at is not None


def test_an_account_that_joins_by_the_mailed_link_is_verified_too(
    invite, accept, carol
):
    _, mailed = invite(carol.user.email)
    assert accept(mailed, who=carol).status_code == 201
    carol.user.refresh_from_db()
    assert carol.user.email_verified_at is not None


def test_an_account_joins_when_it_is_signed_in(invite, accept, carol, alice):
    for token in invite(carol.user.email)[:1]:
        joined = accept(token, who=carol)
        assert joined.status_code == 201
        assert joined.json()["id"] == carol.user.public_id
        assert joined.json()["name"] == "Carol"
    there = carol.log_in(organization=alice.organization.public_id)
    assert there.status_code == 200


@pytest.mark.parametrize("body", [{}, {"name": "Mallory"}])
def test_an_account_does_not_join_by_its_link_alone(invite, accept, carol, body):
    for token in invite(carol.user.email):
        assert code(accept(token, **body)) == (403, "sign_in_to_accept")


def test_a_link_never_sets_the_password_of_an_account(invite, accept, carol):
    before = carol.user.password
    for token in invite(carol.user.email):
        refused = accept(token, name="Mallory", password=PASSWORD)
        assert refused.status_code in (401, 403)
    carol.user.refresh_from_db()
    assert (carol.user.password, carol.user.name) == (before, "Carol")


def test_a_password_in_the_body_is_no_new_one_for_who_is_signed_in(
    invite, accept, carol
):
    token = invite(carol.user.email)[0]
    joined = accept(token, who=carol, name="Mallory", password=PASSWORD)
    assert joined.status_code == 201
    carol.user.refresh_from_db()
    assert carol.user.check_password(carol.password)
    assert carol.user.name == "Carol"


def test_nobody_else_joins_with_the_link_of_an_account(invite, accept, carol, nadia):
    for token in invite(carol.user.email):
        assert code(accept(token, who=nadia)) == (403, "sign_in_to_accept")
    assert nadia.user.memberships.count() == 1


def test_a_key_does_not_join_for_its_person(invite, carol, issue):
    token = invite(carol.user.email)[0]
    for owner in (carol, None):
        key = issue("scans_read", owner=owner)[1]
        refused = send("POST", ACCEPT, {"token": token}, X_API_KEY=key)
        assert code(refused) == (403, "sign_in_to_accept")


def test_a_link_works_once(invite, accept, newcomer):
    shown, mailed = invite()
    assert newcomer(shown).status_code == 201
    for token in (shown, mailed):
        assert code(newcomer(token)) == (400, "invalid_token")
    user = User.objects.get(email="dora@new.test")
    assert user.check_password(PASSWORD)


def test_a_link_ends_after_seven_days(invite, newcomer):
    with time_machine.travel("2040-01-01T00:00:00Z", tick=False):
        shown, _ = invite()
    with time_machine.travel("2040-01-08T00:00:00Z", tick=False):
        assert code(newcomer(shown)) == (400, "invalid_token")
    with time_machine.travel("2040-01-07T23:59:59Z", tick=False):
        assert newcomer(shown).status_code == 201


def test_a_link_that_was_replaced_is_dead(invite, newcomer):
    old = invite()
    new = invite()
    for token in old:
        assert code(newcomer(token)) == (400, "invalid_token")
    assert newcomer(new[0]).status_code == 201


@pytest.mark.parametrize(
    ("method", "body"), [("DELETE", None), ("PATCH", {"is_active": False})]
)
def test_a_link_dies_when_the_invitation_is_taken_back(
    invite, newcomer, alice, method, body
):
    tokens = invite()
    waiting = User.objects.get(email="dora@new.test").public_id
    taken_back = alice.call(method, f"/api/v1/users/{waiting}", body)
    assert taken_back.status_code in (200, 204)
    for token in tokens:
        assert code(newcomer(token)) == (400, "invalid_token")


@pytest.mark.parametrize("token", ["x", "0" * 43, "inv_01h455vb4pex5vsknk084sn02q"])
def test_an_unknown_token_is_refused(db, newcomer, token):
    assert code(newcomer(token)) == (400, "invalid_token")


def test_a_refused_password_does_not_use_the_link_up(invite, accept, newcomer):
    shown, _ = invite()
    for password in ("short", "password1234", "dora@new.test", "x" * 1025):
        refused = accept(shown, name="Dora", password=password)
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["field"] == "password"
    assert not User.objects.get(email="dora@new.test").has_usable_password()
    assert newcomer(shown).status_code == 201


def test_a_newcomer_needs_both_name_and_password(invite, accept):
    shown, _ = invite()
    assert accept(shown, name="Dora").json()["errors"][0]["field"] == "password"
    assert accept(shown, password=PASSWORD).json()["errors"][0]["field"] == "name"
    assert not User.objects.get(email="dora@new.test").has_usable_password()


def test_joining_is_audited_as_the_newcomers_own_act(invite, newcomer, alice):
    member = newcomer(invite()[0]).json()
    newest = alice.call("GET", "/api/v1/audit-events").json()["data"][0]
    assert newest["action"] == "member.joined"
    assert newest["actor"] == newest["target"] == member["id"]


def test_guessing_at_links_is_braked(db, newcomer):
    with time_machine.travel("2040-01-01T00:00:00Z", tick=False):
        for _ in range(60):
            assert newcomer("0" * 43).status_code == 400
        refused = newcomer("0" * 43)
    assert code(refused) == (429, "too_many_attempts")
    assert int(refused.headers["Retry-After"]) > 0


@pytest.mark.slow
def test_of_many_who_use_a_link_at_once_one_joins(crowd, invite, newcomer):
    shown, _ = invite()
    answers = crowd(lambda: code(newcomer(shown)), times=16)
    assert answers.count((201, None)) == 1
    losers = {(400, "invalid_token"), (403, "sign_in_to_accept")}
    assert set(answers) - {(201, None)} <= losers


@pytest.mark.slow
def test_an_account_that_accepts_many_times_at_once_joins_once(
    crowd, invite, accept, carol, events
):
    shown, _ = invite(carol.user.email)
    carol.sign_in()
    answers = crowd(lambda: code(accept(shown, who=carol)), times=16)
    assert sorted(answers, key=str) == [(201, None)] + [(400, "invalid_token")] * 15
    assert events().count("member.joined") == 1
