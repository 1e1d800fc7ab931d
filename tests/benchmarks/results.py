"""All that a run of the benchmark found: what the report writes and the targets are held against.

Shapes only. A part that was not asked for is None.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.benchmarks import consistency, scenes
from tests.benchmarks.ablation import Ablation
from tests.benchmarks.quality import ALL, Mean, Row
from tests.benchmarks.reliability import Reliability
from tests.benchmarks.scale.memory import Memory
from tests.benchmarks.timing import codecs
from tests.benchmarks.timing.refusion import Refusion
from tests.benchmarks.timing.speed import Speed


@dataclass(frozen=True)
class Machine:
    """Where it was measured."""

    system: str = field(default_factory=platform.platform)
    processor: str = field(default_factory=platform.machine)
    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    python: str = field(default_factory=platform.python_version)


@dataclass(frozen=True)
class Results:
    """One run."""

    quality: Sequence[Row]
    means: Sequence[Mean]
    ablation: Ablation
    reliability: Reliability
    consistency: Sequence[consistency.Row]
    speed: Speed | None = None
    refusion: Refusion | None = None
    memory: Memory | None = None
    codecs: Sequence[codecs.Row] = ()
    features: scenes.Measured | None = None
    notes: Sequence[str] = ()
    machine: Machine = field(default_factory=Machine)
    measured_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def mean(self, detector: str, group: str = ALL) -> Mean | None:
        """The means of a detector."""
        return next((m for m in self.means if (m.detector, m.group) == (detector, group)), None)
