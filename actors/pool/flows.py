"""The tree of start-time fair queueing: flows in groups, each with the service it has had.

A leaf holds the items of one flow, a group shares its service among its flows by weight. Arithmetic only:
which flow is ahead of which, by how many seconds. Does not know which levels there are, nor what an item is
(`fair_queue`).
"""

from __future__ import annotations

import bisect
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_Line = list[tuple[float, tuple[float, int], "Flow[T]"]]
"""Flows in ascending order of (service over weight, tie-break): (served, tie_break, flow)."""


class Flow(ABC, Generic[T]):
    """One flow: a leaf with items, or a group of flows. `weight` > 0.

    `served`: its virtual time, seconds of service over weight. `line`: which of its parent's two sorted lists
    it is in, if any.
    """

    def __init__(self, name: str, parent: Group[T] | None, weight: float) -> None:
        if not weight > 0:
            raise ValueError(f"the weight of a flow must be above 0, not {weight}")
        self.name = name
        self.parent = parent
        self.weight = weight
        self.served = parent.virtual if parent else 0.0
        self.tie_break = (-weight, 0)  # at equal service the larger weight goes first, then the older flow
        self.line: _Line[T] | None = None

    @property
    @abstractmethod
    def waits(self) -> bool:
        """Whether it has an item to serve."""

    @abstractmethod
    def leaves(self) -> Iterator[tuple[float, Leaf[T]]]:
        """The leaves that have items, the fairest first, each as (seconds ahead of the fairest, leaf)."""

    def settle(self, seconds: float = 0.0) -> None:
        """Add the service to this flow and all above it (negative: refunded), and sort them again."""
        flow: Flow[T] = self
        while flow.parent is not None:
            flow.parent.place(flow, seconds / flow.weight)
            flow = flow.parent


class Leaf(Flow[T]):
    """A flow with items, in descending order: the last of the list is served next."""

    def __init__(self, name: str, parent: Group[T], weight: float = 1.0) -> None:
        super().__init__(name, parent, weight)
        self.items: list[tuple[int, float, T]] = []  # (order, cost in seconds, item)

    @property
    def waits(self) -> bool:
        """Whether it has an item."""
        return bool(self.items)

    def leaves(self) -> Iterator[tuple[float, Leaf[T]]]:
        """Itself."""
        yield 0.0, self

    def add(self, order: int, cost: float, item: T) -> None:
        """Insert an item by `order`; among equal orders it is served last."""
        bisect.insort_left(self.items, (order, cost, item), key=lambda waiting: -waiting[0])


class Group(Flow[T]):
    """Flows that share the group's service by weight. `virtual`: the virtual time of the flow in service."""

    def __init__(self, name: str = "", parent: Group[T] | None = None, weight: float = 1.0) -> None:
        super().__init__(name, parent, weight)
        self.virtual = 0.0
        self.flows: dict[str, Flow[T]] = {}
        self._waiting: _Line[T] = []
        self._ahead: _Line[T] = []  # without items, but had more than their share when they ran out
        self._arrivals = 0

    @property
    def waits(self) -> bool:
        """Whether any of its flows has an item."""
        return bool(self._waiting)

    @property
    def fairest_first(self) -> Iterator[Flow[T]]:
        """The flows that have items, by ascending service."""
        return (flow for _, _, flow in self._waiting)

    def leaves(self) -> Iterator[tuple[float, Leaf[T]]]:
        """The leaves of the fairest flow, then those of the next."""
        for served, _, flow in self._waiting:
            ahead_s = (served - self._waiting[0][0]) * flow.weight
            for further_s, leaf in flow.leaves():
                yield ahead_s + further_s, leaf

    def group(self, name: str, weight: float = 1.0) -> Group[T]:
        """The subgroup of that name, created if there is none."""
        found = self.flows.get(name) or self._enter(Group(name, self, weight))
        assert isinstance(found, Group)
        return found

    def leaf(self, name: str) -> Leaf[T]:
        """The leaf of that name, created if there is none."""
        found = self.flows.get(name) or self._enter(Leaf(name, self))
        assert isinstance(found, Leaf)
        return found

    def place(self, flow: Flow[T], service: float) -> None:
        """Add seconds of service over weight to a flow, and move it to its place in the right list."""
        waited = flow.line is self._waiting
        if flow.line is not None:
            del flow.line[bisect.bisect_left(flow.line, (flow.served, flow.tie_break), key=_rank)]
        if service > 0:
            self.virtual = max(self.virtual, flow.served)
        flow.served = max(flow.served + service, 0.0)
        if flow.waits and not waited:
            flow.served = max(flow.served, self.virtual)
        flow.line = self._waiting if flow.waits else self._ahead
        bisect.insort(flow.line, (flow.served, flow.tie_break, flow), key=_rank)
        self._forget_caught_up()

    def _enter(self, flow: Flow[T]) -> Flow[T]:
        """Add a flow to the group; `place` puts it into a list."""
        self._arrivals += 1
        flow.tie_break = (-flow.weight, self._arrivals)
        self.flows[flow.name] = flow
        return flow

    def _forget_caught_up(self) -> None:
        """Forget flows without items that are no longer ahead.

        Those still ahead are remembered, or a flow could get more than its share by leaving and coming back.
        When no flow has items, none was passed over, so all are forgotten and start equal again.
        """
        if self._ahead and not self._waiting:
            self.virtual = max(self.virtual, self._ahead[-1][0])
        while self._ahead and self._ahead[0][0] <= self.virtual:
            flow = self._ahead.pop(0)[2]
            flow.line = None
            del self.flows[flow.name]


def _rank(standing: tuple[float, tuple[float, int], Flow[T]]) -> tuple[float, tuple[float, int]]:
    return standing[:2]
