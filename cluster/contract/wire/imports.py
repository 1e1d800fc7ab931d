"""What became of the items of a batch of imports."""

from __future__ import annotations

from typing import TypedDict

from cluster.contract.wire.problems import Problem
from cluster.contract.wire.videos import Video


class BatchItem(TypedDict):
    """What became of one address of a batch: a video, or a problem document."""

    status: int
    video: Video | None
    problem: Problem | None
    webhook_secret: str | None
