"""Identifiers nobody can guess.

Knows randomness only: not what the identifier names, nor whether it is already taken.
"""

from __future__ import annotations

import secrets

_ID_BYTES = 16  # 128 bits: knowing one id says nothing about any other


def new_id() -> str:
    """32 lower-case hexadecimal digits from the system's random source: safe in URLs, keys and file names."""
    return secrets.token_hex(_ID_BYTES)
