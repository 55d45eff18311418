"""The forms of the admin's pages about applications."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import Organization
from oauth.applications import LONGEST_GRACE
from oauth.models.applications import TYPES
from oauth.registration import MOST_NAME_CHARACTERS, Registration


class WordsField(forms.CharField):
    """Words with white space between them."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 60, "spellcheck": "false"})

    def clean(self, value: Any) -> tuple[str, ...]:
        return tuple(str(super().clean(value)).split())


class ApplicationForm(forms.Form):
    """A new application. Everything else has its usual value."""

    organization = forms.CharField(help_text="Its id, which begins with org_.")
    name = forms.CharField(max_length=MOST_NAME_CHARACTERS)
    type = forms.ChoiceField(choices=[(word, word) for word in TYPES])
    redirect_uris = WordsField(label="Redirect URIs", required=False)
    scopes = WordsField()

    def clean_organization(self) -> Organization:
        rows = Organization.objects.with_public_id(self.cleaned_data["organization"])
        organization = rows.first()
        if organization is None:
            raise forms.ValidationError("There is no organization with this id.")
        return organization

    def registration(self) -> Registration:
        """What is wished for, once the form is valid."""
        names = ("name", "type", "redirect_uris", "scopes")
        return Registration(**{name: self.cleaned_data[name] for name in names})


class RotationForm(forms.Form):
    """How long the old secret lives beside the new one."""

    grace_seconds = forms.IntegerField(
        label="Seconds that the old secret lives on",
        min_value=0,
        max_value=LONGEST_GRACE,
        initial=0,
    )
