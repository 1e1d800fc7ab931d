"""Waiting longer after every failure, up to a bound, and never in step with others."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Doubles from `first_s` to `longest_s`; each wait is drawn from the upper half of the step."""

    first_s: float
    longest_s: float
    _step_s: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.first_s <= self.longest_s:
            raise ValueError("a backoff needs 0 < first_s <= longest_s")

    def next_s(self) -> float:
        """Seconds to wait now."""
        self._step_s = min(max(2 * self._step_s, self.first_s), self.longest_s)
        return self._step_s * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, keeps no secret

    def after(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row (from 1), for who does not keep the object."""
        # Beyond 2^30 the bound counts anyway, and larger powers would overflow.
        step_s = min(self.first_s * 2.0 ** min(max(failures - 1, 0), 30), self.longest_s)
        return step_s * random.uniform(0.5, 1.0)  # noqa: S311 - as above

    def reset(self) -> None:
        """It worked: the next failure waits `first_s` again."""
        self._step_s = 0.0
