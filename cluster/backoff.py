"""Exponential backoff with jitter: the wait doubles with every failure up to a bound, with a random part.

The random part keeps many waiting clients from trying again at the same moment.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Steps double from `first_s` to `longest_s`; each wait is drawn at random from half a step to a whole
    one.
    """

    first_s: float
    longest_s: float
    _step_s: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.first_s <= self.longest_s:
            raise ValueError("a backoff needs 0 < first_s <= longest_s")

    def next_s(self) -> float:
        """Seconds to wait now; the next call waits about twice as long."""
        self._step_s = min(max(2 * self._step_s, self.first_s), self.longest_s)
        return self._step_s * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, keeps no secret

    def after(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row (from 1), where the caller counts them itself."""
        # Beyond 2^30 the bound counts anyway, and larger powers would overflow.
        step_s = min(self.first_s * 2.0 ** min(max(failures - 1, 0), 30), self.longest_s)
        return step_s * random.uniform(0.5, 1.0)  # noqa: S311 - as above

    def reset(self) -> None:
        """Start over after a success: the next wait is `first_s` again."""
        self._step_s = 0.0
