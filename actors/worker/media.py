"""The file of a task, on this machine for as long as the task reads it.

A download tells the pool that it gets on (bytes from a network are not seen as reading) and ends when the
task is cancelled. Knows the media store and its cache; no Ray, no queue.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from actors.segmentation.errors import Cancelled
from actors.worker.state import WorkState
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.store import MediaStore


@contextmanager
def local_media(media: MediaStore, copies: MediaCache, key: str, state: WorkState) -> Iterator[Path]:
    """The path of the file; NotFoundError, UnavailableError, or Cancelled while it is fetched."""

    def gets_on() -> None:
        state.step()
        if state.should_stop():
            raise Cancelled

    with ExitStack() as held:
        with state.at_store():
            path = held.enter_context(media.local_copy(key, copies, gets_on))
        state.step()
        yield path
