"""Closed sets of words of the contract (states, levels, kinds, …), each written once. Standard library only,
so that every part of the system may import it.

A `Literal` is what type checkers and the OpenAPI document read; the tuple below it holds the same words in
the same order, for loops and checks at run time. The stores' enums (`VideoState`, `ClipState`, `Scope`) give
these words names, and tests hold them equal to the sets here. So do tests for the copies that cannot import
this module: the libraries `actors.segmentation` and `actors.clips`, SQL, and the page's JavaScript.
"""

from __future__ import annotations

from typing import Literal, get_args

Level = Literal["shot", "scene", "chapter"]
"""Kinds of segments. Each level is made of segments of the level before it."""
LEVELS: tuple[Level, ...] = get_args(Level)
"""From the finest to the coarsest."""
COARSE_TO_FINE: tuple[Level, ...] = LEVELS[::-1]

BoundaryKind = Literal["start", "cut", "jump", "dissolve", "fade", "wipe", "audio"]
"""How a segment begins. `start` is the video's beginning, `jump` a cut within one take (time is left out, or
the framing is punched in), `audio` a change that is only heard."""
VIDEO_START: BoundaryKind = "start"

SoundLabel = Literal["silence", "noise", "speech", "music", "speech+music", "singing"]
"""Classes of sound: labels of stretches of the audio track."""
SOUND_LABELS: tuple[SoundLabel, ...] = get_args(SoundLabel)
AudioPurpose = Literal["commentary", "visual_impaired", "hearing_impaired", "karaoke", "part", "dub"]
"""What an audio stream is for, other than to be the film's own sound; `part`: to be mixed with another."""
SegmentLabel = Literal[SoundLabel, "black", "static", "moving"]
"""Labels of segments: `black`, else what is heard most; without a sound track, whether the picture moves."""
SEGMENT_LABELS: tuple[SegmentLabel, ...] = get_args(SegmentLabel)

Role = Literal["content", "black", "bars", "slate", "static", "title", "opening", "credits"]
"""What a segment is for: content, or one of the cues that archives and media servers ask for."""
ROLES: tuple[Role, ...] = get_args(Role)
CONTENT: Role = "content"
TitleSource = Literal["screen", "speech", "class", "human"]
"""What a title was taken from: text on screen, what is said, the class of the sound, or a person."""

ShownKind = Literal["title_card", "heading", "slide", "lower_third", "caption", "credits", "other"]
"""What a line of text in the picture may be."""

WarningCode = Literal["truncated", "damaged"]
"""What is missing in a file that is segmented all the same: its end, or something inside it."""
WARNING_CODES: tuple[WarningCode, ...] = get_args(WarningCode)

ChangeKind = Literal["kept", "moved", "added", "removed"]
"""What became of a boundary between two revisions; `moved`: to another frame."""
CHANGE_KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)

RevisionOrigin = Literal["settings", "words", "human"]
"""What made a revision: settings, the words of the video, which come later, or corrections by hand."""

EndState = Literal["done", "failed", "cancelled"]
"""States of videos and clip orders in which nothing changes any more unless somebody asks."""
END_STATES: tuple[EndState, ...] = get_args(EndState)
State = Literal["queued", "running", "finalizing", EndState]
"""Where a video stands."""
ClipOrderState = Literal["queued", "running", EndState]
"""Where an order of clips stands."""
ProxyState = Literal["queued", "running", "ready", "failed"]
"""How far the form of a video is that browsers play."""
TranscriptState = Literal["none", "queued", "running", EndState]
"""How far the words of a video are; none: there are none, and none are under way."""
MomentSource = Literal["speech", "screen", "title", "tag", "name"]
"""What search finds a moment by: words that are said or shown, a title of a scene or chapter, a tag of the
picture, the file's name."""
MOMENT_SOURCES: tuple[MomentSource, ...] = get_args(MomentSource)
SearchWay = Literal["words", "meaning"]
"""How search finds a moment: by the words that it has, or by what it means."""
ResultState = Literal["provisional", "final"]
"""Whether segments are those of chunks analysed so far, or of a revision."""

EventType = Literal["state", "progress", "segments", "words", "done", "deleted"]
"""Types of the server-sent events of a video; `words` and `deleted` are told to whoever listens, and never
stored."""

WebhookEvent = EndState
"""A webhook is told of the ends of videos; the event is called like the state."""
WEBHOOK_EVENTS: tuple[WebhookEvent, ...] = END_STATES
DeliveryState = Literal["pending", "delivered", "failed"]
DELIVERY_STATES: tuple[DeliveryState, ...] = get_args(DeliveryState)

VideoOrder = Literal["newest", "oldest", "name", "longest"]
"""Orders of the list of videos. Only the first can be read with a cursor, the others by place."""

Priority = Literal["interactive", "batch"]
"""Somebody waits for the video, or nobody does: what is interactive goes first."""
INTERACTIVE: Priority = "interactive"
BATCH: Priority = "batch"

ActorState = Literal["waiting", "starting", "idle", "working", "draining", "lost"]
"""States of the pool's actors. `waiting`: for a place on a node; `draining`: takes nothing new."""
ACTOR_STATES: tuple[ActorState, ...] = get_args(ActorState)

LeasedWork = Literal["video", "clips", "proxy", "words", "import"]
"""Kinds of work that a bridge holds a lease for."""

ScopeName = Literal["read", "write", "admin"]
"""What an API key may do. `admin` includes the others; `write` does not include `read`."""
SessionWay = Literal["open", "bearer", "session"]
"""How a client is let in: no key is needed, one is sent, or a cookie stands for one."""

AuditAct = Literal[
    "key_created",
    "key_revoked",
    "signing_secret_rotated",
    "video_deleted",
    "video_cancelled",
    "video_retried",
    "webhook_created",
    "webhook_deleted",
    "preset_saved",
    "preset_deleted",
]
"""Acts that the audit log has. Videos: every deletion, and what another than the owner stops or retries."""

ClipMode = Literal["exact", "copy"]
"""How a clip is cut: to the frame and encoded anew, or at key frames as it is coded."""
ClipContainer = Literal["auto", "mp4", "mkv"]
X264Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"
]

ExportFormat = Literal[
    "json",
    "csv",
    "webvtt",
    "edl",
    "otio",
    "fcpxml",
    "fcp7xml",
    "resolve_markers",
    "ffmetadata",
    "youtube",
    "mkvchapters",
    "keyframes",
    "html",
    "srt",
    "captions",
    "text",
]
EXPORT_FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
