"""One request for each kind of answer, on the real routes and a few more."""

import json
from dataclasses import dataclass, field

from django.db import OperationalError
from django.http import StreamingHttpResponse
from django.urls import path
from django.views.generic import RedirectView

import config.urls
from config import handlers

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
KEY, ADDRESS = "key", "address"
AHEAD = {
    "Origin": "https://other.test",
    "Access-Control-Request-Method": "POST",
}


def stream(request):
    return StreamingHttpResponse(iter([b"one", b"two"]))


def fault(request):
    raise ZeroDivisionError


def database(request):
    raise OperationalError


class BrokenInside:
    """A middleware behind the door that fails at one address."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info == "/api/broken-inside":
            raise ZeroDivisionError
        return self.get_response(request)


urlpatterns = [
    path("api/stream", stream),
    path("api/fault", fault),
    path("oauth/fault", fault),
    path("api/database", database),
    path("api/moved", RedirectView.as_view(url="/api/stream", permanent=True)),
    path("api/slash/", stream),
    *config.urls.urlpatterns,
]
handler400 = handlers.bad_request
handler403 = handlers.permission_denied
handler404 = handlers.not_found
handler500 = handlers.server_error


@dataclass(frozen=True)
class Case:
    """A request, the status of its answer, and by what it is counted."""

    name: str
    status: int
    method: str = "GET"
    path: str = "/api/v1/scans"
    by: str = KEY
    cost: int = 1
    content: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


def post(name, status, target, body, **more):
    content = json.dumps(body).encode()
    return Case(name, status, "POST", target, content=content, **more)


SCANS = "/api/v1/scans"
TOKEN = "/oauth/token"
RESET = "/api/v1/auth/password/reset"
CASES = [
    Case("read", 200),
    Case("head", 200, "HEAD"),
    Case("options", 200, "OPTIONS"),
    Case("streaming", 200, path="/api/stream"),
    Case("head of a stream", 200, "HEAD", "/api/stream"),
    Case("schema", 200, path="/api/schema"),
    Case("page of the docs", 200, path="/api/docs", by=ADDRESS),
    post("made", 201, SCANS, {"scope": "full"}),
    post("accepted", 202, RESET, {"email": "x@y.test"}, by=ADDRESS),
    Case("preflight", 401, "OPTIONS", by=ADDRESS, cost=0, headers=AHEAD),
    Case("preflight of OAuth", 204, "OPTIONS", TOKEN, ADDRESS, 0, headers=AHEAD),
    Case("preflight to nowhere", 404, "OPTIONS", "/api/x", ADDRESS, 0, headers=AHEAD),
    Case("options of OAuth", 204, "OPTIONS", "/oauth/token", ADDRESS),
    Case("moved", 301, path="/api/moved"),
    Case("slash added", 301, path="/api/slash"),
    Case("sent on", 302, path="/oauth/authorize/", by=ADDRESS),
    post("bad member", 400, SCANS, {"scope": 7}),
    Case("no JSON", 400, "POST", content=b"{"),
    Case("unknown host", 400, by=ADDRESS, headers={"Host": "evil.test"}),
    Case("two credentials", 400, by=ADDRESS, headers={"Authorization": "Bearer x"}),
    Case("key in the address", 400, path=f"{SCANS}?api_key=x", by=ADDRESS),
    Case("no grant", 400, "POST", "/oauth/token", ADDRESS, content_type=FORM),
    Case("bad application", 400, path="/oauth/authorize?client_id=x", by=ADDRESS),
    Case("no credential", 401, by=ADDRESS),
    Case("wrong key", 401, by=ADDRESS, headers={"X-API-Key": "nr_live_wrong"}),
    Case("no token", 401, path="/oauth/userinfo", by=ADDRESS),
    Case("wrong client", 401, "POST", "/oauth/token", ADDRESS,
         content=b"grant_type=client_credentials&client_id=x&client_secret=y",
         content_type=FORM),
    Case("without the scope", 403, path="/api/v1/audit-events"),
    Case("without the form's token", 403, "POST", "/oauth/device", ADDRESS,
         content=b"user_code=x", content_type=FORM),
    Case("nowhere", 404, path="/api/v1/nowhere"),
    Case("nothing there", 404, path=f"{SCANS}/x"),
    Case("nowhere in OAuth", 404, path="/oauth/nowhere", by=ADDRESS),
    Case("not with this method", 405, "PUT"),
    Case("trace", 405, "TRACE", by=ADDRESS),
    Case("token by GET", 405, path="/oauth/token", by=ADDRESS),
    Case("chunks", 411, "POST", by=ADDRESS, headers={"Transfer-Encoding": "chunked"}),
    Case("too large", 413, "POST", content=b" " * 65_537),
    Case("not JSON", 415, "POST", content=b"scope=full", content_type="text/plain"),
    Case("fault of ours", 500, path="/api/fault"),
    Case("fault in OAuth", 500, path="/oauth/fault", by=KEY),
    Case("fault of a middleware", 500, path="/api/broken-inside"),
    Case("no database in a view", 503, path="/api/database"),
]  # fmt: skip
