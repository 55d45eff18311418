"""Where a proven credential may come from, and into which deployment."""

from __future__ import annotations

from django.conf import settings

from accounts.credentials import Credential
from accounts.problems import Problem
from ratelimits.addresses import is_among

# The code of the refusal, and what is counted where the list is only tried out.
IP_NOT_ALLOWED = "ip_not_allowed"


def require_environment(credential: Credential) -> None:
    """Raises Problem for what acts on live data where there shall be none."""
    if settings.SANDBOX_ONLY and credential.is_live and not credential.is_person:
        raise Problem(
            "environment_mismatch",
            "This deployment is a sandbox. Use a sandbox key.",
        ).about(credential.counted)


def require_address(credential: Credential, address: str) -> None:
    """Raises Problem for an address that its list does not name. A list that is only
    tried out refuses nobody."""
    if not credential.networks or is_among(address, credential.networks):
        return
    if credential.is_trying_networks:
        credential.reports.add(IP_NOT_ALLOWED)
        return
    raise Problem(
        IP_NOT_ALLOWED,
        f"This key may not be used from {address}.",
        seen_address=address,
    ).about(credential.counted)
