"""The pages that both guides name: Settings > API Keys, in their words."""

import html
import re

import pytest

from apikeys.models import ApiKey
from tests.cast import send
from tests.surfing import surf

KEYS = "/settings/api-keys"
WHOAMI = "/api/v1/auth/whoami"
KEY = re.compile(r"(?:nr|cpf)_(?:live|test)_[0-9a-f]{48}")


@pytest.fixture(params=["netrecon", "netallion"])
def owner(request, signing_keys):
    """The owner of an organization of each product."""
    return request.getfixturevalue(
        {"netrecon": "alice", "netallion": "nadia"}[request.param]
    )


def typed(page, **changes):
    """What the form sends when its own choices are left as they are."""
    usual = {"name": "CI Pipeline", "owner": "organization", "expires": "never"}
    return {**usual, "environment": "live", "form_nonce": page.context["nonce"]} | (
        changes
    )


def test_the_dashboard_leads_to_the_api_keys(owner):
    client = surf(owner)
    assert 'href="/settings"' in client.get("/").content.decode()
    landed = client.get("/settings", follow=True).content.decode()
    assert f'<a href="{KEYS}" aria-current="page">API Keys</a>' in landed
    assert "<h1>API Keys</h1>" in landed


def test_the_button_has_the_words_of_the_guide(owner):
    words = owner.organization.product.words
    listed = surf(owner).get(KEYS).content.decode()
    assert re.search(rf'href="{KEYS}/new"[^>]*>{words.create_key}</a>', listed)
    form = surf(owner).get(f"{KEYS}/new").content.decode()
    assert re.search(rf'value="create"[^>]*>{words.create_key}</button>', form)
    assert words.scopes in form.lower()


def test_the_form_offers_every_scope_of_the_guide(owner):
    form = html.unescape(surf(owner).get(f"{KEYS}/new").content.decode())
    for word, scope in owner.organization.product.scopes.items():
        assert f'value="{word}"' in form
        assert scope.description in form


def test_a_key_is_made_and_shown_once(owner):
    client, product = surf(owner), owner.organization.product
    scope = next(iter(product.scopes))
    page = client.get(f"{KEYS}/new")
    made = client.post(f"{KEYS}/new", typed(page, scopes=[scope]))
    (key,) = set(KEY.findall(made.content.decode()))
    assert key.startswith(product.live_prefix)
    assert f"{product.sample_header}: " in made.content.decode()
    assert send("GET", WHOAMI, X_API_KEY=key).json()["scopes"] == [scope]
    api_key = ApiKey.objects.get()
    for path in (KEYS, f"{KEYS}/{api_key.public_id}"):
        assert key not in client.get(path).content.decode()


def test_a_sandbox_key_has_the_prefix_of_the_sandbox(owner):
    client, product = surf(owner), owner.organization.product
    page = client.get(f"{KEYS}/new")
    scope = next(iter(product.scopes))
    wish = typed(page, scopes=[scope], environment="test")
    made = client.post(f"{KEYS}/new", wish).content.decode()
    assert KEY.search(made)[0].startswith(product.key_prefix("test"))
    assert product.words.test in page.content.decode().lower()


def test_a_key_is_revoked_on_its_page(owner):
    client, product = surf(owner), owner.organization.product
    page = client.get(f"{KEYS}/new")
    scope = next(iter(product.scopes))
    made = client.post(f"{KEYS}/new", typed(page, scopes=[scope]))
    key = KEY.search(made.content.decode())[0]
    address = f"{KEYS}/{ApiKey.objects.get().public_id}/revoke"
    proof = {"reason": "unused", "typed_name": "CI Pipeline"}
    assert client.post(address, proof).status_code == 302
    refused = send("GET", WHOAMI, X_API_KEY=key)
    assert (refused.status_code, refused.json()["code"]) == (401, "key_revoked")
