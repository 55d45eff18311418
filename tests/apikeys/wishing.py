"""A new key by the pages: the form, its review, and the answer with the key."""

import re

NEW = "/settings/api-keys/new"
KEY = re.compile(r"(?:nr|cpf)_(?:live|test)_[0-9a-f]{48}")
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def typed(**changes):
    """What the form sends, as a browser does."""
    usual = {
        "name": "Night build",
        "environment": "live",
        "owner": "organization",
        "scopes": ["scans_read"],
        "expires": "90",
        "expires_at": "",
        "allowed_ips": "",
        "ip_mode": "enforce",
        "per_minute": "",
        "burst": "",
        "daily": "",
    }
    return {**usual, **changes}


def review(surfer, **changes):
    return surfer.post(NEW, typed(**changes))


def carried(answer):
    """The hidden fields of a page, many of one name as a list."""
    fields = {}
    for name, value in FIELD.findall(answer.content.decode()):
        fields.setdefault(name, []).append(value)
    fields.pop("csrfmiddlewaretoken", None)
    return fields


def create(surfer, **changes):
    """Through both steps. The answer is the last page."""
    reviewed = review(surfer, **changes)
    assert reviewed.status_code == 200, reviewed.content
    return surfer.post(NEW, {**carried(reviewed), "step": "create"})


def errors(answer):
    """What the form says, by its field."""
    assert 400 <= answer.status_code < 500, answer.content
    found = answer.context["form"].errors
    return {name: str(listed[0]) for name, listed in found.items()}
