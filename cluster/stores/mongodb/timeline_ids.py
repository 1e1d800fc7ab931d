"""Ids of timelines, `{video_id}:{revision}:{lease_epoch}`, and the choice of those to keep.

The id holds the lease epoch (fencing token), so old timelines can be deleted at any time: a late deletion by
an old lease holder leaves the timelines of younger leases alone. Knows no store.
"""

from __future__ import annotations

from collections.abc import Container


def timeline_id(video_id: str, revision: int, epoch: int) -> str:
    """The id of the timeline that this lease writes for this revision."""
    return f"{video_id}:{revision}:{epoch}"


def epoch_of(name: str) -> int | None:
    """The epoch of the lease that a timeline was written under; None for an id of another form."""
    _, _, epoch = name.rpartition(":")
    return int(epoch) if epoch.isdecimal() else None


class NotOutdated(Container[str]):
    """Set of the timelines to keep after one was finished under `epoch`: those in `kept`, and younger
    ones.
    """

    def __init__(self, epoch: int, kept: Container[str]) -> None:
        self._epoch = epoch
        self._kept = kept

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or name in self._kept:
            return True
        epoch = epoch_of(name)
        return epoch is None or epoch >= self._epoch
