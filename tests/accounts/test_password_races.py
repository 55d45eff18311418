"""What happens beside a change of a password does not outlive it."""

import itertools

import pytest

from accounts import login, passwords, people, sessions
from accounts.audit import SYSTEM
from accounts.models import PasswordReset, Session, TotpDevice, User
from accounts.problems import Problem
from tests.cast import HERE, PASSWORD, send

NEW = "walnut kayak 77 comet"
RESET = "/api/v1/auth/password/reset"


def replace_password(person):
    user = User.objects.get(pk=person.user.pk)
    passwords.change(user, current=PASSWORD, new=NEW, keep="", by=SYSTEM)


def begin_over_the_api(membership):
    return sessions.begin(membership, factors=["pwd"], place=HERE)


def begin_in_a_browser(membership):
    return sessions.begin_in_browser(membership, factors=["pwd"], place=HERE)


@pytest.mark.parametrize("begin", [begin_over_the_api, begin_in_a_browser])
def test_a_sign_in_that_was_past_its_password_check_is_refused(alice, begin):
    """Else who knows the old password signs in all the time, and once in between."""
    user = passwords.person_with(alice.user.email, PASSWORD)
    replace_password(alice)
    with pytest.raises(Problem) as refused:
        begin(login.membership_for(user, ""))
    assert refused.value.code == "invalid_login"
    assert not Session.objects.exists()


@pytest.mark.parametrize("begin", [begin_over_the_api, begin_in_a_browser])
def test_a_sign_in_beside_disabling_does_not_come_back(alice, begin):
    """Else it would be open again as soon as the person is enabled."""
    user = passwords.person_with(alice.user.email, PASSWORD)
    membership = login.membership_for(user, "")
    people.disable(user, reason="left", by=SYSTEM)
    with pytest.raises(Problem) as refused:
        begin(membership)
    assert refused.value.code == "invalid_login"


def test_a_change_that_was_past_its_password_check_does_not_undo_another(alice):
    user = User.objects.get(pk=alice.user.pk)
    replace_password(alice)
    theirs = {"current": PASSWORD, "new": "another plum 9 lantern", "keep": ""}
    with pytest.raises(Problem) as refused:
        passwords.change(user, **theirs, by=SYSTEM)
    assert refused.value.code == "wrong_password"
    alice.password = NEW
    assert alice.log_in().status_code == 200


def test_of_many_parallel_changes_one_wins(alice, crowd, settings):
    settings.BRAKES = {"account": (1000, 900), "address": (1000, 900)}
    alice.sign_in()
    numbers = itertools.count()

    def change():
        new = f"{NEW} {next(numbers)}"
        body = {"current_password": PASSWORD, "new_password": new}
        return alice.call("POST", "/api/v1/auth/password", body).status_code, new

    answers = crowd(change, times=16)
    assert sorted(status for status, _new in answers)[:2] == [204, 400]
    [alice.password] = [new for status, new in answers if status == 204]
    assert alice.log_in().status_code == 200


def mailed_token(person, post):
    with post() as mails:
        send("POST", RESET, {"email": person.user.email})
    return mails[0].body.partition("/password/reset/")[2].split()[0]


@pytest.fixture
def confirm_each(crowd):
    """confirm_each(tokens, times) -> status and password of so many parallel resets."""

    def run(tokens, times=32):
        numbers = itertools.count()

        def confirm():
            number = next(numbers)
            new = f"{NEW} {number}"
            body = {"token": tokens[number % len(tokens)], "new_password": new}
            return send("POST", f"{RESET}/confirm", body).status_code, new

        return crowd(confirm, times=times)

    return run


@pytest.mark.parametrize("links", [1, 4])
def test_of_many_parallel_resets_one_wins(alice, post, confirm_each, settings, links):
    settings.BRAKES = {"account": (1000, 900), "address": (1000, 900)}
    tokens = [mailed_token(alice, post) for _ in range(links)]
    answers = confirm_each(tokens)
    assert {status for status, _new in answers} == {204, 400}
    [alice.password] = [new for status, new in answers if status == 204]
    assert alice.log_in().status_code == 200
    assert not PasswordReset.objects.filter(used_at=None).exists()


def test_enrolling_while_confirming_is_no_fault(alice, enrol, crowd):
    """The device that a code confirms may be replaced at the same moment."""
    app = enrol(alice)
    user = User.objects.get(pk=alice.user.pk)
    TotpDevice.objects.filter(user=user).update(confirmed=False, last_step=-1)
    numbers = itertools.count()

    def act():
        if next(numbers) % 4 == 0:
            return alice.call("POST", "/api/v1/auth/totp").status_code
        body = {"totp_code": app.code()}
        return alice.call("POST", "/api/v1/auth/totp/confirm", body).status_code

    assert set(crowd(act, times=32)) <= {200, 201, 401, 409, 429}
