"""What somebody types and sees on the pages of OAuth applications."""

import re

from tests.oauth.reading import Page

LIST = "/settings/oauth-applications"
NEW = f"{LIST}/new"
CONNECTED = "/settings/connected-applications"
SECRET = re.compile(r"(?:nr|cpf)_ocs_[0-9a-f]{72}")
# What every form sends beside what is typed.
UNCHANGED = {"id_token_signed_response_alg": "RS256", "access_token_format": "opaque"}
OF_TYPE = {
    "web": {"token_endpoint_auth_method": "client_secret_basic"},
    "spa": {},
    "native": {},
    "machine": {"token_endpoint_auth_method": "client_secret_basic"},
}


def at(row, then=""):
    return f"{LIST}/{row.public_id}{then}"


def nonce_of(surfer, path):
    """The nonce of the form that is shown there."""
    return re.search(
        r'name="form_nonce" value="([^"]+)"', surfer.get(path).content.decode()
    )[1]


def typed(surfer, type="web", **more):
    """A filled form for a new application, as a browser sends it."""
    return {
        "type": type,
        "name": "Alert Relay",
        "redirect_uris": "" if type == "machine" else "https://app.test/callback",
        "scopes": ["scans_read"],
        "form_nonce": nonce_of(surfer, f"{NEW}?type={type}"),
        **UNCHANGED,
        **OF_TYPE[type],
        **more,
    }


def create(surfer, type="web", **more):
    return surfer.post(f"{NEW}?type={type}", typed(surfer, type, **more))


def errors(answer):
    """What the page refuses, in its words."""
    page = answer.content.decode()
    return [
        " ".join(re.sub(r"<[^>]+>", "", found).split())
        for found in re.findall(r'<p class="error".*?</p>', page, re.S)
    ]


def text(answer):
    return Page(answer).text
