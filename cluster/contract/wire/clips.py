"""Orders of clips and their files."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from cluster.contract.vocabulary import ClipMode, ClipOrderState, Level
from cluster.contract.wire.videos import Failure


class ClipFile(TypedDict):
    """One file of a cutting, or why there is none. The actual frames and times are those of the file, which
    keyframes may move; what is not known of a file that could not be cut is None.
    """

    name: str
    url: str | None
    bytes: int | None
    sha256: str | None
    index: int
    label: str
    start_frame: int
    end_frame: int
    start_s: float
    end_s: float
    actual_start_frame: int | None
    actual_end_frame: int | None
    actual_start_s: float | None
    actual_end_s: float | None
    error: Failure | None


class ClipsProgress(TypedDict):
    """How many files are made."""

    fraction: float
    done: int
    failed: int
    total: int


class Clips(TypedDict):
    """A cutting: segments of a video as files of their own. `files` only where one cutting is asked for."""

    id: str
    video_id: str
    state: ClipOrderState
    level: Level
    mode: ClipMode
    settings: dict[str, Any]
    revision: int
    progress: ClipsProgress
    error: Failure | None
    attempt: int
    created_at: str
    started_at: str | None
    finished_at: str | None
    archive: str | None
    files: NotRequired[list[ClipFile]]
