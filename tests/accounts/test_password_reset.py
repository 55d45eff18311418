"""Who forgot the password gets a link by mail, whoever asks learns nothing."""

import pytest

from accounts import mail
from accounts.models import AuditEvent, PasswordReset, RecoveryCode, TotpDevice, User
from tests.accounts.post_office import AWAY
from tests.cast import person, send

ASK = "/api/v1/auth/password/reset"
CONFIRM = "/api/v1/auth/password/reset/confirm"
NEW = "walnut kayak 77 comet"


def ask(email, **headers):
    return send("POST", ASK, {"email": email}, **headers)


def confirm(token, new=NEW):
    return send("POST", CONFIRM, {"token": token, "new_password": new})


def refusal(answer):
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def token_for(post):
    """token_for(alice) -> the token in the mail that she asked for."""

    def fetch(someone):
        with post() as mails:
            assert ask(someone.user.email).status_code == 202
        [sent] = mails
        assert sent.to == [someone.user.email]
        return sent.body.partition("/password/reset/")[2].split()[0]

    return fetch


def test_the_mailed_token_sets_a_new_password(alice, token_for):
    assert confirm(token_for(alice)).status_code == 204
    assert alice.log_in().status_code == 401
    alice.password = NEW
    assert alice.log_in().status_code == 200


def test_asking_answers_the_same_for_every_address(alice, bob):
    User.objects.filter(pk=bob.user.pk).update(is_active=False)
    answers = [
        ask(email)
        for email in (
            alice.user.email,
            bob.user.email,
            "nobody@acme.test",
            "no address",
        )
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"")}
    headers = [dict(answer.headers) for answer in answers]
    assert all(header.keys() == headers[0].keys() for header in headers)


def test_unknown_and_disabled_people_get_no_mail(alice, bob, post):
    User.objects.filter(pk=bob.user.pk).update(is_active=False)
    with post() as mails:
        ask(bob.user.email)
        ask("nobody@acme.test")
    assert mails == []


def test_asking_costs_as_many_statements_for_an_unknown_address(
    alice, django_assert_num_queries
):
    for email in (alice.user.email, "nobody@acme.test"):
        with django_assert_num_queries(2):
            ask(email)


@pytest.mark.parametrize(
    ("real", "look_alike"),
    [
        ("admin@acme.test", "adm\u0131n@acme.test"),
        ("kate@acme.test", "\u212aate@acme.test"),
        ("jeff@acme.test", "je\ufb00@acme.test"),
    ],
    ids=["dotless i", "Kelvin sign", "ligature ff"],
)
def test_a_look_alike_gets_nobodys_mail(alice, post, real, look_alike):
    person(real, alice.organization, "member")
    with post() as mails:
        ask(look_alike)
        ask(real.upper())
    assert [sent.to for sent in mails] == [[real]]


@pytest.mark.parametrize("name", ["HOST", "X_FORWARDED_HOST", "FORWARDED", "ORIGIN"])
def test_the_link_leads_to_the_public_address_whatever_the_headers(
    alice, post, settings, name
):
    with post() as mails:
        answer = ask(alice.user.email, **{name: "evil.example"})
    assert answer.status_code in (202, 400)
    for sent in mails:
        assert "evil.example" not in sent.body
        assert f"{settings.PUBLIC_URL}/password/reset/" in sent.body


def test_a_mail_server_that_is_down_does_not_show(alice, post, settings):
    settings.EMAIL_BACKEND = AWAY
    with post():
        known, unknown = ask(alice.user.email), ask("nobody@acme.test")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert known.status_code == 202
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with post() as mails:
        ask(alice.user.email)
    assert len(mails) == 1
    mail.wait()


def test_a_token_works_once(alice, token_for):
    token = token_for(alice)
    assert confirm(token).status_code == 204
    assert refusal(confirm(token, "another plum 9 lantern")) == (400, "invalid_token")
    alice.password = NEW
    assert alice.log_in().status_code == 200


def test_a_token_works_for_an_hour(alice, token_for, clock):
    in_time, late = token_for(alice), token_for(alice)
    clock.shift(3599)
    assert confirm(in_time).status_code == 204
    late = token_for(alice)
    clock.shift(3600)
    assert refusal(confirm(late)) == (400, "invalid_token")


def test_the_first_of_several_tokens_that_is_used_ends_the_others(alice, token_for):
    tokens = [token_for(alice) for _ in range(3)]
    assert confirm(tokens[1]).status_code == 204
    for token in tokens:
        assert refusal(confirm(token)) == (400, "invalid_token")


def test_a_refused_password_does_not_use_the_token_up(alice, token_for):
    token = token_for(alice)
    refused = confirm(token, "short")
    assert refusal(refused) == (400, "invalid_request")
    assert refused.json()["errors"][0]["field"] == "new_password"
    assert confirm(token).status_code == 204


def test_a_token_is_for_one_person_and_dies_with_the_account(alice, bob, token_for):
    token = token_for(bob)
    User.objects.filter(pk=bob.user.pk).update(is_active=False)
    assert refusal(confirm(token)) == (400, "invalid_token")
    assert alice.log_in().status_code == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token + "x",
        lambda token: token.swapcase(),
        lambda token: f" {token}",
        lambda token: "x",
    ],
    ids=["cut", "longer", "case", "space", "noise"],
)
def test_a_token_that_was_not_mailed_is_refused(alice, token_for, spoil):
    token = token_for(alice)
    assert refusal(confirm(spoil(token))) == (400, "invalid_token")
    assert confirm(token).status_code == 204


def test_guessing_at_tokens_has_to_wait(alice, token_for, settings, clock):
    settings.BRAKES = {"account": (10, 900), "address": (5, 900)}
    for _ in range(5):
        confirm("x")
    assert refusal(confirm("y")) == (429, "too_many_attempts")


def test_nobody_is_flooded_with_mail(alice, post, clock):
    with post() as mails:
        answers = [ask(alice.user.email).status_code for _ in range(12)]
    assert answers == [202] * 10 + [429] * 2
    assert len(mails) == 10


def test_two_step_sign_in_stays_where_the_mailbox_was_proven(alice, enrol, token_for):
    confirm(token_for(alice))
    alice.password, alice.tokens = NEW, {}
    enrol(alice)
    assert confirm(token_for(alice), "another plum 9 lantern").status_code == 204
    alice.password = "another plum 9 lantern"
    assert alice.log_in().json()["code"] == "totp_required"


def test_a_mailbox_proven_for_the_first_time_keeps_the_factors(alice, enrol, token_for):
    """A mailbox alone opens no account that has a second step."""
    enrol(alice)
    assert confirm(token_for(alice)).status_code == 204
    assert User.objects.get(pk=alice.user.pk).email_verified_at is not None
    assert TotpDevice.objects.filter(user=alice.user).exists()
    assert RecoveryCode.objects.filter(user=alice.user).exists()
    alice.password = NEW
    assert alice.log_in().json()["code"] == "totp_required"


def test_keys_stay(alice, issue, call, token_for):
    _api_key, key = issue("scans_read", owner=alice)
    confirm(token_for(alice))
    assert call(key).status_code == 200


def test_a_reset_is_written_down_once(alice, token_for):
    token = token_for(alice)
    confirm("x")
    confirm(token)
    confirm(token)
    event = AuditEvent.objects.get(action="password.reset")
    assert event.target == alice.user.public_id
    assert token not in str(event.details)


def test_the_pages_do_the_same(alice, browse, post):
    browser = browse()
    with post() as mails:
        page = browser.fill_in("/password/reset", email=alice.user.email)
    assert "Look into your mail" in page.content.decode()
    link = (
        f"/password/reset/{mails[0].body.partition('/password/reset/')[2].split()[0]}"
    )
    assert browser.fill_in(link, new_password="short").status_code == 400
    assert browser.fill_in(link, new_password=NEW)["Location"] == "/login"
    assert browser.fill_in(link, new_password=NEW).status_code == 400
    alice.password = NEW
    assert browser.log_in(alice)["Location"] == "/"


def test_the_page_answers_the_same_for_an_unknown_address(alice, browse):
    told = {
        browse().fill_in("/password/reset", email=email).content
        for email in (alice.user.email, "nobody@acme.test")
    }
    assert len(told) == 1


def test_a_way_in_that_nobody_asked_for_cannot_be_made_up(alice):
    PasswordReset.objects.all().delete()
    for body in (
        {},
        {"token": ""},
        {"token": None},
        {"token": "x"},
        {"new_password": NEW},
    ):
        assert send("POST", CONFIRM, body).status_code == 400
    assert alice.log_in().status_code == 200
