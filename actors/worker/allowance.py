"""CPU time that the analysis of a chunk may take, by its pixels.

A chunk that gets on is not stuck, however slow it is, so nothing else ends one that was made to be slow. CPU
time and not time by the clock, because a busy machine says nothing about the file. Knows no video and no
decoder.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from actors.segmentation.errors import MediaError, MediaErrorCode

FIRST_S = 1800.0
"""CPU seconds that any chunk may take. No measurement; a chunk takes seconds, or a few minutes."""
FRAME_S = 0.2
"""CPU seconds for each frame: its networks and its sound do not depend on the size of the picture, and a film
that has one seek point is one chunk, however long it is. TransNetV2 took 0.011 on two cores."""
PIXELS_PER_S = 1_000_000
"""Pixels decoded for each further CPU second: half a frame of HD. No measurement; decoders in software manage
some dozens of times as many."""


class Allowance:
    """Begins when it is made. `frames`: that the work analyses; `frame_pixels`: of each."""

    def __init__(
        self, frames: int, frame_pixels: int, cpu_s: Callable[[], float] = time.process_time
    ) -> None:
        self._cpu_s = cpu_s
        self._allowed_s = FIRST_S + frames * (FRAME_S + frame_pixels / PIXELS_PER_S)
        self._began_s = cpu_s()

    @property
    def used_up(self) -> bool:
        """Whether the process has taken more CPU time since then."""
        return self._cpu_s() - self._began_s > self._allowed_s

    def error(self) -> MediaError:
        """What to tell about work that was ended for it."""
        return MediaError(
            MediaErrorCode.LIMIT_EXCEEDED,
            f"A part of this video took more than {self._allowed_s:.0f} s of computing, far more than the "
            "number and size of its frames explain. The file is damaged, or made to take time. Convert it to "
            "H.264 and upload it again.",
        )
