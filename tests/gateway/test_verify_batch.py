"""Many credentials at once."""

import pytest

from apikeys.models import ApiKey
from tests.cast import send
from tests.gateway.conftest import VERIFY

BATCH = f"{VERIFY}/batch"


@pytest.fixture
def ask_all(judge):
    """ask_all([{"credential": …}, …]) -> the answer."""

    def together(questions, by=judge):
        return send("POST", BATCH, {"requests": questions}, X_API_KEY=by)

    return together


def test_answers_stand_in_the_order_of_the_questions(issue, ask, ask_all, carol):
    dead, revoked = issue("scans_read")
    ApiKey.objects.filter(pk=dead.pk).revoke("unused")
    key = issue("scans_read")[1]
    questions = [
        {"credential": revoked},
        {"credential": key, "scope": "scans_read", "cost": 0},
        {"credential": "hello"},
        {"credential": key, "method": "POST", "path": "/api/v1/scans", "cost": 0},
        {"credential": issue("scans_read", owner=carol)[1]},
    ]
    answer = ask_all(questions)
    assert answer.status_code == 200
    alone = [ask(**question) for question in questions]
    assert [each["code"] for each in answer.json()["data"]] == [
        *("key_revoked", None, "invalid_credential", "insufficient_scope"),
        "invalid_credential",
    ]
    assert answer.json() == {"data": alone}


def test_a_credential_that_stands_there_twice_pays_twice(
    issue, ask_all, standing_limits
):
    limits = {"per_minute": 3, "burst": 3, "daily": None}
    key = issue("scans_read", limits=limits)[1]
    data = ask_all([{"credential": key}] * 4).json()["data"]
    assert [each["rate_limit"]["remaining"] for each in data] == [2, 1, 0, 0]
    assert [each["code"] for each in data] == [None, None, None, "rate_limited"]


def test_a_thousand_fit_and_no_more(ask_all):
    # What cannot be a key costs no query each.
    questions = [{"credential": "nr_live_" + "0" * 48}] * 1_001
    answer = ask_all(questions[:1_000])
    assert answer.status_code == 200
    assert len(answer.json()["data"]) == 1_000
    assert answer.headers.get("Connection") != "close"
    refused = ask_all(questions)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "requests"


def test_of_too_many_nobody_looks_at_the_single_ones(ask_all):
    # Half a million would take a minute. The first is refused for what it is, so it
    # would be named, were it looked at.
    refused = ask_all([1] * 1_001)
    assert [each["field"] for each in refused.json()["errors"]] == ["requests"]


def test_nothing_asked_is_nothing_answered(ask_all):
    assert ask_all([]).json() == {"data": []}


def test_a_question_that_makes_no_sense_is_named_and_nobody_pays(
    issue, ask, ask_all, standing_limits
):
    key = issue("scans_read")[1]
    refused = ask_all([{"credential": key}, {"credential": key, "scope": "nope"}])
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "requests[1].scope"
    assert ask(key)["rate_limit"]["remaining"] == 1_999


def test_a_body_may_be_long_but_not_longer_than_two_mebibytes(ask_all):
    # Each is sent as some 60 KB.
    long = {"credential": "x" * 60_000}
    assert ask_all([long] * 30).status_code == 200
    assert ask_all([long] * 40).status_code == 413
    assert ask_all([{"credential": "x" * 70_000}]).status_code == 400


def test_who_may_not_judge_may_not_judge_many(issue):
    unfit = issue("scans_read")[1]
    assert send("POST", BATCH, {"requests": []}, X_API_KEY=unfit).status_code == 403
    assert send("POST", BATCH, {"requests": []}).status_code == 401
