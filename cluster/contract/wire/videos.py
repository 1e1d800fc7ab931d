"""A video and where it stands."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from cluster.contract.vocabulary import AudioPurpose, Priority, ProxyState, State, WarningCode


class AudioStream(TypedDict):
    """An audio stream of the file, heard or not."""

    stream: int
    codec: str | None
    language: str | None
    title: str | None
    default: bool
    purpose: AudioPurpose | None
    silent: bool | None


class Media(TypedDict):
    """What the container and its streams say. Timecode: of the first frame, where the file has one."""

    duration_s: float
    width: int
    height: int
    fps: float
    frames: int
    variable_frame_rate: bool
    rotation: int
    video_codec: str | None
    audio_codec: str | None
    start_s: float
    container: NotRequired[str]
    pixel_aspect: NotRequired[str]
    timecode: NotRequired[str]
    timecode_drop: NotRequired[bool]
    timecode_fps: NotRequired[float]
    audio_stream: NotRequired[int]
    audio_streams: NotRequired[list[AudioStream]]


class MediaWarning(TypedDict):
    """Something that is missing in a file which is segmented all the same; numbers where they are known."""

    code: WarningCode
    message: str
    missing_frames: int | None
    missing_s: float | None


class Fetch(TypedDict):
    """How much of an imported file is here."""

    bytes: int
    bytes_total: int | None


class Progress(TypedDict):
    """How far the work is; `fraction` lies between 0 and 1. `fetch`: while a file is being imported."""

    fraction: float
    chunks_done: int
    chunks_total: int | None
    eta_s: float | None
    fetch: NotRequired[Fetch]


class Failure(TypedDict):
    """Why a video failed."""

    code: str
    message: str


class Proxy(TypedDict):
    """The video in a form that every browser plays. `fraction` lies between 0 and 1, which is "ready"."""

    state: ProxyState
    fraction: float
    bytes: int | None
    error: Failure | None


class Video(TypedDict):
    """A video and where it stands."""

    id: str
    state: State
    filename: str
    bytes: int
    sha256: str | None
    media: Media | None
    warnings: list[MediaWarning]
    progress: Progress
    settings: dict[str, Any]
    priority: Priority
    revision: int
    attempt: int
    error: Failure | None
    proxy: Proxy | None
    created_at: str
    started_at: str | None
    finished_at: str | None
