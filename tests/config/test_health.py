"""Whether the process lives and can serve, told quickly and without secrets."""

import os
import subprocess
import sys
import threading
import time

import pytest

from config.health import Readiness

AWAY = "postgres://doorward:hunter2@127.0.0.1:1/doorward"


def test_a_living_process_says_so_without_its_database(client):
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.django_db(transaction=True)
def test_a_process_with_its_database_migrated_is_ready(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


@pytest.mark.django_db(transaction=True)
def test_a_lost_redis_is_named(client, settings):
    settings.REDIS_URL = "redis://user:hunter2@127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.json()["detail"] == (
        "Redis does not answer. Check REDIS_URL and the server."
    )


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["10.1.2.3:8000", "[fd00::1]", "node-7.internal"])
def test_a_balancer_may_ask_by_a_name_that_is_none_of_ours(db, client, path, host):
    assert client.get(path, headers={"host": host}).status_code == 200
    assert client.get("/login", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/api/schema"])
def test_what_is_only_read_says_so(client, path):
    answer = client.post(path)
    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.slow
def test_a_lost_database_is_named_within_two_seconds():
    code = (
        "import django, time; django.setup();"
        "from django.test import Client; begun = time.monotonic();"
        "answer = Client().get('/readyz', headers={'host': 'localhost'});"
        "print(answer.status_code, time.monotonic() - begun < 3,"
        " answer.content.decode())"
    )
    environment = {
        **os.environ, "DATABASE_URL": AWAY, "DJANGO_SETTINGS_MODULE": "tests.settings",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    status, in_time, body = done.stdout.strip().splitlines()[-1].split(" ", 2)
    assert (status, in_time) == ("503", "True")
    assert "The database does not answer" in body
    assert "hunter2" not in done.stdout + done.stderr


def test_a_dependency_that_hangs_is_not_waited_for():
    release = threading.Event()

    def hang():
        release.wait(10)
        return iter(())

    readiness = Readiness(hang)
    begun = time.monotonic()
    assert readiness.missing(0.1) == ("The database does not answer in time.",)
    assert time.monotonic() - begun < 1
    release.set()


def test_many_who_ask_at_once_cause_one_look():
    looks = []
    release = threading.Event()

    def count():
        looks.append(1)
        release.wait(10)
        return iter(["The database is away."])

    readiness = Readiness(count)
    answers = []
    askers = [
        threading.Thread(target=lambda: answers.append(readiness.missing(5)))
        for _ in range(8)
    ]
    for asker in askers:
        asker.start()
    time.sleep(0.1)
    release.set()
    for asker in askers:
        asker.join()
    assert len(looks) == 1
    assert answers == [("The database is away.",)] * 8


def test_what_came_back_is_ready_again():
    found = [["The database is away."], []]
    readiness = Readiness(lambda: iter(found.pop(0)))
    assert readiness.missing(5) == ("The database is away.",)
    assert readiness.missing(5) == ()
