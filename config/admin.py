"""The admin's site: people come in by our sign-in page and its second step."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.views.sign_in import sign_out


class DoorwardAdminSite(AdminSite):
    """The stock admin with our sign-in and sign-out."""

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
