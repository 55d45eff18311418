"""Fills a database of Doorward.

    python -m bench.keys.filling_doorward COUNT LARGEST

Keys of organizations with 1,000 each; besides, in the largest database, organizations
and members with 1 and with 5,000. Prints what is sent of those that are used.
"""

from __future__ import annotations

import sys

import django

django.setup()

from django.db import connection  # noqa: E402 - models need the settings
from django.utils import timezone  # noqa: E402

from accounts import organizations, sealing  # noqa: E402
from accounts.audit import SYSTEM  # noqa: E402
from accounts.models import Membership, Organization, User  # noqa: E402
from apikeys import keys  # noqa: E402
from apikeys.models import ApiKey, ApiKeySecret  # noqa: E402
from bench.keys.filling import Values, finish, parts, take_time  # noqa: E402

EACH = 1_000
OWNERS = (1, 5_000)
# The plan's would be used up by an owner's only key.
LIMITS = {"per_minute": 999_999, "burst": 999_999}
# Copies of one key and of its secret, as many as are asked for.
OTHERS = """
WITH made AS (
    INSERT INTO apikeys_apikey SELECT made.* FROM apikeys_apikey AS one
    CROSS JOIN generate_series(1, %(count)s) AS n
    CROSS JOIN LATERAL jsonb_populate_record(one, jsonb_build_object(
        'id', gen_random_uuid(), 'name', 'Key ' || n,
        'organization_id', (%(organizations)s::uuid[])[1 + n %% %(most)s]
    )) AS made
    WHERE one.id = %(one)s
    RETURNING id
)
INSERT INTO apikeys_apikeysecret SELECT secret.* FROM made
CROSS JOIN apikeys_apikeysecret AS one
CROSS JOIN LATERAL jsonb_populate_record(one, jsonb_build_object(
    'id', nextval(pg_get_serial_sequence('apikeys_apikeysecret', 'id')),
    'api_key_id', made.id, 'digest', sha256(made.id::text::bytea)
)) AS secret
WHERE one.api_key_id = %(one)s
"""


def main() -> None:
    count, largest = int(sys.argv[1]), int(sys.argv[2])
    take_time()
    values = {"keys": _fill(count)}
    if count == largest:
        values |= _owners()
    finish(values)


def _fill(count: int) -> list[str]:
    tenants = [_organization(f"{n}") for n in range(max(1, count // EACH))]
    texts: list[str] = []
    for used, others in parts(count):
        texts += _used(used, tenants)
        if others:
            _lie_there(others, tenants)
    return [f"Bearer {text}" for text in texts]


def _owners() -> Values:
    values: Values = {}
    for count in OWNERS:
        tenant = _organization(f"with {count}")
        texts = _used(count, [tenant])
        values[f"organization of {count}"] = [f"Bearer {text}" for text in texts]
        member = Membership.objects.get(organization=_organization(f"of {count}"))
        texts = _used(count, [member.organization], member)
        values[f"member of {count}"] = [f"Bearer {text}" for text in texts]
    return values


def _organization(name: str) -> Organization:
    owner = User.objects.enter(f"{name.replace(' ', '-')}@bench.test")
    made, _ = organizations.create(
        name, product="netrecon", plan="enterprise", owner=owner, by=SYSTEM
    )
    Organization.objects.filter(pk=made.pk).update(**LIMITS)
    return made


def _used(
    count: int, tenants: list[Organization], member: Membership | None = None
) -> list[str]:
    """Their texts."""
    rows = [
        ApiKey(
            organization=tenants[number % len(tenants)],
            membership=member,
            name=f"Used {number}",
            environment="live",
            scopes=["scans_read"],
            created_by="bench",
        )
        for number in range(count)
    ]
    prefix = tenants[0].product.key_prefix("live")
    texts = [keys.make(prefix) for _ in rows]
    ApiKey.objects.bulk_create(rows)
    ApiKeySecret.objects.bulk_create(
        ApiKeySecret(
            api_key=row,
            digest=sealing.digest(text),
            pepper=sealing.newest_pepper(),
            hint=keys.hint(text),
            created_at=timezone.now(),
        )
        for row, text in zip(rows, texts, strict=True)
    )
    return texts


def _lie_there(count: int, tenants: list[Organization]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            OTHERS,
            {
                "count": count,
                "one": ApiKey.objects.order_by("pk").values_list("pk", flat=True)[0],
                "organizations": [tenant.pk for tenant in tenants],
                "most": len(tenants),
            },
        )


if __name__ == "__main__":
    main()
