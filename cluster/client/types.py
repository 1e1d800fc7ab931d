"""Types of the API's answers: dictionaries with the keys of its OpenAPI document.

Gathers the types of `cluster.contract.wire`. A newer server may send more keys. Times are ISO 8601 text,
lengths are in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cluster.contract.vocabulary import END_STATES, Level, MomentSource, Priority, Role, State, WebhookEvent
from cluster.contract.wire.clips import ClipFile, Clips, ClipsProgress
from cluster.contract.wire.cluster import (
    ActorLoss,
    Backlog,
    Cluster,
    FailedWork,
    FailureCount,
    Failures,
    Pool,
    PoolActor,
    PoolHistory,
    Queue,
    ServerHealth,
)
from cluster.contract.wire.imports import BatchItem
from cluster.contract.wire.presets import Learned, LevelAgreement, Preset, VideoAgreement
from cluster.contract.wire.problems import FieldProblem, Problem
from cluster.contract.wire.results import (
    Boundary,
    Change,
    Comparison,
    CorrectionCounts,
    Curve,
    FrameTimes,
    Heard,
    Links,
    Mark,
    Picture,
    Preview,
    Revision,
    Segment,
    Sentence,
    ShownText,
    Signals,
    Sound,
    SpokenWord,
    Tag,
    Transcript,
    TranscriptStatus,
)
from cluster.contract.wire.search import FoundMoment, SegmentPlace
from cluster.contract.wire.videos import AudioStream, Failure, Fetch, Media, Progress, Proxy, Video
from cluster.contract.wire.webhooks import Delivery, MadeWebhook, Webhook

__all__ = [
    "TERMINAL_STATES",
    "ActorLoss",
    "AudioStream",
    "Backlog",
    "BatchItem",
    "Boundary",
    "Change",
    "ClipFile",
    "Clips",
    "ClipsProgress",
    "Cluster",
    "Comparison",
    "CorrectionCounts",
    "Curve",
    "Delivery",
    "Event",
    "FailedWork",
    "Failure",
    "FailureCount",
    "Failures",
    "Fetch",
    "FieldProblem",
    "FoundMoment",
    "FrameTimes",
    "Heard",
    "Learned",
    "Level",
    "LevelAgreement",
    "Links",
    "MadeWebhook",
    "Mark",
    "Media",
    "MomentSource",
    "Picture",
    "Pool",
    "PoolActor",
    "PoolHistory",
    "Preset",
    "Preview",
    "Priority",
    "Problem",
    "Progress",
    "Proxy",
    "Queue",
    "Revision",
    "Role",
    "Segment",
    "SegmentPlace",
    "Sentence",
    "ServerHealth",
    "ShownText",
    "Signals",
    "Sound",
    "SpokenWord",
    "State",
    "Tag",
    "Transcript",
    "TranscriptStatus",
    "Video",
    "VideoAgreement",
    "Webhook",
    "WebhookEvent",
]

TERMINAL_STATES: frozenset[str] = frozenset(END_STATES)


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event: `type` is state, progress, segments, words or done; `data` is its JSON."""

    id: str
    type: str
    data: dict[str, Any]
