"""The picture: frames of a range of slots, in presentation order, each slot exactly once.

Knows the frame index and the decoder; what is done with a frame is not its concern.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from actors.segmentation.decode.frame_runs import FrameSource, require_decoded
from actors.segmentation.demux.frame_index import FrameIndex
from actors.segmentation.demux.media import MediaInfo
from actors.segmentation.limits import Limits

if TYPE_CHECKING:
    from av.video.frame import VideoFrame


_GPU_STREAMS_MAX = 4
"""Of pictures: each that a file has gets a context on the GPU, also those that are not looked at."""


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """A slot of the index, its timestamp, and the frame; None = a hole, promised but not decodable."""

    slot: int
    pts: int
    frame: VideoFrame | None


class VideoReader:
    """Decodes ranges of a file's analysed video stream. Not thread-safe; one range at a time.

        with VideoReader.open(path, plan.media, plan.index, threads=2) as reader:
            for decoded in reader.frames(250, 650): ...

    Each range is decoded by a decoder of its own, so ranges may come in any order and overlap; asking for
    another one ends the one before.
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
    ) -> VideoReader:
        """A reader; the file itself is opened by `frames`. faithful, gpu, should_stop: see FrameSource."""
        stream = media.video_stream
        if sum(one.kind == "video" for one in media.streams) > _GPU_STREAMS_MAX:
            gpu = None
        source = FrameSource(Path(path), stream, index, limits or Limits(), faithful, gpu, should_stop)
        return cls(source, threads)

    def frames(self, start_slot: int, end_slot: int) -> Iterator[DecodedFrame]:
        """Slots start_slot .. end_slot - 1 in order. ValueError for a range outside the index.

        While iterating: OSError or MediaError when the file cannot be opened any more; MediaError
        limit_exceeded when a frame is larger than allowed, decode_failed when the range is the whole video
        and fewer than half of its frames decode (a part alone may happen to be the broken one).
        """
        index = self._source.index
        if not 0 <= start_slot <= end_slot <= len(index):
            raise ValueError(f"slots {start_slot}..{end_slot} are not within 0..{len(index)}")
        self.close()
        self._running = self._frames(start_slot, end_slot)
        return self._running

    def _frames(self, start: int, end: int) -> Generator[DecodedFrame, None, None]:
        pts = self._source.index.pts
        following = start
        decoded = 0
        for slot, frame in self._source.frames(start, end, self._threads):
            for hole in range(following, slot):
                yield DecodedFrame(hole, int(pts[hole]), None)
            yield DecodedFrame(slot, int(pts[slot]), frame)
            following = slot + 1
            decoded += 1
        for hole in range(following, end):
            yield DecodedFrame(hole, int(pts[hole]), None)
        if (start, end) == (0, len(pts)):
            require_decoded(decoded, end)

    def close(self) -> None:
        """End an unfinished range, which closes the file; idempotent."""
        if self._running is not None:
            self._running.close()
            self._running = None

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()
