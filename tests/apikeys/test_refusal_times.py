"""How long a refusal takes tells nothing about what was sent."""

import statistics
import time

import pytest

from accounts import opaque
from apikeys import keys
from apikeys.models import ApiKey
from ratelimits.limits import Limits
from tests.cast import send
from tests.gateway.conftest import VERIFY

pytestmark = pytest.mark.slow

CALLS = 500
MOST_SECONDS = 0.001


@pytest.fixture(autouse=True)
def _without_limits(settings):
    settings.ANONYMOUS_LIMITS = Limits(1_000_000, 1_000_000, None)


def another_body(key):
    """The same beginning and the same length, with a checksum that fits."""
    body = keys.make("nr_live_")[12 : 8 + keys.RANDOM_LENGTH]
    named = key[:12] + body
    return named + opaque.checksum(named)


def medians(ask, texts):
    """The median time of each, asked in turn: what the machine does meets them all."""
    times = {name: [] for name in texts}
    for _ in range(CALLS):
        for name, text in texts.items():
            begun = time.thread_time()
            ask(text)
            times[name].append(time.thread_time() - begun)
    return {name: statistics.median(each) for name, each in times.items()}


@pytest.fixture
def wrong(issue):
    key = issue("scans_read")[1]
    return {
        "unknown": keys.make("nr_live_"),
        "malformed": key[:-1] + ("0" if key[-1] != "0" else "1"),
        "same hint, another body": another_body(key),
    }


def told(answer):
    return answer.status_code, answer.content.replace(
        answer.json()["request_id"].encode(), b""
    )


def test_every_wrong_key_is_refused_in_the_same_bytes_and_time(wrong):
    def ask(text):
        answers.add(told(send("GET", "/api/v1/scans", X_API_KEY=text)))

    answers = set()
    found = medians(ask, wrong)
    assert len(answers) == 1
    assert max(found.values()) - min(found.values()) < MOST_SECONDS, found


def test_a_judge_learns_no_more_of_what_it_may_not_see(issue, carol, wrong):
    judge = issue("api_keys_manage")[1]
    dead, revoked = issue("scans_read", owner=carol)
    ApiKey.objects.filter(pk=dead.pk).revoke("unused")
    texts = {
        "unknown": wrong["unknown"],
        "of a stranger": issue("scans_read", owner=carol)[1],
        "dead, of a stranger": revoked,
    }

    def ask(text):
        body = {"credential": text, "scope": "scans_read"}
        answers.add(send("POST", VERIFY, body, X_API_KEY=judge).content)

    answers = set()
    found = medians(ask, texts)
    assert len(answers) == 1
    assert max(found.values()) - min(found.values()) < MOST_SECONDS, found
