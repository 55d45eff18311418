"""The addresses of scans."""

from __future__ import annotations

from django.urls import path

from scans import api

endpoints = [
    path("scans", api.Scans.as_view()),
    path("scans/<str:scan_id>", api.ScanDetail.as_view()),
    path("scans/<str:scan_id>/stop", api.ScanStop.as_view()),
    path("workspaces", api.Workspaces.as_view()),
]
