"""Browser sign-in: the cookie names a Session row, and the row decides."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts import sessions
from accounts.audit import actor_of
from accounts.last_used import recorder
from accounts.models import Session, User

SESSION = "session"
FIRST_STEP = "first_step"
FIRST_STEP_LIFETIME = timedelta(minutes=10)
SALT = "accounts.browser.first_step"


class BrowserSessionMiddleware(AuthenticationMiddleware):
    """Sets `request.user`, lazily, from the Session row that the cookie names.

    A subclass of Django's, whose admin asks for one. Dead rows make an anonymous user.
    """

    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(lambda: _user(request))  # type: ignore[assignment]


class NoBackend:
    """Django's backend hook: nobody signs in through it, so that one door remains."""

    def authenticate(self, request: HttpRequest, **credentials: object) -> None:
        return None

    def get_user(self, user_id: object) -> None:
        return None


def session_of(request: HttpRequest) -> Session | None:
    """The live browser session of a request, read once."""
    if not hasattr(request, "browser_session"):
        found = _session(request.session.get(SESSION, ""))
        if found is not None:
            address = getattr(request, "client_address", "")
            recorder.note((Session, found.pk), address)
        request.browser_session = found  # type: ignore[attr-defined]
    session: Session | None = request.browser_session  # type: ignore[attr-defined]
    return session


def remember(request: HttpRequest, session: Session) -> None:
    """Sign the browser in. Whatever cookie it had before is worth nothing now."""
    forget(request, reason="signed_in_anew")
    request.session[SESSION] = session.public_id
    request.browser_session = session  # type: ignore[attr-defined]
    request.user = session.membership.user
    rotate_token(request)


def forget(request: HttpRequest, *, reason: str) -> None:
    """Sign the browser out and end its row, if it has one."""
    session = session_of(request)
    if session is not None:
        sessions.end(session, reason=reason, by=actor_of(request))
    request.session.flush()
    request.browser_session = None  # type: ignore[attr-defined]
    request.user = AnonymousUser()


def remember_first_step(request: HttpRequest, user: User) -> None:
    """The password was right. The cookie says for whom, and opens nothing by itself."""
    forget(request, reason="signed_in_anew")
    stamp = {"user": user.public_id, "password": user.get_session_auth_hash()}
    request.session[FIRST_STEP] = signing.dumps(stamp, salt=SALT)


def first_step_of(request: HttpRequest) -> User | None:
    """Who passed the first step within ten minutes and has the same password still."""
    try:
        stamp = signing.loads(
            request.session.get(FIRST_STEP, ""), salt=SALT, max_age=FIRST_STEP_LIFETIME
        )
    except signing.BadSignature:
        return None
    user: User | None = (
        User.objects.with_public_id(stamp["user"]).filter(is_active=True).first()
    )
    same = user is not None and user.get_session_auth_hash() == stamp["password"]
    return user if same else None


def _session(public_id: str) -> Session | None:
    if not public_id:
        return None
    found: Session | None = (
        Session.objects.with_people()
        .with_public_id(public_id)
        .filter(is_browser=True)
        .first()
    )
    return found if found is not None and found.is_alive(timezone.now()) else None


def _user(request: HttpRequest) -> User | AnonymousUser:
    session = session_of(request)
    return session.membership.user if session is not None else AnonymousUser()
