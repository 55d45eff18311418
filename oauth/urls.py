"""The addresses of OAuth."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView

from oauth.api import applications, grants, identity, requests, tokens
from oauth.views import application_life as life
from oauth.views import applications as shown
from oauth.views import (
    authorization,
    connected,
    devices,
    logout,
    registration,
    trials,
)

endpoints = [
    path("oauth-applications", applications.Applications.as_view()),
    path(
        "oauth-applications/<str:application_id>",
        applications.ApplicationDetail.as_view(),
    ),
    path(
        "oauth-applications/<str:application_id>/rotate-secret",
        applications.SecretRotation.as_view(),
    ),
    path("oauth-grants", grants.Grants.as_view()),
    path("oauth-grants/<str:grant_id>", grants.GrantDetail.as_view()),
]

# One engine under two addresses: the one of each guide. Both lists are the same views.
programs = [
    path("token", tokens.token),
    path("revoke", tokens.revoke),
    path("introspect", tokens.introspect),
    path("userinfo", identity.UserInfo.as_view()),
    path("par", requests.push),
    path("device_authorization", requests.begin_device),
]
pages = [
    path("authorize", authorization.authorize),
    path("authorize/cancel", authorization.cancel),
    path("device", devices.enter),
    path("device/allow", devices.allow),
    path("device/deny", devices.deny),
    path("logout", logout.sign_out),
    path("logout/confirm", logout.confirm),
]
# Who meets these is a person: what goes wrong is told on a page, too.
for page in pages:
    page.callback.is_page = True  # type: ignore[attr-defined]
# Clients of other servers are used to a slash at the end. A program's POST cannot be
# sent on, a browser can.
slashed = [
    *(path(f"{program.pattern}/", program.callback) for program in programs),
    *(
        path(
            f"{name}/",
            csrf_exempt(RedirectView.as_view(url=f"../{name}", query_string=True)),
        )
        for name in ("authorize", "device", "logout")
    ),
]
OWN = "settings/oauth-applications"
ONE = f"{OWN}/<str:application_id>"
CONNECTED = "settings/connected-applications"
settings_pages = [
    path(OWN, shown.listed, name="applications"),
    path(f"{OWN}/new", registration.new, name="new_application"),
    path(f"{OWN}/check-addresses", registration.check_addresses),
    path(ONE, shown.one, name="application"),
    path(f"{ONE}/edit", registration.edit, name="edit_application"),
    path(f"{ONE}/rotate-secret", life.rotate_secret, name="rotate_application"),
    path(f"{ONE}/end-old-secret", life.end_old_secret, name="end_old_secret"),
    path(f"{ONE}/disable", life.disable, name="disable_application"),
    path(f"{ONE}/enable", life.enable, name="enable_application"),
    path(f"{ONE}/delete", life.delete, name="delete_application"),
    path(f"{ONE}/test", trials.begin, name="test_application"),
    path(f"{ONE}/test/done", trials.end, name="application_tested"),
    path(CONNECTED, connected.listed, name="connected_applications"),
    path(f"{CONNECTED}/<str:grant_id>/revoke", connected.revoke, name="disconnect"),
]
engine = [*programs, *pages, *slashed]
well_known = [
    path(".well-known/openid-configuration", identity.server_metadata),
    path(".well-known/oauth-authorization-server", identity.server_metadata),
    path(".well-known/oauth-protected-resource", identity.resource_metadata),
]
