"""How the admin shows rows: as tables that become cards on a phone, and as facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template
from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.templatetags.doorward import moment

register = template.Library()
BOX = "action_checkbox"
NOTHING = "–"
# Where the name of a column says too little.
LABELS = {
    "allowed_ips": gettext_lazy("Allowed addresses"),
    "ip_mode": gettext_lazy("Other addresses"),
    "is_active": gettext_lazy("Active"),
    "is_browser": gettext_lazy("In a browser"),
    "is_service": gettext_lazy("Service key"),
    "is_staff": gettext_lazy("Operator"),
    "is_superuser": gettext_lazy("All rights"),
    "last_used_ip": gettext_lazy("Last used from"),
    "plan_slug": gettext_lazy("Plan"),
    "product_slug": gettext_lazy("Product"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a row, and the name of its column."""

    name: str
    label: str
    text: Any


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list. `box` chooses it, "" where nothing can be done to it."""

    address: str
    box: str
    cells: list[Cell]


@register.inclusion_tag("admin/_table.html")
def admin_table(listed: ChangeList) -> dict[str, Any]:
    names = [str(name) for name in listed.list_display if name != BOX]
    found = [head for head in result_headers(listed) if _is_named(head)]
    headers = [
        {**head, "text": LABELS.get(name, head["text"])}
        for name, head in zip(names, found, strict=True)
    ]
    return {
        "listed": listed,
        "headers": headers,
        "has_boxes": BOX in listed.list_display,
        "rows": [_row(listed, row, names) for row in listed.result_list],
    }


@register.simple_tag
def admin_label(field: Any) -> str:
    label = LABELS.get(field.field["name"], field.field["label"])
    return capfirst(str(label))


@register.simple_tag
def admin_fact(field: Any) -> SafeString | str:
    """The value of a field that is only read."""
    admin, row = field.model_admin, field.form.instance
    return _shown(field.field["field"], row, admin, is_linked=True)


def _is_named(head: dict[str, Any]) -> bool:
    return "action-checkbox-column" not in (head.get("class_attrib") or "")


def _row(listed: ChangeList, row: Model, names: list[str]) -> Row:
    admin = listed.model_admin
    box = admin.action_checkbox(row) if BOX in listed.list_display else ""
    return Row(listed.url_for_result(row), box, list(_cells(admin, row, names)))


def _cells(admin: Any, row: Model, names: list[str]) -> Iterator[Cell]:
    for name in names:
        label = LABELS.get(name) or label_for_field(name, type(row), admin)
        yield Cell(name, capfirst(str(label)), _shown(name, row, admin))


def _shown(
    name: Any, row: Model, admin: Any, *, is_linked: bool = False
) -> SafeString | str:
    try:
        _field, _attribute, value = lookup_field(name, row, admin)
    except ObjectDoesNotExist:
        return NOTHING
    if is_linked and isinstance(value, Model):
        return _linked(value)
    return _text(value)


def _text(value: Any) -> SafeString | str:
    if value is None or value in ("", [], {}, ()):
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, dict):
        items = ((name, _text(each)) for name, each in value.items())
        return format_html_join(" ", "<span>{}: {}</span>", items)
    if isinstance(value, list | tuple):
        return format_html_join(" ", '<span class="chip">{}</span>', zip(value))
    if isinstance(value, SafeString):
        return value
    return (
        format_html("<bdi>{}</bdi>", value) if isinstance(value, Model) else str(value)
    )


def _linked(row: Model) -> SafeString:
    """The row's own page, where the admin has one."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    try:
        address = reverse(name, args=[row.pk])
    except NoReverseMatch:
        return format_html("<bdi>{}</bdi>", row)
    return format_html('<a href="{}"><bdi>{}</bdi></a>', address, row)
