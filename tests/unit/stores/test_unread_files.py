"""Files that no row names any more are deleted; a store that refuses costs neither work nor other files."""

from __future__ import annotations

from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from cluster.errors import UnavailableError
from cluster.stores.media.store import MediaStore
from cluster.stores.removal import delete_unread


class Refusing:
    """A media store that refuses one prefix. `deleted`: the others that it was asked to delete."""

    def __init__(self, refused: str, error: Exception) -> None:
        self._refused, self._error = refused, error
        self.deleted: list[str] = []

    def delete(self, prefix: str) -> None:
        if prefix == self._refused:
            raise self._error
        self.deleted.append(prefix)


@pytest.mark.parametrize("error", [UnavailableError("The media store hangs."), PermissionError("read-only")])
def test_what_is_refused_is_logged_and_the_rest_is_deleted(error: Exception) -> None:
    media = Refusing("b/", error)

    with capture_logs() as logs:
        delete_unread(cast(MediaStore, cast(Any, media)), ["a/", "b/", "c/"])

    assert media.deleted == ["a/", "c/"]
    assert [line["prefix"] for line in logs] == ["b/"]


def test_another_error_is_no_refusal_of_the_store() -> None:
    media = Refusing("a/", KeyError("a fault of ours"))

    with pytest.raises(KeyError):
        delete_unread(cast(MediaStore, cast(Any, media)), ["a/"])
