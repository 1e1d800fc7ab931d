"""The file a clip is written to: MP4 that begins to play before it is whole, or Matroska.

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

_FORMATS = {"mp4": "mp4", "mkv": "matroska"}
_OPTIONS: dict[str, dict[str, str]] = {"mp4": {"movflags": "+faststart"}, "mkv": {}}


@contextmanager
def muxer(target: Path, container: str) -> Iterator[OutputContainer]:
    """A new file, finished at the end of the block. av.error.FFmpegError as writing goes wrong."""
    with av.open(str(target), "w", format=_FORMATS[container], options=_OPTIONS[container]) as out:
        yield out


def show_turned(stream: VideoStream, rotation: int, mirrored: bool) -> None:
    """Tell players to turn the picture clockwise by `rotation`, then to flip it left to right."""
    if rotation or mirrored:
        stream.set_display_rotation(-rotation, hflip=mirrored)
