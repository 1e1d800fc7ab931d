"""Signatures of webhooks by the Standard Webhooks specification 1.0 (https://www.standardwebhooks.com).

`webhook-signature: v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`; secrets are written `whsec_` and
base64 of 24 to 64 bytes. Knows no HTTP.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"
MIN_SECRET_BYTES, MAX_SECRET_BYTES = 24, 64


def shown(secret: bytes) -> str:
    """The secret as text (`whsec_…`), for its owner."""
    return PREFIX + base64.b64encode(secret).decode()


def parse_secret(text: str) -> bytes:
    """The bytes of a secret `whsec_…`; ValueError for a text that cannot be one."""
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        secret = b""
    if not text.startswith(PREFIX) or not MIN_SECRET_BYTES <= len(secret) <= MAX_SECRET_BYTES:
        raise ValueError(
            f"a secret is {PREFIX} and base64 of {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} random bytes"
        )
    return secret


def signed_headers(secret: bytes, message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """Signs one delivery: the three header fields that a receiver verifies."""
    content = b".".join((message_id.encode(), str(timestamp_s).encode(), body))
    digest = hmac.new(secret, content, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
