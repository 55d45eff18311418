"""The demo: one organization for every product, made once."""

from __future__ import annotations

from accounts import signing
from accounts.audit import SYSTEM
from accounts.models import Membership, User
from accounts.products import Plan, Product, products
from config import tenants
from config.tenants import Account

# The owner of the first product's organization is the demo's operator too.
OPERATOR_PRODUCT = "netrecon"


def ensure() -> list[dict[str, str | None]]:
    """The demo accounts, made where missing. Only that run shows their secrets."""
    signing.active_key()
    return [_account(product).as_dict() for product in _ordered()]


def _ordered() -> list[Product]:
    return sorted(
        products().values(), key=lambda product: product.slug != OPERATOR_PRODUCT
    )


def _account(product: Product) -> Account:
    email = f"owner@{product.slug}.test"
    found = Membership.objects.current().filter(
        user__in=User.objects.with_email(email), organization__product_slug=product.slug
    )
    membership = found.select_related("organization").order_by("pk").first()
    if membership is not None:
        organization = membership.organization
        return Account(
            product=product.slug,
            organization=organization.public_id,
            plan=organization.plan_slug,
            email=email,
            password=None,
            api_key=None,
            test_api_key=None,
        )
    account = tenants.create(
        f"{product.name} Demo",
        product=product,
        plan=_plan(product),
        email=email,
        by=SYSTEM,
    )
    if product.slug == OPERATOR_PRODUCT:
        tenants.make_operator(User.objects.with_email(email).get(), by=SYSTEM)
    return account


def _plan(product: Product) -> Plan:
    """The smallest plan with applications: every part of the guide can be tried."""
    plans = list(product.plans.values())
    return next((plan for plan in plans if plan.applications), plans[-1])
