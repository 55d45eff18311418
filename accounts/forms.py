"""The forms of the plain pages. Their fields have the API's names."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import addresses
from accounts.serializers import LONGEST_PASSWORD

PASSWORD = _("Password")


def password_field(
    autocomplete: str, label: Any = PASSWORD, **more: Any
) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(
        label=label, max_length=LONGEST_PASSWORD, strip=False, widget=widget, **more
    )


def _email(autocomplete: str) -> forms.CharField:
    widget = forms.EmailInput(attrs={"autocomplete": autocomplete, "autofocus": True})
    return forms.CharField(
        label=_("E-mail"), max_length=addresses.MOST_CHARACTERS, widget=widget
    )


class PlainForm(forms.Form):
    """Labels without a colon."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "label_suffix": ""})


class LoginForm(PlainForm):
    """The first step. Who is expected need only type the password."""

    email = _email("username webauthn")
    password = password_field("current-password")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.initial.get("email"):
            del self.fields["email"].widget.attrs["autofocus"]
            self.fields["password"].widget.attrs["autofocus"] = True


class CodeForm(PlainForm):
    """The second step. The page takes spaces out, which people type; the API does
    not."""

    totp_code = forms.CharField(
        label=_("Code"),
        max_length=64,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autofocus": True,
                "class": "code-input",
                "inputmode": "numeric",
            }
        ),
        help_text=_("Six digits from your app."),
    )
    trust = forms.BooleanField(
        label=_("Trust this browser for 30 days"), required=False
    )

    def clean_totp_code(self) -> str:
        return str(self.cleaned_data["totp_code"]).replace(" ", "")


class RecoveryForm(CodeForm):
    """The same, where the authenticator is lost. Such a browser earns no trust."""

    totp_code = forms.CharField(
        label=_("Recovery code"),
        max_length=64,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "autofocus": True,
                "spellcheck": "false",
            }
        ),
        help_text=_("One of the codes that you kept. It works once."),
    )
    trust = None  # type: ignore[assignment]


class NewcomerForm(PlainForm):
    """What an invited person without an account fills in."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = password_field("new-password")


class AccountForm(PlainForm):
    """What an invited person with an account fills in to prove it."""

    password = password_field("current-password")
    totp_code = forms.CharField(
        label=_("Code"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
        help_text=_("Only with two-step sign-in: six digits, or a recovery code."),
    )


class NewPasswordForm(PlainForm):
    """The new password of a reset."""

    new_password = password_field("new-password", _("New password"))


class ResetForm(PlainForm):
    """Where to mail the way to a new password."""

    email = _email("username")
