"""After the secret is proven each refusal has a code of its own and says what to do."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apikeys.models import ApiKey, ApiKeySecret
from tests.apikeys.endings import deactivate, suspend
from tests.cast import send

SCANS = "/api/v1/scans"


def _change(**values):
    return lambda rows: rows.update(**values)


def _revoke(reason):
    return lambda rows: rows.revoke(reason)


def _replace_secret(rows):
    old = ApiKeySecret.objects.filter(api_key__in=rows)
    old.update(retires_at=timezone.now() - timedelta(seconds=1))


def _past():
    return timezone.now() - timedelta(seconds=1)


# What happens to a key with scans_read, the request, and what is answered.
CASES = {
    "revoked": (_revoke("unused"), "GET", 401, "key_revoked", set()),
    "replaced": (_replace_secret, "GET", 401, "key_revoked", set()),
    "leaked": (_revoke("leaked"), "GET", 401, "key_leaked", set()),
    "expired": (
        lambda rows: rows.update(expires_at=_past()),
        "GET",
        401,
        "key_expired",
        {"expires_at"},
    ),
    "disabled": (
        lambda rows: rows.update(disabled_at=_past()),
        "GET",
        401,
        "key_disabled",
        set(),
    ),
    "of somebody inactive": (deactivate, "GET", 401, "owner_inactive", set()),
    "of a suspended tenant": (suspend, "GET", 401, "organization_suspended", set()),
    "without the scope": (
        lambda rows: None,
        "POST",
        403,
        "insufficient_scope",
        {"missing"},
    ),
    "from elsewhere": (
        _change(allowed_ips=["198.51.100.0/24"]),
        "GET",
        403,
        "ip_not_allowed",
        {"seen_address"},
    ),
}
USUAL = {"type", "title", "status", "code", "detail", "request_id"}


@pytest.mark.parametrize("case", CASES)
def test_each_refusal_has_its_status_its_code_and_its_members(
    issue, bob, call, caplog, case
):
    happens, method, status, code, members = CASES[case]
    api_key, key = issue("scans_read", owner=bob)
    assert call(key).status_code == 200
    happens(ApiKey.objects.filter(pk=api_key.pk))
    answer = call(key, method, SCANS, {"scope": "full"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert problem.keys() == USUAL | members
    assert problem["detail"]
    assert problem["type"].endswith(f"/docs/problems#{code}")
    assert_untold(key, answer, caplog)


def test_a_refused_object_of_the_other_environment_is_named(issue, alice, call, caplog):
    live = alice.call("POST", SCANS, {"scope": "full"}).json()["id"]
    key = issue("scans_read", environment="test")[1]
    answer = call(key, "GET", f"{SCANS}/{live}")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "environment_mismatch")
    assert "live" in problem["detail"]
    assert "sandbox" in problem["detail"]
    assert_untold(key, answer, caplog)


def test_what_is_missing_is_told_in_the_challenge_too(issue, call):
    answer = call(issue("scans_read")[1], "POST", SCANS, {"scope": "full"})
    assert answer.json()["missing"] == ["scans_write"]
    assert 'scope="scans_write"' in answer.headers["WWW-Authenticate"]


def test_the_end_of_an_expired_key_is_told(issue, call):
    api_key, key = issue("scans_read")
    end = _past()
    ApiKey.objects.filter(pk=api_key.pk).update(expires_at=end)
    assert call(key).json()["expires_at"] == f"{end:%FT%TZ}"


def test_the_state_of_a_key_is_told_before_its_addresses(issue, call):
    api_key, key = issue("scans_read", allowed_ips=("198.51.100.0/24",))
    rows = ApiKey.objects.filter(pk=api_key.pk)
    for change, code in [
        ({"disabled_at": _past()}, "key_disabled"),
        ({"expires_at": _past()}, "key_expired"),
        ({"revoked_at": _past()}, "key_revoked"),
    ]:
        rows.update(**change)
        assert call(key).json()["code"] == code


def test_what_nobody_proved_is_told_nothing(issue, caplog):
    key = issue("scans_read", allowed_ips=("198.51.100.0/24",))[1]
    other = key[:20] + ("0" if key[20] != "0" else "1") + key[21:]
    answer = send("GET", SCANS, X_API_KEY=other)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credential")
    assert answer.json().keys() == USUAL
    assert_untold(other, answer, caplog)


def assert_untold(key, answer, caplog):
    """Neither the answer nor a line of the log holds the key, or its random part."""
    said = [str(vars(record)) + record.getMessage() for record in caplog.records]
    for text in (answer.content.decode(), str(answer.headers), *said):
        assert key not in text
        assert key[-48:] not in text
