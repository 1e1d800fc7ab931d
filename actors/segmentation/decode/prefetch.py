"""A pipeline stage: runs a generator on a thread of its own, a bounded number of items ahead of its consumer.

FFmpeg (through PyAV), numpy and torch release Python's GIL while they work, so stages overlap on several
cores. Knows items only; imports the standard library alone.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")

POLL_S = 0.1
"""Seconds after which a side that waits for the other looks whether it still should. No measurement; short
enough for a person who cancels, long enough to cost nothing."""


@contextmanager
def inline(make: Callable[[], Iterator[T]]) -> Iterator[Iterator[T]]:
    """In place of Prefetch, without a thread: an item is made when the caller asks for it."""
    items = make()
    try:
        yield items
    finally:
        if isinstance(items, Generator):
            items.close()


class Prefetch(Generic[T]):
    """Iterate inside a `with`: when the block is left, the generator is closed and its thread has ended.

    At most `depth` items wait; they are handed over `batch` at a time, since every hand-over costs a change
    of threads. An exception of the generator is raised to the consumer, after the items before it.
    `while_waiting` is called on the consumer's thread every POLL_S without an item, and may raise. ValueError
    unless 1 <= batch <= depth.
    """

    def __init__(
        self,
        make: Callable[[], Iterator[T]],
        depth: int,
        name: str,
        *,
        batch: int = 1,
        while_waiting: Callable[[], None] | None = None,
    ) -> None:
        if not 1 <= batch <= depth:
            raise ValueError("a batch holds at least one item and at most as many as may wait")
        self._make = make
        self._batch = batch
        self._while_waiting = while_waiting
        self._queue: queue.Queue[tuple[list[T], BaseException | None, bool]] = queue.Queue(depth // batch)
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Prefetch[T]:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()

    def __iter__(self) -> Iterator[T]:
        while True:
            try:
                items, error, more = self._queue.get(timeout=POLL_S)
            except queue.Empty:
                if self._while_waiting is not None:
                    self._while_waiting()
                continue
            yield from items
            if error is not None:
                raise error
            if not more:
                return

    def _run(self) -> None:
        items: list[T] = []
        try:
            for item in self._make():
                items.append(item)
                if len(items) == self._batch:
                    if not self._put((items, None, True)):
                        return
                    items = []
            self._put((items, None, False))
        except BaseException as error:  # noqa: BLE001 - handed to the consumer, whatever it is
            self._put((items, error, False))

    def _put(self, entry: tuple[list[T], BaseException | None, bool]) -> bool:
        while not self._left.is_set():
            try:
                self._queue.put(entry, timeout=POLL_S)
            except queue.Full:
                continue
            return True
        return False
