"""The end of each way into a browser: a session, its cookie, the device known again."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts import browser, known_devices, login, sessions
from accounts.models import User


def let_in(
    request: HttpRequest, response: HttpResponseBase, user: User, *, factors: list[str]
) -> None:
    """Sign the browser in, by what the person has proven. Raises Problem.

    `user` is as the factors were checked: who changed the password since has ended it.
    """
    membership = login.membership_for(user, "")
    place = sessions.place_of(request)
    session = sessions.begin_in_browser(membership, factors=factors, place=place)
    browser.remember(request, session)
    known_devices.remember(request, response, user)
