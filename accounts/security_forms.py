"""The forms of the security page. Their fields have the API's names."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.fields import VISIBLE
from accounts.forms import PlainForm, password_field

CODE_ATTRIBUTES = {
    "class": "code-input",
    "autocomplete": "one-time-code",
    "autocapitalize": "none",
    "spellcheck": "false",
}
MOST_CODE_CHARACTERS = 64


def _code(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=MOST_CODE_CHARACTERS,
        widget=forms.TextInput(attrs=CODE_ATTRIBUTES),
    )


class PasswordForm(PlainForm):
    """Change one's own password."""

    current_password = password_field("current-password", _("Current password"))
    new_password = password_field(
        "new-password",
        _("New password"),
        help_text=_("At least 12 characters. A few words in a row are easy to keep."),
    )


class _TypedCodeForm(PlainForm):
    """People type spaces and capitals; the API takes neither."""

    def clean_totp_code(self) -> str:
        return "".join(self.cleaned_data["totp_code"].split()).lower()


class NewAppForm(_TypedCodeForm):
    """The first code of an authenticator."""

    totp_code = _code(_("Code"), _("Six digits from the app."))


class SecondStepForm(_TypedCodeForm):
    """Any code that counts as the second step."""

    totp_code = _code(_("Code"), _("Six digits from your app, or a recovery code."))


class SavedCodeForm(_TypedCodeForm):
    """Proof that the recovery codes were saved. It uses none up."""

    totp_code = _code(
        _("One of the codes"),
        _("Type one of them from where you saved it. It stays good for later."),
    )


class PasskeyNameForm(PlainForm):
    """What the person calls a passkey."""

    name = forms.CharField(label=_("Name"), max_length=60, validators=[VISIBLE])
