"""What is asked before a credential ends, or gets a new secret."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import PlainForm

MOST_NAME_CHARACTERS = 200
HOUR, DAY = 3600, 86_400
AT_ONCE, USUAL_GRACE = "0", str(DAY)
GRACES = (
    (AT_ONCE, _("Not at all: it ends now")),
    (str(HOUR), _("1 hour")),
    (USUAL_GRACE, _("24 hours")),
    (str(7 * DAY), _("7 days")),
    (str(30 * DAY), _("30 days")),
)
NOT_ITS_NAME = _("This is not its name.")


class TypedNameForm(PlainForm):
    """The name of what ends, so that no other is hit by mistake."""

    typed_name = forms.CharField(
        max_length=MOST_NAME_CHARACTERS,
        error_messages={"required": NOT_ITS_NAME},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
        help_text=_("Type it, so that no other is hit by mistake."),
    )

    def __init__(self, *args: Any, name: str, label: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.name = name
        self.fields["typed_name"].label = label

    def clean_typed_name(self) -> str:
        typed = str(self.cleaned_data["typed_name"])
        if _plain(typed) != _plain(self.name):
            raise forms.ValidationError(NOT_ITS_NAME)
        return typed


class RotationForm(PlainForm):
    """How long the old secret is let in beside the new one."""

    grace_seconds = forms.ChoiceField(
        label=_("The old secret goes on working for"),
        choices=GRACES,
        initial=USUAL_GRACE,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of these.")},
    )

    @property
    def grace(self) -> int:
        """In seconds."""
        return int(self.cleaned_data["grace_seconds"])


def _plain(name: str) -> str:
    """As a person sees it: blanks side by side look like one."""
    return " ".join(unicodedata.normalize("NFC", name).split())
