"""The fleet: all worker supervisors, by shape. Scales out and in with as little disturbance as possible.

Scaling in drains: a retired worker finishes its task first, and one that still drains is taken back when the
fleet grows again. Broken and idle workers are retired before busy ones. Knows supervisors and shapes; knows
no Ray, and not why so many workers are wanted.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from actors.pool.size import Shape
from actors.pool.supervisor import WorkerSupervisor
from actors.pool.worker_proxy import WorkerProxy
from cluster.contract.wire.cluster import PoolActor

_RETIREMENT_RANK = {"waiting": 0, "lost": 0, "starting": 1, "idle": 2}
"""Order of retirement by state, lowest first; every other state comes after these."""


class Fleet:
    """For one event loop. `new_supervisor` makes one for a name and a shape; the fleet runs it."""

    def __init__(self, new_supervisor: Callable[[str, Shape], WorkerSupervisor]) -> None:
        self._new_supervisor = new_supervisor
        self._supervisors: dict[str, WorkerSupervisor] = {}
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._started = 0
        self.wanted = 0

    def __len__(self) -> int:
        return len(self._supervisors)

    def workers(self) -> Iterator[WorkerProxy]:
        """The workers that exist at the moment, retiring ones included."""
        return (one.worker for one in self._supervisors.values() if one.worker is not None)

    def staying(self) -> Iterator[WorkerProxy]:
        """The workers that are not retiring: they take more tasks, now or later."""
        supervisors = self._supervisors.values()
        return (one.worker for one in supervisors if one.worker is not None and not one.retiring)

    def rows(self) -> list[PoolActor]:
        """The snapshot's rows, one for each supervisor."""
        return [supervisor.row() for supervisor in self._supervisors.values()]

    @property
    def placed(self) -> int:
        """How many workers have room on a node and are not retiring."""
        unplaced = ("waiting", "lost")
        supervisors = self._supervisors.values()
        return sum(1 for one in supervisors if not one.retiring and one.state not in unplaced)

    def resize(self, plan: Mapping[Shape, int]) -> None:
        """Scale to the planned number of workers of each shape; those of other shapes are retired."""
        self.wanted = sum(plan.values())
        shapes = {*plan, *(supervisor.shape for supervisor in self._supervisors.values())}
        for shape in shapes:
            self._resize(shape, plan.get(shape, 0))

    def retire_all(self) -> None:
        """Drain all: no further task, and no further worker."""
        for supervisor in self._supervisors.values():
            supervisor.retire()

    async def ended(self) -> bool:
        """Wait until all retired supervisors have ended; False if one of them ended in an error."""
        results = await asyncio.gather(*self._runs.values(), return_exceptions=True)
        return not any(isinstance(result, BaseException) for result in results)

    def _resize(self, shape: Shape, wanted: int) -> None:
        of_shape = [one for one in self._supervisors.values() if one.shape == shape]
        staying = [supervisor for supervisor in of_shape if not supervisor.retiring]
        for supervisor in self._in_order_of_retirement(staying)[: max(len(staying) - wanted, 0)]:
            supervisor.retire()
        missing = wanted - len(staying)
        for supervisor in of_shape:
            missing -= missing > 0 and supervisor.retiring and supervisor.revive()
        for _ in range(missing):
            self._add(shape)

    def _in_order_of_retirement(self, supervisors: list[WorkerSupervisor]) -> list[WorkerSupervisor]:
        """Order of retirement: broken and unplaced workers first, then starting, then idle ones; among equals
        those on the emptiest nodes (so that nodes can be released), then the slowest.
        """
        if not supervisors:
            return supervisors
        on_node = Counter(worker.node_id for worker in self.workers())

        def rank(supervisor: WorkerSupervisor) -> tuple[int, int, float]:
            if supervisor.worker is None:
                return (0, 0, 0.0)
            by_state = _RETIREMENT_RANK.get(supervisor.state, len(_RETIREMENT_RANK))
            worker = supervisor.worker
            return (by_state, on_node[worker.node_id], worker.throughput.video_s_per_s)

        return sorted(supervisors, key=rank)

    def _add(self, shape: Shape) -> None:
        supervisor = self._new_supervisor(f"segmenter-{self._started}", shape)
        self._started += 1
        self._supervisors[supervisor.name] = supervisor
        run = asyncio.create_task(supervisor.run(), name=f"supervise {supervisor.name}")
        self._runs[supervisor.name] = run
        run.add_done_callback(lambda _: self._remove(supervisor.name))

    def _remove(self, name: str) -> None:
        del self._supervisors[name]
        del self._runs[name]
