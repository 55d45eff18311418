"""`manage.py doctor` says what is well, what is not, and what to do."""

import base64
import io
import ipaddress
import json
import os
import subprocess
import sys

import pytest
from django.core.checks import run_checks
from django.core.management import call_command

from config import checks

AWAY = "sqlite:////nowhere/doorward.sqlite3"


@pytest.fixture
def deployed(settings, tmp_path):
    """A deployment without a fault, made of settings."""
    tmp_path.chmod(0o700)
    settings.DATA_DIR = tmp_path
    settings.DEMO = False
    settings.PUBLIC_URL = "https://auth.example.com"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.WORKERS = 1
    settings.REDIS_URL = ""
    settings.LIMITER = "local"
    settings.TRUSTED_PROXIES = (ipaddress.ip_network("10.0.0.7/32"),)
    return settings


def doctor():
    """The report by check, and whether the command succeeded."""
    out = io.StringIO()
    try:
        call_command("doctor", "--json", stdout=out)
        ended_well = True
    except SystemExit as end:
        ended_well = end.code == 0
    report = json.loads(out.getvalue())
    assert report["ok"] == ended_well
    own = [line for line in report["checks"] if line["check"] != "django"]
    return {line["check"]: line for line in own}, out.getvalue()


def state(check):
    return [(message.id, bool(message.hint)) for message in check()]


@pytest.mark.django_db
def test_a_sound_deployment_is_all_ok(deployed):
    lines, _ = doctor()
    assert {line["state"] for line in lines.values()} == {"ok"}
    assert set(lines) >= {"secrets", "data folder", "database", "migrations", "clock"}


@pytest.mark.parametrize(
    ("url", "demo", "found"),
    [
        ("https://auth.example.com", False, []),
        ("http://auth.example.com", True, []),
        ("http://auth.example.com", False, ["doorward.E001"]),
        ("http://localhost:8000", False, ["doorward.W001"]),
    ],
)
def test_the_public_address_is_https_outside_the_demo(deployed, url, demo, found):
    deployed.PUBLIC_URL, deployed.DEMO = url, demo
    assert state(checks.public_address) == [(name, True) for name in found]


def test_debug_is_off(deployed):
    deployed.DEBUG = True
    assert state(checks.debug_off) == [("doorward.E002", True)]


def test_secrets_are_long_and_each_has_one_purpose(deployed):
    assert state(checks.secrets) == []
    deployed.SECRET_KEY = "short"
    assert state(checks.secrets) == [("doorward.E003", True)]
    deployed.SECRET_KEY = "x" * 50
    deployed.PEPPERS = {1: b"short"}
    assert state(checks.secrets) == [("doorward.E004", True)]
    deployed.PEPPERS = deployed.ENCRYPTION_KEYS
    assert state(checks.secrets) == [("doorward.E005", True)]


def test_the_data_folder_is_private(deployed, tmp_path):
    kept = tmp_path / "secrets.json"
    kept.write_text("{}")
    kept.chmod(0o600)
    assert state(checks.data_folder) == []
    kept.chmod(0o640)
    assert state(checks.data_folder) == [("doorward.E008", True)]
    kept.unlink()
    tmp_path.chmod(0o755)
    assert state(checks.data_folder) == [("doorward.W002", True)]


@pytest.mark.sqlite_only
def test_a_missing_data_folder_is_a_fault_where_the_database_is_in_it(
    deployed, tmp_path
):
    deployed.DATA_DIR = tmp_path / "nowhere"
    assert state(checks.data_folder) == [("doorward.E006", True)]


def test_several_workers_need_a_limiter_that_they_share(deployed):
    deployed.WORKERS = 2
    deployed.LIMITER = "local"
    assert state(checks.limiter) == [("doorward.E009", True)]
    hint = next(checks.limiter()).hint
    assert "REDIS_URL" in hint
    assert "DOORWARD_WORKERS" in hint
    deployed.WORKERS = 1
    assert state(checks.limiter) == []


@pytest.mark.parametrize(
    ("network", "found"),
    [
        ("0.0.0.0/0", ["doorward.E010"]),
        ("::/0", ["doorward.E010"]),
        ("64.0.0.0/4", ["doorward.W003"]),
        ("2000::/8", ["doorward.W003"]),
        ("10.0.0.0/8", []),
        ("fd00:1234::/32", []),
        ("127.0.0.1/32", []),
    ],
)
def test_trusted_proxies_are_few(deployed, network, found):
    deployed.TRUSTED_PROXIES = (ipaddress.ip_network(network),)
    assert state(checks.trusted_proxies) == [(name, True) for name in found]


def test_mail_that_reaches_nobody_is_told(deployed):
    deployed.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert state(checks.mail) == [("doorward.W004", True)]
    deployed.DEMO = True
    assert state(checks.mail) == []


@pytest.mark.django_db
def test_a_lost_redis_is_told_without_its_password(deployed):
    deployed.REDIS_URL = "redis://user:hunter2@127.0.0.1:1/0"
    lines, text = doctor()
    assert lines["redis"]["state"] == "fail"
    assert "REDIS_URL" in lines["redis"]["todo"]
    assert "hunter2" not in text


@pytest.mark.django_db
def test_a_fault_ends_with_1_and_a_warning_with_0(deployed):
    deployed.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    call_command("doctor", stdout=io.StringIO())
    deployed.WORKERS = 4
    with pytest.raises(SystemExit) as end:
        call_command("doctor", stdout=io.StringIO())
    assert end.value.code == 1


@pytest.mark.django_db
def test_a_line_is_readable_and_says_what_to_do(deployed):
    deployed.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    out = io.StringIO()
    call_command("doctor", stdout=out)
    lines = out.getvalue().splitlines()
    assert "ok    database" in lines
    warned = next(line for line in lines if line.startswith("warn  mail: "))
    assert " -> Set EMAIL_URL" in warned


@pytest.mark.django_db
def test_no_secret_is_printed(deployed):
    deployed.PEPPERS = deployed.ENCRYPTION_KEYS
    _, text = doctor()
    for value in deployed.ENCRYPTION_KEYS.values():
        assert base64.b64encode(value).decode() not in text
        assert repr(value) not in text
    assert deployed.SECRET_KEY not in text


def test_check_knows_our_checks_and_the_deploy_ones_only_when_asked(deployed):
    deployed.WORKERS = 2
    deployed.DEBUG = True
    usual = {message.id for message in run_checks(tags=["doorward"])}
    assert usual == {"doorward.E009"}
    all_of_them = run_checks(tags=["doorward"], include_deployment_checks=True)
    assert {message.id for message in all_of_them} == {"doorward.E009", "doorward.E002"}


@pytest.mark.slow
def test_it_speaks_also_when_the_database_is_away():
    environment = {
        **os.environ, "DATABASE_URL": AWAY, "DJANGO_SETTINGS_MODULE": "tests.settings",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "django", "doctor", "--json"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    lines = {line["check"]: line for line in json.loads(done.stdout)["checks"]}
    assert lines["database"]["state"] == "fail"
    assert lines["migrations"]["state"] == lines["clock"]["state"] == "warn"
