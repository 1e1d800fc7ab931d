"""Entry point: writes one clip of a source file to a new file.

Dispatches to `clips.exact` (re-encoding) or `clips.copying` (stream copy) and turns FFmpeg's errors into
this package's. Does not know how clips are named or stored.
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
    """The default of `should_stop`: never."""
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
    """Write the frames `piece` of the video at `path`, whose plan is `plan`, to the file `target`.

    `on_frames(n)`: n frames are written by now. `threads`: of the decoder and the encoder.

    Raises ClipError when this clip cannot be made, MediaError when the video cannot be read, OSError when a
    file cannot be read or written, ValueError when the piece reaches beyond the video's end, and Cancelled
    when `should_stop()` is true. After an exception there is no file at `target`.
    """
    if piece.end_frame > plan.frames:
        raise ValueError(f"the video has {plan.frames} frames; the piece ends at {piece.end_frame}")
    if not plan.media.has_picture:
        raise ClipError("no_picture", "The file has sound only; clips are cut of files with a picture.")
    write = encode_piece if options.mode == "exact" else copy_piece
    done = False
    try:
        report = write(
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
        # PyAV's classes for errno values (ENOSPC ...) are OSError as well: the disk, not the encoder, failed
        if isinstance(error, OSError) and error.errno:
            raise OSError(error.errno, f"{error.strerror} ({target.name})") from error
        raise ClipError("encoding_failed", f"The clip cannot be written: {error}.") from error
    finally:
        if not done:
            target.unlink(missing_ok=True)
    return report
