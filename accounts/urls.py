"""The addresses of accounts."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from accounts.api import factors, members, sessions, sign_in, step_up, usage, webhooks
from accounts.views import confirm
from accounts.views import sign_in as entrance

pages = [
    path("", entrance.home, name="home"),
    path("login", entrance.sign_in, name="login"),
    path("login/code", entrance.second_step, name="second_step"),
    path("logout", entrance.sign_out, name="logout"),
    path("invitations/<str:token>", entrance.accept_invitation, name="invitation"),
    path("password/reset", entrance.ask_for_reset, name="reset"),
    path("password/reset/<str:token>", entrance.reset_password, name="reset_password"),
    path("settings", RedirectView.as_view(url="/settings/api-keys"), name="settings"),
    path("settings/confirm", confirm.confirm, name="confirm"),
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
