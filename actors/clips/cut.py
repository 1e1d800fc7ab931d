"""One clip, from the source's file to a new file.

Chooses the way; `exact` and `copying` are the ways. Knows neither names nor places of clips.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av.error

from actors.clips.copying import copy_piece
from actors.clips.errors import ClipError
from actors.clips.exact import encode_piece
from actors.clips.pieces import CutOptions, CutReport, Piece
from actors.segmentation.limits import Limits
from actors.segmentation.planning.plan import Plan


def never() -> bool:
    """Nobody wants an end."""
    return False


def cut(
    path: Path | str,
    plan: Plan,
    piece: Piece,
    options: CutOptions,
    target: Path,
    *,
    threads: int = 1,
    limits: Limits | None = None,
    on_frames: Callable[[int], None] | None = None,
    should_stop: Callable[[], bool] = never,
) -> CutReport:
    """Write the piece of the video at `path`, whose plan is `plan`, to `target`.

    `on_frames` hears how many frames are done. An exception leaves no file at `target`: ClipError when this
    clip cannot be made, MediaError when the video cannot be read, OSError, ValueError for a piece beyond the
    video's end, Cancelled when `should_stop` says so.
    """
    if piece.end_frame > plan.frames:
        raise ValueError(f"the video has {plan.frames} frames; the piece ends at {piece.end_frame}")
    way = encode_piece if options.mode == "exact" else copy_piece
    done = False
    try:
        report = way(
            Path(path),
            plan,
            piece,
            options,
            target,
            threads=threads,
            limits=limits or Limits(),
            on_frames=on_frames or (lambda _frames: None),
            should_stop=should_stop,
        )
        done = True
    except av.error.FFmpegError as error:
        if isinstance(error, OSError) and error.errno:
            raise OSError(error.errno, f"{error.strerror} ({target.name})") from error
        raise ClipError("encoding_failed", f"The clip cannot be written: {error}.") from error
    finally:
        if not done:
            target.unlink(missing_ok=True)
    return report
