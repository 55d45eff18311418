"""Revoke a key: what it was last used for, why it goes, and its name to be typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.credential_forms import TypedNameForm
from accounts.pages import FORM, page, show
from accounts.visitors import Visitor
from apikeys import lifecycle
from apikeys.models import LEAKED, ApiKey
from apikeys.views.chosen import chosen

# In the words of the page. The words that are sent are the API's.
REASONS = (
    ("other", gettext_lazy("Another reason")),
    ("unused", gettext_lazy("It is not used any more")),
    ("replaced", gettext_lazy("Another key took its place")),
    (LEAKED, gettext_lazy("It leaked, or may have (cannot be undone)")),
)


class RevokeForm(TypedNameForm):
    """Why, and which key: by its name."""

    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=REASONS)

    def __init__(self, *args: Any, api_key: ApiKey, **options: Any) -> None:
        label = _("Name of the key")
        super().__init__(*args, name=api_key.name, label=label, **options)


@page(methods=FORM, confirmed=True)
def revoke(request: HttpRequest, visitor: Visitor, key_id: str) -> HttpResponse:
    """Refused from the answer on, by every worker."""
    api_key = chosen(visitor, key_id)
    if api_key.revoked_at is not None:
        return _already(request, api_key)
    form = RevokeForm(request.POST or None, api_key=api_key)
    if not form.is_valid():
        template = "apikeys/revoke.html"
        response = show(request, visitor, template, form=form, api_key=api_key)
        response.status_code = 400 if form.is_bound else 200
        return response
    lifecycle.revoke(api_key, reason=form.cleaned_data["reason"], by=visitor.actor)
    messages.success(request, _("Revoked. Its requests are refused from now on."))
    return redirect("key", api_key.public_id)


def _already(request: HttpRequest, api_key: ApiKey) -> HttpResponse:
    messages.info(request, _("The key is revoked already."))
    return redirect("key", api_key.public_id)
