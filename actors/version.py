"""Version of a long-lived actor, by which an update finds the actors that run other code or other settings.

A version is a digest of the sources (code, SQL, weights) and of those settings that the actor was
created with and uses. Knows neither Ray nor what the actors do.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from cluster.settings import PACKAGE_ROOT, Settings

POOL, BRIDGE = "pool", "bridge"
"""Kinds of actors by the settings they use: POOL is the pool and the fuser, BRIDGE is the bridges."""

_SERVERS = frozenset(
    {"postgres_url", "mongodb_url", "mongodb_database", "rabbitmq_url", "redis_url", "media_url"}
)
_WORK = _SERVERS | {"var_dir", "actors", "scaling", "limits", "log", "models", "tracing"}
_USED = {
    POOL: _WORK | {"media"},
    BRIDGE: _WORK | {"bridge", "queueing", "lease", "imports", "webhooks"},
}
_SOURCES = ("actors", "cluster")
_SOURCE_SUFFIXES = frozenset({".py", ".sql", ".json"})
"""Code, statements of stores, and weights (`weights.json`), which decide as much as code does."""
_CHARS = 16
"""Hex digits kept of the SHA-256: 64 bits, enough to tell versions apart."""


def version_of(kind: str, settings: Settings) -> str:
    """The version of an actor of this kind, if this process created it now with these settings."""
    values = json.dumps(settings.model_dump(mode="json", include=set(_USED[kind])), sort_keys=True)
    return hashlib.sha256(f"{code_digest()} {values}".encode()).hexdigest()[:_CHARS]


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Digest of the sources as they were at this process's first call: later changes on disk do not run
    here.
    """
    return digest_of(PACKAGE_ROOT)


def digest_of(root: Path) -> str:
    """SHA-256 in hex of the names and bytes of all sources below a checkout's or installation's root."""
    digest = hashlib.sha256()
    for package in _SOURCES:
        for path in sorted((root / package).rglob("*")):
            if path.suffix in _SOURCE_SUFFIXES:
                digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
