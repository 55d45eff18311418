"""How an application begins: code ready to be pasted, with its id and our address."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from accounts.snippets import Snippet
from oauth import client_secrets
from oauth.models import Application
from oauth.models.applications import MACHINE

DISCOVERY = "/.well-known/openid-configuration"
ENV = """\
OAUTH_DISCOVERY_URL={discovery}
OAUTH_CLIENT_ID={client_id}
"""
ENV_SECRET = "OAUTH_CLIENT_SECRET={secret}\n"  # noqa: S105 - a name of a variable
LOOK = """\
curl -s {discovery}
"""
MACHINE_CURL = """\
curl -s {issuer}/oauth/token \\
  -u "{client_id}:$OAUTH_CLIENT_SECRET" \\
  -d grant_type=client_credentials \\
  -d scope="{scopes}"
"""
MACHINE_PYTHON = """\
import os

from authlib.integrations.httpx_client import OAuth2Client

client = OAuth2Client("{client_id}", os.environ["OAUTH_CLIENT_SECRET"])
client.fetch_token(
    "{issuer}/oauth/token",
    grant_type="client_credentials",
    scope="{scopes}",
)
"""
PYTHON = """\
import os

from authlib.integrations.starlette_client import OAuth

oauth = OAuth()
oauth.register(
    "doorward",
    client_id="{client_id}",
    client_secret=os.environ.get("OAUTH_CLIENT_SECRET"),
    server_metadata_url="{discovery}",
    client_kwargs={{"scope": "{scopes}", "code_challenge_method": "S256"}},
)
"""
FOUND = """\
import * as client from "openid-client";

const config = await client.discovery(
  new URL("{issuer}"),
  "{client_id}",
{proof});
"""
PROVEN = "  process.env.OAUTH_CLIENT_SECRET,\n"
UNPROVEN = "  undefined,\n  client.None(),\n"
MACHINE_TYPESCRIPT = """\
const tokens = await client.clientCredentialsGrant(config, {{
  scope: "{scopes}",
}});
"""
TYPESCRIPT = """\
const verifier = client.randomPKCECodeVerifier();
const address = client.buildAuthorizationUrl(config, {{
  redirect_uri: "{back}",
  scope: "{scopes}",
  state: client.randomState(),
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
}});
"""


def discovery_address() -> str:
    """What programs read all other addresses from (OpenID Connect Discovery 4)."""
    return f"{settings.PUBLIC_URL}{DISCOVERY}"


def snippets(application: Application, secret: str = "") -> list[Snippet]:
    """The tabs. Programs read the secret from the environment, so that nobody keeps it
    with the code; it stands in one of them where it was just made."""
    is_machine = application.type == MACHINE
    facts = _facts(application)
    curl, python, typescript = (
        (MACHINE_CURL, MACHINE_PYTHON, FOUND + "\n" + MACHINE_TYPESCRIPT)
        if is_machine
        else (LOOK, PYTHON, FOUND + "\n" + TYPESCRIPT)
    )
    has_secret = client_secrets.used_by(application)
    env = ENV + (ENV_SECRET if has_secret else "")
    filled = env.format(**facts, secret=secret or "…")
    return [
        Snippet("env", ".env", filled, has_secret=bool(secret)),
        Snippet("curl", "curl", curl.format(**facts)),
        Snippet("python", "Python (Authlib)", python.format(**facts)),
        Snippet("typescript", "TypeScript (openid-client)", typescript.format(**facts)),
    ]


def _facts(application: Application) -> dict[str, Any]:
    return {
        "issuer": settings.PUBLIC_URL,
        "discovery": discovery_address(),
        "client_id": application.client_id,
        "scopes": " ".join(application.scopes),
        "back": next(iter(application.redirects), "com.example.app:/callback"),
        "proof": PROVEN if client_secrets.used_by(application) else UNPROVEN,
    }
