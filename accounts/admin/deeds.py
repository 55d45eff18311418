"""What operators do to rows: a question that says what comes of it, then the rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.forms import PlainForm
from accounts.problems import Problem

# Of the button of the question.
SURE = "sure"
MOST_REASON_CHARACTERS = 200
# As many as a page of a list shows.
MOST_ROWS = 25
# Messages wait in a cookie, and browsers keep none of more than 4 KB.
MOST_REFUSALS = 5


class ReasonForm(PlainForm):
    """Why, in the operator's words, for the audit log."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MOST_REASON_CHARACTERS,
        help_text=gettext_lazy("Stands in the audit log."),
    )


@dataclass(frozen=True, slots=True)
class Deed:
    """`do` calls the rule, by the fields of `form`. `consequence` is said before.

    `fits`: whether it can be done to a row as it is now.
    """

    name: str
    label: Any
    consequence: Any
    do: Callable[..., object]
    form: type[forms.Form] = PlainForm
    fits: Callable[[Any], bool] = lambda row: True
    is_harmful: bool = True

    # Else a template that names one would do it.
    do_not_call_in_templates: ClassVar[bool] = True

    def __call__(
        self, admin: ModelAdmin, request: HttpRequest, rows: QuerySet[Any]
    ) -> HttpResponse | None:
        """An action of Django's lists: ask, and once it is sure, do it to each."""
        is_sure = SURE in request.POST
        form = self.form(request.POST if is_sure else None)
        if not is_sure or not form.is_valid():
            return self._question(admin, request, rows, form)
        self._do_each(admin, request, rows, values=form.cleaned_data)
        return self._back(admin, request)

    def _question(
        self,
        admin: ModelAdmin,
        request: HttpRequest,
        rows: QuerySet[Any],
        form: forms.Form,
    ) -> HttpResponse:
        chosen = list(rows[:MOST_ROWS])
        context = {
            **admin.admin_site.each_context(request),
            "title": self.label,
            "opts": admin.opts,
            "deed": self,
            "rows": [(row, self.fits(row)) for row in chosen],
            "form": form,
            "box": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/deed.html", context)

    def _do_each(
        self,
        admin: ModelAdmin,
        request: HttpRequest,
        rows: QuerySet[Any],
        *,
        values: Mapping[str, Any],
    ) -> None:
        # No more than the question can have named, whatever was sent.
        chosen, by = list(rows[:MOST_ROWS]), audit.actor_of(request)
        refusals = []
        for row in chosen:
            try:
                self.do(row, by=by, **values)
            except Problem as problem:
                refusals.append(f"{row}: {problem.detail}")
        done = len(chosen) - len(refusals)
        if done:
            said = _("%(deed)s: done to %(number)s.")
            admin.message_user(request, said % {"deed": self.label, "number": done})
        self._tell(admin, request, refusals)

    def _tell(
        self, admin: ModelAdmin, request: HttpRequest, refusals: list[str]
    ) -> None:
        for text in refusals[:MOST_REFUSALS]:
            admin.message_user(request, text, messages.ERROR)
        others = len(refusals) - MOST_REFUSALS
        if others > 0:
            said = _("Not done to %(number)s more.") % {"number": others}
            admin.message_user(request, said, messages.ERROR)

    def _back(self, admin: ModelAdmin, request: HttpRequest) -> HttpResponse:
        """To the row that it was done to, or to the list."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        name = f"admin:{admin.opts.app_label}_{admin.opts.model_name}"
        if len(chosen) == 1:
            return redirect(reverse(f"{name}_change", args=chosen))
        return redirect(reverse(f"{name}_changelist"))
