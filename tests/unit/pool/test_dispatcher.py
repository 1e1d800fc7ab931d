"""Who gets what: the last chunks where actors differ, files that are there, and estimates of speed."""

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
from actors.pool.size import NodeView, Shape, elastic_plan
from actors.pool.task_table import Entry, TaskTable
from actors.pool.throughput import MovingMean, Throughput
from actors.pool.worker_proxy import WorkerProxy
from actors.tasks import Outcome, Task, TaskKind
from cluster.settings import ActorSettings, ScalingSettings


@dataclass(eq=False)
class Someone:
    """A member as far as the dispatcher looks at it, of known speed."""

    node_id: str = "node"
    speed: float | None = None
    free_in_s: float = 0.0
    handed_at: float = 0.0
    throughput: Throughput = field(default_factory=lambda: Throughput(5.0))

    def __post_init__(self) -> None:
        if self.speed is not None:
            self.throughput.done(1e6 * self.speed, 1e6)

    def busy(self, now: float) -> Availability | None:
        return Availability(self.speed, self.free_in_s) if self.speed is not None else None


def chunk(number: int, video: str = "film", **values: Any) -> Task:
    return Task(
        TaskKind.CHUNK, video, 1, f"file of {video}", tracks_hash="h", chunk=number, cost_s=60.0, **values
    )


class Scene:
    """A book and a dispatcher over some members, of whom some are idle."""

    def __init__(self, *members: Someone) -> None:
        self.book = TaskTable(chunk_attempts=3, max_entries=100)
        self.dispatcher = Dispatcher(self.book, lambda: cast("list[WorkerProxy]", list(members)))

    async def idle(self, member: Someone) -> asyncio.Task[Entry | None]:
        asked = asyncio.create_task(self.dispatcher.next_entry(cast("WorkerProxy", member)))
        await asyncio.sleep(0)
        return asked

    async def submit(self, *tasks: Task) -> list[Entry]:
        entries = [self.book.submit(task) for task in tasks]
        self.dispatcher.look_around()
        await asyncio.sleep(0)
        return entries

    async def broken_down_on(self, member: Someone) -> Entry:
        """A chunk that this member had in hand when it died."""
        (entry,) = await self.submit(chunk(0))
        assert (await (await self.idle(member))) is entry
        self.book.lost(entry, "it died", counted=True, node_id=member.node_id)
        return entry


def test_the_last_chunk_is_left_to_a_much_faster_actor_that_is_soon_free() -> None:
    async def scenario() -> None:
        slow, fast = Someone(speed=1.0), Someone(speed=10.0, free_in_s=20.0)
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
        slow, fast = Someone(speed=1.0), Someone(speed=10.0, free_in_s=120.0)
        scene = Scene(slow, fast)
        asked = await scene.idle(slow)
        (entry,) = await scene.submit(chunk(0))
        assert (await asked) is entry

    asyncio.run(scenario())


def test_a_fast_actor_is_asked_before_a_slow_one_whoever_was_idle_first() -> None:
    async def scenario() -> None:
        slow, fast = Someone(speed=1.0), Someone(speed=10.0)
        scene = Scene(slow, fast)
        _, by_fast = await scene.idle(slow), await scene.idle(fast)
        (entry,) = await scene.submit(chunk(0))
        assert (await by_fast) is entry

    asyncio.run(scenario())


def test_who_was_never_measured_refuses_nothing() -> None:
    async def scenario() -> None:
        new = Someone()
        scene = Scene(new, Someone(speed=1000.0))
        asked = await scene.idle(new)
        (entry,) = await scene.submit(chunk(0))
        assert (await asked) is entry

    asyncio.run(scenario())


def test_a_node_that_has_the_file_gets_its_chunks_and_fairness_holds() -> None:
    async def scenario() -> None:
        here, there = Someone("here"), Someone("there")
        scene = Scene(here, there)
        for video, member in (("a", here), ("b", there)):
            asked = await scene.idle(member)
            (entry,) = await scene.submit(chunk(0, video))
            assert (await asked) is entry
        await scene.submit(*(chunk(n, video) for video in ("a", "b") for n in range(1, 20)))
        got = []
        for _ in range(10):
            for member in (there, here):
                entry_ = await (await scene.idle(member))
                assert entry_ is not None
                got.append((member.node_id, entry_.task.video_id))
        assert got == [("there", "b"), ("here", "a")] * 10

    asyncio.run(scenario())


def test_what_broke_down_on_a_node_is_tried_on_others_first() -> None:
    async def scenario() -> None:
        broken, sound = Someone("broken", speed=5.0), Someone("sound", speed=5.0)
        scene = Scene(broken, sound)
        entry = await scene.broken_down_on(broken)
        again = await scene.idle(broken)
        assert not again.done(), "three of its actors would be the end of the video"
        assert (await (await scene.idle(sound))) is entry
        scene.book.lost(entry, "it died", counted=True, node_id="sound")
        scene.dispatcher.dispatch()
        assert (await again) is entry, "it broke down everywhere"

    asyncio.run(scenario())


def test_what_broke_down_is_not_left_to_the_slow_who_leave_it_to_the_fast() -> None:
    async def scenario() -> None:
        fast, slow = Someone("gpus", speed=10.0), Someone("cores", speed=1.0)
        scene = Scene(fast, slow)
        entry = await scene.broken_down_on(fast)
        await scene.idle(slow)
        assert (await (await scene.idle(fast))) is entry

    asyncio.run(scenario())


def test_what_broke_down_waits_for_other_nodes_for_some_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        here, other = Someone("here", speed=5.0), Someone("other", speed=5.0, free_in_s=600.0)
        scene = Scene(here, other)
        entry = await scene.broken_down_on(here)
        again = await scene.idle(here)
        assert not again.done()
        monkeypatch.setattr(dispatcher, "LEFT_TO_OTHER_NODES_S", 0.0)
        scene.dispatcher.look_around()
        assert (await again) is entry

    asyncio.run(scenario())


def test_who_is_withdrawn_hears_so_and_gets_nothing() -> None:
    async def scenario() -> None:
        member = Someone()
        scene = Scene(member)
        asked = await scene.idle(member)
        scene.dispatcher.withdraw(cast("WorkerProxy", member))
        assert await asked is None
        (entry,) = await scene.submit(chunk(0))
        assert not entry.running

    asyncio.run(scenario())


def test_joining_batch_work_that_waits_makes_it_interactive() -> None:
    async def scenario() -> None:
        book = TaskTable(chunk_attempts=3, max_entries=100)
        waiting = [book.submit(chunk(n, "slow", priority="batch")) for n in range(3)]
        book.submit(Task.from_dict({**chunk(2, "slow").to_dict(), "video_id": "quick", "tracks_key": "slow"}))
        assert book.next() is waiting[2]
        assert book.work_s == 180.0
        book.settle(waiting[2], Outcome.done())
        assert book.work_s == 120.0

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


def test_throughput_moves_from_what_was_expected_to_what_is_measured() -> None:
    throughput = Throughput(5.0)
    assert (throughput.video_s_per_s, throughput.is_measured) == (5.0, False)
    for _ in range(30):
        throughput.done(60.0, 30.0)
    assert throughput.video_s_per_s == pytest.approx(2.0, rel=0.1)
    throughput.done(1.0, 0.0)
    for _ in range(60):
        throughput.done(60.0, 6.0)
    assert throughput.video_s_per_s == pytest.approx(10.0, rel=0.2), "what was long ago is forgotten"


def test_a_mean_begins_with_what_is_seen_first() -> None:
    mean = MovingMean(60.0, memory=4)
    mean.add(10.0)
    assert mean.value == 10.0
    for _ in range(40):
        mean.add(20.0)
    assert mean.value == pytest.approx(20.0, abs=0.1)


CPU, GPU = NodeView(0, 8), NodeView(2, 16)


@pytest.mark.parametrize(
    ("share", "cpu_actors", "nodes", "wanted", "want"),
    [
        (0.0, 0, [CPU, CPU], 5, {(0.0, 2.0): 5}),
        (0.0, 0, [GPU], 5, {(1.0, 1.0): 5, (0.0, 2.0): 0}),
        (0.5, 0, [], 5, {(0.5, 1.0): 5, (0.0, 2.0): 0}),
        (0.5, 6, [GPU, CPU], 3, {(0.5, 1.0): 3, (0.0, 2.0): 0}),
        (0.5, 6, [GPU, CPU], 7, {(0.5, 1.0): 4, (0.0, 2.0): 3}),
        (0.5, 6, [GPU, CPU], 20, {(0.5, 1.0): 16, (0.0, 2.0): 4}),
        (0.5, 2, [GPU, CPU], 20, {(0.5, 1.0): 18, (0.0, 2.0): 2}),
    ],
)
def test_gpus_are_filled_first_then_nodes_without_and_the_rest_waits_for_gpus(
    share: float, cpu_actors: int, nodes: list[NodeView], wanted: int, want: dict[Any, int]
) -> None:
    actors = ActorSettings(gpus_per_actor=share)
    plan = elastic_plan(actors, ScalingSettings(cpu_actors=cpu_actors), nodes, wanted)
    assert {(shape.num_gpus, shape.num_cpus): count for shape, count in plan.items()} == want
    assert all(shape.threads == 2 for shape in plan)


def test_a_shape_tells_its_device() -> None:
    assert (Shape(0.25, 1.0, 2).device, Shape(0.0, 2.0, 2).device) == ("cuda:0", "cpu")
