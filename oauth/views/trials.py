"""The test sign-in of an application: the page that begins it, and where it ends."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.pages import FORM, page, show
from accounts.visitors import Visitor
from oauth import scopes, trials
from oauth.views.chosen import MANAGING, chosen


@page(methods=FORM, needs=MANAGING)
def begin(request: HttpRequest, visitor: Visitor, application_id: str) -> HttpResponse:
    """/settings/oauth-applications/<id>/test"""
    application = chosen(visitor, application_id)
    if request.method == "POST":
        leads_to = reverse("application_tested", args=[application.public_id])
        return redirect(trials.begin(application, visitor, leads_to=leads_to))
    words = scopes.known(application)
    context = {
        "application": application,
        "obstacle": trials.obstacle(application),
        "redirect_uri": next(iter(application.redirects), ""),
        "scopes": [(word, words.get(word, word)) for word in application.scopes],
    }
    return show(request, visitor, "oauth/test.html", **context)


@page(needs=MANAGING)
def end(request: HttpRequest, visitor: Visitor, application_id: str) -> HttpResponse:
    """Where the browser comes back to. As every callback it takes the code by GET; the
    code works once, and only in the browser that began."""
    application = chosen(visitor, application_id)
    outcome = trials.finish(application, visitor, request.GET.dict())
    words = scopes.known(application)
    context = {
        "application": application,
        "outcome": outcome,
        "redirect_uri": next(iter(application.redirects), ""),
        "scopes": [(word, words.get(word, word)) for word in outcome.scopes],
        "withheld": [
            (word, words.get(word, word))
            for word in application.scopes
            if word not in outcome.scopes
        ],
        "claims": json.dumps(outcome.claims, indent=2, ensure_ascii=False),
        "userinfo": json.dumps(outcome.userinfo, indent=2, ensure_ascii=False),
    }
    return show(request, visitor, "oauth/tested.html", **context)
