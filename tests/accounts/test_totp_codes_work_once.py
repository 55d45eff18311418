"""No code works twice: not later, not when the clock went back, not in parallel."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from accounts.models import RecoveryCode, Session, TotpDevice
from tests.accounts.conftest import Authenticator
from tests.live import bearer


def statuses(person, *codes):
    return [person.log_in(totp_code=code).status_code for code in codes]


def test_a_code_signs_in_once(alice, enrol):
    app = enrol(alice)
    assert statuses(alice, app.code(), app.code()) == [200, 401]


def test_a_code_used_at_the_api_is_dead_on_the_page(alice, enrol, browse):
    app, browser = enrol(alice), browse()
    browser.log_in(alice)
    assert statuses(alice, app.code()) == [200]
    assert browser.fill_in("/login/code", totp_code=app.code()).status_code == 401


def test_the_code_that_confirmed_does_not_sign_in(alice, enrol):
    app = enrol(alice)
    assert statuses(alice, app.code(-1)) == [401]


def test_the_code_that_removed_an_authenticator_was_used_up_for_signing_in(
    alice, enrol
):
    app = enrol(alice)
    assert statuses(alice, app.code()) == [200]
    body = {"totp_code": app.code()}
    assert alice.call("POST", "/api/v1/auth/totp/remove", body).status_code == 401
    assert TotpDevice.objects.exists()


@pytest.mark.parametrize("seconds", [29, 30, 59, 89])
def test_a_used_code_stays_dead(alice, enrol, clock, seconds):
    app = enrol(alice)
    used = app.code()
    assert statuses(alice, used) == [200]
    clock.shift(seconds)
    assert statuses(alice, used) == [401]


@pytest.mark.parametrize("seconds", [-30, -90, -3600])
def test_a_used_code_stays_dead_when_the_clock_goes_back(alice, enrol, clock, seconds):
    app = enrol(alice)
    clock.shift(3600)
    used = app.code()
    assert statuses(alice, used) == [200]
    clock.shift(seconds)
    assert statuses(alice, used, app.code()) == [401, 401]


def test_the_neighbours_of_the_present_step_are_accepted_in_order(alice, enrol):
    app = enrol(alice)
    assert statuses(alice, app.code(0), app.code(1)) == [200, 200]


def test_an_earlier_code_is_dead_once_a_later_one_was_used(alice, enrol, clock):
    app = enrol(alice)
    clock.shift(90)
    assert statuses(alice, app.code(1), app.code(0), app.code(-1)) == [200, 401, 401]


@pytest.mark.parametrize("step", [-10, -3, -2, 2, 3, 10])
def test_a_code_of_another_time_is_refused(alice, enrol, clock, step):
    app = enrol(alice)
    clock.shift(3600)
    assert statuses(alice, app.code(step)) == [401]


def test_of_64_parallel_uses_of_one_code_one_signs_in(alice, enrol, crowd, settings):
    settings.BRAKES = {"account": (1000, 900), "address": (1000, 900)}
    app = enrol(alice)
    before = Session.objects.count()
    answers = crowd(lambda: alice.log_in(totp_code=app.code()).status_code)
    assert sorted(answers) == [200] + [401] * 63
    assert Session.objects.count() == before + 1


@pytest.mark.slow
def test_of_64_parallel_uses_of_a_recovery_code_one_signs_in(
    alice, enrol, crowd, settings
):
    settings.BRAKES = {"account": (1000, 900), "address": (1000, 900)}
    code = enrol(alice).recovery_codes[0]
    answers = crowd(lambda: alice.log_in(totp_code=code).status_code)
    assert sorted(answers) == [200] + [401] * 63
    assert RecoveryCode.objects.exclude(used_at=None).count() == 1


def test_parallel_guesses_hardly_pass_the_brake(alice, enrol, crowd):
    app = enrol(alice)
    answers = crowd(lambda: alice.log_in(totp_code=app.wrong()).status_code)
    # Each of the 16 threads may be past the brake when the tenth failure is counted.
    assert 10 <= answers.count(401) <= 10 + 16
    assert set(answers) == {401, 429}
    assert alice.log_in(totp_code=app.code()).status_code == 429


def turn_on(live, headers):
    """An authenticator whose present code is unused."""
    begun = live.send("POST", "/api/v1/auth/totp", headers=headers)
    app = Authenticator(begun.json()["secret"])
    body = {"totp_code": app.code(-1)}
    confirm = "/api/v1/auth/totp/confirm"
    assert live.send("POST", confirm, headers=headers, json=body).status_code == 200
    return app


@pytest.mark.slow
def test_of_64_connections_to_a_real_server_one_signs_in_with_a_code(live):
    account = live.new_account("netrecon")
    app = turn_on(live, bearer(live.sign_in(account)["access_token"]))
    body = {name: account[name] for name in ("email", "password")}
    body["totp_code"] = app.code()
    limits = httpx.Limits(max_connections=64)
    with (
        httpx.Client(base_url=live.url, timeout=60, limits=limits) as client,
        ThreadPoolExecutor(64) as pool,
    ):
        calls = [
            pool.submit(client.post, "/api/v1/auth/login", json=body) for _ in range(64)
        ]
        statuses = [call.result().status_code for call in calls]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 401, 429}
