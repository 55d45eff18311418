"""How a key is used: a first request with it, ready to be pasted."""

from __future__ import annotations

from django.conf import settings

from accounts.products import Product
from accounts.snippets import Snippet

# Any key may ask it, whatever its scopes are.
FIRST_CALL = "/auth/whoami"

CURL = """\
curl {base}{call} \\
  -H "{header}: {scheme}{key}"
"""
PYTHON = """\
import os

import httpx

client = httpx.Client(
    base_url="{base}",
    headers={{"{header}": {fetched}}},
    timeout=30.0,
)
print(client.get("{call}").json())
"""
TYPESCRIPT = """\
const headers = {{ "{header}": {fetched} }};

const answer = await fetch("{base}{call}", {{ headers }});
console.log(await answer.json());
"""


def snippets(key: str, product: Product) -> list[Snippet]:
    """The tabs of the page that shows a key. The programs read it from the environment,
    so that nobody keeps it with the code."""
    header = product.sample_header
    scheme = "Bearer " if header == "Authorization" else ""
    variable = f"{product.slug.upper().replace('-', '_')}_API_KEY"
    common = {"base": f"{origin(product)}/api/v1", "call": FIRST_CALL, "header": header}
    curl = CURL.format(**common, scheme=scheme, key=key)
    python = PYTHON.format(**common, fetched=_in_python(scheme, variable))
    typescript = TYPESCRIPT.format(**common, fetched=_in_typescript(scheme, variable))
    return [
        Snippet("curl", "curl", curl, has_secret=True),
        Snippet("python", "Python", python),
        Snippet("typescript", "TypeScript", typescript),
        Snippet("env", ".env", f"{variable}={key}\n", has_secret=True),
    ]


def sample(product: Product) -> str:
    """The first request for who has no key yet."""
    return snippets(f"{product.live_prefix}…", product)[0].text


def origin(product: Product) -> str:
    """Where the product's API is reached: on a host of its own, or here."""
    return product.api_url or str(settings.PUBLIC_URL)


def _in_python(scheme: str, variable: str) -> str:
    read = f'os.environ["{variable}"]'
    return f'"{scheme}" + {read}' if scheme else read


def _in_typescript(scheme: str, variable: str) -> str:
    read = f"process.env.{variable}"
    return f"`{scheme}${{{read}}}`" if scheme else f"{read}!"
