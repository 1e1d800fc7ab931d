"""Start-time fair queueing between videos: who is served next when there are fewer actors than work.

Each video is a flow with a virtual time: the seconds of video handed out for it so far. The flow with the
least of it is served next, so every video advances at the same rate whatever its length. A newcomer starts
at the virtual time of the flows that are being served: it neither waits for the others to finish nor takes
everything until it has caught up with them (Goyal, Vin, Cheng, "Start-time Fair Queueing", 1996).
Urgent items (a plan, a fusion: seconds of work that many seconds wait for) go before all others, in order
of arrival, and cost nothing.

Knows no Ray, no clock and no thread: the caller serialises access.
"""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Flow(Generic[T]):
    served: float
    arrival: int
    items: list[tuple[int, float, T]] = field(default_factory=list)  # (order, cost, item), by order


class FairQueue(Generic[T]):
    """Items of several flows. `pop` is O(flows), which is bounded by the videos in flight."""

    def __init__(self) -> None:
        self._flows: dict[str, _Flow[T]] = {}
        self._urgent: deque[tuple[str, T]] = deque()
        self._virtual = 0.0
        self._arrivals = 0
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def push(self, flow: str, item: T, *, cost: float, order: int) -> None:
        """Add to the flow, whose items are served by `order`. `cost` in seconds of video, > 0."""
        if not cost > 0:
            raise ValueError(f"the cost of an item must be above 0, not {cost}")
        bisect.insort(self._flow(flow).items, (order, cost, item), key=lambda waiting: waiting[0])
        self._length += 1

    def push_urgent(self, flow: str, item: T) -> None:
        """Append an item that goes before everything that is not urgent."""
        self._urgent.append((flow, item))
        self._length += 1

    def give_back(self, flow: str, item: T, *, cost: float, order: int) -> None:
        """Return an item that was popped but not done to its place, the front, and its cost with it."""
        self.push(flow, item, cost=cost, order=order)
        entry = self._flows[flow]
        entry.served = max(entry.served - cost, 0.0)

    def give_back_urgent(self, flow: str, item: T) -> None:
        """Return an urgent item that was popped but not done: it is the next one."""
        self._urgent.appendleft((flow, item))
        self._length += 1

    def pop(self) -> T | None:
        """The next item, or None when there is none."""
        if self._urgent:
            self._length -= 1
            return self._urgent.popleft()[1]
        waiting = [flow for flow in self._flows.values() if flow.items]
        if not waiting:
            return None
        chosen = min(waiting, key=lambda flow: (flow.served, flow.arrival))
        self._virtual = max(self._virtual, chosen.served)
        _, cost, item = chosen.items.pop(0)
        chosen.served += cost
        self._length -= 1
        self._forget_caught_up()
        return item

    def remove(self, flow: str, unwanted: Callable[[T], bool]) -> list[T]:
        """Take the matching items of a flow out, urgent ones included, and return them."""
        removed = [item for name, item in self._urgent if name == flow and unwanted(item)]
        self._urgent = deque((n, i) for n, i in self._urgent if not (n == flow and unwanted(i)))
        entry = self._flows.get(flow)
        if entry is not None:
            removed.extend(item for _, _, item in entry.items if unwanted(item))
            entry.items = [waiting for waiting in entry.items if not unwanted(waiting[2])]
        self._length -= len(removed)
        self._forget_caught_up()
        return removed

    def _flow(self, name: str) -> _Flow[T]:
        flow = self._flows.get(name)
        if flow is None:
            self._arrivals += 1
            flow = self._flows[name] = _Flow(served=self._virtual, arrival=self._arrivals)
        elif not flow.items:
            flow.served = max(flow.served, self._virtual)
        return flow

    def _forget_caught_up(self) -> None:
        """An empty flow is only remembered while it is ahead: leaving and returning must not pay.

        When nobody waits any more, nobody was passed over: all begin level again.
        """
        if self._flows and not any(flow.items for flow in self._flows.values()):
            self._virtual = max(self._virtual, *(flow.served for flow in self._flows.values()))
        for name in [n for n, f in self._flows.items() if not f.items and f.served <= self._virtual]:
            del self._flows[name]
