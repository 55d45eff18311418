"""No step of a sign-in is passed by leaving something out."""

import pytest
from django.test import Client

from accounts.models import AuditEvent, Session, TotpDevice

STEPS = [
    "login",
    "refresh",
    "totp/confirm",
    "totp/remove",
    "totp/recovery-codes",
    "password",
    "password/reset",
    "password/reset/confirm",
    "invitations/accept",
]
BODIES = {
    "nothing": (b"", "application/json"),
    "empty object": (b"{}", "application/json"),
    "null": (b"null", "application/json"),
    "list": (b"[]", "application/json"),
    "text": (b'"{}"', "application/json"),
    "form": (
        b"email=alice%40acme.test&password=x",
        "application/x-www-form-urlencoded",
    ),
    "multipart": (b"--x--", "multipart/form-data; boundary=x"),
    "XML": (b"<login/>", "application/xml"),
    "no type": (b"{}", ""),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_body_without_what_the_step_asks_for_is_refused(alice, enrol, step):
    app = enrol(alice)
    before = Session.objects.count(), AuditEvent.objects.count()
    bearer = f"Bearer {alice.tokens['access_token']}"
    for name, (body, content_type) in BODIES.items():
        answer = Client(raise_request_exception=False).generic(
            "POST",
            f"/api/v1/auth/{step}",
            body,
            content_type,
            headers={"Authorization": bearer},
        )
        assert answer.status_code in (400, 415), name
    assert (Session.objects.count(), AuditEvent.objects.count()) == before
    assert TotpDevice.objects.filter(confirmed=True).exists()
    assert alice.log_in(totp_code=app.code()).status_code == 200


@pytest.mark.parametrize("step", [*STEPS, "totp", "logout"])
def test_reading_a_step_changes_nothing(alice, step):
    answer = alice.call("GET", f"/api/v1/auth/{step}")
    assert answer.status_code == 405
    assert alice.call("GET", "/api/v1/auth/whoami").status_code == 200
