"""Options of the CORS middleware: which pages of other origins may call the API. By default none.

Starlette's middleware does the work; this module has its arguments. Cookies are not allowed: a page of
another origin must send a key, so it cannot act for a user who only looks at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cluster.contract.protocol import IDEMPOTENCY_KEY

ALLOWED_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ALLOWED_HEADERS = (
    "Authorization", "Content-Type", IDEMPOTENCY_KEY, "If-Match", "If-None-Match", "If-Range",
    "Last-Event-ID", "Range", "Tus-Resumable", "Upload-Checksum", "Upload-Concat", "Upload-Defer-Length",
    "Upload-Length", "Upload-Metadata", "Upload-Offset", "X-HTTP-Method-Override", "X-Request-ID",
    "X-Requested-With",
)  # fmt: skip
EXPOSED_HEADERS = (
    "Accept-Ranges", "Content-Disposition", "Content-Length", "Content-Range", "ETag", "Location",
    "RateLimit", "RateLimit-Policy", "Retry-After", "Scenestream-Video-Id", "Scenestream-Webhook-Secret",
    "Tus-Checksum-Algorithm", "Tus-Extension", "Tus-Max-Size", "Tus-Resumable", "Tus-Version",
    "Upload-Expires", "Upload-Length", "Upload-Metadata", "Upload-Offset", "WWW-Authenticate", "X-Request-ID",
)  # fmt: skip
PREFLIGHT_KEPT_S = 600
"""Time for which a browser caches the answer to a preflight request."""


def cors_options(origins: Sequence[str]) -> dict[str, Any]:
    """Arguments of `starlette.middleware.cors.CORSMiddleware` for these origins; "*" means all."""
    return {
        "allow_origins": list(origins),
        "allow_methods": ALLOWED_METHODS,
        "allow_headers": ALLOWED_HEADERS,
        "expose_headers": EXPOSED_HEADERS,
        "allow_credentials": False,
        "max_age": PREFLIGHT_KEPT_S,
    }


def is_allowed(origin: str | None, origins: Sequence[str]) -> bool:
    """Whether a page of this origin may call the API."""
    return origin is not None and ("*" in origins or origin in origins)
