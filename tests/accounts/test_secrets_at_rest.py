"""Nothing that lets somebody in can be read from the database."""

import base64

import pytest
from django.apps import apps

from accounts import sealing
from accounts.models import PasswordReset, TotpDevice
from tests.cast import PASSWORD, send


def everything_stored():
    """Every value of every row, as text and as bytes, in one haystack."""
    rows = (
        value
        for model in apps.get_models()
        for row in model._default_manager.values_list()
        for value in row
    )
    return b"\n".join(as_bytes(value) for value in rows)


def as_bytes(value):
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    return str(value).encode()


def spellings(secret):
    raw = secret.encode()
    return [raw, base64.b64encode(raw), raw.hex().encode()]


def assert_nowhere(*secrets):
    stored = everything_stored()
    for secret in secrets:
        assert not any(spelling in stored for spelling in spellings(secret)), secret


def test_the_haystack_holds_what_is_stored(alice):
    stored = everything_stored()
    assert alice.user.email.encode() in stored
    assert alice.user.password.encode() in stored


def test_no_password_is_stored(alice):
    alice.log_in()
    assert_nowhere(PASSWORD)


@pytest.mark.parametrize("who", ["alice", "nadia"])
def test_no_token_of_a_session_is_stored_before_or_after_a_refresh(
    request, signing_keys, who
):
    person = request.getfixturevalue(who)
    first = person.log_in().json()
    body = {"refresh_token": first["refresh_token"]}
    second = send("POST", "/api/v1/auth/refresh", body).json()
    shown = [
        pair[name]
        for pair in (first, second)
        for name in pair
        if name.endswith("token")
    ]
    assert len(shown) == 4
    assert_nowhere(*shown, *(token.rpartition(".")[2] for token in shown))


def test_no_secret_of_an_authenticator_is_stored(alice, enrol):
    app = enrol(alice)
    raw = base64.b32decode(app.secret)
    stored = everything_stored()
    for spelling in (raw, raw.hex().encode(), base64.b64encode(raw)):
        assert spelling not in stored
    assert_nowhere(app.secret, *app.recovery_codes)


def test_a_sealed_secret_opens_for_its_own_person_only(alice, bob, enrol):
    enrol(alice)
    sealed = bytes(TotpDevice.objects.get().sealed_secret)
    sealing.unseal(sealed, context=TotpDevice.context(alice.user))
    with pytest.raises(sealing.Unsealable):
        sealing.unseal(sealed, context=TotpDevice.context(bob.user))


def test_a_secret_needs_the_key_of_the_environment(alice, enrol, settings):
    enrol(alice)
    sealed = bytes(TotpDevice.objects.get().sealed_secret)
    settings.ENCRYPTION_KEYS = dict.fromkeys(settings.ENCRYPTION_KEYS, b"x" * 32)
    with pytest.raises(sealing.Unsealable):
        sealing.unseal(sealed, context=TotpDevice.context(alice.user))


def test_no_link_to_a_new_password_is_stored(alice, post):
    with post() as mails:
        send("POST", "/api/v1/auth/password/reset", {"email": alice.user.email})
    token = mails[0].body.partition("/password/reset/")[2].split()[0]
    assert PasswordReset.objects.count() == 1
    assert_nowhere(token)


def test_no_private_key_is_stored(alice):
    alice.log_in()
    stored = everything_stored()
    # An RSA key in DER begins its private part by the number of a two-prime key.
    assert b"PRIVATE KEY" not in stored
    assert b"\x02\x01\x00\x02\x82\x01\x81" not in stored
    assert b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" not in stored
