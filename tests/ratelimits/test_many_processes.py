"""Many processes and threads on one Redis admit exactly the limit, and ask little."""

import json
import subprocess
import sys
import threading

import pytest

from ratelimits.limits import MINUTE, SECOND, Limits
from ratelimits.redis_server import Lines
from ratelimits.redis_store import RedisStore

pytestmark = pytest.mark.services
PROCESSES = 4
SECONDS = 3

# A process that hammers: the store's time of each request that it was allowed, in
# nanoseconds, and how often it asked and was refused.
HAMMER = """
import json, sys, time
from ratelimits.limits import Limits
from ratelimits.redis_server import Breaker, Lines
from ratelimits.redis_store import RedisStore
from ratelimits.shared import SharedStore
print("ready", flush=True)
url, seconds, limits = json.loads(sys.stdin.readline())
# A busy machine must not look like a Redis that is away.
store = SharedStore(RedisStore(Lines(url, seconds=5), prefix="many"), Breaker())
allowed, refused, limits = [], 0, Limits(*limits)
end = time.monotonic() + seconds
while time.monotonic() < end:
    decision = store.check("key", limits)
    if decision.allowed:
        allowed.append([decision.reading.now, decision.source])
    else:
        refused += 1
        time.sleep(0.0005)
json.dump([allowed, refused], sys.stdout)
"""


def hammered(server, limits):
    """By four processes at once: all that was allowed, in order, and the refusals."""
    numbers = [limits.per_minute, limits.burst, limits.daily]
    job = json.dumps([server.url, SECONDS, numbers])
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", HAMMER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    assert [program.stdout.readline() for program in programs] == [
        "ready\n"
    ] * PROCESSES
    for program in programs:
        print(job, file=program.stdin, flush=True)
    answers = [json.loads(program.communicate(timeout=60)[0]) for program in programs]
    allowed = sorted(each for answer in answers for each in answer[0])
    assert {source for _, source in allowed} == {"redis"}
    return [now for now, _ in allowed], sum(answer[1] for answer in answers)


def fullest(moments, window):
    """The most that ever stood in one half-open window."""
    return max(sum(end - window < each <= end for each in moments) for end in moments)


@pytest.mark.parametrize(
    ("limits", "total"),
    [
        (Limits(per_minute=1_000, burst=25, daily=None), None),
        (Limits(per_minute=40, burst=25, daily=None), 40),
        (Limits(per_minute=1_000, burst=25, daily=60), 60),
    ],
)
def test_four_processes_that_hammer_get_exactly_the_limit(redis_server, limits, total):
    moments, refused = hammered(redis_server, limits)
    assert fullest(moments, SECOND) == limits.burst
    assert fullest(moments, MINUTE) == len(moments)
    # Three seconds hold three full bursts, on a busy machine perhaps not the third.
    assert len(moments) == total or (total is None and len(moments) > 2 * limits.burst)
    assert refused > 1_000
    stats = redis_server.client.info("commandstats")
    asked = stats["cmdstat_evalsha"]["calls"]
    # Each process asks once where one of them is let in, and is refused by its memory
    # from then on.
    assert asked <= PROCESSES * len(moments) + 2 * PROCESSES * SECONDS
    print(f"{asked} questions for {len(moments)} admitted and {refused} refused")


@pytest.mark.parametrize(
    "limits", [Limits(60, 100, None), Limits(100, 60, None), Limits(100, 100, 60)]
)
def test_eight_threads_get_exactly_the_limit(redis_server, limits):
    store = RedisStore(Lines(redis_server.url), prefix="threads")
    start, allowed = threading.Barrier(8), []

    def work():
        start.wait()
        decisions = [store.check("key", limits) for _ in range(25)]
        allowed.extend(each.reading.now for each in decisions if each.allowed)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fullest(allowed, MINUTE if limits.burst == 100 else SECOND) == 60
