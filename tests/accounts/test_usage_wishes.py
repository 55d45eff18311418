"""Which days of usage may be asked for, and how a wrong wish is refused."""

import pytest

USAGE = "/api/v1/usage"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-13-01", "from"),
        ("from=2026-02-30", "from"),
        ("from=20260201", "from"),
        ("from=2026-W01-1", "from"),
        ("from=", "from"),
        ("from=0000-01-01", "from"),
        ("to=yesterday", "to"),
        ("to=2026-01-01T00:00:00Z", "to"),
        ("to=٢٠٢٦-01-01", "to"),
        ("from=2026-02-02&to=2026-02-01", "from"),
        ("from=2025-01-01&to=2026-01-02", "from"),
        ("from=0001-01-01&to=9999-12-31", "from"),
        ("from=2999-01-01", "from"),
        ("format=xml", "format"),
        ("format=CSV", "format"),
        ("environment=sandbox", "environment"),
        ("limit=5", "limit"),
        ("to=2026-01-01&to=2026-01-02", "to"),
    ],
)
def test_a_wrong_wish_is_refused_by_its_field(alice, query, field):
    answer = alice.call("GET", f"{USAGE}?{query}")
    assert answer.status_code == 400, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("from=2025-01-01&to=2026-01-01", 366),
        ("to=2026-01-31", 30),
        ("to=0001-01-02", 2),
        ("from=9999-12-31&to=9999-12-31", 1),
    ],
)
def test_the_edges_of_what_may_be_asked(alice, query, days):
    answer = alice.call("GET", f"{USAGE}?{query}")
    assert len(answer.json()["days"]) == days
