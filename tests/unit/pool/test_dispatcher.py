"""Pull scheduling: straggler avoidance, data locality, and tasks whose worker died."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.pool import dispatcher
from actors.pool.dispatcher import Dispatcher
from actors.pool.matching import Availability, Locality, is_done_sooner_by_others
from actors.pool.task_table import Entry, TaskTable
from actors.pool.throughput import Throughput
from actors.pool.worker_proxy import WorkerProxy
from actors.tasks import Outcome, Task, TaskKind


@dataclass(eq=False)
class StubWorker:
    """What the dispatcher uses of a worker. `speed`: seconds of video per second, None if never measured."""

    node_id: str = "node"
    speed: float | None = None
    free_in_s: float = 0.0
    handed_at: float = 0.0
    throughput: Throughput = field(default_factory=lambda: Throughput(5.0))

    def __post_init__(self) -> None:
        if self.speed is not None:
            self.throughput.done(1e6 * self.speed, 1e6)

    def availability(self, now: float) -> Availability | None:
        return Availability(self.speed, self.free_in_s) if self.speed is not None else None


def chunk(number: int, video: str = "film", **values: Any) -> Task:
    return Task(
        TaskKind.CHUNK, video, 1, f"file of {video}", tracks_hash="h", chunk=number, cost_s=60.0, **values
    )


class Scene:
    """A task table and a dispatcher over some workers, of which some are idle."""

    def __init__(self, *workers: StubWorker) -> None:
        self.table = TaskTable(chunk_attempts=3, max_entries=100)
        self.dispatcher = Dispatcher(self.table, lambda: cast("list[WorkerProxy]", list(workers)))

    async def idle(self, worker: StubWorker) -> asyncio.Task[Entry | None]:
        asked = asyncio.create_task(self.dispatcher.next_entry(cast("WorkerProxy", worker)))
        await asyncio.sleep(0)
        return asked

    async def submit(self, *tasks: Task) -> list[Entry]:
        entries = [self.table.submit(task) for task in tasks]
        self.dispatcher.refresh()
        await asyncio.sleep(0)
        return entries

    async def broken_down_on(self, worker: StubWorker) -> Entry:
        """A chunk that this worker had in hand when it died."""
        (entry,) = await self.submit(chunk(0))
        assert (await (await self.idle(worker))) is entry
        self.table.lost(entry, "it died", counted=True, node_id=worker.node_id)
        return entry


def test_the_last_chunk_is_left_to_a_much_faster_actor_that_is_soon_free() -> None:
    async def scenario() -> None:
        slow, fast = StubWorker(speed=1.0), StubWorker(speed=10.0, free_in_s=20.0)
        scene = Scene(slow, fast)
        asked = await scene.idle(slow)
        await scene.submit(chunk(0))
        assert not asked.done(), "it would take 60 s here and 26 s there"
        more = await scene.submit(*(chunk(n) for n in range(1, 10)))
        assert asked.done(), "ten chunks are more than the fast one does in a minute"
        assert len(more) == 9

    asyncio.run(scenario())


def test_the_last_chunk_is_taken_when_the_fast_ones_are_busy_for_long() -> None:
    async def scenario() -> None:
        slow, fast = StubWorker(speed=1.0), StubWorker(speed=10.0, free_in_s=120.0)
        scene = Scene(slow, fast)
        asked = await scene.idle(slow)
        (entry,) = await scene.submit(chunk(0))
        assert (await asked) is entry

    asyncio.run(scenario())


def test_a_fast_actor_is_asked_before_a_slow_one_whoever_was_idle_first() -> None:
    async def scenario() -> None:
        slow, fast = StubWorker(speed=1.0), StubWorker(speed=10.0)
        scene = Scene(slow, fast)
        _, by_fast = await scene.idle(slow), await scene.idle(fast)
        (entry,) = await scene.submit(chunk(0))
        assert (await by_fast) is entry

    asyncio.run(scenario())


def test_who_was_never_measured_refuses_nothing() -> None:
    async def scenario() -> None:
        new = StubWorker()
        scene = Scene(new, StubWorker(speed=1000.0))
        asked = await scene.idle(new)
        (entry,) = await scene.submit(chunk(0))
        assert (await asked) is entry

    asyncio.run(scenario())


def test_a_node_that_has_the_file_gets_its_chunks_and_fairness_holds() -> None:
    async def scenario() -> None:
        here, there = StubWorker("here"), StubWorker("there")
        scene = Scene(here, there)
        for video, worker in (("a", here), ("b", there)):
            asked = await scene.idle(worker)
            (entry,) = await scene.submit(chunk(0, video))
            assert (await asked) is entry
        await scene.submit(*(chunk(n, video) for video in ("a", "b") for n in range(1, 20)))
        got = []
        for _ in range(10):
            for worker in (there, here):
                entry_ = await (await scene.idle(worker))
                assert entry_ is not None
                got.append((worker.node_id, entry_.task.video_id))
        assert got == [("there", "b"), ("here", "a")] * 10

    asyncio.run(scenario())


def test_what_broke_down_on_a_node_is_tried_on_others_first() -> None:
    async def scenario() -> None:
        broken, sound = StubWorker("broken", speed=5.0), StubWorker("sound", speed=5.0)
        scene = Scene(broken, sound)
        entry = await scene.broken_down_on(broken)
        again = await scene.idle(broken)
        assert not again.done(), "three of its actors would be the end of the video"
        assert (await (await scene.idle(sound))) is entry
        scene.table.lost(entry, "it died", counted=True, node_id="sound")
        scene.dispatcher.dispatch()
        assert (await again) is entry, "it broke down everywhere"

    asyncio.run(scenario())


def test_what_broke_down_is_not_left_to_the_slow_who_leave_it_to_the_fast() -> None:
    async def scenario() -> None:
        fast, slow = StubWorker("gpus", speed=10.0), StubWorker("cores", speed=1.0)
        scene = Scene(fast, slow)
        entry = await scene.broken_down_on(fast)
        await scene.idle(slow)
        assert (await (await scene.idle(fast))) is entry

    asyncio.run(scenario())


def test_what_broke_down_waits_for_other_nodes_for_some_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        here, other = StubWorker("here", speed=5.0), StubWorker("other", speed=5.0, free_in_s=600.0)
        scene = Scene(here, other)
        entry = await scene.broken_down_on(here)
        again = await scene.idle(here)
        assert not again.done()
        monkeypatch.setattr(dispatcher, "LEFT_TO_OTHER_NODES_S", 0.0)
        scene.dispatcher.refresh()
        assert (await again) is entry

    asyncio.run(scenario())


def test_who_is_withdrawn_hears_so_and_gets_nothing() -> None:
    async def scenario() -> None:
        worker = StubWorker()
        scene = Scene(worker)
        asked = await scene.idle(worker)
        scene.dispatcher.withdraw(cast("WorkerProxy", worker))
        assert await asked is None
        (entry,) = await scene.submit(chunk(0))
        assert not entry.running

    asyncio.run(scenario())


def test_joining_batch_work_that_waits_makes_it_interactive() -> None:
    async def scenario() -> None:
        table = TaskTable(chunk_attempts=3, max_entries=100)
        waiting = [table.submit(chunk(n, "slow", priority="batch")) for n in range(3)]
        table.submit(
            Task.from_dict({**chunk(2, "slow").to_dict(), "video_id": "quick", "tracks_key": "slow"})
        )
        assert table.next() is waiting[2]
        assert table.work_s == 180.0
        table.settle(waiting[2], Outcome.done())
        assert table.work_s == 120.0

    asyncio.run(scenario())


@given(st.floats(1, 100), st.floats(0.1, 10), st.lists(st.floats(0, 100), max_size=5))
def test_actors_alike_never_wait_for_each_other(cost_s: float, speed: float, free: list[float]) -> None:
    others = [Availability(1.4 * speed, free_in_s) for free_in_s in free]
    assert not is_done_sooner_by_others(cost_s, speed, others, 1)


def test_the_places_a_file_was_worked_on_are_remembered_for_so_many_files() -> None:
    locality = Locality(files=2)
    for key in ("a", "b", "c"):
        locality.worked(key, "node")
    assert [locality.has(key, "node") for key in ("a", "b", "c")] == [False, True, True]
    assert not locality.has("c", "another")
