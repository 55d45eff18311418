"""Whether what is sealed in the database still opens: for `doctor`.

Apart from the other checks, which Django knows before there are models.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error
from django.db import DatabaseError

from accounts import signing
from accounts.sealing import Unsealable


def signing_key() -> Iterator[CheckMessage]:
    """The key that signs our tokens opens under the configured encryption keys."""
    try:
        signing.active_key()
    except Unsealable as error:
        hint = "Put the old key back beside the new one, each with its number."
        yield Error(str(error), hint=hint, id="doorward.E015")
    except DatabaseError:
        # Without its table nothing was sealed yet; the migrations say so.
        return
