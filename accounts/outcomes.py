"""How refusals are counted in usage."""

from __future__ import annotations

# Those that have a count of their own, by their codes. All others are "refused".
OUTCOME_OF_CODE = {
    "insufficient_scope": "insufficient_scope",
    "ip_not_allowed": "ip_not_allowed",
    "environment_mismatch": "environment_mismatch",
    "key_expired": "expired",
    "token_expired": "expired",
    "key_revoked": "revoked",
    "key_leaked": "revoked",
    "key_disabled": "disabled",
}
