"""The video file of a task as a local path, kept on this machine while the task reads it.

While the file is downloaded, every block counts as progress (the pool sees reads from files, but not from
the network), and a cancelled task ends the download. Knows the media store and its cache; imports no Ray and
no message queue.
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
    """The path of the file. NotFoundError, UnavailableError, or Cancelled while it is downloaded."""

    def on_block() -> None:
        state.step()
        if state.should_stop():
            raise Cancelled

    with ExitStack() as held:
        with state.at_store():
            path = held.enter_context(media.local_copy(key, copies, on_block))
        state.step()
        yield path
