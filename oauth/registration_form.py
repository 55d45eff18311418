"""The form with which people register an application, or change one.

Its values are those of the API: what may be in them, the registration says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import parsers
from accounts.problems import Problem
from oauth import redirects
from oauth.kinds import Kind
from oauth.models.applications import ID_TOKEN_ALGORITHMS, TOKEN_FORMATS
from oauth.registration import (
    AUTH_METHODS_OF_TYPE,
    MOST_NAME_CHARACTERS,
    MOST_REDIRECTS,
    Registration,
)

CHECK = "/settings/oauth-applications/check-addresses"
# What every application has. The rest most of them leave as it is.
USUAL = ("name", "redirect_uris", "scopes")
ADDRESSES = ("redirect_uris", "post_logout_redirect_uris")
# More than the registration takes: that one says what is too long.
MOST_TYPED = 45_000
PLAIN = {"spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}


def lines_of(text: str) -> list[str]:
    """What was typed, one address per line."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def faults(addresses: Iterable[str], application_type: str) -> list[str]:
    """What is wrong with each address, beside the line that it stands in."""
    found: list[str] = []
    for number, address in enumerate(addresses, start=1):
        if number > MOST_REDIRECTS:
            return [*found, _("Name at most %(most)s.") % {"most": MOST_REDIRECTS}]
        try:
            redirects.check(address, application_type=application_type)
        except ValueError as error:
            told = {"number": number, "why": error}
            found.append(_("Line %(number)s: %(why)s") % told)
    return found


def _words(words: Iterable[str]) -> list[tuple[str, str]]:
    return [(word, word) for word in words]


class AddressesField(forms.CharField):
    """Addresses, one per line. A script asks about them while they are typed."""

    def __init__(self, **options: Any) -> None:
        attributes = {**PLAIN, "rows": 3, "inputmode": "url"}
        widget = forms.Textarea(attrs=attributes)
        super().__init__(
            required=False, max_length=MOST_TYPED, widget=widget, **options
        )


class ScopesField(forms.MultipleChoiceField):
    """One box per scope. Which ones there are, the registration says."""

    def valid_value(self, value: Any) -> bool:
        return True


class RegistrationForm(forms.Form):
    """The fields that the type of application has."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=MOST_NAME_CHARACTERS,
        help_text=gettext_lazy("People read it when they are asked to allow it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    redirect_uris = AddressesField(
        label=gettext_lazy("Redirect URIs"),
        help_text=gettext_lazy(
            "One per line, letter by letter as the application sends it. https, or "
            "http on localhost."
        ),
    )
    scopes = ScopesField(required=False)
    post_logout_redirect_uris = AddressesField(
        label=gettext_lazy("Where people go after signing out"),
        help_text=gettext_lazy("One per line."),
    )
    backchannel_logout_uri = forms.CharField(
        label=gettext_lazy("Back-channel logout URI"),
        help_text=gettext_lazy("We call it when a person's session has ended."),
        required=False,
        max_length=MOST_TYPED,
        widget=forms.TextInput(attrs=PLAIN),
    )
    token_endpoint_auth_method = forms.ChoiceField(
        label=gettext_lazy("How it proves itself")
    )
    jwks = forms.CharField(
        label=gettext_lazy("Public keys (JSON Web Key Set)"),
        help_text=gettext_lazy("For private_key_jwt. Never a private key."),
        required=False,
        max_length=MOST_TYPED,
        widget=forms.Textarea(attrs={**PLAIN, "rows": 4}),
    )
    id_token_signed_response_alg = forms.ChoiceField(
        label=gettext_lazy("ID tokens are signed with"),
        choices=_words(ID_TOKEN_ALGORITHMS),
    )
    access_token_format = forms.ChoiceField(
        label=gettext_lazy("Access tokens are"), choices=_words(TOKEN_FORMATS)
    )
    require_pkce = forms.BooleanField(
        label=gettext_lazy("Require PKCE"), required=False
    )
    require_pushed_authorization_requests = forms.BooleanField(
        label=gettext_lazy("Take only pushed requests (PAR)"), required=False
    )
    dpop_bound_access_tokens = forms.BooleanField(
        label=gettext_lazy("Bind its tokens to a key of its own (DPoP)"),
        required=False,
    )

    def __init__(self, data: Any = None, *, kind: Kind, **options: Any) -> None:
        super().__init__(data, label_suffix="", **options)
        self.kind = kind
        for name in kind.without:
            del self.fields[name]
        if "token_endpoint_auth_method" in self.fields:
            methods: Any = self.fields["token_endpoint_auth_method"]
            methods.choices = _words(AUTH_METHODS_OF_TYPE[kind.word])
        for name in set(ADDRESSES) & set(self.fields):
            self.fields[name].widget.attrs |= {
                "data-check": f"{CHECK}?type={kind.word}",
                "data-check-into": f"{name}_problems",
            }

    @property
    def special(self) -> list[forms.BoundField]:
        return [field for field in self if field.name not in USUAL]

    @property
    def is_special(self) -> bool:
        """Whether something stands there that has to be seen."""
        return any(field.errors for field in self.special)

    def clean(self) -> dict[str, Any]:
        """Every address, not only the first that is wrong."""
        found: dict[str, Any] = self.cleaned_data
        for name in set(ADDRESSES) & set(found):
            found[name] = lines_of(found[name])
            for fault in faults(found[name], self.kind.word):
                self.add_error(name, fault)
        return found

    def clean_jwks(self) -> Any:
        """As strictly as the API reads it."""
        text = self.cleaned_data["jwks"].strip()
        try:
            return parsers.loads(text.encode()) if text else None
        except Problem as problem:
            named = problem.extra.get("errors")
            why = str(problem.detail) if named else _("Send a JSON Web Key Set.")
            raise ValidationError(why) from problem

    def values(self) -> dict[str, Any]:
        """What the API would be sent."""
        values = dict(self.cleaned_data)
        if "backchannel_logout_uri" in values:
            values["backchannel_logout_uri"] = values["backchannel_logout_uri"] or None
        return values


def initial_of(registered: Registration) -> dict[str, Any]:
    """The form as it stands for an application that there is."""
    jwks = registered.jwks
    return {
        "name": registered.name,
        "scopes": list(registered.scopes),
        "redirect_uris": "\n".join(registered.redirect_uris),
        "post_logout_redirect_uris": "\n".join(registered.post_logout_redirect_uris),
        "backchannel_logout_uri": registered.backchannel_logout_uri,
        "token_endpoint_auth_method": registered.token_endpoint_auth_method,
        "jwks": json.dumps(jwks, indent=2) if jwks else "",
        "id_token_signed_response_alg": registered.id_token_signed_response_alg,
        "access_token_format": registered.access_token_format,
        "require_pkce": registered.require_pkce,
        "require_pushed_authorization_requests": (
            registered.require_pushed_authorization_requests
        ),
        "dpop_bound_access_tokens": registered.dpop_bound_access_tokens,
    }
