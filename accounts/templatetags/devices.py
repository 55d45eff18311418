"""How our templates name browsers, programs and passkeys."""

from __future__ import annotations

from django import template

from accounts import passkeys, user_agents

register = template.Library()
register.filter("device", user_agents.in_words)
register.filter("passkey_id", passkeys.id_of)
