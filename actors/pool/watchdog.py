"""Liveness of one worker: a watchdog with two timers, for answers to pings and for progress.

Ray notices a process that died, but never one that stands still (SIGSTOP, a deadlock, an endless loop in a
decoder). So one timer runs since the last answer on the control lane, and another, while the worker has a
task, since the last sign of progress. When either expires, the worker must be replaced. Knows no Ray and no
clock: times are seconds of any monotonic clock, passed in.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Watchdog:
    """The two timers of one worker; both expire after `stuck_after_s`.

    `beat` is the worker's progress counter as of its last answer: any change means that it advanced.
    """

    stuck_after_s: float
    answered_at: float
    advanced_at: float
    beat: int = -1
    busy: bool = False

    @classmethod
    def started(cls, now: float, stuck_after_s: float) -> Watchdog:
        """For a worker that has just answered for the first time."""
        return cls(stuck_after_s=stuck_after_s, answered_at=now, advanced_at=now)

    def took_work(self, now: float) -> None:
        """The worker was given a task: starts the timer for progress."""
        self.busy = True
        self.advanced_at = now

    def finished_work(self, now: float) -> None:
        """The worker returned an outcome: stops the timer for progress, and counts as an answer."""
        self.busy = False
        self.answered_at = self.advanced_at = now

    def answered(self, beat: int, now: float) -> None:
        """The worker answered a ping with its progress counter."""
        self.answered_at = now
        if beat != self.beat:
            self.beat = beat
            self.advanced_at = now

    def excuse(self, lag_s: float) -> None:
        """Take `lag_s` seconds off both timers: the pool itself stood still for so long and saw nothing."""
        self.answered_at += lag_s
        self.advanced_at += lag_s

    def verdict(self, now: float) -> str | None:
        """Why the worker must be replaced, as a phrase; None while it is alive."""
        if now - self.answered_at > self.stuck_after_s:
            return f"no answer for {now - self.answered_at:.0f} s"
        if self.busy and now - self.advanced_at > self.stuck_after_s:
            return f"no progress for {now - self.advanced_at:.0f} s"
        return None
