"""When a password was changed is kept with it: what was granted before is over."""

from datetime import timedelta

from django.utils import timezone

from tests.cast import PASSWORD, send

NEW = "walnut kayak 77 comet"
RESET = "/api/v1/auth/password/reset"


def changed_now(person):
    person.user.refresh_from_db()
    at = person.user.password_changed_at
    return at is not None and timezone.now() - at < timedelta(seconds=1)


def test_a_change_is_kept_with_its_time(alice, clock):
    assert not changed_now(alice)
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert alice.call("POST", "/api/v1/auth/password", body).status_code == 204
    assert changed_now(alice)


def test_a_reset_is_kept_with_its_time(alice, clock, post):
    with post() as mails:
        send("POST", RESET, {"email": alice.user.email})
    token = mails[0].body.partition("/password/reset/")[2].split()[0]
    assert not changed_now(alice)
    body = {"token": token, "new_password": NEW}
    assert send("POST", f"{RESET}/confirm", body).status_code == 204
    assert changed_now(alice)


def test_a_change_that_is_refused_has_no_time(alice):
    body = {"current_password": "not the password", "new_password": NEW}
    assert alice.call("POST", "/api/v1/auth/password", body).status_code != 204
    assert not changed_now(alice)
