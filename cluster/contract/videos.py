"""A video and where it stands (pydantic).

Only shapes: `cluster.stores.documents` fills them from rows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cluster.contract.vocabulary import AudioPurpose, Priority, ProxyState, State, WarningCode

EXAMPLE_ID = "5f0c2d6a9be14a7d8f3e1c0b7a645d21"


def _is_none(value: object) -> bool:
    return value is None


class AudioStream(BaseModel):
    """An audio stream of the file, heard or not."""

    stream: int = Field(description="Index in the container, as the setting `audio_stream` takes it")
    codec: str | None = Field(description="null where it is not known here")
    language: str | None
    title: str | None
    default: bool = Field(description="The container's flag")
    purpose: AudioPurpose | None = Field(
        description="What it is for by the container's flags; null: the film's own sound"
    )
    silent: bool | None = Field(
        description="Whether no signal was found in it; null where it was not listened to"
    )


class Media(BaseModel):
    """What the container and its streams say; null in the video until it has been probed."""

    duration_s: float
    width: int = Field(description="Pixels of the upright picture; 0 without a picture")
    height: int = Field(description="Pixels of the upright picture; 0 without a picture")
    fps: float = Field(
        description="Frames a second where they follow each other: pauses and jumps of the clock are left "
        "out; without a picture, slots a second that stand for them"
    )
    frames: int
    variable_frame_rate: bool
    rotation: int = Field(description="Degrees by which decoded pictures are turned to be upright")
    video_codec: str | None = Field(description="null where the file has sound only")
    audio_codec: str | None
    start_s: float = Field(0.0, description="Time of the first frame, as the container states it")
    container: str | None = Field(
        None,
        exclude_if=_is_none,
        description="FFmpeg's name of the container, several for a family; not told of earlier results",
    )
    pixel_aspect: str | None = Field(
        None,
        exclude_if=_is_none,
        description='Width to height of one pixel as shown, "64:45"; not told of videos of earlier versions',
    )
    timecode: str | None = Field(
        None,
        exclude_if=_is_none,
        description="Of the first frame, if the file has one: HH:MM:SS:FF, or HH:MM:SS;FF with drop frame",
    )
    timecode_drop: bool | None = Field(
        None, exclude_if=_is_none, description="Whether it leaves numbers out (drop frame)"
    )
    timecode_fps: float | None = Field(
        None,
        exclude_if=_is_none,
        description="Frames a second that it counts, which need not be those of the picture",
    )
    audio_stream: int | None = Field(
        None,
        exclude_if=_is_none,
        description="Index of the stream that is heard; not told without sound, nor of older results",
    )
    audio_streams: list[AudioStream] = Field(
        [],
        exclude_if=lambda streams: streams == [],
        description="All of the file, in its order; not told where there is none, nor of older results",
    )


class MediaWarning(BaseModel):
    """Something that is missing in a file which is segmented all the same."""

    code: WarningCode = Field(description="`truncated`: the file is cut off; `damaged`: inside it")
    message: str
    missing_frames: int | None = Field(description="Pictures that are not there or do not decode, if known")
    missing_s: float | None = Field(description="Seconds that are missing, if known")


class Fetched(BaseModel):
    """How much of an imported file is here."""

    bytes: int
    bytes_total: int | None = Field(description="null where the source does not tell")


class Progress(BaseModel):
    """How far the work is. `fraction` counts frames where they are known, else stored chunks."""

    fraction: float = Field(ge=0, le=1)
    chunks_done: int
    chunks_total: int | None
    eta_s: float | None = Field(description="Seconds to go at the pace so far; null when not known")
    fetch: Fetched | None = Field(
        None,
        exclude_if=_is_none,
        description="Only while the file of an import is being fetched",
    )


class Failure(BaseModel):
    """Why a video failed."""

    code: str
    message: str


class Proxy(BaseModel):
    """The video in a form that every browser plays, for players that cannot play the file itself."""

    state: ProxyState
    fraction: float = Field(ge=0, le=1, description="How much of it is made; 1 only when it is ready")
    bytes: int | None = Field(description="Size of its file; null until it is ready")
    error: Failure | None


class VideoDocument(BaseModel):
    """A video and where it stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": EXAMPLE_ID,
                    "state": "running",
                    "filename": "sintel.mp4",
                    "bytes": 4_372_373,
                    "sha256": "6e2b…",
                    "media": None,
                    "warnings": [],
                    "progress": {"fraction": 0.25, "chunks_done": 1, "chunks_total": 4, "eta_s": 9.5},
                    "settings": {"preset": "default"},
                    "priority": "interactive",
                    "revision": 0,
                    "attempt": 1,
                    "error": None,
                    "proxy": None,
                    "created_at": "2026-01-05T10:00:00Z",
                    "started_at": "2026-01-05T10:00:01Z",
                    "finished_at": None,
                }
            ]
        }
    )

    id: str
    state: State
    filename: str
    bytes: int
    sha256: str | None
    media: Media | None
    warnings: list[MediaWarning] = Field(description="Known in part when probed, in whole when it is done")
    progress: Progress
    settings: dict[str, Any]
    priority: Priority
    revision: int = Field(description="0 until the first result, then counts the results")
    attempt: int
    error: Failure | None
    proxy: Proxy | None = Field(
        description="null where none was made, or it had to make room for others; webhooks do not tell it"
    )
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class VideoList(BaseModel):
    """One page of videos. One that is asked for by place tells its place, and how many there are in all."""

    items: list[VideoDocument]
    next_cursor: str | None
    offset: int | None = Field(
        None, exclude_if=_is_none, description="Place of the first item; only told with `offset` or `around`"
    )
    total: int | None = Field(
        None, exclude_if=_is_none, description="Videos in all; only told with `offset` or `around`"
    )
