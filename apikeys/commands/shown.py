"""How keys are shown on the command line: the API's own words."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from apikeys.models import ApiKey
from apikeys.serializers import ApiKeyObject

SHOWN_ONCE = "The key is shown this once."


def as_object(api_key: ApiKey, **more: Any) -> dict[str, Any]:
    """The key object of the API, with its organization."""
    found = dict(ApiKeyObject(api_key).data)
    return {**found, "organization": api_key.organization.public_id, **more}


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def as_lines(api_key: ApiKey, **more: Any) -> str:
    """`Name  CI` and so on, a line for each."""
    owner = api_key.owner if api_key.membership else "the organization"
    lines = {
        "Key": f"{api_key.public_id} {api_key.hint}",
        "Name": api_key.name,
        "Organization": api_key.organization.public_id,
        "Owner": owner,
        "Environment": api_key.environment,
        "Scopes": " ".join(api_key.scopes) or "none",
        "Status": api_key.status,
        "Expires": moment(api_key.expires_at) or "never",
        "Last used": moment(api_key.last_used_at) or "never",
        **more,
    }
    return "\n".join(f"{name:<14}{text}" for name, text in lines.items())


def as_row(api_key: ApiKey) -> str:
    """One line of a list."""
    parts = api_key.public_id, api_key.status, api_key.environment, api_key.hint
    return "  ".join((*parts, api_key.name))


def moment(at: datetime | None) -> str | None:
    return f"{at:%FT%TZ}" if at else None
