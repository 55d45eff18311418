"""The admin's site: who comes in, what is asked of them, and its own pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import browser, confirming, pages, totp
from accounts.confirming import Unconfirmed
from accounts.models import Session
from accounts.problems import Problem
from accounts.products import products
from accounts.views.sign_in import sign_out
from accounts.visitors import visitor_of
from config import dashboard

View = Callable[..., HttpResponseBase]
CONFIRM = "settings/confirm.html"
FRAME = "admin/base.html"
# A field of the question for the second factor.
ADMISSION = "admission"
# The tables in the order of the menu, by the names of their models.
TABLES = (
    ("accounts", "organization", gettext_lazy("Organizations")),
    ("accounts", "user", gettext_lazy("People")),
    ("accounts", "membership", gettext_lazy("Memberships")),
    ("accounts", "session", gettext_lazy("Sessions")),
    ("apikeys", "apikey", gettext_lazy("API keys")),
    ("oauth", "application", gettext_lazy("Applications")),
    ("ratelimits", "usage", gettext_lazy("Usage")),
    ("accounts", "auditevent", gettext_lazy("Audit log")),
    ("accounts", "outboxmessage", gettext_lazy("Outbox")),
    ("accounts", "signingkey", gettext_lazy("Signing keys")),
    ("scans", "scan", gettext_lazy("Scans")),
)


class DoorwardAdminSite(AdminSite):
    """The stock admin with our sign-in, our frame, and two questions at its door.

    Outside the demo a sign-in has to have used a second factor. And whatever is sent,
    not only looked at, waits for who showed for 15 minutes that it is them.
    """

    site_header = site_title = "Doorward"

    def login(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        if request.user.is_authenticated:
            # Signed in but no operator: the admin is not there for them.
            raise Http404
        query = urlencode({"next": request.GET.get("next", reverse("admin:index"))})
        return redirect(f"{reverse('login')}?{query}")

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: object = None
    ) -> HttpResponse:
        return sign_out(request)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: object = None
    ) -> HttpResponse:
        """Passwords change through their one door, which ends other sessions."""
        return redirect("reset")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Also of each table's pages: no view of the admin is reached but by here."""

        @wraps(view)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            session = browser.session_of(request)
            if session is None or request.path == reverse("admin:logout"):
                return view(request, *args, **kwargs)
            question = self._second_factor(request, session)
            if question is not None:
                return question
            if ADMISSION in request.POST:
                # The question stood in place of this page, and carried nothing along.
                return redirect(request.get_full_path())
            carry_on = partial(view, request, *args, **kwargs)
            if request.method != "POST" or hasattr(view, "looks_only"):
                return carry_on()
            return self._confirmed(request, session, carry_on)

        return super().admin_view(asked, cacheable)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        plans = path("plans/", self.admin_view(self.plans), name="plans")
        return [plans, *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """The frame. What a person may not look at is not in its menu."""
        offered = [("", reverse("admin:index"), _("Overview"))]
        for app, model, label in TABLES:
            if request.user.has_perm(f"{app}.view_{model}"):
                address = reverse(f"admin:{app}_{model}_changelist")
                offered.append((f"/{app}/{model}/", address, str(label)))
        if request.user.has_perm("apikeys.view_apikey"):
            offered.append(("/find/", reverse("admin:find_key"), _("Find a key")))
            offered.append(("/plans/", reverse("admin:plans"), _("Plans")))
        here = _place(request, offered)
        return {
            "site_title": self.site_title,
            "has_permission": self.has_permission(request),
            "heading": next(name for _part, at, name in offered if at == here),
            "menu": [(name, at, at == here) for _part, at, name in offered],
        }

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        context = self.each_context(request)
        if request.user.is_superuser:
            context.update(dashboard.seen())
        return TemplateResponse(request, "admin/index.html", context)

    def app_index(  # type: ignore[override]
        self, request: HttpRequest, app_label: str, extra_context: object = None
    ) -> HttpResponse:
        """The menu shows all tables, so no page shows those of one part."""
        return redirect("admin:index")

    def plans(self, request: HttpRequest) -> HttpResponse:
        """As the product files say them. They change by another file."""
        if not request.user.has_perm("apikeys.view_apikey"):
            raise PermissionDenied
        context = {
            **self.each_context(request),
            "title": _("Plans"),
            "products": list(products().values()),
        }
        return render(request, "admin/plans.html", context)

    def _second_factor(
        self, request: HttpRequest, session: Session
    ) -> HttpResponseBase | None:
        """What is shown in place of the page to who used none; none: let them on."""
        if settings.DEMO or session.second_step_at is not None:
            return None
        if not totp.is_on(session.membership.user):
            context = {**self.each_context(request), "menu": []}
            return render(request, "admin/second_factor.html", context, status=403)
        # Whose browser is trusted was asked for no code, and gives one here.
        here = redirect(request.get_full_path())
        return self._confirmed(request, session, lambda: here, carried=[(ADMISSION, 1)])

    def _confirmed(
        self,
        request: HttpRequest,
        session: Session,
        carry_on: View,
        **question: Any,
    ) -> HttpResponseBase:
        """What `carry_on` answers to who shows that it is them; else the question,
        which has `question` in its context."""
        visitor = visitor_of(request, session)
        try:
            visitor = confirming.confirmed(request, visitor)
        except Unconfirmed as refusal:
            context = {
                **self.each_context(request),
                **confirming.question(request, visitor),
                "visitor": visitor,
                "problem": refusal.problem,
                "frame": FRAME,
                **question,
            }
            return _told(render(request, CONFIRM, context), refusal.problem)
        request.visitor = visitor  # type: ignore[attr-defined]
        return carry_on()


def _told(response: HttpResponse, problem: Problem | None) -> HttpResponse:
    return pages.told(response, problem) if problem else response


def _place(request: HttpRequest, offered: list[tuple[str, str, str]]) -> str:
    """The address of the last entry of the menu whose part is in the page's: a page of
    a table may have an entry of its own."""
    begun = [address for part, address, _label in offered if part in request.path]
    return begun[-1]
