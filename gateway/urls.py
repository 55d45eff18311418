"""The addresses of the gateway."""

from __future__ import annotations

from django.urls import path

from gateway import api

endpoints = [
    path("auth/verify", api.Verify.as_view()),
    path("auth/verify/batch", api.VerifyBatch.as_view()),
]
