"""The addresses of API keys."""

from __future__ import annotations

from django.urls import URLPattern, path

from apikeys import (
    advice_api,
    api,
    bulk_api,
    leaks_api,
    life_api,
    policy_api,
    state_api,
    usage_api,
)

pages: list[URLPattern] = []

endpoints = [
    path("api-keys", api.ApiKeys.as_view()),
    path("leaks", leaks_api.Leaks.as_view()),
    path("api-keys/revoke", bulk_api.ApiKeysRevoke.as_view()),
    path("api-key-policy", policy_api.ApiKeyPolicy.as_view()),
    path("api-keys/<str:key_id>", api.ApiKeyDetail.as_view()),
    path("api-keys/<str:key_id>/disable", state_api.Disable.as_view()),
    path("api-keys/<str:key_id>/enable", state_api.Enable.as_view()),
    path("api-keys/<str:key_id>/transfer", state_api.Transfer.as_view()),
    path("api-keys/<str:key_id>/usage", usage_api.ApiKeyUsage.as_view()),
    path("api-keys/<str:key_id>/rotate", life_api.Rotate.as_view()),
    path("api-keys/<str:key_id>/rotate/finish", life_api.FinishRotation.as_view()),
    path("api-keys/<str:key_id>/rotate/cancel", life_api.CancelRotation.as_view()),
    path("api-keys/<str:key_id>/restore", life_api.Restore.as_view()),
    path("api-keys/<str:key_id>/shrink", advice_api.ApiKeyShrink.as_view()),
    path(
        "api-keys/<str:key_id>/suggested-ips",
        advice_api.ApiKeySuggestedNetworks.as_view(),
    ),
]
