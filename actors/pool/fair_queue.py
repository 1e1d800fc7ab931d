"""Hierarchical start-time fair queueing: weighted fair shares of the workers, and the order that follows.

Three levels: priority classes share the workers by weight, owners share their class equally, and videos share
their owner's part equally. Each class, owner and video is a flow with a virtual time: the seconds of video
served to it so far, divided by its weight. On every level the flow with the least virtual time is served
next, so all advance at the same rate whatever their length, and what one leaves unused goes to the others. A
new flow starts at the virtual time of those in service: it does not wait until they are finished, and it does
not take everything until it has caught up with them (Goyal, Vin, Cheng, "Start-time Fair Queueing", 1996;
section 3 has the levels). Urgent items (a plan, a fusion: short work that much other work waits for) go
before all others in order of arrival, at no cost. Knows no Ray, no clock and no thread: the caller serialises
access.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Generic, NamedTuple, TypeVar

from actors.pool.flows import Group, Leaf

T = TypeVar("T")

Rank = Callable[[T, int], float]
"""Cost of giving this item to this worker, lower is better; `REFUSED`: never. The second argument is how many
items of the same video wait, this one included."""

REFUSED = math.inf
LOOKED_AT = 32
"""Videos ranked for one worker, at most. Bounds the time of a choice; the fairest ones come first anyway."""


class Path(NamedTuple):
    """The flows an item belongs to, from the widest to the narrowest: priority class, owner and video."""

    of_class: str
    owner: str
    video: str


class FairQueue(Generic[T]):
    """A priority queue of the items of many videos. Only `remove` visits all videos."""

    def __init__(self, weights: Mapping[str, float] | None = None) -> None:
        """`weights` > 0 by class; a class without one weighs 1."""
        self._weights = dict(weights or {})
        self._root: Group[T] = Group()
        self._urgent: deque[tuple[str, T]] = deque()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def push(self, path: Path, item: T, *, cost: float, order: int) -> None:
        """Add an item to its video, whose items are served by `order`. `cost`: seconds of video, > 0."""
        self._push(path, item, cost, order)

    def push_urgent(self, video: str, item: T) -> None:
        """Append an urgent item: it goes before every item that is not urgent."""
        self._urgent.append((video, item))
        self._length += 1

    def give_back(self, path: Path, item: T, *, cost: float, order: int) -> None:
        """Put back an item that was popped but not done: at its place by `order`, its cost refunded."""
        self._push(path, item, cost, order).settle(-cost)

    def give_back_urgent(self, video: str, item: T) -> None:
        """Put back an urgent item that was popped but not done: it is the next one."""
        self._urgent.appendleft((video, item))
        self._length += 1

    def peek(self) -> T | None:
        """The item `pop` would return without a rank; None if there is none."""
        if self._urgent:
            return self._urgent[0][1]
        leaf = self._fairest()
        return None if leaf is None else leaf.items[-1][2]

    def pop(self, rank: Rank[T] | None = None) -> T | None:
        """Take the next item; None when there is none, or all ranked ones are REFUSED.

        Without `rank` it is the fairest. With it, the one of the lowest rank among videos of the class served
        next that are ahead of the fairest by one item's cost at most. Urgent items are never ranked.
        """
        if self._urgent:
            self._length -= 1
            return self._urgent.popleft()[1]
        leaf = self._fairest() if rank is None else self._best(rank)
        if leaf is None:
            return None
        _, cost, item = leaf.items.pop()
        leaf.settle(cost)
        self._length -= 1
        return item

    def remove(self, video: str, unwanted: Callable[[T], bool]) -> list[T]:
        """Remove and return the matching items of a video, urgent ones included."""
        removed = [item for name, item in self._urgent if name == video and unwanted(item)]
        self._urgent = deque((n, i) for n, i in self._urgent if not (n == video and unwanted(i)))
        for leaf in [leaf for _, _, leaf in self._waiting() if leaf.name == video]:
            removed.extend(item for _, _, item in reversed(leaf.items) if unwanted(item))
            leaf.items = [waiting for waiting in leaf.items if not unwanted(waiting[2])]
            leaf.settle()
        self._length -= len(removed)
        return removed

    def _fairest(self) -> Leaf[T] | None:
        return next((leaf for _, _, leaf in self._waiting()), None)

    def _best(self, rank: Rank[T]) -> Leaf[T] | None:
        best: Leaf[T] | None = None
        least, first_class, furthest_s = REFUSED, "", 0.0
        for of_class, ahead_s, leaf in islice(self._waiting(), LOOKED_AT):
            if best is not None and (of_class != first_class or ahead_s > furthest_s):
                continue
            _, cost, item = leaf.items[-1]
            found = rank(item, len(leaf.items))
            if best is None and found < REFUSED:
                first_class, furthest_s = of_class, ahead_s + cost
            if found < least:
                best, least = leaf, found
        return best

    def _waiting(self) -> Iterator[tuple[str, float, Leaf[T]]]:
        """The leaves that have items, the fairest first, each as (class, seconds ahead of the fairest leaf of
        the class, leaf).
        """
        for of_class in self._root.fairest_first:
            for ahead_s, leaf in of_class.leaves():
                yield of_class.name, ahead_s, leaf

    def _push(self, path: Path, item: T, cost: float, order: int) -> Leaf[T]:
        if not cost > 0:
            raise ValueError(f"the cost of an item must be above 0, not {cost}")
        of_class = self._root.group(path.of_class, self._weights.get(path.of_class, 1.0))
        leaf = of_class.group(path.owner).leaf(path.video)
        leaf.add(order, cost, item)
        leaf.settle()
        self._length += 1
        return leaf
