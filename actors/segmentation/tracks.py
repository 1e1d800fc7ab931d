"""Tracks: what the analysis keeps of a chunk, as arrays by frame, keyframe candidate and 100 ms of sound.

Everything later (shots, scenes, chapters, curves) is computed from tracks, so that a video is never decoded
twice. Knows the columns and how the tables of a chunk are stored as bytes; does not know how they are
measured, nor what they mean for a boundary. Imports no PyAV and no torch.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from actors.segmentation.track_table import Array, TracksError, TrackTable, pack, unpack

THUMB_SHAPE = (9, 16, 3)
"""Rows, columns, RGB of a thumbnail: each value is the mean of 3 x 3 pixels of TransNetV2's 27 x 48 picture.
432 bytes a frame are 78 MB for two hours at 25 frames/s, before compression, and still show where a wipe's
edge is."""

STEP_MEASURES = 40
"""Number of measures of a step that may be a cut; `shots.cuts` names them."""

EMBEDDING_SIZE = 1280
"""EfficientNet-Lite0's pooled features."""
TAGS_PER_KEYFRAME = 5
"""Likeliest classes kept. No measurement; further ones are improbable."""
STEPS_PER_SECOND = 10
"""Rows of the audio track. No measurement; momentary loudness is updated at 10 Hz, too (EBU Tech 3341)."""
AUDIO_STEP_S = 1 / STEPS_PER_SECOND
"""Seconds of sound for one row."""
MEL_BANDS = 40
"""Bands of the log-mel spectrum. No measurement; a usual number in speech recognition."""
MEL_FLOOR_DB = -100.0
MEL_STEP_DB = 0.5
"""Log-mel is kept as uint8: dB = MEL_FLOOR_DB + MEL_STEP_DB * value, so -100 .. +27.5 dB, from below the
noise of 16 bits to above full scale; half a decibel is less than is heard."""

NO_ENERGY_DB = -100.0
"""Stands for "no energy at all" in rms_db and momentary_lufs."""

_MAGIC = b"SSTK"
"""First bytes of stored tracks (SceneStream TracKs)."""
_FORMAT = 4
"""Version of the bytes: raise it when they change."""
_HEAD = struct.Struct("<4sHI")
"""Magic, format, bytes of the JSON header, which follows."""
_MAX_HEADER_BYTES = 1 << 20
"""Bytes of a header that are parsed at most: a few hundred are usual, more are damage."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FrameTrack(TrackTable):
    """One row for each frame slot. A slot whose frame did not decode repeats the picture before it; one that
    was left out has the mean of those around it."""

    valid: Array
    """bool: the frame was decoded, or its picture estimated between two that were."""
    estimated: Array
    """bool: the frame was left out, see `settings.AnalysisSettings.decoding`."""
    looked: Array
    """bool: TransNetV2 saw the frame. Where not, the picture alone left no doubt, and cut and many are 0."""
    cut: Array
    """float16, 0..1: TransNetV2's first head, the probability that the frame is the middle of a transition (a
    cut between k and k + 1 is marked at k)."""
    many: Array
    """float16, 0..1: TransNetV2's second head, the probability that the frame is part of a transition."""
    luma_mean: Array
    """float16, 0..255: mean of 0.299 R + 0.587 G + 0.114 B over the 27 x 48 picture."""
    luma_std: Array
    """float16, 0..127.5: standard deviation of the same."""
    motion: Array
    """float16, 0..255: mean absolute difference of the 27 x 48 RGB to the slot before (0 in the first)."""
    thumb: Array
    """uint8 RGB, see THUMB_SHAPE."""
    steps: Array
    """float16: measures of the step to this frame as a cut, see STEP_MEASURES; all 0 where it is none that
    could be one. The first is greater than 0 for every candidate."""

    LAYOUT: ClassVar = {
        "valid": ("bool", ()),
        "estimated": ("bool", ()),
        "looked": ("bool", ()),
        "cut": ("float16", ()),
        "many": ("float16", ()),
        "luma_mean": ("float16", ()),
        "luma_std": ("float16", ()),
        "motion": ("float16", ()),
        "thumb": ("uint8", THUMB_SHAPE),
        "steps": ("float16", (STEP_MEASURES,)),
    }


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class KeyframeTrack(TrackTable):
    """One row for each keyframe candidate, in order of time. Their images are kept elsewhere, as files."""

    frame: Array
    """int64: frame slot."""
    sharpness: Array
    """float32, >= 0: standard deviation of the Laplacian of luma (0..255) at the image's size."""
    embedding: Array
    """float16: EfficientNet-Lite0's pooled features, not normalised."""
    tag_ids: Array
    """int16: the likeliest ImageNet classes, likeliest first."""
    tag_probabilities: Array
    """float16, 0..1: their probabilities."""

    LAYOUT: ClassVar = {
        "frame": ("int64", ()),
        "sharpness": ("float32", ()),
        "embedding": ("float16", (EMBEDDING_SIZE,)),
        "tag_ids": ("int16", (TAGS_PER_KEYFRAME,)),
        "tag_probabilities": ("float16", (TAGS_PER_KEYFRAME,)),
    }


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AudioTrack(TrackTable):
    """One row for each 100 ms: row i covers [step[i], step[i] + 1) * AUDIO_STEP_S seconds.

    Steps are consecutive; the first is a multiple of 100 (whole tens of seconds on the container's clock).
    """

    step: Array
    """int64: steps since second 0 of the container's clock; may be negative."""
    present: Array
    """bool: the file has sound in the middle of the step; where not, all other columns say silence."""
    speech: Array
    """float16, 0..1: FireRed AED's probability of speech, mean of the step; singing and music likewise (all
    may be high at once)."""
    singing: Array
    music: Array
    vad: Array
    """float16, 0..1: Silero VAD's probability of speech."""
    rms_db: Array
    """float16, dBFS of the mono mix; NO_ENERGY_DB for digital silence."""
    momentary_lufs: Array
    """float16, LUFS: momentary loudness of ITU-R BS.1770, the 400 ms that end with the step; NO_ENERGY_DB at
    least."""
    mel: Array
    """uint8: log-mel power, see MEL_STEP_DB."""

    LAYOUT: ClassVar = {
        "step": ("int64", ()),
        "present": ("bool", ()),
        "speech": ("float16", ()),
        "singing": ("float16", ()),
        "music": ("float16", ()),
        "vad": ("float16", ()),
        "rms_db": ("float16", ()),
        "momentary_lufs": ("float16", ()),
        "mel": ("uint8", (MEL_BANDS,)),
    }

    @property
    def mel_db(self) -> npt.NDArray[np.float32]:
        """float32[n, MEL_BANDS]: log-mel power in dB."""
        return (MEL_FLOOR_DB + MEL_STEP_DB * self.mel.astype(np.float32)).astype(np.float32)


@dataclass(frozen=True, slots=True, repr=False)
class ChunkTracks:
    """The tracks of the slots [start_frame, end_frame) and of the audio blocks that the chunk owns.

    audio: None where the file has no audio stream that decodes; an empty table where it has one, but this
    chunk owns none of its blocks. TracksError when the tables contradict each other.
    """

    start_frame: int
    end_frame: int
    frames: FrameTrack
    keyframes: KeyframeTrack
    audio: AudioTrack | None

    def __post_init__(self) -> None:
        if not 0 <= self.start_frame <= self.end_frame:
            raise TracksError(f"frames {self.start_frame}..{self.end_frame} are no range")
        if len(self.frames) != self.end_frame - self.start_frame:
            raise TracksError(f"{len(self.frames)} rows for frames {self.start_frame}..{self.end_frame}")
        where = self.keyframes.frame
        if len(where) and (
            where[0] < self.start_frame or where[-1] >= self.end_frame or np.any(np.diff(where) < 1)
        ):
            raise TracksError("keyframe candidates must ascend inside the chunk")
        if self.audio is not None and np.any(np.diff(self.audio.step) != 1):
            raise TracksError("audio steps must be consecutive")

    def __repr__(self) -> str:
        return f"ChunkTracks({self.start_frame}..{self.end_frame}, {self.keyframes!r}, {self.audio!r})"

    @classmethod
    def join(cls, parts: Sequence[ChunkTracks]) -> ChunkTracks:
        """Concatenate successive chunks. TracksError for none, or with a gap between them."""
        if not parts or any(a.end_frame != b.start_frame for a, b in pairwise(parts)):
            raise TracksError(f"chunks that follow each other are wanted, not {list(parts)}")
        audio = [part.audio for part in parts if part.audio is not None]
        return cls(
            parts[0].start_frame,
            parts[-1].end_frame,
            FrameTrack.join([part.frames for part in parts]),
            KeyframeTrack.join([part.keyframes for part in parts]),
            AudioTrack.join(audio) if audio else None,
        )

    def to_bytes(self) -> bytes:
        """A JSON header and one compressed block for each column; 512 bytes a frame become some dozens."""
        blocks: list[bytes] = []
        header: dict[str, Any] = {"start": self.start_frame, "end": self.end_frame, "tables": {}}
        for name, table in self._tables():
            packed = [pack(getattr(table, column)) for column in table.LAYOUT]
            header["tables"][name] = {"rows": len(table), "bytes": [len(block) for block in packed]}
            blocks += packed
        head = json.dumps(header, separators=(",", ":")).encode()
        return b"".join([_HEAD.pack(_MAGIC, _FORMAT, len(head)), head, *blocks])

    @classmethod
    def from_bytes(cls, data: bytes) -> ChunkTracks:
        """Read what `to_bytes` wrote, exactly. TracksError for anything else."""
        try:
            return cls._parse(memoryview(data))
        except (struct.error, zlib.error, KeyError, TypeError, ValueError) as error:
            raise TracksError(f"stored tracks cannot be read: {error}") from error

    def _tables(self) -> Iterator[tuple[str, TrackTable]]:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, TrackTable):
                yield field.name, value

    @classmethod
    def _parse(cls, data: memoryview) -> ChunkTracks:
        magic, version, head_bytes = _HEAD.unpack_from(data)
        if magic != _MAGIC or version != _FORMAT or head_bytes > _MAX_HEADER_BYTES:
            raise TracksError(f"not tracks of format {_FORMAT}")
        header = json.loads(bytes(data[_HEAD.size : _HEAD.size + head_bytes]))
        position = _HEAD.size + head_bytes
        tables: dict[str, TrackTable] = {}
        kinds: tuple[tuple[str, type[TrackTable]], ...] = (
            ("frames", FrameTrack),
            ("keyframes", KeyframeTrack),
            ("audio", AudioTrack),
        )
        for name, kind in kinds:
            entry = header["tables"].get(name)
            if entry is None:
                continue
            columns = []
            for (dtype, row), size in zip(kind.LAYOUT.values(), entry["bytes"], strict=True):
                shape = (int(entry["rows"]), *row)
                columns.append(unpack(data[position : position + size], np.dtype(dtype), shape))
                position += size
            tables[name] = kind(*columns)
        if position != len(data):
            raise TracksError(f"{len(data)} bytes where the header says {position}")
        audio = tables.get("audio")
        frames, keyframes = tables["frames"], tables["keyframes"]
        assert isinstance(frames, FrameTrack)
        assert isinstance(keyframes, KeyframeTrack)
        assert audio is None or isinstance(audio, AudioTrack)
        return cls(int(header["start"]), int(header["end"]), frames, keyframes, audio)
