"""Encodes pictures and gives each packet the duration of its frame. Knows no file and no plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    VideoPacket = Packet[VideoStream]


class TimedStream:
    """An encoder whose packets last as long as their frames: with a variable rate it cannot know that."""

    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream
        self._durations: dict[int, int] = {}

    def encode(self, frame: VideoFrame, duration: int) -> Iterator[VideoPacket]:
        """Encode a frame that has its pts and lasts so long, in the stream's time base; the packets that are
        ready by now."""
        assert frame.pts is not None
        self._durations[frame.pts] = duration
        yield from self._timed(self._stream.encode(frame))

    def finish(self) -> Iterator[VideoPacket]:
        """Flush the encoder: the last packets."""
        yield from self._timed(self._stream.encode(None))

    def _timed(self, packets: list[VideoPacket]) -> Iterator[VideoPacket]:
        for packet in packets:
            assert packet.pts is not None
            packet.duration = self._durations.pop(packet.pts)
            yield packet
