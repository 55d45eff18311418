"""Settings > Organization: which one, its name, its plan, and the way to another."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import browser, organizations, switching
from accounts.fields import VISIBLE
from accounts.forms import PlainForm
from accounts.pages import action, page, show
from accounts.visitors import Visitor


class NameForm(PlainForm):
    """What the organization is called."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        validators=[VISIBLE],
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


@page()
def organization(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    form = NameForm(initial={"name": visitor.organization.name})
    return _overview(request, visitor, form)


@action(confirmed=False)
def rename(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    form = NameForm(request.POST)
    if not form.is_valid():
        return _overview(request, visitor, form)
    organizations.rename(
        visitor.organization,
        form.cleaned_data["name"],
        renamer=visitor.credential,
        by=visitor.actor,
    )
    messages.success(request, _("The organization has its new name."))
    return redirect("organization")


@action(confirmed=False)
def switch(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Work in another one. The person is the same, so nobody is asked anything."""
    wanted = request.POST.get("organization", "")
    if wanted == visitor.organization.public_id:
        return redirect("organization")
    successor = switching.switch(visitor.session, wanted, by=visitor.actor)
    browser.remember(request, successor)
    return redirect("organization")


def _overview(request: HttpRequest, visitor: Visitor, form: NameForm) -> HttpResponse:
    organization = visitor.organization
    return show(
        request,
        visitor,
        "settings/organization.html",
        form=form,
        membership=visitor.session.membership,
        may_rename=organizations.may_rename(visitor.credential),
        may_set_policy=visitor.credential.allows("keys_manage"),
        memberships=switching.choices(visitor.user),
        plan=organization.plan,
        limits=organization.limits,
        own_limits=organization.own_limits,
    )
