"""Confirm it is you, asked by itself: before a page whose script needs it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import onward
from accounts.pages import FORM, page
from accounts.visitors import Visitor


@page(methods=FORM, confirmed=True)
def confirm(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """/settings/confirm?next=…"""
    return redirect(onward.target_of(request))
