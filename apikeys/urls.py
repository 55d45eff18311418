"""The addresses of API keys."""

from __future__ import annotations

from django.urls import path

from apikeys import api, usage_api

endpoints = [
    path("api-keys", api.ApiKeys.as_view()),
    path("api-keys/<str:key_id>", api.ApiKeyDetail.as_view()),
    path("api-keys/<str:key_id>/usage", usage_api.ApiKeyUsage.as_view()),
]
