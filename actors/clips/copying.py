"""Stream copy: a clip of the source's own packets, without decoding or encoding anything.

The clip begins at the last seek point at or before the wanted start, since a decoder can begin only there.
It ends at the first place at or after the wanted end where no frame is missing (with B-frames, packets come
in another order than frames are shown). So the clip holds all wanted frames, each decodes as in the source,
and the report says how many more there are. Packets of sound are copied, too; in MP4, FFmpeg's muxer writes
an edit list for packets that begin before the picture, so that players start both at the picture's start.
Knows packets and the frame index; imports nothing of `decode`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av.error
import numpy as np

from actors.clips.errors import ClipError
from actors.clips.muxing import muxer, show_turned, tell_timecode
from actors.clips.pieces import CutOptions, CutReport, Piece
from actors.segmentation.demux.container import demux, ignore_other_streams, opened
from actors.segmentation.demux.frame_index import FrameIndex, SeekPoint
from actors.segmentation.demux.packet_scan import sane_stamp
from actors.segmentation.errors import Cancelled
from actors.segmentation.limits import Limits
from actors.segmentation.planning.plan import Plan

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

    AnyPacket = Packet[Stream]

_SEEK_BACK_S = (Fraction(1, 2), Fraction(3), Fraction(10))
"""Seconds before the seek point to which the demuxer is sent, one after the other until its packet follows.
Before it, because some demuxers of FFmpeg seek by DTS and some by PTS, and because sound may lie in the file
before the picture it belongs to. No measurement; after the last, the file is read from its start."""
_PREROLL_S = Fraction(1, 10)
"""Seconds of sound before the clip's start that go into an MP4, where an edit list hides them: decoders of
AAC need one frame before the first (21 ms at 48 kHz), those of Opus 80 ms (RFC 7845, 4.6)."""
_MAX_LATE_PACKETS = 5000
"""Packets read after the picture's last one in search of the rest of the sound. No measurement; bounds the
reading in a file that says no more about sound (100 s of AAC alone, at 47 packets/s)."""


def copy_piece(
    path: Path,
    plan: Plan,
    piece: Piece,
    options: CutOptions,
    target: Path,
    *,
    threads: int,
    limits: Limits,
    on_frames: Callable[[int], None],
    should_stop: Callable[[], bool],
) -> CutReport:
    """See `actors.clips.cut`. ClipError copy_impossible, codec_not_in_container.

    `threads` is not used: nothing is decoded.
    """
    first = _start_point(plan.index, piece.start_frame)
    with opened(path, limits) as container:
        film = cast("VideoStream", container.streams[plan.media.video_stream])
        streams: list[Stream] = [film]
        if options.sound and plan.media.audio is not None:
            streams.append(container.streams[plan.media.audio.stream])
        preroll_s = _PREROLL_S if options.container == "mp4" else Fraction(0)
        with_sound = len(streams) > 1
        selection = _PacketSelection(plan.index, film.index, with_sound, first, piece.end_frame, preroll_s)
        with muxer(target, options.container) as out:
            try:
                outputs = {s.index: out.add_stream_from_template(s, opaque=True) for s in streams}
            except ValueError as error:
                raise ClipError(
                    "codec_not_in_container",
                    f"{options.container} does not take this video as it is coded. Choose the container mkv, "
                    "or the mode exact.",
                ) from error
            picture = cast("VideoStream", outputs[film.index])
            show_turned(picture, plan.media.rotation, plan.media.mirrored)
            tell_timecode(picture, plan.timecode_of(first.frame))
            packets = _packets_from(path, limits, container, streams, first, selection.heard_from)
            for packet in selection.chosen(packets):
                if should_stop():
                    raise Cancelled
                packet.stream = outputs[packet.stream_index]
                out.mux(packet)
                on_frames(selection.frames)
        size = film.codec_context.width, film.codec_context.height
    return CutReport.of(
        plan.index.clock,
        first.frame,
        first.frame + selection.frames,
        frames=selection.frames,
        repeated=0,
        sound=selection.has_sound,
        width=size[0],
        height=size[1],
    )


def _start_point(index: FrameIndex, start_frame: int) -> SeekPoint:
    """The last seek point at or before a frame. ClipError copy_impossible when there is none."""
    points = [point for point in index.seek_points() if point.frame <= start_frame]
    if not points:
        raise ClipError(
            "copy_impossible",
            "No key frame at or before this place can begin a clip: the video's timestamps had to be "
            "repaired, or it begins in the middle of a group of pictures. Use the mode exact.",
        )
    return points[-1]


def _not_as_planned() -> ClipError:
    return ClipError(
        "copy_impossible", "The packets of this video are not in the order that copying needs. Use exact."
    )


def _packets_from(
    path: Path,
    limits: Limits,
    container: InputContainer,
    streams: list[Stream],
    first: SeekPoint,
    heard: Callable[[AnyPacket], bool],
) -> Iterator[AnyPacket]:
    """Packets from the seek point's own on, in the file's order; before it, packets of sound that the clip
    needs.

    Where no seek leads to the seek point, the file is read from its start.
    """
    wanted = [stream.index for stream in streams]
    ignore_other_streams(container, wanted)
    tick_s = Fraction(streams[0].time_base or 1)
    for back_s in _SEEK_BACK_S:
        try:
            container.seek(first.pts - int(back_s / tick_s), stream=streams[0], backward=True)
        except av.error.FFmpegError:
            break
        packets = demux(container, streams)
        met = _read_to(packets, wanted[0], first, heard)
        if met is not None:
            yield from met
            yield from packets
            return
    with opened(path, limits) as again:
        ignore_other_streams(again, wanted)
        packets = demux(again, [again.streams[index] for index in wanted])
        met = _read_to(packets, wanted[0], first, heard)
        if met is None:
            raise _not_as_planned()
        yield from met
        yield from packets


def _read_to(
    packets: Iterator[AnyPacket], film: int, first: SeekPoint, heard: Callable[[AnyPacket], bool]
) -> list[AnyPacket] | None:
    """The seek point's packet, after those of sound that came before it and are `heard` in the clip.

    None when the packet does not come. Other packets of sound are dropped at once: there may be many.
    """
    met: list[AnyPacket] = []
    for packet in packets:
        if packet.size == 0:
            continue
        if packet.stream_index != film:
            if heard(packet):
                met.append(packet)
        elif packet.is_keyframe and packet.pts == first.pts and packet.dts in (first.dts, None):
            return [*met, packet]
        elif packet.dts is not None and packet.dts > first.dts:
            return None
    return None


class _PacketSelection:
    """Decides which packets belong to the clip and moves their timestamps to the clip's clock.

    `frames`: how many frames, from the seek point on, are in the clip without a gap.
    """

    def __init__(
        self,
        index: FrameIndex,
        film: int,
        sound: bool,
        first: SeekPoint,
        wanted_end: int,
        preroll_s: Fraction,
    ) -> None:
        self._index = index
        self._film = film
        self._sound = sound
        self._first = first
        self._wanted = wanted_end - first.frame
        self._begin_s = first.pts * index.time_base
        self._sound_from_s = self._begin_s - preroll_s
        self._seen: set[int] = set()
        self.frames = 0
        self.has_sound = False

    def heard_from(self, packet: AnyPacket) -> bool:
        """Whether a packet of sound ends after the clip's start (less the preroll)."""
        start_s, end_s = _extent_s(packet)
        return start_s is not None and end_s > self._sound_from_s

    def chosen(self, packets: Iterator[AnyPacket]) -> Iterator[AnyPacket]:
        """The clip's packets, shifted in time so that its first frame is at 0.

        ClipError copy_impossible when the packets end before the wanted end.
        """
        late: int | None = None  # packets read since the picture's last one
        for packet in packets:
            if packet.size == 0:
                continue
            if packet.stream_index != self._film:
                start_s, _ = _extent_s(packet)
                if late is not None and start_s is not None and start_s >= self._end_s:
                    return
                if start_s is not None and self.heard_from(packet) and start_s < self._end_or_never:
                    self.has_sound = True
                    yield self._moved(packet)
            elif late is None and self._shown_in_clip(packet):
                yield self._moved(packet)
                if self.frames >= self._wanted and not self._seen:
                    late = 0
            if late is not None:
                late += 1
                if not self._sound or late > _MAX_LATE_PACKETS:
                    return
        if self.frames < self._wanted:
            raise _not_as_planned()

    @property
    def _end_s(self) -> Fraction:
        return self._index.clock.exact_seconds_of(self._first.frame + self.frames)

    @property
    def _end_or_never(self) -> Fraction:
        """The clip's end where it is known; before, the video's end, which lets all sound through."""
        done = self.frames >= self._wanted and not self._seen
        return self._end_s if done else self._index.end_pts * self._index.time_base

    def _shown_in_clip(self, packet: AnyPacket) -> bool:
        """Whether a packet of the picture belongs to the clip; updates `frames`."""
        pts = sane_stamp(packet.pts)
        if pts is None or packet.is_discard:
            raise _not_as_planned()
        if pts < self._first.pts:
            return False  # a leading picture: it may refer to frames before the seek point
        number = int(np.searchsorted(self._index.pts, pts))
        if number < len(self._index) and int(self._index.pts[number]) == pts:
            self._seen.add(number - self._first.frame)
        while self.frames in self._seen:
            self._seen.remove(self.frames)
            self.frames += 1
        return True

    def _moved(self, packet: AnyPacket) -> AnyPacket:
        shift = round(self._begin_s / Fraction(packet.time_base))
        if packet.pts is not None:
            packet.pts -= shift
        if packet.dts is not None:
            packet.dts -= shift
        return packet


def _extent_s(packet: AnyPacket) -> tuple[Fraction | None, Fraction]:
    """Start and end of a packet of sound in seconds; (None, 0) where it has no timestamp."""
    pts = sane_stamp(packet.pts)
    if pts is None:
        return None, Fraction(0)
    tick_s = Fraction(packet.time_base)
    return pts * tick_s, (pts + (sane_stamp(packet.duration) or 0)) * tick_s
