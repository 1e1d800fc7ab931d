"""Ids of timelines, `{video_id}:{revision}:{lease_epoch}`, and the choice of those to keep.

Where words become part of a result, the revision is followed by a point and the epoch of the words' own
lease; where a person corrects one, by a point and a random id, since several may at once.

The id holds the lease epoch (fencing token), so old timelines can be deleted at any time: a late deletion by
an old lease holder leaves the timelines of younger leases alone. Knows no store.
"""

from __future__ import annotations

from collections.abc import Container


def timeline_id(video_id: str, revision: int | str, epoch: int) -> str:
    """The id of the timeline that this lease of the video writes for this revision."""
    return f"{video_id}:{revision}:{epoch}"


def epoch_of(name: str) -> int | None:
    """The epoch of the lease that a timeline was written under; None for an id of another form."""
    _, _, epoch = name.rpartition(":")
    return int(epoch) if epoch.isdecimal() else None


def revision_of(name: str) -> int | None:
    """The number of the revision that a timeline was made for; None for an id of another form."""
    number, _, _ = name.rpartition(":")[0].rpartition(":")[2].partition(".")
    return int(number) if number.isdecimal() else None


class NotOutdated(Container[str]):
    """Set of the timelines to keep after one was finished under `epoch`: those in `kept`, and younger
    ones, except those in `gone`.

    `newest`: the number of the newest revision when `kept` was not read yet. What this lease made for it or
    for an earlier one and is not kept never becomes a revision, because each number is given away once: a
    correction came to nothing, or was stored after its request had ended.
    """

    def __init__(
        self, epoch: int, kept: Container[str], gone: Container[str] = (), *, newest: int = 0
    ) -> None:
        self._epoch = epoch
        self._kept = kept
        self._gone = gone
        self._newest = newest

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or name in self._kept:
            return True
        if name in self._gone:
            return False
        epoch = epoch_of(name)
        if epoch == self._epoch:
            revision = revision_of(name)
            return revision is None or revision > self._newest
        return epoch is None or epoch > self._epoch
