"""What is told about a video while it is worked on: bridges write it to Redis, the API reads it.

Typed dictionaries, standard library only. Listeners get `segments` as it is; `progress` becomes part of the
contract's `Progress`; in place of `state` and `done` they get the video as PostgreSQL has it. `words` is made
from PostgreSQL alone.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from cluster.contract.vocabulary import ResultState, State, TranscriptState
from cluster.contract.wire.videos import Failure, Fetch


class LiveProgress(TypedDict, total=False):
    """Data of `progress`: how far this attempt is. While the file is being fetched, `fetch` alone."""

    fraction: float
    chunks_done: int
    chunks_total: int | None
    eta_s: float | None
    fetch: Fetch


class StateNews(TypedDict):
    """Data of `state`, and of `done`, after which nothing comes unless somebody asks for more work."""

    state: State
    attempt: NotRequired[int]
    revision: NotRequired[int]
    error: NotRequired[Failure]


class SegmentNews(TypedDict):
    """Data of `segments`: there are new ones to read, of these chunks or of this revision."""

    state: ResultState
    chunks: NotRequired[list[int]]
    revision: NotRequired[int]


class WordsNews(TypedDict):
    """Data of `words`: how far the words of a video are, as in its transcript. When they are `done`, they can
    be read."""

    state: TranscriptState
    fraction: float
    error: Failure | None
