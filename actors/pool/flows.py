"""The tree start-time fair queueing runs on: groups of flows, each with its virtual time.

Arithmetic only: who is ahead of whom by how much. What an item is, and which levels there are, is
`fair_queue`'s affair.
"""

from __future__ import annotations

import bisect
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_Line = list[tuple[float, tuple[float, int], "Flow[T]"]]  # (served, who goes first when level, flow)


class Flow(ABC, Generic[T]):
    """What is served in turn: a leaf with items, or a group of such. `served` is seconds over `weight`."""

    def __init__(self, name: str, parent: Group[T] | None, weight: float) -> None:
        if not weight > 0:
            raise ValueError(f"the weight of a flow must be above 0, not {weight}")
        self.name = name
        self.parent = parent
        self.weight = weight
        self.served = parent.virtual if parent else 0.0
        self.level = (-weight, 0)  # of two that had the same, the weightier goes first, then the earlier
        self.line: _Line[T] | None = None  # the one of its parent's two it stands in

    @property
    @abstractmethod
    def waits(self) -> bool:
        """Whether there is something to serve."""

    @abstractmethod
    def leaves(self) -> Iterator[tuple[float, Leaf[T]]]:
        """The leaves that wait, by fairness from level to level, and how many seconds each is ahead."""

    def settle(self, seconds: float = 0.0) -> None:
        """Note, from here to the root, so much service (negative: taken back) and who waits now."""
        flow: Flow[T] = self
        while flow.parent is not None:
            flow.parent.place(flow, seconds / flow.weight)
            flow = flow.parent


class Leaf(Flow[T]):
    """Items in the order they are served in: the next one is the last of the list."""

    def __init__(self, name: str, parent: Group[T], weight: float = 1.0) -> None:
        super().__init__(name, parent, weight)
        self.items: list[tuple[int, float, T]] = []  # (order, cost in seconds, item)

    @property
    def waits(self) -> bool:
        """Whether there is an item."""
        return bool(self.items)

    def leaves(self) -> Iterator[tuple[float, Leaf[T]]]:
        """Itself."""
        yield 0.0, self

    def add(self, order: int, cost: float, item: T) -> None:
        """Behind those of the same order."""
        bisect.insort_left(self.items, (order, cost, item), key=lambda waiting: -waiting[0])


class Group(Flow[T]):
    """Flows that share what the group gets."""

    def __init__(self, name: str = "", parent: Group[T] | None = None, weight: float = 1.0) -> None:
        super().__init__(name, parent, weight)
        self.virtual = 0.0
        self.flows: dict[str, Flow[T]] = {}
        self._waiting: _Line[T] = []
        self._ahead: _Line[T] = []  # nothing to serve, but had more than its share when it ran dry
        self._arrivals = 0

    @property
    def waits(self) -> bool:
        """Whether any flow of it does."""
        return bool(self._waiting)

    @property
    def fairest_first(self) -> Iterator[Flow[T]]:
        """The flows that wait, the one with the least service before the others."""
        return (flow for _, _, flow in self._waiting)

    def leaves(self) -> Iterator[tuple[float, Leaf[T]]]:
        """Those of the fairest flow, then those of the next."""
        for served, _, flow in self._waiting:
            ahead_s = (served - self._waiting[0][0]) * flow.weight
            for further_s, leaf in flow.leaves():
                yield ahead_s + further_s, leaf

    def group(self, name: str, weight: float = 1.0) -> Group[T]:
        """The group of that name, new if there is none."""
        found = self.flows.get(name) or self._enter(Group(name, self, weight))
        assert isinstance(found, Group)
        return found

    def leaf(self, name: str) -> Leaf[T]:
        """The leaf of that name, new if there is none."""
        found = self.flows.get(name) or self._enter(Leaf(name, self))
        assert isinstance(found, Leaf)
        return found

    def place(self, flow: Flow[T], service: float) -> None:
        """Count the service, and put the flow where it belongs now."""
        waited = flow.line is self._waiting
        if flow.line is not None:
            del flow.line[bisect.bisect_left(flow.line, (flow.served, flow.level), key=_rank)]
        if service > 0:
            self.virtual = max(self.virtual, flow.served)
        flow.served = max(flow.served + service, 0.0)
        if flow.waits and not waited:
            flow.served = max(flow.served, self.virtual)
        flow.line = self._waiting if flow.waits else self._ahead
        bisect.insort(flow.line, (flow.served, flow.level, flow), key=_rank)
        self._forget_caught_up()

    def _enter(self, flow: Flow[T]) -> Flow[T]:
        """Remember it; `place` puts it into a line."""
        self._arrivals += 1
        flow.level = (-flow.weight, self._arrivals)
        self.flows[flow.name] = flow
        return flow

    def _forget_caught_up(self) -> None:
        """A flow without items is only remembered while it is ahead: leaving and returning must not pay.

        When nobody waits any more, nobody was passed over: all begin level again.
        """
        if self._ahead and not self._waiting:
            self.virtual = max(self.virtual, self._ahead[-1][0])
        while self._ahead and self._ahead[0][0] <= self.virtual:
            flow = self._ahead.pop(0)[2]
            flow.line = None
            del self.flows[flow.name]


def _rank(standing: tuple[float, tuple[float, int], Flow[T]]) -> tuple[float, tuple[float, int]]:
    return standing[:2]
