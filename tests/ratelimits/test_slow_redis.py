"""A Redis that answers late: a little, and it still counts; much, and it is away."""

import time
from collections import Counter

import pytest

from tests.ratelimits.calling import QUICK, STARTER, Callers, job, two_processes
from tests.ratelimits.replay import SECOND, History, Numbers, Sharpness, overshoot
from tests.ratelimits.slow_redis import slow

pytestmark = [pytest.mark.slow, pytest.mark.postgres_only]

SMALL = Numbers(burst=5, minute=99, day=9_000)
HAMMERING = {"lines": 3, "pause": 0.025}
JOBS = [
    job("hammered small", "hammering", SMALL, **HAMMERING),
    job("hammered plan", "hammering", STARTER, **HAMMERING),
    job("steady", "steady", QUICK, share=0.6),
]
NUMBERS = {job["name"]: job["numbers"] for job in JOBS}
# Seconds of delay; each lasts so many seconds.
DELAYS = {"quick": 0.0, "a little slow": 0.03, "much too slow": 0.2, "quick again": 0.0}
LASTING = 8


@pytest.fixture(scope="module")
def told(one_redis, tmp_path_factory):
    """The answers by phase and key, and when the log says that Redis was away."""
    folder, phases = tmp_path_factory.mktemp("slow"), {}
    with slow(one_redis) as proxy, two_processes(folder, proxy.url) as pair:
        calling = Callers(pair, JOBS, folder, seconds=LASTING * len(DELAYS))
        time.sleep(max(0, calling.begin - time.time()))
        for name, proxy.delay in DELAYS.items():
            begin = time.time_ns()
            time.sleep(LASTING)
            # What was asked at a change belongs to neither side.
            phases[name] = (begin + SECOND, time.time_ns())
        answers = calling.answers()
        log = [line["message"] for line in pair.log()]
    return answers, phases, Counter(line[:13] for line in log if "Redis is" in line)


def during(told, phase):
    answers, phases, _ = told
    begin, end = phases[phase]
    return {
        key: [each for each in answers[key] if begin <= each.sent < end]
        for key in answers
    }


def passed(key, answers, times=1):
    """The windows that held more than so many times the limit."""
    numbers = Numbers(*(number * times for number in NUMBERS[key]))
    return list(overshoot(History(answers, numbers, Sharpness())))


@pytest.mark.parametrize("phase", DELAYS)
def test_no_call_takes_long_or_fails(told, phase):
    answers = [each for told in during(told, phase).values() for each in told]
    took = sorted(each.received - each.sent for each in answers)
    half, nearly = (took[int(len(took) * share)] / 1e6 for share in (0.5, 0.99))
    print(f"{phase}: {len(took)} calls, p50 {half:.1f} ms, p99 {nearly:.1f} ms")
    assert nearly <= 300
    assert max(each.status for each in answers) == 429


def test_no_window_holds_more_than_the_limit_of_each_process(told):
    for key, answers in told[0].items():
        assert passed(key, answers, times=2) == []


def test_who_stays_below_the_limit_is_never_refused(told):
    assert 429 not in {each.status for each in told[0]["steady"]}


def test_only_much_too_slow_is_away(told):
    changes = told[2]
    assert changes["Redis is away"] >= 2
    assert changes["Redis is away"] == changes["Redis is back"]
    print(dict(changes))


def test_a_redis_that_is_a_little_slow_still_counts_for_all(told):
    for key, answers in during(told, "a little slow").items():
        assert passed(key, answers) == []
