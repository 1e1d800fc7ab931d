"""All slots: more or fewer of them, of several shapes, with as little disturbance as may be.

Knows slots and shapes; not why there shall be so many, nor Ray.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from actors.pool.size import Shape
from actors.pool.supervisor import WorkerSupervisor
from actors.pool.worker_proxy import WorkerProxy
from cluster.contract.wire.cluster import PoolActor

_NOT_AT_WORK = {"waiting": 0, "lost": 0, "starting": 1, "idle": 2}


class Fleet:
    """`open_slot` makes a slot of a name and a shape; its keeper is started here."""

    def __init__(self, open_slot: Callable[[str, Shape], WorkerSupervisor]) -> None:
        self._open = open_slot
        self._slots: dict[str, WorkerSupervisor] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._births = 0
        self.wanted = 0

    def __len__(self) -> int:
        return len(self._slots)

    def members(self) -> Iterator[WorkerProxy]:
        """Those there are at the moment."""
        return (slot.member for slot in self._slots.values() if slot.member is not None)

    def staying(self) -> Iterator[WorkerProxy]:
        """Those that take more work, now or later."""
        slots = self._slots.values()
        return (slot.member for slot in slots if slot.member is not None and not slot.retiring)

    def rows(self) -> list[PoolActor]:
        """A line for each slot."""
        return [slot.row() for slot in self._slots.values()]

    @property
    def placed(self) -> int:
        """How many have found a node and stay."""
        waiting = ("waiting", "lost")
        return sum(1 for slot in self._slots.values() if not slot.retiring and slot.state not in waiting)

    def resize(self, plan: Mapping[Shape, int]) -> None:
        """As many of each shape as planned, none of any other."""
        self.wanted = sum(plan.values())
        shapes = {*plan, *(slot.shape for slot in self._slots.values())}
        for shape in shapes:
            self._resize(shape, plan.get(shape, 0))

    def retire_all(self) -> None:
        """No further member, and no further task for those there are."""
        for slot in self._slots.values():
            slot.retire()

    async def ended(self) -> bool:
        """When all that were retired have ended; False if one did not in order."""
        results = await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        return not any(isinstance(result, BaseException) for result in results)

    def _resize(self, shape: Shape, wanted: int) -> None:
        of_shape = [slot for slot in self._slots.values() if slot.shape == shape]
        staying = [slot for slot in of_shape if not slot.retiring]
        for slot in self._least_missed_first(staying)[: max(len(staying) - wanted, 0)]:
            slot.retire()
        missing = wanted - len(staying)
        for slot in of_shape:
            missing -= missing > 0 and slot.retiring and slot.revive()
        for _ in range(missing):
            self._begin(shape)

    def _least_missed_first(self, slots: list[WorkerSupervisor]) -> list[WorkerSupervisor]:
        """Who does not work, then who is nearly alone on its node (nodes shall fall empty), then the slow."""
        if not slots:
            return slots
        on_node = Counter(member.node_id for member in self.members())

        def missed(slot: WorkerSupervisor) -> tuple[int, int, float]:
            if slot.member is None:
                return (0, 0, 0.0)
            at_work = _NOT_AT_WORK.get(slot.state, len(_NOT_AT_WORK))
            return (at_work, on_node[slot.member.node_id], slot.member.throughput.video_s_per_s)

        return sorted(slots, key=missed)

    def _begin(self, shape: Shape) -> None:
        slot = self._open(f"segmenter-{self._births}", shape)
        self._births += 1
        self._slots[slot.name] = slot
        keeper = asyncio.create_task(slot.keep(), name=f"keep {slot.name}")
        self._keepers[slot.name] = keeper
        keeper.add_done_callback(lambda _: self._forget(slot.name))

    def _forget(self, name: str) -> None:
        del self._slots[name]
        del self._keepers[name]
