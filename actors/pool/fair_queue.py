"""Start-time fair queueing, in levels: who is served next when there are fewer actors than work.

Classes share the actors by weight, owners share their class alike, and videos share their owner alike. Each
is a flow with a virtual time: the seconds of video handed out for it so far, over its weight. On every level
the flow with the least of it is served next, so all advance at the same rate whatever their length. A
newcomer starts at the virtual time of the flows that are being served: it neither waits for the others to
finish nor takes everything until it has caught up with them, and what one leaves unused the others have
(Goyal, Vin, Cheng, "Start-time Fair Queueing", 1996, whose section 3 has the levels).
Urgent items (a plan, a fusion: seconds of work that many seconds wait for) go before all others, in order
of arrival, and cost nothing.

Knows no Ray, no clock and no thread: the caller serialises access.
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
"""How ill an item suits who asks, lower being better, and `REFUSED` if it must not have it. The number is
how many items of the same video wait, this one included."""

REFUSED = math.inf
LOOKED_AT = 32  # videos considered for one that asks: what is chosen is among the fairest anyway


class Path(NamedTuple):
    """Whose work it is, from the widest flow to the narrowest."""

    of_class: str
    owner: str
    video: str


class FairQueue(Generic[T]):
    """Items of several videos. No operation but `remove` looks at all of them."""

    def __init__(self, weights: Mapping[str, float] | None = None) -> None:
        """`weights` > 0 of the classes; one that is not named weighs 1."""
        self._weights = dict(weights or {})
        self._root: Group[T] = Group()
        self._urgent: deque[tuple[str, T]] = deque()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def push(self, path: Path, item: T, *, cost: float, order: int) -> None:
        """Add to the video, whose items are served by `order`. `cost` in seconds of video, > 0."""
        self._push(path, item, cost, order)

    def push_urgent(self, video: str, item: T) -> None:
        """Append an item that goes before everything that is not urgent."""
        self._urgent.append((video, item))
        self._length += 1

    def give_back(self, path: Path, item: T, *, cost: float, order: int) -> None:
        """Return an item that was popped but not done to its place, the front, and its cost with it."""
        self._push(path, item, cost, order).settle(-cost)

    def give_back_urgent(self, video: str, item: T) -> None:
        """Return an urgent item that was popped but not done: it is the next one."""
        self._urgent.appendleft((video, item))
        self._length += 1

    def peek(self) -> T | None:
        """The item `pop` would return to one that has no preferences."""
        if self._urgent:
            return self._urgent[0][1]
        leaf = self._fairest()
        return None if leaf is None else leaf.items[-1][2]

    def pop(self, rank: Rank[T] | None = None) -> T | None:
        """The next item, or None when there is none (that is not refused).

        With `rank`, the best of those videos of the class served next that are no more than one item's cost
        ahead of the fairest; it is never asked about urgent items.
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
        """Take the matching items of a video out, urgent ones included, and return them."""
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
        """Class, seconds ahead of the fairest of the class, and leaf, by fairness from level to level."""
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
