"""Usage as CSV: a line per day and credential that a spreadsheet takes as it is."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import usage_table
from accounts.usage_table import COLUMNS, harmless
from apikeys.models import ApiKey, ApiKeySecret
from ratelimits import usage
from ratelimits.models import Usage
from tests.cast import send

USAGE = "/api/v1/usage"


def read(who, query="?format=csv", **headers):
    usage.recorder.flush()
    return who.call("GET", USAGE + query, **headers)


def table(answer):
    assert answer.status_code == 200
    text = answer.content.decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_table_that_is_too_long_is_refused_with_what_to_do(
    alice, issue, call, monkeypatch
):
    """It is sent in one piece, so that a slow reader holds no thread."""
    monkeypatch.setattr(usage_table, "MOST_LINES", 1)
    call(issue("scans_read")[1])
    refused = read(alice)
    assert refused.status_code == 200
    refused = read(alice)
    assert refused.status_code == 400
    [error] = refused.json()["errors"]
    assert (error["field"], error["detail"]) == (
        "from",
        "More than 1 lines. Ask for fewer days at a time.",
    )


def test_there_is_a_line_for_each_day_and_credential(alice, issue, call):
    today = timezone.now().date()
    first, second = issue("scans_read", name="A, “B”"), issue()
    call(first[1])
    call(first[1])
    call(second[1])
    usage.recorder.flush()
    yesterday = today - timedelta(days=1)
    Usage.objects.filter(credential=second[0].public_id).update(day=yesterday)
    head, *lines = table(read(alice))
    assert tuple(head) == COLUMNS
    told = [dict(zip(head, line, strict=True)) for line in lines]
    assert [(line["day"], line["credential"], line["name"]) for line in told] == [
        (str(today), first[0].public_id, "A, “B”"),
        (str(yesterday), second[0].public_id, "CI"),
    ]
    assert [line["requests"] for line in told] == ["2", "1"]
    assert told[1]["insufficient_scope"] == "1"
    assert {line["environment"] for line in told} == {"live"}


def test_it_is_a_file_to_keep(alice):
    answer = read(alice, "?format=csv&from=2026-01-01&to=2026-01-31")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="usage-2026-01-01-to-2026-01-31.csv"'
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert "X-RateLimit-Limit" in answer.headers


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        ("", "text/csv", "text/csv"),
        ("", "application/json;q=0.5, text/csv", "text/csv"),
        ("", "text/csv;q=0.5, */*", "application/json"),
        ("", "*/*", "application/json"),
        ("", "text/html", "application/json"),
        ("", "", "application/json"),
        ("?format=json", "text/csv", "application/json"),
        ("?format=csv", "application/json", "text/csv"),
    ],
)
def test_the_address_decides_and_then_the_accept_header(alice, query, accept, kind):
    answer = read(alice, query, ACCEPT=accept)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].partition(";")[0] == kind
    assert "Accept" in answer.headers["Vary"]


def test_a_refusal_is_a_problem_whatever_was_accepted(issue, alice):
    key = issue("scans_read")[1]
    refused = send("GET", USAGE, X_API_KEY=key, ACCEPT="text/csv")
    wrong = read(alice, "?format=csv&from=x")
    for answer, status in ((refused, 403), (wrong, 400)):
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_one_sees_no_more_lines_than_credentials(alice, bob, issue, call):
    own, other = issue("scans_read", owner=bob), issue("scans_read")
    call(own[1])
    call(other[1])
    assert [line[1] for line in table(read(bob))[1:]] == [own[0].public_id]


def test_a_name_that_would_be_a_formula_is_plain_text(alice, issue, call):
    names = ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "＝1", "ok - fine", "a=b"]
    for name in names:
        call(issue("scans_read", name=name)[1])
    head, *lines = table(read(alice))
    place = head.index("name")
    assert sorted(line[place] for line in lines) == sorted(
        ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "' =1+1", "'＝1", "ok - fine", "a=b"]
    )


@pytest.mark.parametrize("text", ["\t=1", "\ttext", "\rtext", "\n=1", "\u00a0+1"])
def test_a_blank_before_it_hides_no_formula(text):
    assert harmless(text) == f"'{text}"


def test_a_row_that_is_gone_leaves_an_empty_name(alice, issue, call):
    api_key, key = issue("scans_read")
    call(key)
    usage.recorder.flush()
    ApiKeySecret.objects.all().delete()
    ApiKey.objects.all().delete()
    head, line = table(read(alice))
    assert line[head.index("name")] == ""
    assert line[head.index("credential")] == api_key.public_id


def test_head_answers_without_the_table(alice):
    answer = alice.call("HEAD", f"{USAGE}?format=csv")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/csv")
