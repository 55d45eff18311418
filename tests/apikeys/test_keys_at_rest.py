"""A key is shown once and stored nowhere readable."""

import hashlib
import hmac
import re
from itertools import chain

import pytest
from django.apps import apps
from django.core.cache import caches

from accounts import mail
from apikeys.models import ApiKeySecret
from tests.cast import send


@pytest.fixture
def dump(caplog, mailoutbox):
    """Everything that is at rest: every column of every table, logs, mail, caches."""

    def everything():
        mail.wait()
        rows = (
            f"{field.name}={_readable(getattr(row, field.attname))}"
            for model in apps.get_models()
            for row in model._base_manager.all()
            for field in model._meta.concrete_fields
        )
        mails = (f"{sent.subject} {sent.body}" for sent in mailoutbox)
        kept = (str(caches[name]._cache) for name in ("default",))
        return "\n".join(chain(rows, mails, kept, [caplog.text]))

    return everything


def _readable(value):
    if isinstance(value, bytes | memoryview):
        return f"{bytes(value)!r} {bytes(value).hex()}"
    return str(value)


@pytest.fixture
def made(alice):
    """A key made and used over the API; `caplog` hears what the server says of it."""

    def make(**body):
        wish = {"name": "CI", "scopes": ["scans_read"], **body}
        answer = alice.call("POST", "/api/v1/api-keys", wish)
        assert answer.status_code == 201
        return answer.json()

    return make


def test_no_table_log_or_mail_holds_a_key(made, dump, alice, caplog):
    with caplog.at_level("DEBUG"):
        made_key = made()
        key = made_key["key"]
        assert send("GET", "/api/v1/scans", X_API_KEY=key).status_code == 200
        assert send("GET", "/api/v1/nowhere", X_API_KEY=key).status_code == 404
        alice.call("DELETE", f"/api/v1/api-keys/{made_key['id']}")
        assert send("GET", "/api/v1/scans", X_API_KEY=key).status_code == 401
    kept = dump()
    random_part = key.removeprefix("nr_live_")[:40]
    assert made_key["id"] in kept
    for shape in (key, random_part, random_part[8:32], random_part.upper()):
        assert shape not in kept


def test_no_unpeppered_digest_of_a_key_is_kept(made, dump):
    key = made()["key"]
    kept = dump()
    for algorithm in ("md5", "sha1", "sha256", "sha512"):
        assert hashlib.new(algorithm, key.encode()).hexdigest() not in kept


def test_what_is_kept_is_an_hmac_under_the_pepper(made, settings):
    key = made()["key"]
    secret = ApiKeySecret.objects.get()
    number, pepper = max(settings.PEPPERS.items())
    expected = hmac.digest(pepper, key.encode(), "sha256")
    assert bytes(secret.digest) == expected
    assert secret.pepper == number


def test_the_hint_leaves_128_bits_unknown(made, dump):
    made_key = made()
    body = made_key["key"].removeprefix("nr_live_")
    assert made_key["hint"] == f"nr_live_{body[:4]}…{body[-4:]}"
    assert body[4:36] not in dump()


@pytest.mark.parametrize("path", ["/api/v1/api-keys", "/api/v1/api-keys/{id}"])
def test_a_key_is_in_the_answer_that_made_it_and_in_no_other(made, alice, path):
    made_key = made()
    read = alice.call("GET", path.format(**made_key))
    assert read.status_code == 200
    assert made_key["key"] not in read.content.decode()
    assert '"key"' not in read.content.decode()


def test_a_change_does_not_show_the_key_again(made, alice):
    made_key = made()
    path = f"/api/v1/api-keys/{made_key['id']}"
    changed = alice.call("PATCH", path, {"name": "Night build"})
    assert changed.status_code == 200
    assert "key" not in changed.json()


def test_the_one_answer_with_the_key_is_kept_by_no_cache(alice):
    answer = alice.call("POST", "/api/v1/api-keys", {"name": "CI", "scopes": []})
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_refusal_never_repeats_the_key_that_was_sent(made, alice):
    made_key = made()
    alice.call("DELETE", f"/api/v1/api-keys/{made_key['id']}")
    for key in (made_key["key"], made_key["key"][:-1] + "x"):
        refused = send("GET", "/api/v1/scans", X_API_KEY=key)
        assert refused.status_code == 401
        assert key not in refused.content.decode() + str(refused.headers)


def test_a_public_id_is_a_typeid_and_says_nothing_about_the_key(made):
    made_key = made()
    assert re.fullmatch(r"key_[0-7][0-9a-hjkmnp-tv-z]{25}", made_key["id"])
    assert made_key["id"][4:] not in made_key["key"]
