"""Opens the file that a clip is written to: MP4 with its index in front, or Matroska.

Knows containers; no codec.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

    from actors.segmentation.timecode import Timecode

_MUXERS = {"mp4": "mp4", "mkv": "matroska"}
"""`CutOptions.container` to FFmpeg's name of the muxer."""
_OPTIONS: dict[str, dict[str, str]] = {"mp4": {"movflags": "+faststart"}, "mkv": {}}
"""faststart: the index ("moov") is moved to the front, so that a browser plays before all is loaded."""


@contextmanager
def muxer(target: Path, container: str) -> Iterator[OutputContainer]:
    """A new file, finished at the end of the block. av.error.FFmpegError when it cannot be written."""
    with av.open(str(target), "w", format=_MUXERS[container], options=_OPTIONS[container]) as out:
        yield out


def tell_timecode(stream: VideoStream, timecode: Timecode | None) -> None:
    """Tell the timecode of the clip's first frame; before the first packet is written.

    FFmpeg's muxers make a track of it in MP4, and a tag in Matroska.
    """
    if timecode is not None:
        stream.metadata["timecode"] = str(timecode)


def show_turned(stream: VideoStream, rotation: int, mirrored: bool) -> None:
    """Write the display matrix: players turn the picture clockwise by `rotation`, then mirror it."""
    if rotation or mirrored:
        stream.set_display_rotation(-rotation, hflip=mirrored)
