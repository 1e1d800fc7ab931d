"""Runs a generator on a thread of its own, a bounded number of items ahead.

Decoding and the networks release Python's lock, so they overlap. Knows items only.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_POLL_S = 0.1
"""How long a side that waits takes to notice that the other has gone."""


class Prefetch(Generic[T]):
    """Iterate inside a `with`: on leaving it, the generator is closed and its thread has ended.

    What the generator raises is raised to the consumer, after the items before it. `while_waiting` is
    called on the consumer's thread every tenth of a second without an item, and may raise.
    """

    def __init__(
        self,
        make: Callable[[], Iterator[T]],
        depth: int,
        name: str,
        *,
        while_waiting: Callable[[], None] | None = None,
    ) -> None:
        self._make = make
        self._while_waiting = while_waiting
        self._queue: queue.Queue[tuple[T | None, BaseException | None, bool]] = queue.Queue(depth)
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
                item, error, more = self._queue.get(timeout=_POLL_S)
            except queue.Empty:
                if self._while_waiting is not None:
                    self._while_waiting()
                continue
            if error is not None:
                raise error
            if not more:
                return
            yield item  # type: ignore[misc]  # None only when T allows it

    def _run(self) -> None:
        try:
            for item in self._make():
                if not self._put((item, None, True)):
                    return
            self._put((None, None, False))
        except BaseException as error:  # noqa: BLE001 - handed to the consumer, whatever it is
            self._put((None, error, False))

    def _put(self, entry: tuple[T | None, BaseException | None, bool]) -> bool:
        while not self._left.is_set():
            try:
                self._queue.put(entry, timeout=_POLL_S)
            except queue.Full:
                continue
            return True
        return False
