"""Names of timelines: `{video_id}:{revision}:{lease_epoch}`, and which of them are out of date.

The epoch in the name makes it safe to remove old ones at any time: however late a job does so, what a younger
lease has written since is not touched. Knows no store.
"""

from __future__ import annotations

from collections.abc import Container


def timeline_id(video_id: str, revision: int, epoch: int) -> str:
    """The name of what this lease writes for this revision."""
    return f"{video_id}:{revision}:{epoch}"


def epoch_of(name: str) -> int | None:
    """The lease a timeline was written under; None for a name that is not ours."""
    _, _, epoch = name.rpartition(":")
    return int(epoch) if epoch.isdecimal() else None


class NotOutdated(Container[str]):
    """The timelines to keep after one was finished under `epoch`: the `kept` revisions', and younger ones."""

    def __init__(self, epoch: int, kept: Container[str]) -> None:
        self._epoch = epoch
        self._kept = kept

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or name in self._kept:
            return True
        epoch = epoch_of(name)
        return epoch is None or epoch >= self._epoch
