"""What a person should know of a video that is segmented although something is missing in its file.

Values and their sentences. Knows neither how a loss is found nor where it is shown. Unlike `errors`, nothing
here stops the work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

TRUNCATED, DAMAGED = "truncated", "damaged"
"""Codes of the contract's warnings: the file is cut off; something inside it cannot be read or decoded."""
CODES = (TRUNCATED, DAMAGED)


@dataclass(frozen=True, slots=True)
class MediaWarning:
    """`code`: one of CODES, for programs; `message`: a sentence for people.

    missing_frames, missing_s: pictures, and seconds, that the file should have and that are not there or do
    not decode; None where nobody can tell. ValueError for another code, or for less than nothing.
    """

    code: str
    message: str
    missing_frames: int | None = None
    missing_s: float | None = None

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"{self.code!r} is no code of a warning")
        if (self.missing_frames or 0) < 0 or (self.missing_s or 0) < 0:
            raise ValueError(f"less than nothing cannot be missing: {self}")


@dataclass(frozen=True, slots=True)
class Loss:
    """Pictures that are missing inside a video, and the seconds for which they should be shown."""

    frames: int = 0
    seconds: float = 0.0

    def __add__(self, other: Loss) -> Loss:
        return Loss(self.frames + other.frames, self.seconds + other.seconds)


def truncated(
    what: str, ends_s: float, whole_s: float | None, *, missing_frames: int | None = None
) -> MediaWarning:
    """A file that is cut off. `what` ("picture", "sound") lasts `ends_s` seconds of `whole_s`, if known."""
    of_whole = "" if whole_s is None else f" of {_length(whole_s)}"
    return MediaWarning(
        TRUNCATED,
        f"The file is cut off: its {what} ends after {_length(ends_s)}{of_whole}. What is here is segmented; "
        "for the rest, copy or upload the whole file again.",
        missing_frames,
        None if whole_s is None else round(max(0.0, whole_s - ends_s), 3),
    )


def damaged(loss: Loss) -> MediaWarning:
    """A file of which parts do not decode. `loss`: at least one frame."""
    frames = "1 frame" if loss.frames == 1 else f"{loss.frames} frames"
    are = "is" if loss.frames == 1 else "are"
    return MediaWarning(
        DAMAGED,
        f"The file is damaged: {frames}, {_length(loss.seconds)} of the picture, cannot be decoded and {are} "
        "left out. Boundaries beside them are uncertain.",
        loss.frames,
        round(loss.seconds, 3),
    )


def unreadable_beyond(ends_s: float) -> MediaWarning:
    """A file whose structure is broken so that nothing after `ends_s` seconds can be read."""
    return MediaWarning(
        DAMAGED,
        f"The file is damaged: nothing can be read after {_length(ends_s)}, although the file goes on. What "
        "comes before is segmented.",
    )


def with_loss(warnings: Iterable[MediaWarning], loss: Loss) -> tuple[MediaWarning, ...]:
    """The warnings with one more loss: added to what is said to be damaged already."""
    kept = []
    for warning in warnings:
        if warning.code == DAMAGED and warning.missing_frames is not None:
            loss += Loss(warning.missing_frames, warning.missing_s or 0.0)
        else:
            kept.append(warning)
    return (*kept, damaged(loss)) if loss.frames else tuple(kept)


def _length(seconds: float) -> str:
    """A length for people: 7.3 s, 12:05, 1:02:05."""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
