"""How many samples the edit list of a track shows, and how many index entries FFmpeg makes for it; a sample
that is shown twice counts twice.

FFmpeg writes the samples of every edit anew into its index (libavformat/mov.c, mov_fix_index): from the
seek point before the edit to the second one behind its end. So a list of a thousand edits over the same
minute makes a thousand copies of it. Arithmetic on runs of equal sample durations, so that memory follows
from the tables' rows and not from the samples; knows no boxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

_Rows = npt.NDArray[np.int64]
_NEGATIVE = 1 << 31
"""A duration from here on is negative, and FFmpeg takes 1 for it."""
_MOST_TICKS = 1 << 62
"""A time at which sums stop, since they would overflow later."""


@dataclass(frozen=True, slots=True)
class SampleTimes:
    """When samples are shown and where decoding may begin.

    runs: int64[n, 2], (samples, duration of each in ticks). samples: how many there are. seek_points:
    int64[n], ascending numbers of samples from 0 on; None: all are.
    """

    runs: _Rows
    samples: int
    seek_points: _Rows | None

    def counted(self, starts: _Rows, durations: _Rows) -> tuple[int, int]:
        """(entries that FFmpeg makes, samples that are shown) of all edits together; edits: when each begins
        and how long it lasts, in ticks of the track."""
        if self.samples == 0 or len(starts) == 0:
            return 0, 0
        first = self._samples_at(starts, "left")
        last = self._samples_at(np.minimum(starts + durations, _MOST_TICKS), "right") + 1
        shown = self._total(first, last)
        points = self.seek_points
        if points is None:
            last = last + 1
        elif len(points) == 0:
            first, last = np.zeros_like(first), np.full_like(last, self.samples)
        else:
            before = np.searchsorted(points, first, "right") - 1
            first = np.where(before >= 0, points[np.maximum(before, 0)], 0)
            behind = np.searchsorted(points, last, "left") + 1
            last = np.where(
                behind < len(points), points[np.minimum(behind, len(points) - 1)] + 1, self.samples
            )
        return self._total(first, last), shown

    def _total(self, first: _Rows, last: _Rows) -> int:
        return int(np.maximum(np.minimum(last, self.samples) - first, 0).sum())

    def _samples_at(self, ticks: _Rows, side: Literal["left", "right"]) -> _Rows:
        """The sample that is shown at each time; of those that last no time the first (left) or the one
        behind (right)."""
        counts = np.minimum(self.runs[:, 0], self.samples)
        steps = np.where(self.runs[:, 1] >= _NEGATIVE, 1, self.runs[:, 1])
        # as float, because a hostile table overflows int64; an error of a millionth does not matter here
        ends = np.cumsum(counts.astype(np.float64) * steps)
        begins = ends - counts.astype(np.float64) * steps
        numbers = np.concatenate([[0], np.cumsum(counts)])[:-1]
        row = np.minimum(np.searchsorted(ends, ticks, side), len(ends) - 1)
        into = np.maximum(ticks - begins[row], 0) / np.maximum(steps[row], 1)
        found = numbers[row] + np.minimum(into, counts[row].astype(np.float64)).astype(np.int64)
        result: _Rows = np.minimum(found, self.samples - 1)
        return result
