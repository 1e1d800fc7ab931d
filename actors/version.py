"""Which version of code and settings a lasting actor runs, so that an update finds those that are of another.

A version is a digest of the sources and of those settings that the actor was made with and uses. Knows
neither Ray nor what the actors do.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from cluster.settings import PACKAGE_ROOT, Settings

POOL, BRIDGE = "pool", "bridge"
"""Kinds of actors: what decodes and fuses, and what gives it work."""

_SERVERS = frozenset(
    {"postgres_url", "mongodb_url", "mongodb_database", "rabbitmq_url", "redis_url", "media_url"}
)
_WORK = _SERVERS | {"var_dir", "actors", "scaling", "limits", "log", "tracing"}
_USED = {
    POOL: _WORK | {"media"},
    BRIDGE: _WORK | {"bridge", "queueing", "lease", "imports", "webhooks"},
}
_SOURCES = ("actors", "cluster")
_CHARS = 16  # of SHA-256: enough to tell versions apart


def version_of(kind: str, settings: Settings) -> str:
    """The version of an actor of this kind that is made now, here, with these settings."""
    values = json.dumps(settings.model_dump(mode="json", include=set(_USED[kind])), sort_keys=True)
    return hashlib.sha256(f"{code_digest()} {values}".encode()).hexdigest()[:_CHARS]


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Of the sources as they were when this process first asked."""
    digest = hashlib.sha256()
    for package in _SOURCES:
        for path in sorted((PACKAGE_ROOT / package).rglob("*")):
            if path.suffix in {".py", ".sql"}:
                digest.update(str(path.relative_to(PACKAGE_ROOT)).encode() + b"\0" + Path(path).read_bytes())
    return digest.hexdigest()
