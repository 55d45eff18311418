"""Redis freezes, dies, forgets and comes back under two processes, and callers ask on.

One run tells the whole story, phase after phase, while callers of several tempers ask.
"""

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from tests.ratelimits.calling import (
    QUICK,
    STARTER,
    Callers,
    job,
    two_processes,
)
from tests.ratelimits.redis_servers import running
from tests.ratelimits.replay import (
    SECOND,
    History,
    Numbers,
    Sharpness,
    judge,
    overshoot,
)

pytestmark = [pytest.mark.slow, pytest.mark.postgres_only]

PROCESSES = 2
SMALL = Numbers(burst=5, minute=60, day=9_000)
HAMMERING = {"lines": 3, "pause": 0.025}
JOBS = [
    job("hammered small", "hammering", SMALL, **HAMMERING),
    job("hammered plan", "hammering", STARTER, **HAMMERING),
    job("steady", "steady", QUICK, share=0.6),
    job("steady on the plan", "steady", STARTER, share=0.6),
]
NUMBERS = {job["name"]: job["numbers"] for job in JOBS}
# What happens for how many seconds. After an outage both stores count for a minute.
PHASES = {
    "well": 4,
    "frozen": 8,
    "thawed": 5,
    "killed": 10,
    "started anew": 64,
    "exact again": 8,
    "flushed": 4,
}
WRONG = "a wrong password"


@dataclass
class Story:
    """What was seen: times in nanoseconds since 1970, answers by key, log lines."""

    phases: dict = field(default_factory=dict)
    answers: dict = field(default_factory=dict)
    log: list = field(default_factory=list)
    revoked: list = field(default_factory=list)
    ready: dict = field(default_factory=dict)
    guesses: list = field(default_factory=list)

    def during(self, phase):
        """The answers to what was sent in a phase."""
        begin, end = self.phases[phase]
        everything = (each for told in self.answers.values() for each in told)
        return [each for each in everything if begin <= each.sent < end]

    def lines(self, phase, word):
        begin, end = self.phases[phase]
        return [
            line
            for line in self.log
            if f"Redis is {word}" in line["message"] and begin <= moment(line) < end
        ]

    def are_away(self, phase):
        """How many processes, by the log, had told of no Redis at the end of a phase.

        On a busy machine one may lose Redis for a moment in any phase.
        """
        end = self.phases[phase][1]
        said = [line["message"] for line in self.log if moment(line) < end]
        away, back = (
            sum(f"Redis is {word}" in line for line in said)
            for word in ("away", "back")
        )
        return away - back


def moment(line):
    return int(datetime.fromisoformat(line["time"]).timestamp() * 1e9)


class Teller:
    """Lets the phases happen one after the other and watches meanwhile."""

    def __init__(self, live, redis_server):
        self.live = live
        self.redis = redis_server
        self.story = Story()
        self.account = live.account("netrecon", "starter")
        self.dead = [self.revoked_key()]

    def revoked_key(self):
        made = self.live.make_key(self.account, "scans_read")
        path = f"/api/v1/api-keys/{made['id']}"
        by = {"X-API-Key": self.account["api_key"]}
        assert self.live.send("DELETE", path, headers=by).status_code == 204
        return {"X-API-Key": made["key"]}

    def phase(self, name, seconds):
        begin = time.time_ns()
        getattr(self, f"be_{name.replace(' ', '_')}", lambda: None)()
        end = begin + seconds * SECOND
        while time.time_ns() < end:
            self.watch()
            time.sleep(0.1)
        if name in ("well", "frozen", "killed", "exact again"):
            self.story.ready[name] = self.live.send("GET", "/readyz").status_code
        self.story.phases[name] = (begin, time.time_ns())

    def watch(self):
        for headers in self.dead:
            answer = self.live.send("GET", "/api/v1/auth/whoami", headers=headers)
            self.story.revoked.append(answer.status_code)

    def be_frozen(self):
        self.redis.freeze()
        time.sleep(1)
        self.dead.append(self.revoked_key())
        person = {"email": self.account["email"], "password": WRONG}
        for _ in range(12):
            answer = self.live.send("POST", "/api/v1/auth/login", json=person)
            self.story.guesses.append(answer.status_code)

    def be_thawed(self):
        self.redis.thaw()

    def be_killed(self):
        self.redis.stop()

    def be_started_anew(self):
        self.redis.start()

    def be_flushed(self):
        self.redis.client.flushall()


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory):
    yield from running(tmp_path_factory)


@pytest.fixture(scope="module")
def story(own_redis, tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    with two_processes(folder, own_redis.url) as pair:
        teller = Teller(pair.live, own_redis)
        calling = Callers(pair, JOBS, folder, seconds=sum(PHASES.values()) + 4)
        time.sleep(max(0, calling.begin - time.time()))
        for name, seconds in PHASES.items():
            teller.phase(name, seconds)
        teller.story.answers = calling.answers()
        teller.story.log = pair.log()
    return teller.story


def percentile(answers, share):
    """Milliseconds, by the callers' clocks."""
    took = sorted(each.received - each.sent for each in answers)
    return took[int(len(took) * share)] / 1e6


def fullness(story, times, phases=PHASES):
    """Windows of so many times the limit: how many were passed, by those admitted."""
    names = list(phases)
    begin, end = story.phases[names[0]][0], story.phases[names[-1]][1]
    passed = []
    for key, answers in story.answers.items():
        numbers = Numbers(*(number * times for number in NUMBERS[key]))
        told = [each for each in answers if begin <= each.sent < end]
        passed += overshoot(History(told, numbers, Sharpness()))
    return len(passed)


def test_nobody_ever_gets_an_error_of_the_server(story):
    statuses = Counter(each.status for told in story.answers.values() for each in told)
    assert max(statuses) == 429
    assert not any("exception" in line for line in story.log)
    errors = {line["message"] for line in story.log if line["level"] == "ERROR"}
    # Django's own line about the 503 that readiness answers.
    assert errors <= {"Service Unavailable: /readyz"}
    print(dict(statuses))


@pytest.mark.parametrize("phase", PHASES)
def test_no_call_takes_long(story, phase):
    answers = story.during(phase)
    half, nearly = percentile(answers, 0.5), percentile(answers, 0.99)
    print(f"{phase}: {len(answers)} calls, p50 {half:.1f} ms, p99 {nearly:.1f} ms")
    assert len(answers) > 200
    assert nearly <= 300


def test_no_window_holds_more_than_the_limit_of_each_process(story):
    assert fullness(story, PROCESSES) == 0
    # The bound is not idle: together they admitted more than one limit.
    assert fullness(story, 1) > 0


def test_who_stays_below_the_limit_is_never_refused(story):
    for key in ("steady", "steady on the plan"):
        assert {each.status for each in story.answers[key]} <= {200, 400, 403, 404, 405}
        assert len(story.answers[key]) > 50


def test_no_limit_is_passed_from_the_moment_that_redis_is_back(story):
    begin, end = story.phases["started anew"]
    # It takes the processes up to a pause to notice.
    noticed = {"started anew": (begin + 3 * SECOND, end)}
    after = replace(story, phases={**story.phases, **noticed})
    assert fullness(after, 1, ("started anew", "exact again")) == 0


def test_nobody_is_refused_wrongly_once_a_minute_has_passed(story):
    begin, end = story.phases["exact again"]
    checked = 0
    for key, answers in story.answers.items():
        told = [
            each
            for each in answers
            if not each.is_refused or begin + 2 * SECOND <= each.sent < end
        ]
        checked += sum(each.is_refused for each in told)
        found = judge(History(told, NUMBERS[key], Sharpness()))
        assert [fault for fault in found if fault.kind != "overshoot"] == []
    assert checked > 200


def test_a_revoked_key_stays_revoked_all_the_while(story):
    assert set(story.revoked) == {401}
    assert len(story.revoked) > 400


def test_the_brakes_count_while_redis_is_frozen(story):
    assert story.guesses == [401] * 10 + [429] * 2


def test_each_process_tells_each_change_once(story):
    for outage in ("frozen", "killed"):
        assert len(story.lines(outage, "away")) <= PROCESSES
        assert story.lines(outage, "back") == []
        assert story.are_away(outage) == PROCESSES
    for phase in ("thawed", "exact again", "flushed"):
        assert story.are_away(phase) == 0


def test_readiness_says_that_redis_is_away(story):
    assert story.ready == {
        "well": 200,
        "frozen": 503,
        "killed": 503,
        "exact again": 200,
    }
