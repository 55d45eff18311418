"""Chromium's virtual authenticator: a passkey device that a test holds in its hand."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

LIKE_A_LAPTOP = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class VirtualDevice:
    """Plugged into one window."""

    def __init__(self, page: Page, **options: Any) -> None:
        self._wire = page.context.new_cdp_session(page)
        self._wire.send("WebAuthn.enable", {"enableUI": False})
        wish = {"options": {**LIKE_A_LAPTOP, **options}}
        made = self._wire.send("WebAuthn.addVirtualAuthenticator", wish)
        self._id = {"authenticatorId": made["authenticatorId"]}

    def passkeys(self) -> list[dict[str, Any]]:
        return self._wire.send("WebAuthn.getCredentials", self._id)["credentials"]

    def answers(self, of_itself: bool) -> None:
        """Whether its person touches it as soon as it asks."""
        self._wire.send(
            "WebAuthn.setAutomaticPresenceSimulation",
            {**self._id, "enabled": of_itself},
        )

    def knows_its_person(self, known: bool) -> None:
        """Whether finger or PIN are right."""
        self._wire.send(
            "WebAuthn.setUserVerified", {**self._id, "isUserVerified": known}
        )

    def forget(self) -> None:
        self._wire.send("WebAuthn.clearCredentials", self._id)
