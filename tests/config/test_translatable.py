"""Every text of our templates goes through gettext, so that a translation reaches it.

Read from the templates themselves: whatever is left of one when its tags, variables
and translated parts are taken away has no letters.
"""

import re
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType

ROOT = Path(__file__).resolve().parent.parent.parent
# Swagger UI draws this one; mails and OpenAPI are texts for programs or of their own.
NOT_OURS = {"docs/api.html", "docs/api.js"}
TEMPLATES = sorted(
    file
    for file in (ROOT / "templates").rglob("*.html")
    if str(file.relative_to(ROOT / "templates")) not in NOT_OURS
)
# Names, which are the same in every language.
NAMES = re.compile(
    r"\b(?:Doorward|API|CSV|JSON|curl|Python|TypeScript|JavaScript|OAuth|OpenID Connect"
    r"|GET|POST|PATCH|DELETE|UTC|IP|URL|SHA-256|HTTP|TOTP|PKCE|QR|RFC|env|ms|id|XXXX)\b"
)
# What people read or hear of a tag.
SPOKEN = re.compile(
    r'\b(?:aria-label|title|alt|placeholder|data-label|data-copied|data-guard)="([^"]*)"'
)
SILENT = re.compile(r"<(code|pre|script|style)\b.*?</\1>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")
# A text that a script shows.
SAID = r'(?:textContent|innerText|alert\()\s*=?\s*"([^"]+)"'
WORD = re.compile(r"[^\W\d_]{2,}")


def bare(source):
    """The template's own text, with nothing that Django puts in."""
    kept, skipping = [], False
    for token in Lexer(source).tokenize():
        name = token.contents.split(" ")[0]
        if token.token_type is TokenType.TEXT:
            kept += [] if skipping else [token.contents]
        elif token.token_type is TokenType.BLOCK:
            if name in ("blocktranslate", "comment"):
                skipping = True
            elif name in ("endblocktranslate", "endcomment"):
                skipping = False
    return "".join(kept)


def untranslated(source):
    """The words that no translation would reach."""
    text = SILENT.sub("", bare(source)).replace("&nbsp;", " ")
    read = [*SPOKEN.findall(text), TAG.sub(" ", text)]
    words = [
        word for each in read for word in WORD.findall(NAMES.sub("", unescaped(each)))
    ]
    return words


def unescaped(text):
    return re.sub(r"&#?\w+;", " ", text)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_every_text_of_a_template_can_be_translated(file):
    assert untranslated(file.read_text()) == []


def test_a_text_that_was_forgotten_would_be_seen():
    assert untranslated("<p>{{ name }} has gone</p>") == ["has", "gone"]
    assert untranslated('<a title="Gone" href="gone">{% translate "Gone" %}</a>')
    assert untranslated("{% blocktranslate %}Gone{% endblocktranslate %} → 1") == []


def test_the_scripts_hold_no_words():
    """What they say comes from attributes."""
    for file in (ROOT / "static").glob("*.js"):
        script = re.sub(r"(?m)^\s*//.*$", "", file.read_text())
        texts = re.findall(
            r'(?:textContent|innerText|alert\()\s*=?\s*"([^"]+)"', script
        )
        assert texts == [], file.name
