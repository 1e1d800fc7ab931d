"""Admission control: which classes of videos a bridge has free capacity for.

A place is cheap (a thread that mostly waits), but places are bounded: the pool serves all videos in flight by
turns, so a hundred films at once would all be late. Some places are therefore reserved for each class. A clip
starts at once behind any number of films, and no class starves another: neither clips the films, nor
interactive videos the batch videos. Reads rows of the table of videos; opens no connection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum, auto

from cluster.contract.vocabulary import BATCH
from cluster.stores.postgres.turns import Room
from cluster.stores.postgres.video import Video


class AdmissionClass(Enum):
    """LIGHT: seconds of work, whose result somebody waits for. HEAVY: more work, interactive too. BATCH: not
    urgent.
    """

    LIGHT = auto()
    HEAVY = auto()
    BATCH = auto()


RESERVED_PARTS = {AdmissionClass.LIGHT: 4, AdmissionClass.HEAVY: 8, AdmissionClass.BATCH: 8}
"""One in so many places is reserved for the class. Light videos have most: they leave theirs within seconds,
so a reserved place serves many of them."""
_FEWEST_PLACES = len(AdmissionClass)
"""With fewer places than classes, none is reserved: every class may use all of them."""


class Admission:
    """`batch_share` in (0..1]: most of the places that batch videos may take. `light_bytes`: an interactive
    video up to this size is light.
    """

    def __init__(self, batch_share: float, light_bytes: int) -> None:
        self._batch_share = batch_share
        self._light_bytes = light_bytes

    def room(self, total: int, held: Iterable[Video]) -> Room:
        """Free capacity by class, of `total` ≥ 1 places, beside the videos in flight."""
        return self.beside(total, (self.class_of(video) for video in held))

    def beside(self, total: int, held: Iterable[AdmissionClass]) -> Room:
        """Free capacity by class, of `total` ≥ 1 places, beside work of these classes."""
        taken = Counter(held)
        reserved = {
            class_: max(0, max(1, total // parts) - taken[class_]) if total >= _FEWEST_PLACES else 0
            for class_, parts in RESERVED_PARTS.items()
        }
        free = total - taken.total()
        most_batch = max(1, int(total * self._batch_share))

        def fits(class_: AdmissionClass) -> bool:
            reserved_for_others = sum(reserved.values()) - reserved[class_]
            return free > reserved_for_others

        return Room(
            interactive=fits(AdmissionClass.HEAVY),
            light=fits(AdmissionClass.LIGHT),
            batch=fits(AdmissionClass.BATCH) and taken[AdmissionClass.BATCH] < most_batch,
        )

    def class_of(self, video: Video) -> AdmissionClass:
        """The class of a video. One that was done before is light: its tracks exist, so it only needs a
        fusion, whatever its length.
        """
        if video.newest_revision > 0:
            return AdmissionClass.LIGHT
        if video.priority == BATCH:
            return AdmissionClass.BATCH
        return AdmissionClass.LIGHT if video.bytes <= self._light_bytes else AdmissionClass.HEAVY
