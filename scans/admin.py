"""Scans in the admin."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from scans.models import Scan


@admin.register(Scan)
class ScanAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "organization", "environment", "scope", "status")
    list_filter = ("environment", "status")
    list_select_related = ("organization",)
