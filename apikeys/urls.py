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
from apikeys.views import (
    bulk_revoking,
    departure,
    editing,
    first_use,
    handing_over,
    key,
    keys,
    new_key,
    policy,
    revoking,
    rotating,
)

pages: list[URLPattern] = [
    path("settings/api-keys", keys.keys, name="keys"),
    path("settings/api-keys/new", new_key.new_key, name="key_new"),
    path("settings/api-keys/revoke", bulk_revoking.revoke, name="keys_revoke"),
    path(
        "settings/api-keys/<str:key_id>/first-use",
        first_use.first_use,
        name="key_first_use",
    ),
]

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

# Behind the others: an id could be any word.
pages += [
    path("settings/api-keys/<str:key_id>", key.key, name="key"),
    path("settings/api-keys/<str:key_id>/edit", editing.edit, name="key_edit"),
    path("settings/api-keys/<str:key_id>/rotate", rotating.rotate, name="key_rotate"),
    path("settings/api-keys/<str:key_id>/rotate/finish", key.finish, name="key_finish"),
    path("settings/api-keys/<str:key_id>/rotate/cancel", key.cancel, name="key_cancel"),
    path("settings/api-keys/<str:key_id>/disable", key.disable, name="key_disable"),
    path("settings/api-keys/<str:key_id>/enable", key.enable, name="key_enable"),
    path("settings/api-keys/<str:key_id>/revoke", revoking.revoke, name="key_revoke"),
    path("settings/api-keys/<str:key_id>/restore", key.restore, name="key_restore"),
    path("settings/api-keys/<str:key_id>/shrink", key.shrink, name="key_shrink"),
    path(
        "settings/api-keys/<str:key_id>/transfer",
        handing_over.transfer,
        name="key_transfer",
    ),
    path("settings/organization/key-policy", policy.key_policy, name="key_policy"),
    path(
        "settings/organization/key-policy/change",
        policy.change_key_policy,
        name="change_key_policy",
    ),
    path(
        "settings/members/<str:user_id>/remove",
        departure.remove,
        name="member_departure",
    ),
]
