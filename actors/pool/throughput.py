"""Throughput of a worker: seconds of video per second of work, as an exponentially fading average.

Both sums fade with the work done, so that the estimate covers the last minutes and not the last chunk alone:
chunks differ (a still picture is quick, many cuts are slow). Knows no worker and no clock: durations are
passed in.
"""

from __future__ import annotations

from dataclasses import dataclass

MEMORY_S = 120.0
"""Half-life of both sums, in seconds of work: older work counts for little."""
PRIOR_WORK_S = 5.0
"""Weight of the expected speed, in seconds of work: outweighed after the first chunk or two."""


@dataclass(slots=True)
class Throughput:
    """Starts at an expected speed, `first_video_s_per_s` > 0."""

    first_video_s_per_s: float
    video_s: float = 0.0
    work_s: float = 0.0

    def done(self, video_s: float, work_s: float) -> None:
        """Add `video_s` seconds of video done in `work_s` seconds; ignored if the clock stood still."""
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
        """The estimate, > 0: the expectation until something is measured."""
        video_s = self.video_s + self.first_video_s_per_s * PRIOR_WORK_S
        return video_s / (self.work_s + PRIOR_WORK_S)


@dataclass(slots=True)
class MovingMean:
    """Moving average over about the last `memory` ≥ 1 values; `value` is the start value until the first."""

    value: float
    memory: int = 32
    count: int = 0

    def add(self, value: float) -> None:
        """The first value replaces the start value; each later one shifts the mean by 1/`memory` or more."""
        self.count += 1
        self.value += (value - self.value) / min(self.count, self.memory)
