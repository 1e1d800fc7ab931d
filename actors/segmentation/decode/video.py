"""Video: frames of a range of slots, in presentation order, each slot exactly once; holes where none decodes.

A frame that the caller wants left out has its slot, too, without a frame and marked as such.

Knows the frame index and `FrameSource`; does not know what is done with a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from actors.segmentation.decode.frame_source import FrameSource
from actors.segmentation.demux.frame_index import FrameIndex
from actors.segmentation.demux.media import MediaInfo
from actors.segmentation.errors import MediaError, MediaErrorCode
from actors.segmentation.limits import Limits

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_MAX_GPU_STREAMS = 4
"""Video streams of a file that is decoded on a GPU: PyAV 18 makes a hardware context for each, also for those
that are not read, and each takes GPU memory. No measurement."""


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """A slot (frame number of the index), its PTS and its frame; None = a hole, which does not decode, or
    left_out, which was not to be decoded."""

    slot: int
    pts: int
    frame: VideoFrame | None
    left_out: bool = False


class VideoReader:
    """Decodes ranges of a file's analysed video stream. Not thread-safe; one range at a time.

        with VideoReader.open(path, plan.media, plan.index, threads=2) as reader:
            for decoded in reader.frames(250, 650): ...

    Each range is decoded by a new decoder, so ranges may come in any order and overlap. Asking for another
    range ends the one before. ValueError unless threads >= 1.
    """

    def __init__(self, source: FrameSource, threads: int) -> None:
        if threads < 1:
            raise ValueError("threads must be at least 1")
        self._source = source
        self._threads = threads
        self._running: Generator[DecodedFrame, None, None] | None = None

    @classmethod
    def open(
        cls,
        path: Path | str,
        media: MediaInfo,
        index: FrameIndex,
        threads: int = 1,
        limits: Limits | None = None,
        *,
        faithful: bool = False,
        gpu: int | None = None,
        should_stop: Callable[[], bool] | None = None,
        left_out: npt.NDArray[np.bool_] | None = None,
    ) -> VideoReader:
        """A reader; the file is opened only by `frames`. faithful, gpu, should_stop, left_out: see
        FrameSource.

        ValueError for a file without a picture.
        """
        if not media.has_picture:
            raise ValueError("the file has sound only")
        stream = media.video_stream
        if sum(one.kind == "video" for one in media.streams) > _MAX_GPU_STREAMS:
            gpu = None
        source = FrameSource(
            Path(path), stream, index, limits or Limits(), faithful, gpu, should_stop, left_out
        )
        return cls(source, threads)

    def frames(self, start_slot: int, end_slot: int) -> Iterator[DecodedFrame]:
        """Slots start_slot .. end_slot - 1 in order. ValueError for a range outside the index.

        While iterating: OSError or MediaError when the file cannot be opened any more; MediaError
        limit_exceeded when a frame is larger than allowed; MediaError decode_failed when the range is the
        whole video and none of its frames decodes (a part of a video may be the only broken one).
        """
        index = self._source.index
        if not 0 <= start_slot <= end_slot <= len(index):
            raise ValueError(f"slots {start_slot}..{end_slot} are not within 0..{len(index)}")
        self.close()
        self._running = self._frames(start_slot, end_slot)
        return self._running

    def _frames(self, start: int, end: int) -> Generator[DecodedFrame, None, None]:
        following = start
        decoded = 0
        for slot, frame in self._source.frames(start, end, self._threads):
            yield from self._without_frame(following, slot)
            yield DecodedFrame(slot, int(self._source.index.pts[slot]), frame)
            following = slot + 1
            decoded += 1
        yield from self._without_frame(following, end)
        if (start, end) == (0, len(self._source.index)):
            require_decoded(decoded, end)

    def _without_frame(self, start: int, end: int) -> Iterator[DecodedFrame]:
        left_out = self._source.left_out
        for slot in range(start, end):
            unwanted = left_out is not None and bool(left_out[slot])
            yield DecodedFrame(slot, int(self._source.index.pts[slot]), None, unwanted)

    def close(self) -> None:
        """End the range that is being read, which closes the file; idempotent."""
        if self._running is not None:
            self._running.close()
            self._running = None

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()


def require_decoded(decoded: int, promised: int) -> None:
    """MediaError decode_failed when none of the promised frames decoded."""
    if decoded == 0:
        raise MediaError(
            MediaErrorCode.DECODE_FAILED,
            f"None of {promised} frames could be decoded; the file is damaged. Export or upload it again.",
        )
