"""Netallion AI Assurance with httpx: sign in and refresh, then start a scan with a key.

Reads NETALLION_URL, NETALLION_EMAIL, NETALLION_PASSWORD and NETALLION_API_KEY.
"""

import os
import sys
from typing import Any

import httpx


def expect(status: int, answer: httpx.Response) -> Any:
    """The JSON of the answer. Another status is the end."""
    if answer.status_code != status:
        sys.exit(f"Expected {status}, got {answer.status_code}: {answer.text}")
    return answer.json() if answer.content else None


def sign_in(api: httpx.Client) -> dict[str, str]:
    """A session: the header that every further request carries."""
    person = {
        "email": os.environ["NETALLION_EMAIL"],
        "password": os.environ["NETALLION_PASSWORD"],
    }
    tokens = expect(200, api.post("/auth/login", json=person))
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    me = expect(200, api.get("/auth/whoami", headers=bearer))
    print(f"Signed in as {me['user']} of {me['organization']}")

    body = {"refresh_token": tokens["refresh_token"]}
    tokens = expect(200, api.post("/auth/refresh", json=body))
    print(f"Refreshed: a {tokens['token_type']} token for {tokens['expires_in']} s")
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def start_a_scan(api: httpx.Client) -> None:
    """What an integration does: with a key, without a person."""
    key = {"Authorization": f"Bearer {os.environ['NETALLION_API_KEY']}"}
    expect(200, api.get("/scans", params={"limit": 10}, headers=key))
    workspaces = expect(200, api.get("/workspaces", headers=key))["data"]
    wish = {"workspace_id": workspaces[0]["id"], "scope": "full"}
    scan = expect(201, api.post("/scans", json=wish, headers=key))
    print(f"Started {scan['id']} in {scan['workspace_id']}")


def main() -> None:
    with httpx.Client(base_url=f"{os.environ['NETALLION_URL']}/api/v1") as api:
        bearer = sign_in(api)
        start_a_scan(api)
        expect(204, api.post("/auth/logout", headers=bearer))
        print("Signed out")


if __name__ == "__main__":
    main()
