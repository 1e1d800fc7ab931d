"""Opens a local file for demuxing, and nothing else that FFmpeg would open.

Demuxers are allowed by name, so that a playlist, a concat script, an image sequence or a device opens
nothing, whatever the file is called; the only protocol is `file` (with `subfile` for a part of one). FFmpeg's
errors on opening become MediaError; a missing or unreadable path raises the OSError it is. Knows containers
and streams, no frames.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import av
import av.error
import structlog
from av.stream import Discard, Stream

from actors.segmentation.demux.completeness import whole_boxes_end
from actors.segmentation.demux.iso.claims import check_claims
from actors.segmentation.errors import MediaError, MediaErrorCode
from actors.segmentation.limits import Limits

if TYPE_CHECKING:
    from av.codec.hwaccel import HWAccel
    from av.container import InputContainer
    from av.packet import Packet

AnyStream = TypeVar("AnyStream", bound=Stream)

log = structlog.get_logger(__name__)

VIDEO_DEMUXERS = (
    "mov", "matroska", "avi", "mpegts", "mpeg", "flv", "ogg", "asf", "mxf", "rm", "dv", "nut", "wtv", "gxf",
    "ivf", "gif", "yuv4mpegpipe", "mpegvideo", "m4v", "h263", "h264", "hevc", "vvc", "obu", "av1", "vc1",
)  # fmt: skip
"""FFmpeg's names of the demuxers of single files that may hold video: containers and raw video streams."""
AUDIO_DEMUXERS = ("wav", "mp3", "aac", "flac", "ac3", "eac3", "w64", "aiff", "caf", "amr", "dts", "ape", "wv")
"""Demuxers of files that have sound only, which is then segmented alone."""

_LOST_DRIVE = frozenset(
    {errno.ESTALE, errno.ETIMEDOUT, errno.ENODEV, errno.ENXIO, errno.ENOTCONN, errno.EHOSTDOWN}
)
"""Values of errno that only an operating system gives, when a drive is gone. EIO is not among them, because
FFmpeg's demuxers give it for damaged files, too."""

_RESYNC_BYTES = 64 << 10
"""FFmpeg's demuxer of transport streams looks so far for the next packet and then reports an error; asked
again, it goes on from there (libavformat/mpegts.c, MAX_RESYNC_SIZE)."""

_SNIFF_BYTES = 16
"""Bytes read to recognise a container that FFmpeg could not open; the longest mark ends at byte 12."""
_ISO_BOXES = (b"ftyp", b"moov", b"mdat", b"moof", b"styp", b"free", b"skip", b"wide")
"""Types, at bytes 4 to 7, of boxes with which MP4 and QuickTime files begin (ISO/IEC 14496-12)."""
_MAGIC = (b"\x1aE\xdf\xa3", b"OggS", b"FLV\x01", b"\x00\x00\x01\xba", b"0&\xb2u")
"""First bytes of Matroska and WebM, Ogg, FLV, MPEG program streams, ASF."""


def open_container(
    path: Path | str, limits: Limits | None = None, hardware: HWAccel | None = None
) -> InputContainer:
    """Open a local file for demuxing; the caller closes it.

    An MP4 in fragments that breaks off in the head of one is opened without it: FFmpeg would refuse all of
    it.

    `hardware`: the device that decodes its video. Where the file cannot be opened with it, it is opened
    without: a device whose memory is full says nothing about the file.

    MediaError: empty_file, not_media, truncated, limit_exceeded (bytes, number of streams, memory, what the
    headers claim). OSError:
    the path cannot be read.
    """
    limits = limits or Limits()
    file = Path(path).resolve(strict=True)
    with file.open("rb") as stream:
        head = stream.read(_SNIFF_BYTES)
    size = file.stat().st_size
    if not head:
        raise MediaError(MediaErrorCode.EMPTY_FILE, "The file is empty. Upload the video again.")
    if size > limits.file_bytes:
        raise MediaError(
            MediaErrorCode.LIMIT_EXCEEDED,
            f"The file has {size} bytes; at most {limits.file_bytes} are allowed. Upload a shorter or more "
            "compressed version.",
        )
    check_claims(file)
    try:
        container = _open(str(file), limits, hardware)
    except av.error.FFmpegError as error:
        if hardware is not None:
            log.warning("hardware_refused", file=file.name, reason=str(error))
            return open_container(path, limits)
        readable_bytes = whole_boxes_end(file)
        if readable_bytes is None:
            raise _opening_failed(head, error) from error
        try:
            container = _open(
                f"subfile,,start,0,end,{readable_bytes},,:{file}", limits, protocols="subfile,file"
            )
        except av.error.FFmpegError:
            raise _opening_failed(head, error) from error
    if len(container.streams) > limits.streams:
        count = len(container.streams)
        container.close()
        raise MediaError(
            MediaErrorCode.LIMIT_EXCEEDED,
            f"The file has {count} streams; at most {limits.streams} are allowed. Remove the unneeded ones.",
        )
    return container


def _open(
    url: str, limits: Limits, hardware: HWAccel | None = None, protocols: str = "file"
) -> InputContainer:
    """`url`: a path, or a part of a file in FFmpeg's notation if `protocols` allow `subfile`: a file may be
    named like one."""
    return av.open(
        url,
        mode="r",
        options={"max_pixels": str(limits.decoder_pixels), "threads": "1"},
        container_options={
            "format_whitelist": ",".join(VIDEO_DEMUXERS + AUDIO_DEMUXERS),
            "protocol_whitelist": protocols,
        },
        metadata_errors="replace",  # PyAV's default raises on tags that are not UTF-8
        hwaccel=hardware,
    )


@contextmanager
def opened(
    path: Path | str, limits: Limits | None = None, hardware: HWAccel | None = None
) -> Iterator[InputContainer]:
    """`open_container`, closed at the end of the block."""
    container = open_container(path, limits, hardware)
    try:
        yield container
    finally:
        container.close()


def demux(container: InputContainer, streams: Sequence[AnyStream]) -> Iterator[Packet[AnyStream]]:
    """Packets of these streams in the file's order, then an empty one for each, which flushes its decoder.

    av.error.FFmpegError when the file cannot be read further; OSError when the drive is gone, which must not
    be taken for the end of a damaged file.
    """
    gone_on = 0
    while True:
        try:
            yield from cast("Iterator[Packet[AnyStream]]", container.demux(list(streams)))
        except IndexError:
            # PyAV 18 raises it after the last packet, when all streams have been flushed, for streams that
            # appeared only while a damaged file was read: its list of streams does not have them.
            return
        except av.error.BlockingIOError:  # long damage in a transport stream, see _RESYNC_BYTES
            if container.format.name != "mpegts" or gone_on > container.size // _RESYNC_BYTES:
                raise
            gone_on += 1
            continue
        except av.error.FFmpegError as error:
            if error.errno in _LOST_DRIVE:
                raise OSError(error.errno, error.strerror) from error
            raise
        return


def ignore_other_streams(container: InputContainer, wanted: Sequence[int]) -> None:
    """Set FFmpeg's `discard` for all other streams, so that their packets are not even read."""
    for stream in container.streams:
        if stream.index not in wanted:
            stream.discard = Discard.all


def _begins_like_a_container(head: bytes) -> bool:
    """Whether the first bytes are those of a video container."""
    avi = head[:4] == b"RIFF" and head[8:12] == b"AVI "
    return avi or head[4:8] in _ISO_BOXES or head.startswith(_MAGIC)


def _opening_failed(head: bytes, error: av.error.FFmpegError) -> MediaError:
    if isinstance(error, av.error.MemoryError):
        return MediaError(
            MediaErrorCode.LIMIT_EXCEEDED,
            "The file asks for more memory than there is. It is probably damaged; export it again.",
        )
    if _begins_like_a_container(head):
        return MediaError(
            MediaErrorCode.TRUNCATED,
            "The file begins like a video, but its index is missing or damaged. It was probably not copied "
            "or recorded to its end: export or upload it again.",
        )
    return MediaError(
        MediaErrorCode.NOT_MEDIA,
        "This is not a video file of a known format, nor one of sound. Upload MP4, MOV, MKV, WebM, AVI, "
        "MPEG, TS, FLV, OGV, or MP3, M4A, WAV, FLAC, OGG.",
    )
