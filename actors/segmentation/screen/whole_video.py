"""Reads all pictures of a video in this process, several groups at a time.

Each thread has a reader of its own, which uses one core: two threads of one network took twice the processor
time of one, most of it spent waiting for each other. A group is read the same whoever reads it, so the result
does not depend on their number. Knows groups; does not know what is read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from actors.segmentation.decode.prefetch import POLL_S
from actors.segmentation.errors import Cancelled
from actors.segmentation.limits import Limits
from actors.segmentation.networks.cores import usable_cores
from actors.segmentation.planning.plan import Plan
from actors.segmentation.screen.joining import joined
from actors.segmentation.screen.pictures import Pictures
from actors.segmentation.screen.reading import read_pictures
from actors.segmentation.screen.text_reader import NAME, TextReader
from actors.segmentation.screen_text import ScreenText

MOST_THREADS = 4
"""Each takes 200 MB."""

Readers = Callable[[int], Sequence[TextReader]]
"""Gives so many readers, each for one thread; see `loading`."""


def read_video(
    path: Path | str,
    plan: Plan,
    pictures: Pictures,
    readers: Readers,
    *,
    threads: int = 0,
    limits: Limits | None = None,
    on_pictures: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> ScreenText:
    """All that is shown. threads: 0 for as many as there are usable cores, up to MOST_THREADS.

    `on_pictures(done, total)` and `should_stop()` are called on the caller's thread. Raises Cancelled when it
    says so, MediaError or OSError when the file cannot be read any more.
    """
    count = min(threads or usable_cores(), MOST_THREADS, pictures.group_count)
    if count == 0:
        return joined([], pictures, plan.index.clock, NAME)
    stopping = threading.Event()
    read: SimpleQueue[None] = SimpleQueue()
    idle: SimpleQueue[TextReader] = SimpleQueue()
    available = readers(count)
    for reader in available:
        idle.put(reader)

    def work(group: int) -> list[dict[str, Any]]:
        reader = idle.get()
        try:
            return read_pictures(
                path,
                plan,
                pictures,
                reader,
                groups=range(group, group + 1),
                limits=limits,
                on_picture=lambda: read.put(None),
                should_stop=stopping.is_set,
            )
        finally:
            idle.put(reader)

    with ThreadPoolExecutor(count, thread_name_prefix="text") as pool:
        tasks = [pool.submit(work, group) for group in range(pictures.group_count)]
        try:
            _await(tasks, read, len(pictures), on_pictures, should_stop)
        finally:
            stopping.set()
            pool.shutdown(cancel_futures=True)
    rows = [row for task in tasks for row in task.result()]
    return joined(rows, pictures, plan.index.clock, available[0].name)


def _await(
    tasks: Sequence[Future[list[dict[str, Any]]]],
    read: SimpleQueue[None],
    total: int,
    on_pictures: Callable[[int, int], None] | None,
    should_stop: Callable[[], bool] | None,
) -> None:
    """Wait for all, or for the first that fails, whose exception is raised."""
    done = 0
    while True:
        if should_stop is not None and should_stop():
            raise Cancelled
        finished, running = wait(tasks, timeout=POLL_S, return_when=FIRST_EXCEPTION)
        for task in finished:
            task.result()
        while not read.empty():
            read.get()
            done += 1
            if on_pictures is not None:
                on_pictures(done, total)
        if not running:
            return
