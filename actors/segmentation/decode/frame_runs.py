"""Decoding a range of frame numbers: where to begin, what to discard, when to begin again.

Exactness is the point: a range comes out the same, bit for bit, whether decoding began at the file's start,
at a seek point, with one thread or with many. Seeks are verified by the packet that must follow; where a
container cannot be sought, packets are skipped from its start. Damage is decoded with one thread, from a seek
point whose first group of pictures is whole, because what decoders make up depends on both. (Damage that a
decoder does not report, as ffmpeg's H.265 sometimes, goes unnoticed here too.) Knows the index, not the plan.
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
import structlog

from actors.segmentation.decode.gpu import gpu_decoder, on_gpu
from actors.segmentation.decode.picture_decoder import PictureDecoder
from actors.segmentation.demux.container import demux, ignore_other_streams, opened
from actors.segmentation.demux.frame_index import FrameIndex, SeekPoint
from actors.segmentation.errors import Cancelled, MediaError, MediaErrorCode
from actors.segmentation.limits import Limits

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    VideoPacket = Packet[VideoStream]

log = structlog.get_logger(__name__)

_SEEK_BACK_S = (2, 10)
MAX_STEPS_BACK = 6
"""How many seek points earlier a damaged range is tried; damage in every one of them is beyond exactness."""


class _SeekMissedError(Exception):
    """The packets after a seek are not those that the index promises."""


class _DamageError(Exception):
    """Something did not decode cleanly in a run that is not fit to decode damage reproducibly."""


@dataclass(frozen=True, slots=True)
class _Run:
    """One attempt. point: index into the seek points, -1 for the file's start. gpu: may a GPU decode."""

    point: int
    threads: int
    gpu: bool
    skip_from_start: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True)
class FrameSource:
    """A file's video stream and its index: enough to decode any range of frames.

    faithful: decode as the standard says to the last bit, rather than as well as measuring needs.
    gpu: the one that decodes what is not damaged, if it can. should_stop: asked with every packet, on the
    thread that decodes; True ends in Cancelled.
    """

    path: Path
    stream: int
    index: FrameIndex
    limits: Limits
    faithful: bool = False
    gpu: int | None = None
    should_stop: Callable[[], bool] | None = None

    def frames(self, start: int, end: int, threads: int = 1) -> Iterator[tuple[int, VideoFrame]]:
        """(number, frame) for start <= number < end in order; those that do not decode are left out."""
        if start >= end:
            return
        points = self.index.seek_points()
        starts = np.array([p.frame for p in points], np.int64)
        following = start

        def nearest() -> int:
            return int(np.searchsorted(starts, following, side="right")) - 1

        undamaged = not self.index.damaged
        run = _Run(nearest(), threads if undamaged else 1, gpu=undamaged and self.gpu is not None)
        while True:
            try:
                for number, frame in self._decode(run, points, following, end):
                    yield number, frame
                    following = number + 1
                return
            except _SeekMissedError:
                log.info("seek_missed", file=self.path.name, frame=following)
                run = replace(run, point=-1 if run.skip_from_start else run.point, skip_from_start=True)
            except _DamageError:
                log.info("damage_met", file=self.path.name, frame=following)
                point = nearest() if run.threads > 1 or run.gpu else max(-1, run.point - 1)
                settled = point < 0 or nearest() - point >= MAX_STEPS_BACK
                run = replace(run, point=point, threads=1, gpu=False, settled=settled)

    def _decode(
        self, run: _Run, points: list[SeekPoint], start: int, end: int
    ) -> Iterator[tuple[int, VideoFrame]]:
        hardware = gpu_decoder(self.gpu) if run.gpu else None
        with opened(self.path, self.limits, hardware) as container:
            stream = cast("VideoStream", container.streams[self.stream])
            ignore_other_streams(container, [self.stream])
            run = replace(run, gpu=on_gpu(stream.codec_context))
            decoder = PictureDecoder(
                stream,
                self.limits,
                threads=1 if run.gpu else run.threads,
                reorder_depth=self.index.reorder_depth,
                faithful=self.faithful,
            )
            seek = points[run.point] if run.point >= 0 else None
            second = points[run.point + 1].frame if run.point + 1 < len(points) else len(self.index)
            if seek is None:
                packets = self._packets(container, stream)
            elif run.skip_from_start:
                packets = _skip_to(self._packets(container, stream), seek)
            else:
                packets = self._seek_to(container, stream, seek)
            yield from self._in_order(self._decoded(decoder, packets, run, seek, second), start, end)

    def _decoded(
        self,
        decoder: PictureDecoder,
        packets: Iterator[VideoPacket],
        run: _Run,
        seek: SeekPoint | None,
        second: int,
    ) -> Iterator[tuple[int, VideoFrame]]:
        """Numbered frames as the decoder gives them; _DamageError on damage the run is not fit for."""
        serial = errors = 0
        expected, first_pts = (0, int(self.index.pts[0])) if seek is None else (seek.frame, seek.pts)
        since_leading = run.threads
        for packet in packets:
            leading = packet.pts is not None and packet.pts < first_pts
            since_leading = 0 if leading else since_leading + 1
            ready: list[tuple[int, VideoFrame]] = []
            broken: list[int] = []
            for frame in decoder.decode(packet):
                number = self._number(frame, serial, run)
                serial += 1
                if number is None or (seek is not None and number < seek.frame):
                    continue
                ready.append((number, frame))
                if frame.is_corrupt or number > expected:
                    broken.append(min(number, expected))
                expected = max(expected, number + 1)
            # Frames shown before the first wanted key frame but decoded after it may lack what they refer
            # to. That is no damage: they are not wanted, and nothing that is wanted refers to them.
            if (decoder.errors > errors or packet.is_corrupt) and since_leading >= run.threads:
                broken.append(expected)
            errors = decoder.errors
            if broken and not run.settled:
                # what is made up for damage is only the same on one decoder with one thread
                if run.gpu or run.threads > 1 or (min(broken) < second and run.point >= 0):
                    raise _DamageError
                run = replace(run, settled=True)
            yield from ready

    def _in_order(
        self, frames: Iterator[tuple[int, VideoFrame]], start: int, end: int
    ) -> Iterator[tuple[int, VideoFrame]]:
        """Frames of the range, each number once. Held back by the reorder depth, so that damage is noticed
        before any frame that refers to the damaged one is given out."""
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
        """From where the container stands. Cancelled on request, however long no frame is given out."""
        for packet in packets_from_start(container, stream):
            if self.should_stop is not None and self.should_stop():
                raise Cancelled
            yield packet

    def _seek_to(
        self, container: InputContainer, stream: VideoStream, seek: SeekPoint
    ) -> Iterator[VideoPacket]:
        """Packets from a seek point on. _SeekMissedError when no attempt leads to its packet.

        Containers differ in whether they seek by decoding or by presentation time, hence several attempts.
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

    def _number(self, frame: VideoFrame, serial: int, run: _Run) -> int | None:
        if not self.index.trusted:
            return serial if serial < len(self.index) else None
        pts = frame.pts
        if pts is not None:
            at = int(np.searchsorted(self.index.pts, pts))
            if at < len(self.index) and int(self.index.pts[at]) == pts:
                return at
        if run.point >= 0 and not run.skip_from_start:
            raise _SeekMissedError
        return None


def packets_from_start(container: InputContainer, stream: VideoStream) -> Iterator[VideoPacket]:
    """All packets of a freshly opened file and a flush, up to where the file can be read."""
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


def require_decoded(decoded: int, promised: int) -> None:
    """MediaError decode_failed when fewer than half of the promised frames decoded."""
    if decoded * 2 < promised:
        raise MediaError(
            MediaErrorCode.DECODE_FAILED,
            f"Only {decoded} of {promised} frames could be decoded; the file is damaged. Export or upload it "
            "again.",
        )
