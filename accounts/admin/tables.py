"""What the admin's tables share: what may be done to their rows, and how they look."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import datetime
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import lookup_field
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import models, transaction
from django.forms import CharField, ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts import audit, exports
from accounts.admin.deeds import Deed
from accounts.fields import VISIBLE
from accounts.models import Organization
from accounts.models.limited import written
from accounts.problems import Problem

# How the filters ask.
LOOKUPS = ("", "__exact", "__isnull")
View = TypeVar("View", bound=Callable[..., HttpResponse])


def looks_only(view: View) -> View:
    """A page whose form changes nothing, so nobody is asked whether it is them: what
    was typed into it is carried through no other page."""
    view.looks_only = True  # type: ignore[attr-defined]
    return view


class TableAdmin(admin.ModelAdmin):
    """A table of which rows are never added or deleted by hand.

    `deeds`: what operators may do to rows, each through its own rule.
    """

    deeds: tuple[Deed, ...] = ()
    list_per_page = 25
    # A link to all rows would make pages as long as the table.
    list_max_show_all = 0
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Who may only look does nothing."""
        name = f"{self.opts.app_label}.change_{self.opts.model_name}"
        return request.user.has_perm(name)

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """Only what the filters ask. An address that asks how another column begins
        would tell what it holds, letter by letter: also the hash of a password."""
        names = (getattr(each, "parameter_name", each) for each in self.list_filter)
        asked = {f"{name}{how}" for name in names for how in LOOKUPS}
        # PostgreSQL keeps no such character, and asks nothing that has one.
        return lookup in asked and "\0" not in value

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The deeds, as Django's lists offer them."""
        if not self.has_act_permission(request):
            return {}
        return {deed.name: (deed, deed.name, deed.label) for deed in self.deeds}

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Also as a file, of the rows that the filters leave."""
        if not exports.wanted(request) or not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        narrowed, query = copy(request), request.GET.copy()
        query.pop(exports.FORMAT)
        narrowed.GET = query  # type: ignore[assignment]
        name = str(self.opts.model_name)
        try:
            rows = self.get_changelist_instance(narrowed).get_queryset(narrowed)
            return exports.export(request, rows, self._cells, name=name)
        except IncorrectLookupParameters:
            # The page itself leaves such a filter away.
            pass
        except Problem as problem:
            self.message_user(request, str(problem.detail), messages.ERROR)
        return redirect(f"{request.path}?{query.urlencode()}")

    def _cells(self, row: Any) -> dict[str, Any]:
        found = {name: lookup_field(name, row, self)[2] for name in self.list_display}
        return {str(name): _plain(value) for name, value in found.items()}

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        may = row is not None and self.has_act_permission(request)
        context = {
            **(extra_context or {}),
            "deeds": [deed for deed in self.deeds if may and deed.fits(row)],
            "links": self.links(row) if may else [],
        }
        return super().change_view(request, object_id, form_url, context)

    def links(self, row: Any) -> list[tuple[Any, str]]:
        """Words and addresses of the pages that are about one row."""
        return []

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """What happened to a row stands in the audit log."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        query = urlencode({"q": getattr(row, "public_id", object_id)})
        return redirect(f"{reverse('admin:accounts_auditevent_changelist')}?{query}")


class ReadOnlyAdmin(TableAdmin):
    """Looked at, never typed into: such rows change through their own doors."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AuditedAdmin(TableAdmin):
    """What operators may change. The audit event is written with the change."""

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **options: Any
    ) -> Any:
        """Names are visible text, as at every other door: they go into mails."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if isinstance(field, CharField):
            field.validators.append(VISIBLE)
        return field

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["adminform"].form.label_suffix = ""
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Any, form: ModelForm, change: bool
    ) -> None:
        changed = form.changed_data
        if not changed:
            return
        with transaction.atomic():
            # What was not typed into may have changed since the page was shown.
            obj.save(update_fields=changed)
            audit.record(
                f"{obj._meta.model_name}.changed",
                by=audit.actor_of(request),
                organization=organization_of(obj),
                target=obj.public_id,
                before={name: form.initial.get(name) for name in changed},
                after={name: form.cleaned_data[name] for name in changed},
            )


def _plain(value: Any) -> Any:
    """As a file says it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    is_simple = value is None or isinstance(value, bool | int | list | dict)
    return value if is_simple else str(value)


def organization_of(row: models.Model) -> Organization | None:
    if isinstance(row, Organization):
        return row
    return getattr(row, "organization", None)


def limits_in_words(row: Any) -> str | None:
    """The effective limits of an organization or key, for a column of a table."""
    try:
        return written(row.limits)
    except (ImproperlyConfigured, ValueError):
        # Its plan is gone from the product file, or a number is wrong. The page must
        # open all the same: here it is put right.
        return None
