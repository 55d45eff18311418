"""A revoked key is refused."""

from __future__ import annotations


def test_a_revoked_key_is_refused_at_once(issue, call, alice):
    api_key, key = issue("scans_read")
    assert call(key).status_code == 200
    answer = alice.call("DELETE", f"/api/v1/api-keys/{api_key.public_id}")
    assert answer.status_code == 204
    refused = call(key)
    assert refused.status_code == 401
    assert refused.json()["code"] == "key_revoked"
