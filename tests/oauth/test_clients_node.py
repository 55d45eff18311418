"""npm's certified `openid-client`, unchanged, against a live server."""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE
from tempfile import TemporaryFile
from threading import Timer

import pytest

from tests.live import needs, node_package
from tests.oauth.live_browser import NO, YES, browsing, register

# A real server and real clients.
pytestmark = [pytest.mark.slow, pytest.mark.patient, pytest.mark.sqlite_only]

SCENARIOS = Path(__file__).parent / "clients"
LONGEST_SECONDS = 50
BY_SECRET = ["refresh", "introspection and revocation", "a person who declines"]
SEEN = {
    "code": [
        "discovery",
        "code by client_secret_basic",
        *BY_SECRET,
        "code by client_secret_post",
        *BY_SECRET,
        "a public client",
        "a scope that does not exist",
    ],
    "pushed": [
        "a request that is not pushed is refused",
        "a pushed request and a bound token",
        "a request_uri works once",
        "a bound token without its key is refused",
        "introspection names the key",
        "refresh",
        "revocation",
        "a pushed request and a bound token",
        "a public client refreshes with its key only",
    ],
    "machine": ["opaque tokens by a secret", "JWTs by a key, bound to another"],
    "device": [
        "a device that asks too often, and is let in",
        "a device code works once",
        "a device that stays out",
    ],
    "sessions": [
        "prompt=none",
        "prompt=login",
        "logout with a hint",
        "back-channel logout",
        "logout that the person confirms",
    ],
}


class Stage:
    """What a scenario can ask for (tests/oauth/clients/talk.mjs)."""

    def __init__(self, live, account, stack):
        self.live, self.account, self.stack = live, account, stack
        self.people = {}

    def answer(self, question):
        if "register" in question:
            return register(self.live, self.account, **question["register"])
        if "visit" in question:
            person = self.person(question["person"])
            return {"at": person.visit(question["visit"])}
        return {"issuer": self.live.url}

    def person(self, name):
        if name not in self.people:
            choice = NO if name == "sceptic" else YES
            made = browsing(self.live, self.account, choice)
            self.people[name] = self.stack.enter_context(made)
        return self.people[name]


def played(live, scenario):
    """What a scenario saw work, up to its end."""
    command = [needs("node"), str(scenario)]
    node_package("openid-client")
    seen = []
    with ExitStack() as stack:
        stage = Stage(live, live.account("netrecon"), stack)
        errors = stack.enter_context(TemporaryFile("w+"))
        process = stack.enter_context(
            subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=errors, text=True)
        )
        limit = Timer(LONGEST_SECONDS, process.kill)
        limit.start()
        stack.callback(limit.cancel)
        for line in process.stdout:
            said = json.loads(line)
            if "seen" in said:
                seen.append(said["seen"])
            else:
                process.stdin.write(json.dumps(stage.answer(said)) + "\n")
                process.stdin.flush()
        process.stdin.close()
        status = process.wait()
        errors.seek(0)
        assert status == 0, errors.read()
    return seen


@pytest.mark.parametrize("scenario", SEEN)
def test_openid_client_goes_the_whole_way(hammered, scenario):
    assert played(hammered, SCENARIOS / f"{scenario}.mjs") == SEEN[scenario]
