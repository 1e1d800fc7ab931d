"""Connections to MongoDB, translation of its errors, and the two write concerns.

Uses only features that both mongod and nx-27017 (MongoDB's protocol over SQLite) do well. Measured on
nx-27017: a replace of a document with binary data fails, an upsert by another field than _id scans the
collection, a journalled write costs an fsync for each document, and NaN is refused. Knows no collection.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import (
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    InvalidOperation,
    OperationFailure,
    WTimeoutError,
)

from cluster.errors import UnavailableError

Document = dict[str, Any]

DEFAULT_TIMEOUT_S = 3.0  # after so many seconds without a server a caller gets UnavailableError
_SOCKET_TIMEOUT_MS = 30_000  # a write of 8 MiB takes half a second on the slowest server; 30 s is a dead one

# For all but the last write of a unit. The last one is journalled, and its sync covers the earlier ones.
FAST = WriteConcern(w=1)
# For the last write, which makes the unit visible: on disk, and on a majority where there are replicas.
SURE = WriteConcern(w="majority", j=True)

_UPSERT_TRIES = 3  # mongod may refuse one of two simultaneous upserts of one _id; no measurement

_UNAVAILABLE = (ConnectionFailure, ExecutionTimeout, WTimeoutError, InvalidOperation)
# Unauthorized, AuthenticationFailed: of https://www.mongodb.com/docs/manual/reference/error-codes/
_NOT_LET_IN = (13, 18)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turns errors of a MongoDB that is away into UnavailableError; programming errors pass unchanged."""
    try:
        yield
    except _UNAVAILABLE as error:
        reason = str(error).split(",", 1)[0]
        raise UnavailableError(
            f"MongoDB does not answer ({reason}). Check that it runs and try again."
        ) from error
    except OperationFailure as error:
        if error.code not in _NOT_LET_IN:
            raise
        reason = str(error).split(",", 1)[0]
        raise UnavailableError(
            f"MongoDB does not let this user in ({reason}). Check user, password and rights in mongodb_url."
        ) from error


def make_client(url: str, timeout_s: float) -> MongoClient[Document]:
    """Makes a client; it connects at the first call, and again by itself after a loss."""
    return MongoClient(
        url,
        connect=False,
        serverSelectionTimeoutMS=round(timeout_s * 1000),
        connectTimeoutMS=round(timeout_s * 1000),
        socketTimeoutMS=_SOCKET_TIMEOUT_MS,
        appname="scenestream",
    )


def with_concern(database: Database[Document], concern: WriteConcern) -> Database[Document]:
    """The same database with another write concern."""
    return database.with_options(write_concern=concern)


def upsert(collection: Collection[Document], document: Document) -> None:
    """Replaces the document of this _id, or adds it. Raises MongoDB's own errors."""
    for tries_left in reversed(range(_UPSERT_TRIES)):
        try:
            collection.replace_one({"_id": document["_id"]}, document, upsert=True)
            return
        except DuplicateKeyError:
            if tries_left == 0:
                raise


def check_finite(value: Any, path: str = "") -> None:
    """Raises ValueError with the path of a NaN or infinity inside the document: JSON cannot hold them."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{path or 'the value'} is {value}; results hold finite numbers only")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            check_finite(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            check_finite(item, f"{path}[{index}]")
