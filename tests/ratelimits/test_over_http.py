"""Two processes on one Redis keep every promise about limits, over real HTTP.

Callers of every temper write down what they were told; a judge that shares no code with
the limiter goes through the whole log.
"""

from collections import defaultdict

import pytest

from tests.ratelimits.calling import (
    QUICK,
    SMALL,
    STARTER,
    Callers,
    job,
    two_processes,
)
from tests.ratelimits.replay import SECOND, History, Sharpness, judge
from tests.ratelimits.replay_headers import judge_headers

pytestmark = [pytest.mark.slow, pytest.mark.postgres_only]

SECONDS = 95
# Each process would count alone where a busy machine holds Redis up for 50 ms. That is
# what tests/ratelimits/test_redis_faults.py is about.
PATIENT = "socket_timeout=5&socket_connect_timeout=5"
# Without any pause the moments would only be less certain.
HAMMERING = {"lines": 3, "pause": 0.015}
JOBS = [
    job("hammered small", "hammering", SMALL, **HAMMERING),
    job("hammered quick", "hammering", QUICK, **HAMMERING),
    job("hammered plan", "hammering", STARTER, **HAMMERING),
    job("hammered session", "hammering", STARTER, **HAMMERING),
    job("obedient small", "obedient", SMALL),
    job("obedient quick", "obedient", QUICK),
    job("obedient plan", "obedient", STARTER),
    job("obedient session", "obedient", STARTER),
    job("steady at 60 %", "steady", QUICK, share=0.6),
    job("steady at 60 % of the plan", "steady", STARTER, share=0.6),
    job("steady at 100 %", "steady", QUICK, share=1.0),
    job("steady at 100 % of the plan", "steady", STARTER, share=1.0),
    job("to the brim", "brim", QUICK),
    job("to the brim of the plan", "brim", STARTER),
    job("sleeps until reset", "sleeper", SMALL),
    job("sleeps until reset of the plan", "sleeper", STARTER),
]
NUMBERS = {job["name"]: job["numbers"] for job in JOBS}
NEVER_REFUSED = [
    job["name"] for job in JOBS if job["temper"] in ("steady", "brim", "sleeper")
]


@pytest.fixture(scope="module")
def log(one_redis, tmp_path_factory):
    """What all callers were told, by key."""
    folder = tmp_path_factory.mktemp("over-http")
    with two_processes(folder, f"{one_redis.url}?{PATIENT}") as pair:
        answers = Callers(pair, JOBS, folder, seconds=SECONDS).answers()
        assert not [line for line in pair.log() if "Redis is" in line["message"]]
    return answers


@pytest.fixture(scope="module")
def verdict(log):
    """All faults of all keys by their kind, and how much the log could prove."""
    sharpness, faults = Sharpness(), defaultdict(list)
    for key, answers in log.items():
        history = History(answers, NUMBERS[key], sharpness)
        for fault in (*judge(history), *judge_headers(history)):
            faults[fault.kind].append(fault)
    return faults, sharpness


def test_the_log_is_long_mixed_and_by_one_clock(log):
    everything = [answer for answers in log.values() for answer in answers]
    assert len(everything) >= 20_000
    assert {answer.status for answer in everything} == {200, 400, 403, 404, 405, 429}
    offsets = [answer.sent - answer.steady for answer in everything]
    # Whoever sets the machine's clock meanwhile spoils the log, not the limiter.
    assert max(offsets) - min(offsets) < SECOND // 20
    print(len(everything), "requests", {key: len(told) for key, told in log.items()})


def test_no_window_is_ever_exceeded_by_one(verdict):
    faults, sharpness = verdict
    assert faults["overshoot"] == []
    # Each of the windows was seen to hold exactly as many as its limit.
    assert all(sharpness.full[window] >= 10 for window in ("burst", "minute"))
    assert sharpness.full["day"] >= 2
    print(f"windows seen exactly full: {dict(sharpness.full)}")


def test_nobody_is_refused_wrongly(log, verdict):
    faults, _ = verdict
    assert faults["refused wrongly"] == []
    refused = {
        key: [answer for answer in log[key] if answer.is_refused]
        for key in NEVER_REFUSED
    }
    assert refused == {key: [] for key in NEVER_REFUSED}
    assert all(len(log[key]) > 40 for key in NEVER_REFUSED)


def test_everybody_who_waits_as_told_is_let_in(verdict):
    faults, sharpness = verdict
    assert faults["not let in"] == []
    assert sharpness.obeyed >= 60
    print(f"waits that were obeyed: {sharpness.obeyed}")


def test_no_wait_is_too_short_or_more_than_a_second_too_long(verdict):
    faults, sharpness = verdict
    assert faults["told to wait too short"] == faults["told to wait too long"] == []
    slack = sorted(sharpness.slack)
    assert len(slack) > 10_000
    # So well are the true waits known, in milliseconds.
    half, nearly = (slack[int(len(slack) * share)] / 1e6 for share in (0.5, 0.99))
    assert half < 300
    print(f"{len(slack)} waits, known to {half} ms, and 99 % to {nearly} ms")


def test_every_answer_has_all_headers_with_true_numbers(verdict):
    faults, sharpness = verdict
    assert {kind: found for kind, found in faults.items() if found} == {}
    # How often the log allows one number only.
    assert sharpness.pinned > 0.5 * sharpness.counted
    print(f"{sharpness.pinned} of {sharpness.counted} numbers could be no other")
