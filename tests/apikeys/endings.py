"""How keys come to their end without anybody touching them. `rows`: one key."""


def deactivate(rows):
    """The person whose key it is."""
    member = rows.get().membership
    member.is_active = False
    member.save()


def suspend(rows):
    """The organization whose key it is."""
    organization = rows.get().organization
    organization.is_active = False
    organization.save()
