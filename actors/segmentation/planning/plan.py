"""The plan of a video: its description, its frame index and its chunks, and how they are stored as bytes.

Chunk bounds are multiples of BLOCK_FRAMES of the whole video, so that each block belongs to exactly one
chunk. Knows `demux` and `planning`; knows no network (imports no torch) and no tracks.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import structlog

from actors.segmentation.demux.frame_index import FrameIndex
from actors.segmentation.demux.media import MediaInfo, StreamChoice
from actors.segmentation.limits import Limits
from actors.segmentation.planning.chunks import BLOCK_FRAMES, CONTEXT_FRAMES, ChunkSpec, divide
from actors.segmentation.planning.examine import examine
from actors.segmentation.timecode import Timecode, base_of

__all__ = ["BLOCK_FRAMES", "CONTEXT_FRAMES", "ChunkSpec", "Plan", "build_plan"]

log = structlog.get_logger(__name__)

_MAGIC = b"SSPL"
"""First bytes of a stored plan (SceneStream PLan)."""
_FORMAT = 2
"""Version of its bytes: raise it when they change; older plans are then made again."""
_HEAD = struct.Struct("<4sHI")
"""Magic, format, and bytes of the JSON header in the body; the body follows, compressed."""
LEFT_OUT_IN_A_ROW = 3
"""Frames between two that are decoded. No shot of four frames is passed over; an encoder may put sixteen
pictures in a row to which none refers, between which everything may happen."""
SECOND_LOOK_FRAMES = 300
"""Frames behind a seek point from which on `auto` leaves none out: to decode one later, all before it in its
GOP are decoded again. No measurement; encoders' longest usual GOP has 250."""
_ZLIB_LEVEL = 6
"""zlib's default. No measurement; steps of a constant frame rate compress to almost nothing at any level."""


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """media, index and chunks; the chunks tile [0, len(index)) and begin at multiples of BLOCK_FRAMES.

    ValueError otherwise. ignore: rectangle of the upright picture that is not measured, (x, y, width, height)
    as shares, 0..1. decoding: which frames are decoded, see `settings.AnalysisSettings`.
    """

    media: MediaInfo
    index: FrameIndex
    chunks: tuple[ChunkSpec, ...]
    ignore: tuple[float, float, float, float] | None = None
    decoding: str = "every"

    def __post_init__(self) -> None:
        bounds = [0, *(chunk.end_frame for chunk in self.chunks)]
        starts = [chunk.start_frame for chunk in self.chunks]
        if not self.chunks or starts != bounds[:-1] or bounds[-1] != len(self.index):
            raise ValueError(f"chunks must tile 0..{len(self.index)}")
        if any(start % BLOCK_FRAMES for start in starts):
            raise ValueError(f"chunks must begin at multiples of {BLOCK_FRAMES} frames")
        if self.media.frames != len(self.index):
            raise ValueError("media and index must have the same number of frames")

    def __repr__(self) -> str:
        return f"Plan({self.frames} frames, {len(self.chunks)} chunks)"

    @property
    def frames(self) -> int:
        """Number of frames (slots) of the video."""
        return len(self.index)

    def in_one_chunk(self) -> Plan:
        """The same with a single chunk, so that no context is decoded twice."""
        return replace(self, chunks=(ChunkSpec(0, 0, self.frames),))

    @property
    def left_out(self) -> npt.NDArray[np.bool_]:
        """bool[frames]: not decoded, but estimated between their neighbours, as far as nothing is suspected.

        Never the first and the last frame, and none at which decoding may begin; at most LEFT_OUT_IN_A_ROW.
        """
        index = self.index
        if self.decoding == "every" or len(index.unreferenced) == 0:
            return np.zeros(self.frames, np.bool_)
        out = index.unreferenced & ~index.key
        number = np.arange(self.frames)
        if self.decoding == "auto":
            out &= index.calm
            out &= number - np.maximum.accumulate(np.where(index.key, number, 0)) < SECOND_LOOK_FRAMES
        out[[0, -1]] = False
        in_a_row = number - np.maximum.accumulate(np.where(out, -1, number))
        out &= in_a_row % (LEFT_OUT_IN_A_ROW + 1) != 0
        return out

    @property
    def pace(self) -> float:
        """Frames a second for the analysis: where frames follow each other, see `FrameClock.pauses`."""
        return self.media.fps

    def timecode_of(self, frame: int) -> Timecode | None:
        """The source's timecode of a frame, 0 <= frame < frames, counted at the rate of the picture.

        None where the source has none, or the picture fewer frames a second than timecode can count.
        """
        timecode, clock = self.media.timecode, self.index.clock
        if timecode is None or base_of(self.media.fps_fraction) < 1:
            return None
        late_s = clock.exact_seconds_of(frame) - clock.exact_seconds_of(0)
        return timecode.at_rate(self.media.fps_fraction).after_s(late_s)

    def context(self, chunk_index: int) -> tuple[int, int]:
        """Frames [a, b) that a chunk decodes: its own and CONTEXT_FRAMES on either side, within the video."""
        chunk = self.chunks[chunk_index]
        return max(0, chunk.start_frame - CONTEXT_FRAMES), min(self.frames, chunk.end_frame + CONTEXT_FRAMES)

    def to_bytes(self) -> bytes:
        """Compact, versioned bytes; equal plans give equal bytes."""
        index = self.index
        # differences, because steps between frames are nearly always the same few numbers
        flags = [np.packbits(each) for each in (index.key, index.unreferenced, index.calm)]
        arrays = [np.diff(index.pts), *flags, np.diff(index.key_dts, prepend=0)]
        header = {
            "media": self.media.to_document(),
            "chunks": [asdict(chunk) for chunk in self.chunks],
            "first_pts": int(index.pts[0]),
            "end_pts": index.end_pts,
            "time_base": [index.time_base.numerator, index.time_base.denominator],
            "trusted": index.trusted,
            "reorder_depth": index.reorder_depth,
            "damaged": index.damaged,
            "lengths": [len(index), len(index.unreferenced), len(index.calm)],
            "decoding": self.decoding,
        }
        if self.ignore is not None:
            header["ignore"] = self.ignore
        text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
        body = text + b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)
        return _HEAD.pack(_MAGIC, _FORMAT, len(text)) + zlib.compress(body, _ZLIB_LEVEL)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Plan:
        """Read what `to_bytes` wrote. ValueError for another version or damaged bytes."""
        try:
            magic, version, size = _HEAD.unpack_from(payload)
            if magic != _MAGIC or version != _FORMAT:
                raise ValueError("not a plan of this version; make the plan again")
            body = zlib.decompress(payload[_HEAD.size :])
            header = json.loads(body[:size])
            frames, unreferenced_flags, calm_flags = header["lengths"]
            rest = memoryview(body)[size:]
            steps = np.frombuffer(rest[: 8 * (frames - 1)], np.int64)
            rest = rest[8 * (frames - 1) :]
            flags = []
            for length in (frames, unreferenced_flags, calm_flags):
                packed = np.frombuffer(rest[: (length + 7) // 8], np.uint8)
                flags.append(np.unpackbits(packed, count=length).astype(np.bool_))
                rest = rest[(length + 7) // 8 :]
            key, unreferenced, calm = flags
            dts_steps = np.frombuffer(rest, np.int64)
            if len(steps) != frames - 1 or len(dts_steps) not in (0, int(key.sum())):
                raise ValueError("the plan's arrays are incomplete")
            index = FrameIndex(
                pts=_running_sum(header["first_pts"], steps),
                key=key,
                end_pts=header["end_pts"],
                time_base=Fraction(*header["time_base"]),
                trusted=header["trusted"],
                key_dts=np.cumsum(dts_steps, dtype=np.int64),
                reorder_depth=header["reorder_depth"],
                damaged=header["damaged"],
                unreferenced=unreferenced,
                calm=calm,
            )
            chunks = tuple(ChunkSpec(**chunk) for chunk in header["chunks"])
            ignore = tuple(header["ignore"]) if "ignore" in header else None
            media = MediaInfo.from_document(header["media"])
            return cls(media, index, chunks, ignore, header["decoding"])
        except (struct.error, zlib.error, KeyError, TypeError, UnicodeDecodeError) as error:
            raise ValueError(f"damaged plan: {error}") from error


def build_plan(
    path: Path | str,
    analysis: StreamChoice | None = None,
    limits: Limits | None = None,
    *,
    ignore: tuple[float, float, float, float] | None = None,
    decoding: str = "auto",
    should_stop: Callable[[], bool] | None = None,
) -> Plan:
    """Probe and index a local file and divide it into chunks. The same file gives the same plan.

    `analysis`: which streams. `ignore`, `decoding`: see Plan. MediaError when the file cannot be analysed,
    OSError when it cannot be read, Cancelled when `should_stop` says so.
    """
    path = Path(path)
    media, index = examine(path, analysis, limits or Limits(), should_stop)
    # sound alone can be read from anywhere
    seek_frames = [point.frame for point in index.seek_points()] if media.has_picture else range(len(index))
    chunks = divide(len(index), seek_frames)
    log.info("planned", file=path.name, frames=len(index), chunks=len(chunks), trusted=index.trusted)
    return Plan(media, index, chunks, ignore, decoding)


def _running_sum(first: int, steps: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.concatenate([[first], steps]).cumsum(dtype=np.int64)
