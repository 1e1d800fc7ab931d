"""For which kinds of videos a bridge has a place free.

A place is cheap (a thread that mostly waits), but not free: the pool serves all videos in flight in turn, so
a hundred films at once would all come late. Since the places are bounded, each kind has some that are kept
for it. So a clip begins at once behind any number of films, and nothing starves: not films behind clips, nor
what nobody waits for behind what somebody does. Knows no store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum, auto

from cluster.contract.vocabulary import BATCH
from cluster.stores.postgres.turns import Room
from cluster.stores.postgres.video import Video


class AdmissionClass(Enum):
    """LIGHT: seconds of work, that somebody waits for. HEAVY: interactive, and more than that."""

    LIGHT = auto()
    HEAVY = auto()
    BATCH = auto()


KEPT_PARTS = {AdmissionClass.LIGHT: 4, AdmissionClass.HEAVY: 8, AdmissionClass.BATCH: 8}
"""One in so many places is kept. Light videos have most, as their places become free again within seconds."""
_FEWEST = len(AdmissionClass)  # with fewer places than kinds there is none to keep


class Admission:
    """`batch_share` (0..1]: what batch videos take at most; `light_bytes`: up to this a video is light."""

    def __init__(self, batch_share: float, light_bytes: int) -> None:
        self._batch_share = batch_share
        self._light_bytes = light_bytes

    def room(self, total: int, held: Iterable[Video]) -> Room:
        """What fits beside the videos in flight, of `total` ≥ 1 places."""
        return self.beside(total, (self.size(video) for video in held))

    def beside(self, total: int, sizes: Iterable[AdmissionClass]) -> Room:
        """The same, where the sizes of what is in work are known."""
        taken = Counter(sizes)
        left = {
            size: max(0, max(1, total // parts) - taken[size]) if total >= _FEWEST else 0
            for size, parts in KEPT_PARTS.items()
        }
        free = total - taken.total()

        def fits(size: AdmissionClass) -> bool:
            return free > sum(left.values()) - left[size]

        return Room(
            interactive=fits(AdmissionClass.HEAVY),
            light=fits(AdmissionClass.LIGHT),
            batch=fits(AdmissionClass.BATCH)
            and taken[AdmissionClass.BATCH] < max(1, int(total * self._batch_share)),
        )

    def size(self, video: Video) -> AdmissionClass:
        """A video that was done before has its tracks: it takes a fusion, whatever its length."""
        if video.newest_revision > 0:
            return AdmissionClass.LIGHT
        if video.priority == BATCH:
            return AdmissionClass.BATCH
        return AdmissionClass.LIGHT if video.bytes <= self._light_bytes else AdmissionClass.HEAVY
