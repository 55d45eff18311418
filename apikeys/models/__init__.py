"""The tables of API keys."""

from apikeys.models.keys import (
    ENFORCE,
    IP_MODES,
    LEAKED,
    REASONS,
    REPORT,
    ApiKey,
)
from apikeys.models.notices import KeyNetwork, KeyNotice
from apikeys.models.policies import LEAK_ACTIONS, KeyPolicy, policy_of
from apikeys.models.secrets import ApiKeySecret

__all__ = [
    "ENFORCE",
    "IP_MODES",
    "LEAKED",
    "LEAK_ACTIONS",
    "REASONS",
    "REPORT",
    "ApiKey",
    "ApiKeySecret",
    "KeyNetwork",
    "KeyNotice",
    "KeyPolicy",
    "policy_of",
]
