"""Every route of the API by every method for everyone who should not be there.

The routes come from the URL patterns: a new one without a line here fails.
"""

import json

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from accounts.audit import SYSTEM
from accounts.models import Invitation, Membership, User, WebhookEndpoint
from accounts.roles import Role
from apikeys.models import ApiKey
from config.urls import _routes
from oauth import consents
from oauth.models import Application, Consent
from ratelimits.limits import Limits
from scans.models import Scan
from tests.cast import person

# A stranger's key and a sandbox key hold every scope, an empty one none. Viewer and
# member are colleagues who are signed in. All objects named in addresses are alice's.
WHO = ("nobody", "stranger", "empty", "viewer", "member", "sandbox")
PERSONAL = (401, 403, 403)
# Applications are managed by people with the role for it, never by a key; so is the
# policy of keys.
MANAGING = (401, 403, 403, 403, 403, 403)
WEBHOOK = "api/v1/webhooks/<str:webhook_id>"
EXPECTED = {
    "POST api/v1/auth/login": (401,) * 6,
    "POST api/v1/auth/refresh": (401,) * 6,
    "POST api/v1/auth/logout": (*PERSONAL, 204, 204, 403),
    "GET api/v1/auth/whoami": (401, 200, 200, 200, 200, 200),
    "GET api/v1/auth/sessions": (*PERSONAL, 200, 200, 403),
    "DELETE api/v1/auth/sessions": (*PERSONAL, 204, 204, 403),
    "DELETE api/v1/auth/sessions/<str:session_id>": (*PERSONAL, 404, 404, 403),
    "POST api/v1/auth/totp": (*PERSONAL, 201, 201, 403),
    "POST api/v1/auth/totp/confirm": (*PERSONAL, 409, 409, 403),
    "POST api/v1/auth/totp/remove": (*PERSONAL, 401, 401, 403),
    "POST api/v1/auth/totp/recovery-codes": (*PERSONAL, 401, 401, 403),
    "POST api/v1/auth/step-up": (*PERSONAL, 409, 409, 403),
    "POST api/v1/auth/password": (*PERSONAL, 400, 400, 403),
    "POST api/v1/auth/password/reset": (202,) * 6,
    "POST api/v1/auth/password/reset/confirm": (400,) * 6,
    "POST api/v1/auth/invitations/accept": (400,) * 6,
    "GET api/v1/users": (401, 200, 403, 403, 403, 403),
    "POST api/v1/users": (401, 201, 403, 403, 403, 403),
    "PATCH api/v1/users/<str:user_id>": (401, 404, 403, 403, 403, 403),
    "DELETE api/v1/users/<str:user_id>": (401, 404, 403, 403, 403, 403),
    "GET api/v1/users/<str:user_id>/departure": (401, 404, 403, 403, 403, 403),
    "GET api/v1/audit-events": (401, 403, 403, 403, 403, 403),
    "GET api/v1/usage": (401, 200, 403, 200, 200, 200),
    "GET api/v1/api-keys": (401, 200, 403, 200, 200, 200),
    "POST api/v1/api-keys": (401, 201, 403, 201, 201, 201),
    "GET api/v1/api-keys/<str:key_id>": (401, 404, 403, 403, 403, 403),
    "PATCH api/v1/api-keys/<str:key_id>": (401, 404, 403, 403, 403, 403),
    "DELETE api/v1/api-keys/<str:key_id>": (401, 404, 403, 403, 403, 403),
    "POST api/v1/api-keys/<str:key_id>/rotate": (401, 404, 403, 403, 403, 403),
    "POST api/v1/api-keys/<str:key_id>/rotate/finish": (401, 404, 403, 403, 403, 403),
    "POST api/v1/api-keys/<str:key_id>/rotate/cancel": (401, 404, 403, 403, 403, 403),
    "POST api/v1/api-keys/<str:key_id>/restore": (401, 404, 403, 403, 403, 403),
    "POST api/v1/api-keys/revoke": (401, 200, 403, 200, 200, 200),
    "POST api/v1/api-keys/<str:key_id>/disable": (401, 404, 403, 403, 403, 403),
    "POST api/v1/api-keys/<str:key_id>/enable": (401, 404, 403, 403, 403, 403),
    "POST api/v1/api-keys/<str:key_id>/transfer": (401, 404, 403, 403, 403, 403),
    "GET api/v1/api-key-policy": MANAGING,
    "PATCH api/v1/api-key-policy": MANAGING,
    "GET api/v1/api-keys/<str:key_id>/usage": (401, 404, 403, 403, 403, 403),
    "POST api/v1/api-keys/<str:key_id>/shrink": (401, 404, 403, 403, 403, 403),
    "GET api/v1/api-keys/<str:key_id>/suggested-ips": (401, 404, 403, 403, 403, 403),
    "POST api/v1/auth/verify": (401, 200, 403, 403, 403, 200),
    "POST api/v1/auth/verify/batch": (401, 200, 403, 403, 403, 200),
    "POST api/v1/leaks": (202,) * 6,
    "GET api/v1/webhooks": (401, 200, 403, 403, 403, 403),
    "POST api/v1/webhooks": (401, 201, 403, 403, 403, 403),
    "GET api/v1/webhooks/<str:webhook_id>": (401, 404, 403, 403, 403, 403),
    "PATCH api/v1/webhooks/<str:webhook_id>": (401, 404, 403, 403, 403, 403),
    "DELETE api/v1/webhooks/<str:webhook_id>": (401, 404, 403, 403, 403, 403),
    f"POST {WEBHOOK}/rotate-secret": (401, 404, 403, 403, 403, 403),
    f"POST {WEBHOOK}/test": (401, 404, 403, 403, 403, 403),
    f"GET {WEBHOOK}/deliveries": (401, 404, 403, 403, 403, 403),
    f"POST {WEBHOOK}/deliveries/<str:delivery_id>/redeliver": (
        *(401, 404, 403, 403, 403, 403),
    ),
    "GET api/v1/scans": (401, 200, 403, 200, 200, 200),
    "POST api/v1/scans": (401, 201, 403, 403, 201, 201),
    "GET api/v1/scans/<str:scan_id>": (401, 404, 403, 200, 200, 403),
    "POST api/v1/scans/<str:scan_id>/stop": (401, 404, 403, 403, 200, 403),
    "GET api/v1/workspaces": (401, 200, 403, 200, 200, 200),
    "GET api/v1/oauth-applications": MANAGING,
    "POST api/v1/oauth-applications": MANAGING,
    "GET api/v1/oauth-applications/<str:application_id>": MANAGING,
    "PATCH api/v1/oauth-applications/<str:application_id>": MANAGING,
    "DELETE api/v1/oauth-applications/<str:application_id>": MANAGING,
    "POST api/v1/oauth-applications/<str:application_id>/rotate-secret": MANAGING,
    "GET api/v1/oauth-grants": (*PERSONAL, 200, 200, 403),
    "DELETE api/v1/oauth-grants/<str:grant_id>": (*PERSONAL, 404, 404, 403),
    "GET api/schema": (200,) * 6,
    "GET api/docs": (200,) * 6,
}
METHODS = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
]
BODIES = {
    "api/v1/auth/login": {"email": "alice@acme.test", "password": "wrong"},
    "api/v1/auth/refresh": {"refresh_token": "eyJ.e30.x"},
    "api/v1/auth/totp/confirm": {"totp_code": "000000"},
    "api/v1/auth/totp/remove": {"totp_code": "000000"},
    "api/v1/auth/totp/recovery-codes": {"totp_code": "000000"},
    "api/v1/auth/step-up": {"totp_code": "000000"},
    "api/v1/auth/password": {"current_password": "x", "new_password": "y" * 20},
    "api/v1/auth/password/reset": {"email": "alice@acme.test"},
    "api/v1/auth/password/reset/confirm": {"token": "x", "new_password": "y" * 20},
    "api/v1/auth/invitations/accept": {"token": "x"},
    "api/v1/users": {"email": "new@acme.test", "role": "viewer"},
    "api/v1/users/<str:user_id>": {"role": "viewer"},
    "api/v1/api-keys": {"name": "New", "scopes": []},
    "api/v1/api-keys/<str:key_id>": {"name": "New"},
    "api/v1/api-keys/revoke": {"ids": ["key_01h455vb4pex5vsknk084sn02q"]},
    "api/v1/api-key-policy": {"must_expire": True},
    "api/v1/auth/verify": {"credential": "nr_live_"},
    "api/v1/auth/verify/batch": {"requests": [{"credential": "nr_live_"}]},
    "api/v1/leaks": {"tokens": ["x"]},
    "api/v1/webhooks": {"url": "https://new.example.com/"},
    "api/v1/scans": {"scope": "full"},
    "api/v1/oauth-applications": {
        "name": "New",
        "type": "machine",
        "scopes": ["scans_read"],
    },
    "api/v1/oauth-applications/<str:application_id>": {"name": "New"},
}
JSON = "application/json"
# Its callers are applications and browsers, not credentials: tests/oauth asks it.
ENGINE = "api/v1/auth/oauth2/"
ROUTES = sorted({line.split(" ", 1)[1] for line in EXPECTED})
TABLES = (
    *(ApiKey, Application, Consent, Invitation, Membership, Scan, User),
    WebhookEndpoint,
)


@pytest.fixture(autouse=True)
def without_limits(settings):
    """So many requests are the point here; how many are let in is not."""
    settings.ANONYMOUS_LIMITS = Limits(100_000, 100_000, None)


@pytest.fixture
def headers(alice, bob, carol, issue):
    """What each of them sends."""
    every = alice.organization.product.scopes
    viewer = person("vera@acme.test", alice.organization, Role.VIEWER)
    keys = {
        "stranger": issue(*every, owner=carol)[1],
        "empty": issue()[1],
        "sandbox": issue(*every, environment="test")[1],
    }
    tokens = {
        who: one.sign_in()["access_token"]
        for who, one in {"viewer": viewer, "member": bob}.items()
    }
    return {
        "nobody": {},
        **{who: {"X-API-Key": key} for who, key in keys.items()},
        **{who: {"Authorization": f"Bearer {text}"} for who, text in tokens.items()},
    }


@pytest.fixture
def objects(alice, issue):
    """The objects of alice's organization that addresses may name."""
    target = person("tom@acme.test", alice.organization, Role.MEMBER)
    scan = alice.call("POST", "/api/v1/scans", {"scope": "secret scope"}).json()
    wish = {"name": "secret name", "type": "native", "scopes": ["scans_read"]}
    made = alice.call("POST", "/api/v1/oauth-applications", wish).json()
    application = Application.objects.with_public_id(made["id"]).get()
    consent = consents.give(alice.membership, application, ["scans_read"], by=SYSTEM)
    hook = {"url": "https://secret.example.com/"}
    webhook = alice.call("POST", "/api/v1/webhooks", hook).json()["id"]
    sent = alice.call("POST", f"/api/v1/webhooks/{webhook}/test").json()["id"]
    return {
        "<str:webhook_id>": webhook,
        "<str:delivery_id>": sent,
        "<str:session_id>": alice.organization.memberships.get(user=alice.user)
        .sessions.get()
        .public_id,
        "<str:user_id>": target.user.public_id,
        "<str:key_id>": issue("scans_read", name="secret name")[0].public_id,
        "<str:scan_id>": scan["id"],
        "<str:application_id>": application.public_id,
        "<str:grant_id>": consent.public_id,
    }


def address(route, objects):
    for place, name in objects.items():
        route = route.replace(place, name)
    assert "<" not in route, f"no object for {route}"
    return f"/{route}"


def counts():
    return [model.objects.count() for model in TABLES]


def expected(method, route, place):
    """The statuses that this caller may get."""
    line = EXPECTED.get(f"{'GET' if method == 'HEAD' else method} {route}")
    if line is not None:
        return {line[place]}
    return {200, 401, 403, 405} if method == "OPTIONS" else {401, 403, 405}


def api_routes():
    return [
        (route, view)
        for route, view in _routes("", get_resolver())
        if route.startswith("api/") and not route.startswith(ENGINE)
    ]


def test_every_route_of_the_api_has_a_line():
    assert set(ROUTES) == {route for route, _ in api_routes()}


def test_every_method_of_every_view_has_a_line():
    missing = [
        f"{method} {route}"
        for route, view in api_routes()
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        if route.startswith("api/v1/") and hasattr(view.cls, method.lower())
        if f"{method} {route}" not in EXPECTED
    ]
    assert missing == []


def methods(route, who):
    """All methods for some, for the others those that there are."""
    if who in ("nobody", "member"):
        return METHODS
    return [
        method for method in METHODS if expected(method, route, 0) != {401, 403, 405}
    ]


@pytest.mark.parametrize("who", WHO)
def test_everyone_gets_what_is_theirs_and_no_more(who, headers, objects, alice):
    client = Client(raise_request_exception=False)
    foreign = {alice.organization.public_id, alice.user.email, *objects.values()}
    before = counts()
    for route in ROUTES:
        path = address(route, objects)
        for method in methods(route, who):
            body = b"" if method in ("GET", "HEAD") else body_of(route)
            # Each request meets the same state: what one changes, the next forgets.
            with transaction.atomic():
                answer = client.generic(method, path, body, JSON, headers=headers[who])
                made = counts() != before
                transaction.set_rollback(True)
            what = f"{method} {path} by {who}: {answer.status_code}"
            right = expected(method, route, WHO.index(who))
            assert answer.status_code in right, what
            assert not made or answer.status_code in (200, 201), what
            if who in ("nobody", "stranger"):
                told = answer.content.decode()
                assert not [secret for secret in foreign if secret in told], what


def body_of(route):
    return json.dumps(BODIES.get(route, {})).encode()
