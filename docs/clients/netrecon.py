"""NetRecon with httpx: sign in, refresh, make a key, use it, revoke it, sign out.

Reads NETRECON_URL, NETRECON_EMAIL, NETRECON_PASSWORD and, where two-step sign-in is on,
NETRECON_TOTP_CODE.
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
        "email": os.environ["NETRECON_EMAIL"],
        "password": os.environ["NETRECON_PASSWORD"],
        "totp_code": os.environ.get("NETRECON_TOTP_CODE"),
    }
    tokens = expect(200, api.post("/auth/login", json=person))
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    me = expect(200, api.get("/auth/whoami", headers=bearer))
    print(f"Signed in as {me['user']} of {me['organization']}")

    body = {"refresh_token": tokens["refresh_token"]}
    tokens = expect(200, api.post("/auth/refresh", json=body))
    print(f"Refreshed: a {tokens['token_type']} token for {tokens['expires_in']} s")
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def use_a_key(api: httpx.Client, bearer: dict[str, str]) -> None:
    """The whole life of a key: made, used for a scan, revoked, refused."""
    wish = {"name": "Python client", "scopes": ["scans_read", "scans_write"]}
    made = expect(201, api.post("/api-keys", json=wish, headers=bearer))
    print(f"Made {made['id']}: {made['hint']}")

    key = {"X-API-Key": made["key"]}
    expect(200, api.get("/scans", headers=key))
    scan = expect(201, api.post("/scans", json={"scope": "full"}, headers=key))
    scan = expect(200, api.post(f"/scans/{scan['id']}/stop", headers=key))
    print(f"Started {scan['id']}, now it is {scan['status']}")

    expect(204, api.delete(f"/api-keys/{made['id']}", headers=bearer))
    expect(401, api.get("/scans", headers=key))
    print(f"Revoked {made['id']}: it is refused now")


def main() -> None:
    with httpx.Client(base_url=f"{os.environ['NETRECON_URL']}/api/v1") as api:
        bearer = sign_in(api)
        use_a_key(api, bearer)
        expect(204, api.post("/auth/logout", headers=bearer))
        print("Signed out")


if __name__ == "__main__":
    main()
