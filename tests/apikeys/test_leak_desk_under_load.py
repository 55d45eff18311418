"""The leak desk takes its time: always the same, and not too much of the server."""

import threading
import time
from statistics import median

import pytest

from accounts.models import AuditEvent, OutboxMessage
from apikeys import leaks_api
from ratelimits.limits import Limits
from tests.apikeys.leaking import Signer, at_once, listed, report
from tests.apikeys.planting import planted

__all__ = ["at_once"]


@pytest.fixture
def unlimited(monkeypatch, settings):
    settings.ANONYMOUS_LIMITS = Limits(100_000, 100_000, None)
    monkeypatch.setattr(leaks_api, "LIMITS", Limits(100_000, 100_000, None))


def test_an_address_that_reports_too_often_is_told_to_wait(
    db, at_once, standing_limits, settings, tmp_path
):
    settings.GITHUB_KEYS_FILE = tmp_path / "keys.json"
    github = Signer("a1")
    settings.GITHUB_KEYS_FILE.write_text(listed(github))
    answers = [report("garbage") for _ in range(leaks_api.LIMITS.burst)]
    assert {answer.status_code for answer in answers} == {202}
    for reporter in (lambda: report("garbage"), lambda: Signer("a1").report("x")):
        refused = reporter()
        assert refused.status_code == 429
        assert refused.json()["code"] == "rate_limited"
        assert int(refused.headers["Retry-After"]) >= 1
    # Whom GitHub's signature proves does not wait for others.
    assert github.report("x").status_code == 202


def test_a_limited_report_kills_nothing(issue, call, at_once, standing_limits):
    key = issue("scans_read")[1]
    for _ in range(leaks_api.LIMITS.burst):
        report("garbage")
    assert report(key).status_code == 429
    assert call(key).status_code == 200


def test_an_answer_comes_no_sooner_than_the_floor(db):
    begun = time.monotonic()
    report("garbage")
    assert time.monotonic() - begun >= leaks_api.FLOOR_SECONDS


@pytest.mark.django_db(transaction=True)
def test_only_a_few_reports_are_held_at_once(signing_keys, unlimited):
    """The others are told to come again, and hold no thread of the server."""
    answers = []

    def knock():
        answers.append(report("garbage"))

    threads = [threading.Thread(target=knock) for _ in range(leaks_api.MOST_HELD + 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [202] * leaks_api.MOST_HELD + [503] * 4
    turned_away = [answer for answer in answers if answer.status_code == 503]
    assert all(answer.headers["Retry-After"] == "1" for answer in turned_away)
    assert report("garbage").status_code == 202


@pytest.mark.django_db(transaction=True)
def test_of_reports_at_once_one_does_the_work(issue, call, unlimited):
    key = issue("scans_read")[1]
    threads = [threading.Thread(target=report, args=(key,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert call(key).json()["code"] == "key_leaked"
    for action in ("api_key.leaked", "api_key.revoked"):
        assert AuditEvent.objects.filter(action=action).count() == 1
    assert OutboxMessage.objects.filter(kind="mail").count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_hit_and_miss_take_the_same_time(issue, unlimited):
    times = {True: [], False: []}
    bodies = set()
    for number in range(50):
        for is_hit in (True, False):
            key = issue("scans_read", name=f"{number}")[1] if is_hit else planted()
            begun = time.perf_counter()
            answer = report(key)
            times[is_hit].append(time.perf_counter() - begun)
            bodies.add((answer.status_code, answer.content))
    assert bodies == {(202, b'{"received":1}')}
    assert abs(median(times[True]) - median(times[False])) < 0.005
