"""The same over real connections to a real server, and over its restart."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.live import Account, Live, bearer, own_services, started
from tests.oauth.live_browser import browsing, register

# A real server, and many connections to it.
pytestmark = pytest.mark.slow

CONNECTIONS = 64
CALLBACK = "https://app.example.com/callback"
PRODUCTS = ["netrecon", "netallion"]


@dataclass
class Client:
    """An application on a live server, and a person who lets it in."""

    live: Live
    account: Account
    scope: str
    made: dict[str, Any]

    def code(self) -> str:
        asked = {
            "response_type": "code",
            "client_id": self.made["client_id"],
            "redirect_uri": CALLBACK,
            "scope": f"openid {self.scope}",
        }
        with browsing(self.live, self.account) as browser:
            back = browser.visit(f"/oauth/authorize?{urlencode(asked)}")
        return parse_qs(urlsplit(back).query)["code"][0]

    def body(self, grant_type: str, **members: str) -> dict[str, str]:
        proof = {name: self.made[name] for name in ("client_id", "client_secret")}
        return {**proof, "grant_type": grant_type, **members}

    def exchange(self, code: str) -> dict[str, str]:
        return self.body("authorization_code", code=code, redirect_uri=CALLBACK)

    def refresh(self, token: str) -> dict[str, str]:
        return self.body("refresh_token", refresh_token=token)

    def ask(self, body: dict[str, str]) -> httpx.Response:
        return self.live.send("POST", "/oauth/token", data=body)

    def tokens(self) -> dict[str, Any]:
        answer = self.ask(self.exchange(self.code()))
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def revoke(self, token: str) -> None:
        body = {**self.body(""), "token": token}
        assert self.live.send("POST", "/oauth/revoke", data=body).status_code == 200

    def is_in(self, tokens: dict[str, Any]) -> bool:
        headers = bearer(tokens["access_token"])
        answer = self.live.send("GET", "/api/v1/auth/whoami", headers=headers)
        assert answer.status_code in (200, 401)
        return answer.status_code == 200

    def at_once(self, body: dict[str, str]) -> list[httpx.Response]:
        """What 64 connections are told that ask the same at the same moment."""
        limits = httpx.Limits(max_connections=CONNECTIONS)
        with (
            httpx.Client(base_url=self.live.url, timeout=30, limits=limits) as calls,
            ThreadPoolExecutor(CONNECTIONS) as pool,
        ):
            asked = [
                pool.submit(calls.post, "/oauth/token", data=body)
                for _ in range(CONNECTIONS)
            ]
            return [each.result() for each in asked]


def client_on(live: Live, product: str) -> Client:
    account = live.account(product)
    scope = {"netrecon": "scans_read", "netallion": "scan:read"}[product]
    wish = {"redirect_uris": [CALLBACK], "scopes": ["openid", scope]}
    return Client(live, account, scope, register(live, account, **wish))


def statuses(answers: list[httpx.Response]) -> dict[int, int]:
    return dict(Counter(answer.status_code for answer in answers))


@pytest.mark.parametrize("product", PRODUCTS)
def test_64_connections_redeem_a_code_once(hammered, product):
    client = client_on(hammered, product)
    for _ in range(2):
        answers = client.at_once(client.exchange(client.code()))
        assert statuses(answers) == {200: 1, 400: CONNECTIONS - 1}
        refusals = [answer.json() for answer in answers if answer.is_error]
        assert {refusal["error"] for refusal in refusals} == {"invalid_grant"}
        [tokens] = [answer.json() for answer in answers if answer.is_success]
        assert client.is_in(tokens)
        assert client.ask(client.refresh(tokens["refresh_token"])).status_code == 200


@pytest.mark.parametrize("product", PRODUCTS)
def test_64_connections_refresh_to_one_answer(hammered, product):
    client = client_on(hammered, product)
    tokens = client.tokens()
    for _ in range(2):
        answers = client.at_once(client.refresh(tokens["refresh_token"]))
        assert statuses(answers) == {200: CONNECTIONS}
        assert len({answer.content for answer in answers}) == 1
        tokens = answers[0].json()
        assert client.is_in(tokens)
    assert client.ask(client.refresh(tokens["refresh_token"])).status_code == 200


@contextmanager
def restarted(live: Live):
    """The same server once more, on the same data."""
    with started(live.data, **live.settings) as again:
        yield again


def test_what_is_dead_stays_dead_over_a_restart_and_what_lives_lives(tmp_path):
    with own_services() as services:
        with started(tmp_path, **services) as live:
            client = client_on(live, "netrecon")
            code = client.code()
            revoked, used, living = (client.tokens() for _ in range(3))
            client.revoke(revoked["refresh_token"])
            rotated = client.ask(client.refresh(used["refresh_token"])).json()
            newest = client.ask(client.refresh(rotated["refresh_token"])).json()
            redeemed = client.ask(client.exchange(code)).json()
            dead = [revoked]
            assert not any(map(client.is_in, dead))
        with restarted(live) as again:
            client.live = again
            assert not any(map(client.is_in, dead))
            assert refused(client, client.refresh(revoked["refresh_token"]))
            assert client.is_in(living)
            assert client.is_in(newest)
            assert (
                client.ask(client.refresh(living["refresh_token"])).status_code == 200
            )
            # A code of before is a replay after, once it is no double submit any more:
            # what came from it ends.
            time.sleep(2.1)
            assert refused(client, client.exchange(code))
            assert not client.is_in(redeemed)
            # So is a refresh token that was used up, and its successor was used too.
            assert refused(client, client.refresh(used["refresh_token"]))
            assert not client.is_in(newest)
            assert refused(client, client.refresh(newest["refresh_token"]))


def refused(client: Client, body: dict[str, str]) -> bool:
    answer = client.ask(body)
    return (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
