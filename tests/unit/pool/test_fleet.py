"""The fleet, its supervisors and its scaler without Ray: scaled, drained, replaced, and always ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Any

import pytest
from ray.exceptions import ActorDiedError
from structlog.testing import capture_logs

from actors.pool import supervisor as supervisor_module
from actors.pool.dispatcher import Dispatcher
from actors.pool.fleet import Fleet
from actors.pool.history import History
from actors.pool.scaler import Scaler
from actors.pool.size import NodeView, Shape
from actors.pool.supervisor import WorkerSupervisor
from actors.pool.task_table import Entry, TaskTable
from actors.pool.throughput import MovingMean
from actors.pool.worker_proxy import WorkerProxy
from actors.tasks import Outcome, Status, Task, TaskKind
from cluster.settings import Settings
from cluster.work_settings import ActorSettings, ScalingSettings

SHAPE = Shape(0.0, 2.0, 2)
ANSWERS = {"setup": None, "destroy": True, "cancel": True}


class Reference:
    """What Ray gives for a call."""

    def __init__(self) -> None:
        self.answer: Future[Any] = Future()

    def future(self) -> Future[Any]:
        return self.answer


class Process:
    """A segmenter's handle; its work ends when the test says so."""

    def __init__(self, number: int, node_id: str) -> None:
        self.number = number
        self.node_id = node_id
        self.placed = True
        self.killed = False
        self.working: Future[Any] | None = None

    def __getattr__(self, method: str) -> Any:
        process = self

        class Method:
            def remote(self, *arguments: Any) -> Reference:
                reference = Reference()
                if method == "work":
                    process.working = reference.answer
                elif method == "ping" and process.placed:
                    beat = {"pid": process.number, "node_id": process.node_id, "beat": 1}
                    reference.answer.set_result(beat)
                elif method in ANSWERS:
                    reference.answer.set_result(ANSWERS[method])
                return reference

        return Method()

    def finish(self, took_s: float = 1.0, **result: Any) -> None:
        assert self.working is not None
        working, self.working = self.working, None
        working.set_result({**Outcome.done(**result).to_dict(), "took_s": took_s})


class Scene:
    """A fleet over processes that the test makes; it is their factory."""

    def __init__(self) -> None:
        self.processes: list[Process] = []
        self.full = False
        self.broken = False
        self.settings = Settings(actors=ActorSettings(count=1))
        self.table = TaskTable(chunk_attempts=2, max_entries=100)
        self.history = History()
        self.fleet = Fleet(self._new_supervisor)
        self.dispatcher = Dispatcher(self.table, self.fleet.staying)

    def create(self, shape: Shape) -> Process:
        if self.broken:
            raise RuntimeError("no process can be made")
        process = Process(len(self.processes), node_id=f"node {len(self.processes) // 2}")
        process.placed = not self.full
        self.processes.append(process)
        return process

    def kill(self, handle: Process) -> None:
        handle.killed = True

    def at_work(self) -> list[Process]:
        return [process for process in self.processes if process.working is not None]

    def states(self) -> list[str]:
        return sorted(row["state"] for row in self.fleet.rows())

    async def submit(self, count: int) -> list[Entry]:
        tasks = [Task(TaskKind.CHUNK, "film", 1, "key", tracks_hash="h", chunk=n) for n in range(count)]
        entries = [self.table.submit(task) for task in tasks]
        self.dispatcher.dispatch()
        await settled()
        return entries

    async def resize(self, wanted: int) -> None:
        self.fleet.resize({SHAPE: wanted})
        await settled()

    def _new_supervisor(self, name: str, shape: Shape) -> WorkerSupervisor:
        def start_worker(name: str, shape: Shape) -> WorkerProxy:
            return WorkerProxy(name, shape, self.settings, self, self.fleet.__len__)

        return WorkerSupervisor(
            name,
            shape,
            start_worker,
            table=self.table,
            dispatcher=self.dispatcher,
            overhead_s=MovingMean(0.0),
            history=self.history,
        )


async def settled() -> None:
    """Every callback that is due has run; nothing here waits for a clock."""
    for _ in range(50):
        await asyncio.sleep(0)


@asynccontextmanager
async def new_scene() -> AsyncIterator[Scene]:
    made = Scene()
    yield made
    made.fleet.retire_all()
    await settled()
    for process in made.at_work():
        process.finish()
    async with asyncio.timeout(60):
        assert await made.fleet.ended()
    assert all(process.killed for process in made.processes), "a process was left behind"


def run(scenario: Callable[[Scene], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with new_scene() as made:
            await scenario(made)

    asyncio.run(whole())


def test_a_retired_worker_finishes_what_it_has_takes_no_more_and_loses_nothing() -> None:
    async def scenario(made: Scene) -> None:
        await made.resize(2)
        entries = await made.submit(4)
        await made.resize(1)
        assert made.states() == ["draining", "working"]
        for process in made.at_work():
            process.finish()
        await settled()
        assert made.states() == ["working"]
        while made.at_work():
            made.at_work()[0].finish()
            await settled()
        outcomes = [entry.future.result() for entry in entries]
        assert {outcome.status for outcome in outcomes} == {Status.DONE}
        assert {entry.actors_lost for entry in entries} == {0}

    run(scenario)


def test_a_worker_that_drains_is_taken_back_when_it_is_needed_again() -> None:
    async def scenario(made: Scene) -> None:
        await made.resize(2)
        await made.submit(4)
        await made.resize(1)
        await made.resize(2)
        assert made.states() == ["working", "working"]
        assert len(made.processes) == 2, "no new process was started"

    run(scenario)


def test_order_of_retirement_without_a_node_then_idle_then_alone_on_its_node() -> None:
    async def scenario(made: Scene) -> None:
        await made.resize(3)  # two on node 0, one on node 1
        made.full = True
        await made.resize(4)
        assert (made.states(), made.fleet.placed) == (["idle", "idle", "idle", "waiting"], 3)
        await made.resize(3)
        assert made.processes[3].killed
        await made.submit(3)
        await made.resize(2)
        drained = [process for process in made.processes if process.working is not None]
        for process in drained:
            process.finish()
        await settled()
        assert made.processes[2].killed
        assert not made.processes[0].killed

    run(scenario)


def test_a_shape_that_is_not_planned_any_more_is_drained() -> None:
    async def scenario(made: Scene) -> None:
        await made.resize(1)
        await made.submit(1)
        made.fleet.resize({Shape(1.0, 1.0, 2): 1})
        await settled()
        assert made.states() == ["draining", "idle"]

    run(scenario)


def test_a_process_that_dies_costs_its_chunk_and_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "RESTART_FIRST_S", 1e-6)
    monkeypatch.setattr(supervisor_module, "RESTART_LONGEST_S", 1e-6)

    async def alive(error: BaseException | None, node_id: str | None, probe: object) -> bool:
        return node_id != "node 0"  # which has vanished

    monkeypatch.setattr("actors.pool.worker_proxy.counts_against_task", alive)

    async def scenario(made: Scene) -> None:
        await made.resize(1)
        (entry,) = await made.submit(1)
        for losses in (0, 0, 1):  # both processes of node 0, then one of node 1
            (process,) = made.at_work()
            assert process.working is not None
            process.working.set_exception(ActorDiedError())
            process.working = None
            async with asyncio.timeout(60):
                while not made.at_work():
                    await asyncio.sleep(0.001)
            assert entry.actors_lost == losses
        made.at_work()[0].finish(frames=600)
        await settled()
        assert entry.future.result().status is Status.DONE
        assert sum(made.history.rates()["frames_per_s"]) > 0
        lost = made.history.losses()
        assert [(loss["actor"], loss["video_id"]) for loss in lost] == [("segmenter-0", "film")] * 3
        assert "ActorDiedError" in lost[0]["reason"]

    run(scenario)


def test_a_worker_lost_before_its_task_began_tells_why_it_was_lost() -> None:
    async def scenario(made: Scene) -> None:
        await made.resize(1)
        entry = made.table.submit(Task(TaskKind.CHUNK, "film", 1, "key", tracks_hash="h", chunk=0))
        made.dispatcher.dispatch()
        (worker,) = made.fleet.staying()
        worker.lose("it stood still", counted=True)
        await settled()

        assert [loss["reason"] for loss in made.history.losses()] == ["it stood still"]
        assert entry.actors_lost == 0, "it had not begun"

    run(scenario)


def test_an_end_does_not_wait_for_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "RESTART_FIRST_S", 3600.0)
    monkeypatch.setattr(supervisor_module, "RESTART_LONGEST_S", 3600.0)

    async def scenario(made: Scene) -> None:
        made.broken = True
        await made.resize(1)
        (row,) = made.fleet.rows()
        assert (row["state"], row["error"]) == ("lost", "RuntimeError: no process can be made")

    run(scenario)


@pytest.mark.parametrize(
    ("share", "gpus", "cores", "told"),
    [(0.0, 0.0, 1.0, 1), (0.0, 0.0, 2.0, 0), (1.0, 0.0, 2.0, 0), (2.0, 1.0, 2.0, 1), (0.5, 1.0, 1.0, 0)],
)
def test_a_warning_tells_of_workers_that_no_node_can_hold(
    share: float, gpus: float, cores: float, told: int
) -> None:
    async def scenario(made: Scene) -> None:
        actors = ActorSettings(gpus_per_actor=share)
        settings = made.settings.with_values(actors=actors, scaling=ScalingSettings(enabled=True))
        scaler = Scaler(settings, made.table, made.fleet, made.dispatcher)
        with capture_logs() as logged:
            for _ in range(3):
                scaler.resize([NodeView(gpus, cores)])
        await settled()
        assert len([entry for entry in logged if entry["log_level"] == "warning"]) == told

    run(scenario)


def test_the_backlog_is_what_was_reported_or_what_the_pool_has_if_that_is_more() -> None:
    async def scenario(made: Scene) -> None:
        scaler = Scaler(made.settings, made.table, made.fleet, made.dispatcher)
        assert scaler.backlog_s == 0.0
        await made.submit(3)
        assert scaler.backlog_s == 3.0
        scaler.report({"seconds": 500.0, "videos": 2})
        assert scaler.backlog_s == 500.0
        scaler.report({"seconds": 1.0, "videos": 1})
        assert scaler.backlog_s == 3.0
        for bridge, clips_s in (("a", 90.0), ("b", 9.0), ("a", 60.0)):  # each tells of its own
            scaler.report({"seconds": 1.0, "videos": 1, "bridge": bridge, "clips_s": clips_s})
        assert scaler.backlog_s == 70.0
        await made.resize(1)
        while made.at_work():
            made.at_work()[0].finish()
            await settled()

    run(scenario)
