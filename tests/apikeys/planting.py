"""Credentials that belong to nobody, whole and with a broken checksum."""

import subprocess
import sys

from accounts import opaque
from apikeys.keys import RANDOM_LENGTH
from tests.running import ROOT

SCRIPT = ROOT / "apikeys" / "scan.py"


def planted(prefix="nr_live_", *, random_characters=RANDOM_LENGTH):
    return opaque.make(prefix, random_characters=random_characters)


def broken(text):
    """The same with a wrong last character."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def scan(*arguments, cwd=None, stdin=b"", program=("-I", SCRIPT), **environment):
    """The scanner by itself: a Python without our packages and settings."""
    return subprocess.run(
        [sys.executable, "-S", *program, *arguments],
        cwd=cwd,
        env=environment,
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
