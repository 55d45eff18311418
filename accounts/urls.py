"""The addresses of accounts."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from accounts.api import factors, members, sessions, sign_in, step_up, usage, webhooks
from accounts.views import (
    audit_log,
    confirm,
    invitations,
    own_devices,
    passkeys,
    security,
    webhook_deliveries,
    webhook_life,
)
from accounts.views import factors as factor_pages
from accounts.views import members as member_pages
from accounts.views import organization as organization_pages
from accounts.views import sessions as session_pages
from accounts.views import sign_in as entrance
from accounts.views import usage as usage_pages
from accounts.views import webhooks as webhook_pages

pages = [
    path("", entrance.home, name="home"),
    path("login", entrance.sign_in, name="login"),
    path("login/code", entrance.second_step, name="second_step"),
    path("login/passkey/begin", passkeys.begin_sign_in),
    path("login/passkey/complete", passkeys.sign_in),
    path("login/code/passkey/begin", passkeys.begin_second_step),
    path("login/code/passkey/complete", passkeys.second_step),
    path("logout", entrance.sign_out, name="logout"),
    path("invitations/<str:token>", entrance.accept_invitation, name="invitation"),
    path("password/reset", entrance.ask_for_reset, name="reset"),
    path("password/reset/<str:token>", entrance.reset_password, name="reset_password"),
    path("settings", RedirectView.as_view(url="/settings/api-keys"), name="settings"),
    path("settings/confirm", confirm.confirm, name="confirm"),
    path("settings/confirm/passkey/begin", passkeys.begin_confirmation),
    path("settings/confirm/passkey/complete", passkeys.confirm),
    path("settings/security/passkeys/begin", passkeys.begin_registration),
    path("settings/security/passkeys/complete", passkeys.register),
    path(
        ".well-known/change-password",
        RedirectView.as_view(url="/settings/security#password"),
    ),
    path("settings/security", security.security, name="security"),
    path(
        "settings/security/password", security.change_password, name="change_password"
    ),
    path("settings/security/totp", factor_pages.enrol, name="totp"),
    path("settings/security/totp/confirm", factor_pages.confirm, name="totp_confirm"),
    path("settings/security/totp/remove", factor_pages.remove, name="totp_remove"),
    path(
        "settings/security/recovery-codes",
        factor_pages.recovery_codes,
        name="recovery_codes",
    ),
    path(
        "settings/security/recovery-codes/proof",
        factor_pages.prove_saved,
        name="recovery_codes_proof",
    ),
    path(
        "settings/security/recovery-codes/file",
        factor_pages.codes_file,
        name="recovery_codes_file",
    ),
    path(
        "settings/security/passkeys/<str:passkey_id>",
        own_devices.rename_passkey,
        name="passkey",
    ),
    path(
        "settings/security/passkeys/<str:passkey_id>/remove",
        own_devices.remove_passkey,
        name="passkey_remove",
    ),
    path(
        "settings/security/trusted-browsers/<str:browser_id>/remove",
        own_devices.remove_browser,
        name="trusted_browser_remove",
    ),
    path("settings/sessions", session_pages.own_sessions, name="sessions"),
    path(
        "settings/sessions/end-others",
        session_pages.end_others,
        name="end_other_sessions",
    ),
    path(
        "settings/sessions/<str:session_id>/end",
        session_pages.end_session,
        name="end_session",
    ),
    path("settings/organization", organization_pages.organization, name="organization"),
    path(
        "settings/organization/name",
        organization_pages.rename,
        name="rename_organization",
    ),
    path(
        "settings/organization/switch",
        organization_pages.switch,
        name="switch_organization",
    ),
    path("settings/audit-log", audit_log.audit_log, name="audit_log"),
    path("settings/members", member_pages.list_members, name="members"),
    path("settings/members/new", invitations.invite, name="invite_member"),
    path("settings/members/<str:user_id>", member_pages.member_detail, name="member"),
    path(
        "settings/members/<str:user_id>/role",
        member_pages.change_role,
        name="member_role",
    ),
    path(
        "settings/members/<str:user_id>/deactivate",
        member_pages.deactivate,
        name="deactivate_member",
    ),
    path(
        "settings/members/<str:user_id>/activate",
        member_pages.activate,
        name="activate_member",
    ),
    path(
        "settings/members/<str:user_id>/invite-again",
        invitations.invite_again,
        name="invite_again",
    ),
    path("settings/usage", usage_pages.usage_page, name="usage"),
    path("settings/usage/alerts", usage_pages.choose_alerts, name="usage_alerts"),
    path("settings/webhooks", webhook_pages.webhook_list, name="webhooks"),
    path("settings/webhooks/new", webhook_pages.new_webhook, name="new_webhook"),
    path(
        "settings/webhooks/<str:webhook_id>",
        webhook_pages.webhook_detail,
        name="webhook",
    ),
    path(
        "settings/webhooks/<str:webhook_id>/edit",
        webhook_pages.edit_webhook,
        name="edit_webhook",
    ),
    path(
        "settings/webhooks/<str:webhook_id>/off",
        webhook_life.switch_off,
        name="webhook_off",
    ),
    path(
        "settings/webhooks/<str:webhook_id>/on",
        webhook_life.switch_on,
        name="webhook_on",
    ),
    path(
        "settings/webhooks/<str:webhook_id>/rotate-secret",
        webhook_life.rotate_secret,
        name="webhook_secret",
    ),
    path(
        "settings/webhooks/<str:webhook_id>/remove",
        webhook_life.remove_webhook,
        name="remove_webhook",
    ),
    path(
        "settings/webhooks/<str:webhook_id>/test",
        webhook_deliveries.send_test,
        name="webhook_test",
    ),
    path(
        "settings/webhooks/<str:webhook_id>/deliveries/<str:delivery_id>",
        webhook_deliveries.delivery_detail,
        name="webhook_delivery",
    ),
    path(
        "settings/webhooks/<str:webhook_id>/deliveries/<str:delivery_id>/redeliver",
        webhook_deliveries.redeliver,
        name="redeliver",
    ),
    path(".well-known/jwks.json", sign_in.SigningKeys.as_view(), name="jwks"),
]

endpoints = [
    path("auth/login", sign_in.Login.as_view()),
    path("auth/refresh", sign_in.Refresh.as_view()),
    path("auth/logout", sign_in.Logout.as_view()),
    path("auth/whoami", sign_in.WhoAmIView.as_view()),
    path("auth/sessions", sessions.Sessions.as_view()),
    path("auth/sessions/<str:session_id>", sessions.SessionDetail.as_view()),
    path("auth/totp", factors.Totp.as_view()),
    path("auth/totp/confirm", factors.TotpConfirm.as_view()),
    path("auth/totp/remove", factors.TotpRemove.as_view()),
    path("auth/totp/recovery-codes", factors.RecoveryCodes.as_view()),
    path("auth/step-up", step_up.StepUp.as_view()),
    path("auth/password", factors.Password.as_view()),
    path("auth/password/reset", factors.PasswordReset.as_view()),
    path("auth/password/reset/confirm", factors.PasswordResetConfirm.as_view()),
    path("auth/invitations/accept", members.AcceptInvitation.as_view()),
    path("users", members.Users.as_view()),
    path("users/<str:user_id>", members.UserDetail.as_view()),
    path("users/<str:user_id>/departure", members.UserDeparture.as_view()),
    path("audit-events", members.AuditEvents.as_view()),
    path("usage", usage.UsageView.as_view()),
    path("webhooks", webhooks.Webhooks.as_view()),
    path("webhooks/<str:webhook_id>", webhooks.WebhookDetail.as_view()),
    path("webhooks/<str:webhook_id>/rotate-secret", webhooks.WebhookSecret.as_view()),
    path("webhooks/<str:webhook_id>/test", webhooks.WebhookTest.as_view()),
    path("webhooks/<str:webhook_id>/deliveries", webhooks.WebhookDeliveries.as_view()),
    path(
        "webhooks/<str:webhook_id>/deliveries/<str:delivery_id>/redeliver",
        webhooks.WebhookRedelivery.as_view(),
    ),
]
