"""The addresses of API keys."""

from __future__ import annotations

from django.urls import path

from apikeys import api

endpoints = [
    path("api-keys", api.ApiKeys.as_view()),
    path("api-keys/<str:key_id>", api.ApiKeyDetail.as_view()),
]
