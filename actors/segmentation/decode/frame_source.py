"""Decodes a range of frame numbers: chooses the seek point, drops unwanted frames, starts again if need be.

A range comes out the same, bit for bit, whether decoding begins at the file's start or at a seek point, with
one thread or with many; chunks rely on it. A seek is verified by the packet that must follow; where a
container cannot seek there, packets are skipped from the file's start. A decoder conceals damage in a way
that depends on its threads and on where it began: a damaged range is decoded again with one thread, from a
seek point whose GOP is whole. (Damage that the decoder does not report, as FFmpeg's for H.265 sometimes does
not, goes unnoticed here, too.) Knows the frame index and the decoder; does not know the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
import av.error
import numpy as np
import numpy.typing as npt
import structlog

from actors.segmentation.decode.gpu import gpu_decoder, on_gpu
from actors.segmentation.decode.picture_decoder import PictureDecoder
from actors.segmentation.demux.container import demux, ignore_other_streams, opened
from actors.segmentation.demux.frame_index import FrameIndex, SeekPoint
from actors.segmentation.errors import Cancelled
from actors.segmentation.limits import Limits

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    VideoPacket = Packet[VideoStream]

log = structlog.get_logger(__name__)

_SEEK_BACK_S = (2, 10)
"""Seconds before the seek point to which the demuxer is sent when sending it to its PTS and DTS did not lead
to the packet. No measurement; after the last, the file is read from its start."""
MAX_STEPS_BACK = 6
"""GOPs by which decoding of a damaged range may begin earlier. No measurement; where all of them are damaged,
too, the range is decoded as it is, and may then differ between chunks."""


class _SeekMissedError(Exception):
    """The packets after a seek are not those that the index promises."""


class _DamageError(Exception):
    """Damage met in an attempt that would conceal it in another way than other attempts."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """How a range is decoded this time.

    point: index of the seek point, -1 for the file's start. threads: of the decoder. gpu: a GPU may decode.
    skip_from_start: do not seek, read from the file's start and skip packets up to the seek point. settled:
    damage is accepted, since no other attempt would treat it better.
    """

    point: int
    threads: int
    gpu: bool
    skip_from_start: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True)
class FrameSource:
    """A file's video stream (by its index in the container) and its frame index: decodes any range of frames.

    faithful: decode every frame to the last bit, as for people to see; otherwise frames that no other refers
    to are not deblocked. gpu: number of the GPU that decodes what is not damaged, if it can; None for the
    processor. should_stop: asked with every packet, on the thread that decodes; True ends in Cancelled.
    left_out: bool, one for each frame of the index: its packet is not decoded. No other frame may refer to
    it, nor may it be the first, the last or a key; None: all are decoded.
    """

    path: Path
    stream: int
    index: FrameIndex
    limits: Limits
    faithful: bool = False
    gpu: int | None = None
    should_stop: Callable[[], bool] | None = None
    left_out: npt.NDArray[np.bool_] | None = None

    def frames(self, start: int, end: int, threads: int = 1) -> Iterator[tuple[int, VideoFrame]]:
        """(number, frame) for start <= number < end in order; frames that do not decode are left out.

        `threads`: of the decoder, where nothing is damaged. While iterating: OSError, MediaError, Cancelled.
        """
        if start >= end:
            return
        points = self.index.seek_points()
        starts = np.array([p.frame for p in points], np.int64)
        following = start

        def nearest() -> int:  # the last seek point at or before the next wanted frame
            return int(np.searchsorted(starts, following, side="right")) - 1

        undamaged = not self.index.damaged
        attempt = _Attempt(nearest(), threads if undamaged else 1, gpu=undamaged and self.gpu is not None)
        while True:
            try:
                for number, frame in self._decode(attempt, points, following, end):
                    yield number, frame
                    following = number + 1
                return
            except _SeekMissedError:
                log.info("seek_missed", file=self.path.name, frame=following)
                point = -1 if attempt.skip_from_start else attempt.point
                attempt = replace(attempt, point=point, skip_from_start=True)
            except _DamageError:
                log.info("damage_met", file=self.path.name, frame=following)
                point = nearest() if attempt.threads > 1 or attempt.gpu else max(-1, attempt.point - 1)
                settled = point < 0 or nearest() - point >= MAX_STEPS_BACK
                attempt = replace(attempt, point=point, threads=1, gpu=False, settled=settled)

    def _decode(
        self, attempt: _Attempt, points: list[SeekPoint], start: int, end: int
    ) -> Iterator[tuple[int, VideoFrame]]:
        hardware = gpu_decoder(self.gpu) if attempt.gpu else None
        with opened(self.path, self.limits, hardware) as container:
            stream = cast("VideoStream", container.streams[self.stream])
            ignore_other_streams(container, [self.stream])
            attempt = replace(attempt, gpu=on_gpu(stream.codec_context))
            decoder = PictureDecoder(
                stream,
                self.limits,
                threads=1 if attempt.gpu else attempt.threads,
                reorder_depth=self.index.reorder_depth,
                faithful=self.faithful,
            )
            seek = points[attempt.point] if attempt.point >= 0 else None
            second = points[attempt.point + 1].frame if attempt.point + 1 < len(points) else len(self.index)
            if seek is None:
                packets = self._packets(container, stream)
            elif attempt.skip_from_start:
                packets = _skip_to(self._packets(container, stream), seek)
            else:
                packets = self._seek_to(container, stream, seek)
            yield from self._in_order(self._decoded(decoder, packets, attempt, seek, second), start, end)

    def _decoded(
        self,
        decoder: PictureDecoder,
        packets: Iterator[VideoPacket],
        attempt: _Attempt,
        seek: SeekPoint | None,
        second: int,
    ) -> Iterator[tuple[int, VideoFrame]]:
        """Numbered frames in the decoder's order. `second`: frame of the seek point after the attempt's.

        _DamageError on damage that this attempt would conceal otherwise than another.
        """
        serial = errors = 0
        expected, first_pts = (0, int(self.index.pts[0])) if seek is None else (seek.frame, seek.pts)
        expected = self._next_wanted(expected)
        since_leading = attempt.threads
        for packet in packets:
            if self._is_left_out(packet):
                continue
            leading = packet.pts is not None and packet.pts < first_pts
            since_leading = 0 if leading else since_leading + 1
            ready: list[tuple[int, VideoFrame]] = []
            broken: list[int] = []
            for frame in decoder.decode(packet):
                number = self._number(frame, serial, attempt)
                serial += 1
                if number is None or (seek is not None and number < seek.frame):
                    continue
                ready.append((number, frame))
                if frame.is_corrupt or number > expected:
                    broken.append(min(number, expected))
                expected = self._next_wanted(max(expected, number + 1))
            # Leading pictures (shown before the seek point, decoded after it) may lack what they refer to.
            # Their errors are no damage: they are not wanted, and nothing that is wanted refers to them. With
            # frame threads an error shows up as many packets late as there are threads.
            if (decoder.errors > errors or packet.is_corrupt) and since_leading >= attempt.threads:
                broken.append(expected)
            errors = decoder.errors
            if broken and not attempt.settled:
                # FFmpeg conceals damage the same way each time only with one thread, and a GPU otherwise
                if attempt.gpu or attempt.threads > 1 or (min(broken) < second and attempt.point >= 0):
                    raise _DamageError
                attempt = replace(attempt, settled=True)
            yield from ready

    def _in_order(
        self, frames: Iterator[tuple[int, VideoFrame]], start: int, end: int
    ) -> Iterator[tuple[int, VideoFrame]]:
        """Frames of the range in order, each number once.

        They are held back by the reorder depth, so that damage is noticed before a frame that refers to the
        damaged one is given out.
        """
        held: list[tuple[int, int, VideoFrame]] = []
        following = start
        for serial, (number, frame) in enumerate(frames):
            heappush(held, (number, serial, frame))
            if len(held) <= self.index.reorder_depth:
                continue
            number, _, frame = heappop(held)
            if number >= end:
                return
            if number >= following:
                yield number, frame
                following = number + 1
        while held:
            number, _, frame = heappop(held)
            if following <= number < end:
                yield number, frame
                following = number + 1

    def _packets(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoPacket]:
        """Packets from the demuxer's position on; Cancelled when `should_stop` says so.

        Asked here, since packets come even while no frame does.
        """
        for packet in packets_from_start(container, stream):
            if self.should_stop is not None and self.should_stop():
                raise Cancelled
            yield packet

    def _seek_to(
        self, container: InputContainer, stream: VideoStream, seek: SeekPoint
    ) -> Iterator[VideoPacket]:
        """Packets from a seek point's own on. _SeekMissedError when no seek leads to it.

        FFmpeg's demuxers differ in whether they seek by DTS or by PTS, hence several targets.
        """
        tick_s = stream.time_base or 1
        targets = [seek.pts, seek.dts, *(seek.pts - int(back / tick_s) for back in _SEEK_BACK_S)]
        for target in targets:
            try:
                container.seek(target, stream=stream, backward=True)
            except av.error.FFmpegError as error:
                raise _SeekMissedError from error
            packets = self._packets(container, stream)
            for packet in packets:
                if _is_point(packet, seek):
                    yield packet
                    yield from packets
                    return
                if packet.dts is not None and packet.dts > seek.dts:
                    break
        raise _SeekMissedError

    def _is_left_out(self, packet: VideoPacket) -> bool:
        if self.left_out is None or packet.pts is None:
            return False
        at = self._place(packet.pts)
        return at is not None and bool(self.left_out[at])

    def _next_wanted(self, number: int) -> int:
        """The first frame from a number on that is decoded; the number of frames behind the last."""
        while self.left_out is not None and number < len(self.left_out) and self.left_out[number]:
            number += 1
        return number

    def _place(self, pts: int) -> int | None:
        """The number of the frame with this PTS; None for one not in the index."""
        at = int(np.searchsorted(self.index.pts, pts))
        return at if at < len(self.index) and int(self.index.pts[at]) == pts else None

    def _number(self, frame: VideoFrame, serial: int, attempt: _Attempt) -> int | None:
        """The frame's number by its PTS (in an untrusted index, by counting); None for one not in the index.

        _SeekMissedError for an unknown PTS after a seek: there, the demuxer gives other timestamps.
        """
        if not self.index.trusted:
            return serial if serial < len(self.index) else None
        pts = frame.pts
        if pts is not None:
            at = self._place(pts)
            if at is not None:
                return at
            if pts == self.index.end_pts:
                return None  # the first frame that the index leaves out at the end: it is incomplete
        if attempt.point >= 0 and not attempt.skip_from_start:
            raise _SeekMissedError
        return None


def packets_from_start(container: InputContainer, stream: VideoStream) -> Iterator[VideoPacket]:
    """Packets from the demuxer's position to where the file can be read, then an empty one (flush)."""
    try:
        yield from demux(container, [stream])
    except av.error.FFmpegError as error:
        log.info("reading_ended_early", reason=type(error).__name__)
        flush = cast("VideoPacket", av.Packet())
        flush.stream = stream
        yield flush


def _skip_to(packets: Iterator[VideoPacket], seek: SeekPoint) -> Iterator[VideoPacket]:
    """Packets from the seek point's own on. _SeekMissedError when it does not come."""
    for packet in packets:
        if _is_point(packet, seek):
            yield packet
            yield from packets
            return
    raise _SeekMissedError


def _is_point(packet: VideoPacket, seek: SeekPoint) -> bool:
    return packet.is_keyframe and packet.pts == seek.pts and packet.dts in (seek.dts, None)
