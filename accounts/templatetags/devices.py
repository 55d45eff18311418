"""How our templates name the browser or program behind a User-Agent header."""

from __future__ import annotations

from django import template

from accounts import user_agents

register = template.Library()
register.filter("device", user_agents.in_words)
