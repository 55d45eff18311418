"""Pages of the admin that make a secret: shown in the one answer, made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from accounts import once, pages
from accounts.admin.tables import ReadOnlyAdmin
from accounts.models import Identified
from accounts.problems import Problem
from accounts.visitors import Visitor

Made = tuple[Any, str | None]


@dataclass(frozen=True, slots=True)
class Minting:
    """A page with a form. `make` is the rule: the row and its secret, none where it has
    none. `said`: what the page says above its form."""

    title: Any
    button: Any
    make: Callable[[Visitor], Made]
    said: Any = ""


class MintingAdmin(ReadOnlyAdmin):
    """A secret is shown in the one answer that made it: by no message, no session."""

    def mint(
        self, request: HttpRequest, form: forms.Form, minting: Minting
    ) -> HttpResponse:
        if not form.is_valid():
            return self.form_page(request, form, minting)
        visitor: Visitor = request.visitor  # type: ignore[attr-defined]
        try:
            row, secret = once.once(
                request, visitor, lambda: minting.make(visitor), target=_id_of
            )
        except once.AlreadyMade as earlier:
            row = self.model.objects.with_public_id(earlier.target).first()
            return self.own_page(request, "again", title=minting.title, row=row)
        except (Problem, ValidationError) as error:
            pages.blame(form, error)
            return self.form_page(request, form, minting)
        title = _("Copy it now")
        return self.own_page(request, "shown_once", title=title, row=row, secret=secret)

    def form_page(
        self, request: HttpRequest, form: forms.Form, minting: Minting
    ) -> HttpResponse:
        context = {"form": form, "minting": minting, "nonce": once.nonce()}
        return self.own_page(request, "mint", title=minting.title, **context)

    def own_page(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "opts": self.opts}
        template = f"admin/{name}.html"
        return render(
            request, template, {**frame, "nonce_field": once.FIELD, **context}
        )


def _id_of(made: Made) -> str:
    row: Identified = made[0]
    return row.public_id
