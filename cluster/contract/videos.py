"""The shapes of requests and responses (pydantic), as DESIGN's HTTP contract names them.

Only shapes: how they are filled stands in `cluster.stores.documents`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cluster.stores.postgres.video import Priority

Level = Literal["shot", "scene", "chapter"]
State = Literal["queued", "running", "finalizing", "done", "failed", "cancelled"]
BoundaryKind = Literal["start", "cut", "dissolve", "fade", "wipe", "audio"]

PRIORITY = "`batch` waits for `interactive`, as far as it does not come to a standstill"
EXAMPLE_ID = "5f0c2d6a9be14a7d8f3e1c0b7a645d21"


class Media(BaseModel):
    """What the container and its streams say; null in the video until it has been probed."""

    duration_s: float
    width: int
    height: int
    fps: float
    frames: int
    variable_frame_rate: bool
    rotation: int
    video_codec: str
    audio_codec: str | None
    start_s: float = Field(0.0, description="Time of the first frame, as the container states it")


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
        exclude_if=lambda fetched: fetched is None,
        description="Only while the file of an import is being fetched",
    )


class Failure(BaseModel):
    """Why a video failed."""

    code: str
    message: str


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
                    "progress": {"fraction": 0.25, "chunks_done": 1, "chunks_total": 4, "eta_s": 9.5},
                    "settings": {"preset": "default"},
                    "priority": "interactive",
                    "revision": 0,
                    "attempt": 1,
                    "error": None,
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
    progress: Progress
    settings: dict[str, Any]
    priority: Priority
    revision: int = Field(description="0 until the first result, then counts the results")
    attempt: int
    error: Failure | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class VideoList(BaseModel):
    """One page of videos, newest first."""

    items: list[VideoDocument]
    next_cursor: str | None


class Boundary(BaseModel):
    """Where and why a segment starts, and how sure that is."""

    kind: BoundaryKind
    confidence: float
    visual: float
    audio: float
    from_s: float
    to_s: float


class Sound(BaseModel):
    """Shares of the segment's time (0..1), and its loudness; null when there is nothing to measure."""

    speech: float
    singing: float
    music: float
    silence: float
    loudness_lufs: float | None


class Tag(BaseModel):
    """What the keyframe shows, as one of ImageNet's classes."""

    label: str
    probability: float


class Picture(BaseModel):
    """What the segment shows, 0..1 each, and its tags."""

    brightness: float
    motion: float
    black: float
    static: float
    tags: list[Tag]


class Segment(BaseModel):
    """A shot, scene or chapter. Frames count decoded frames, `end_frame` is exclusive."""

    level: Level
    index: int
    parent: int | None = Field(description="Index of the segment of the next higher level")
    start_s: float
    end_s: float
    start_frame: int
    end_frame: int
    start_pts: int
    end_pts: int
    start_boundary: Boundary
    label: str
    audio: Sound | None = Field(description="null where the file has no sound track")
    visual: Picture | None
    keyframe_s: float | None
    thumbnail: str | None = Field(description="Address of the keyframe's image")


class SegmentList(BaseModel):
    """One page of segments in time order."""

    items: list[Segment]
    next_cursor: str | None
    state: Literal["provisional", "final"]
    revision: int


class Heard(BaseModel):
    """A stretch of one class of sound."""

    start_s: float
    end_s: float
    label: str = Field(description="silence, noise, speech, music, speech+music or singing")
    audio: Sound


class AudioTrack(BaseModel):
    """What is heard, from the start of the sound to its end; empty where the file has no sound track."""

    items: list[Heard]
    revision: int


class Curve(BaseModel):
    """One signal, down-sampled: in the i-th of n equal spans of the video it lies in min[i]..max[i]."""

    name: str
    unit: str
    min: list[float | None]
    max: list[float | None]


class Signals(BaseModel):
    """The curves behind the decision."""

    revision: int
    start_s: float
    end_s: float
    points: int = Field(description="Spans per curve; fewer than asked for where there are fewer samples")
    curves: list[Curve]


class WebhookWish(BaseModel):
    """Who is to be told how a video ends."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"url": "https://example.org/hooks/films"}]}
    )

    url: str = Field(max_length=2048, description="http or https; never a private address")
    events: list[Literal["done", "failed", "cancelled"]] = Field(
        ["done", "failed", "cancelled"], min_length=1, max_length=3
    )
    secret: str | None = Field(
        None, max_length=128, description="`whsec_` and base64 of 24 to 64 bytes; made if left out"
    )


class ImportRequest(BaseModel):
    """A video to fetch from an address."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://example.org/film.mp4", "preset": "film"}]},
    )

    url: str = Field(max_length=4096, description="http, https or s3; never a private address")
    preset: str | None = Field(None, max_length=64)
    settings: dict[str, Any] | None = None
    webhook: WebhookWish | None = None
    priority: Priority = Field("interactive", description=PRIORITY)


class UploadForm(BaseModel):
    """The fields of a multipart upload, for the OpenAPI document; the body itself is streamed."""

    file: bytes = Field(description="The video", json_schema_extra={"format": "binary"})
    preset: str | None = None
    settings: str | None = Field(None, description="JSON object of segmentation settings")
    webhook: str | None = Field(None, description="JSON object as in an import: url, events, secret")
    priority: Priority = Field("interactive", description=PRIORITY)


class PoolActor(BaseModel):
    """One segmentation actor."""

    actor: str
    node: str | None
    node_id: str | None = None
    pid: int | None
    device: str | None
    state: str
    video_id: str | None
    kind: str | None
    chunk: int | None
    frames_done: int | None
    since_s: float | None
    video_s_per_s: float | None = Field(
        None, description="Seconds of video per second of work, as measured lately"
    )
    rss_bytes: int | None = None
    gpu_bytes: int | None = None
    replaced: int = Field(0, description="How many actors were lost in this place")
    error: str | None = Field(None, description="What the last of them was lost to")


class Pool(BaseModel):
    """The segmentation actors, as the pool reports them."""

    actors: list[PoolActor]
    wanted: int
    queued: int
    backlog_s: float | None = Field(None, description="Seconds of video not analysed, as the pool knows it")
    dispatch_ms: float | None = Field(
        None, description="What a task takes beyond its work once there is an actor for it"
    )


class ServerHealth(BaseModel):
    """One server behind the API."""

    name: str
    healthy: bool
    detail: str | None = None


class BacklogDocument(BaseModel):
    """How much there is to do."""

    seconds: float = Field(description="Of video that is not analysed; estimated where nobody has looked yet")
    videos: int


class Cluster(BaseModel):
    """The pool, the queue and the servers."""

    pool: Pool | None = Field(description="null when the pool does not answer; `pool_detail` says why")
    pool_detail: str | None
    queue_depth: int | None
    backlog: BacklogDocument | None = None
    videos: dict[str, int] | None = Field(description="Number of videos by state")
    servers: list[ServerHealth]
    versions: dict[str, str]


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether the servers that are needed answer."""

    ready: bool
    servers: list[ServerHealth]
