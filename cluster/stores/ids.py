"""Random identifiers that cannot be guessed.

Does not know the named resource, nor whether an identifier is already taken.
"""

from __future__ import annotations

import secrets

_ID_BYTES = 16  # 128 random bits: no id can be guessed from others, and no two are the same in practice


def new_id() -> str:
    """32 lower-case hexadecimal digits from the system's random source: safe in URLs, keys and file names."""
    return secrets.token_hex(_ID_BYTES)
