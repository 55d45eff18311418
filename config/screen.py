"""What `up` tells: where everything is, the secrets once, and lines to try."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence

from accounts.products import Product

Account = Mapping[str, str | None]

KEPT = """\
  The password and the keys were shown by the run that made them. To get new ones,
  make another organization: python3 manage.py createorganization --help says how.
  Or start again with empty data: python3 manage.py up --reset
"""


def as_json(url: str, accounts: Sequence[Account]) -> str:
    """One line for scripts."""
    return json.dumps({"url": url, "accounts": [dict(account) for account in accounts]})


def for_people(
    url: str, accounts: Sequence[Account], products: Mapping[str, Product]
) -> str:
    """The whole screen; `products` by slug."""
    parts = [
        "  Demo: data stays here, mail is printed here. Do not open it to a network.\n",
        *(
            _account(url, account, products[str(account["product"])])
            for account in accounts
        ),
        f"  Admin      {url}/admin/      with the first account",
        f"  API docs   {url}/api/docs\n",
        _lines_to_try(url, accounts, products) if is_new(accounts) else KEPT,
        "  Ctrl-C stops the server and keeps the data; up --reset starts again.\n",
    ]
    return "\n".join(parts)


def is_new(accounts: Sequence[Account]) -> bool:
    """Whether this run made the secrets, and so may show them."""
    return any(account["password"] for account in accounts)


def _account(url: str, account: Account, product: Product) -> str:
    lines = [
        f"  {product.name}, plan {account['plan']}, {account['organization']}",
        f"    Sign in    {url}/login",
        f"    E-mail     {account['email']}",
    ]
    secrets = {
        "Password": account["password"],
        "API key": account["api_key"],
        "Test key": account["test_api_key"],
    }
    lines += [f"    {label:<11}{value}" for label, value in secrets.items() if value]
    if any(secrets.values()):
        lines.append("    Shown this once: keep what you need.")
    return "\n".join(lines) + "\n"


def _lines_to_try(
    url: str, accounts: Sequence[Account], products: Mapping[str, Product]
) -> str:
    lines = ["  Try it:"]
    for account in accounts:
        if not account["api_key"] or not account["password"]:
            continue
        header = _header(products[str(account["product"])], account["api_key"])
        sign_in = {"email": account["email"], "password": account["password"]}
        lines += [
            f"    curl {url}/api/v1/auth/whoami -H {shlex.quote(header)}",
            f"    curl {url}/api/v1/scans -H {shlex.quote(header)}",
            f"    curl {url}/api/v1/auth/login -H 'Content-Type: application/json' "
            f"-d {shlex.quote(json.dumps(sign_in))}",
        ]
    return "\n".join(lines) + "\n"


def _header(product: Product, key: str) -> str:
    """The way in which the product's own guide shows it."""
    if product.sample_header == "Authorization":
        return f"Authorization: Bearer {key}"
    return f"{product.sample_header}: {key}"
