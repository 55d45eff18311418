"""Pages in another language, from a catalogue in the data folder."""

import gettext
import struct

import pytest
from django.test import Client
from django.utils.translation import trans_real

WORDS = {"": "Content-Type: text/plain; charset=UTF-8\n", "Sign in": "Anmelden"}


def compiled(words):
    """A catalogue as msgfmt writes it (GNU gettext manual, The Format of GNU MO
    Files)."""
    pairs = [(one.encode(), other.encode()) for one, other in sorted(words.items())]
    tables, texts = [], b""
    start = 7 * 4 + 2 * 8 * len(pairs)
    for side in (0, 1):
        for pair in pairs:
            tables += [len(pair[side]), start + len(texts)]
            texts += pair[side] + b"\0"
    head = [0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0]
    return struct.pack(f"<{len(head) + len(tables)}I", *head, *tables) + texts


@pytest.fixture
def german(settings, tmp_path, monkeypatch):
    folder = tmp_path / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.mo").write_bytes(compiled(WORDS))
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    settings.LANGUAGE_CODE = "de"
    # What Django keeps for as long as a process lives.
    monkeypatch.setattr(trans_real, "_translations", {})
    monkeypatch.setattr(trans_real, "_default", None)
    monkeypatch.setattr(gettext, "_translations", {})


def test_the_pages_speak_the_language_of_a_catalogue(german, db):
    page = Client().get("/login").content.decode()
    assert '<html lang="de">' in page
    assert "<h1>Anmelden</h1>" in page


def test_without_one_they_speak_english(db):
    page = Client().get("/login").content.decode()
    assert '<html lang="en">' in page
    assert "<h1>Sign in</h1>" in page
