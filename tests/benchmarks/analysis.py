"""Tracks of a film, measured in this process as one chunk, or by several in the smallest chunks there are.

Tracks are kept by who asks, so that the same analysis answers many questions. Knows the library's public
face; not what is asked.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from actors.segmentation import ChunkTracks, Models, Plan, analyse_chunk, build_plan
from actors.segmentation.planning.plan import BLOCK_FRAMES, ChunkSpec

WORKERS = 4
MOST_CHUNKS = 20
"""Small chunks decode what lies before them in vain: a long film is cut into this many, not into hundreds."""


@dataclass(frozen=True)
class Analysed:
    """What `fuse` needs."""

    plan: Plan
    tracks: tuple[ChunkTracks, ...]


def whole(path: Path, models: Models) -> Analysed:
    """The film as a single chunk."""
    plan = build_plan(path).in_one_chunk()
    return Analysed(plan, (analyse_chunk(path, plan, 0, models),))


class Workers:
    """Processes that analyse chunks of one film side by side, as actors do."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def in_small_chunks(self, path: Path) -> Analysed:
        """The film in chunks of a block each, or MOST_CHUNKS if it is long."""
        plan = build_plan(path)
        plan = replace(plan, chunks=small_chunks(plan.frames))
        stored = plan.to_bytes()
        done = [self._pool.submit(_analysed, path, stored, chunk.index) for chunk in plan.chunks]
        return Analysed(plan, tuple(ChunkTracks.from_bytes(one.result()) for one in done))


@contextmanager
def workers(count: int = WORKERS) -> Iterator[Workers]:
    """The processes, each with networks of its own on one thread."""
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=spawned, initializer=_begin) as pool:
        yield Workers(pool)


def small_chunks(frames: int) -> tuple[ChunkSpec, ...]:
    """Chunks of as few frames as the grid of the networks' windows and MOST_CHUNKS allow."""
    blocks = -(-frames // BLOCK_FRAMES)
    step = BLOCK_FRAMES * -(-blocks // MOST_CHUNKS)
    bounds = [*range(0, frames, step), frames]
    return tuple(ChunkSpec(index, a, b) for index, (a, b) in enumerate(pairwise(bounds)))


_models: Models | None = None
"""Of a worker process."""


def _begin() -> None:
    """Loads the networks once a process."""
    global _models
    _models = Models.load(threads=1)


def _analysed(path: Path, stored: bytes, index: int) -> bytes:
    assert _models is not None
    return analyse_chunk(path, Plan.from_bytes(stored), index, _models).to_bytes()
