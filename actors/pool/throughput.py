"""How fast chunks are done: seconds of video per second of work, as a moving estimate.

Both sums fade, so that an estimate is of the last minutes of work, not of the last chunk alone: chunks differ
(a still picture is quick, a storm of cuts is not). Knows no actor and no clock: durations are passed in.
"""

from __future__ import annotations

from dataclasses import dataclass

MEMORY_S = 120.0  # of work: what is older than this counts for little
PRIOR_WORK_S = 5.0  # an expectation weighs as much as so much work: gone after the first chunk or two


@dataclass(slots=True)
class Throughput:
    """Begins at an expectation of `first_video_s_per_s` > 0."""

    first_video_s_per_s: float
    video_s: float = 0.0
    work_s: float = 0.0

    def done(self, video_s: float, work_s: float) -> None:
        """So many seconds of video took one actor so long. A clock that stood still tells nothing."""
        if work_s <= 0:
            return
        kept = 2.0 ** (-work_s / MEMORY_S)
        self.video_s = self.video_s * kept + video_s
        self.work_s = self.work_s * kept + work_s

    @property
    def is_measured(self) -> bool:
        """Whether any chunk has been done."""
        return self.work_s > 0

    @property
    def video_s_per_s(self) -> float:
        """The estimate, > 0."""
        video_s = self.video_s + self.first_video_s_per_s * PRIOR_WORK_S
        return video_s / (self.work_s + PRIOR_WORK_S)


@dataclass(slots=True)
class MovingMean:
    """A moving mean of the last `memory` values or so, from `value` on."""

    value: float
    memory: int = 32
    count: int = 0

    def add(self, value: float) -> None:
        """The first values replace what it began with; later ones shift it a little."""
        self.count += 1
        self.value += (value - self.value) / min(self.count, self.memory)
