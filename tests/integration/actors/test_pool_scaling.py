"""The pool follows the work on a real Ray: up, down by draining, to nothing and up again, whoever dies.

The pool alone, without a bridge: the tests hand it tasks and say what the backlog is.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
import ray

from actors.pool.handle import pool_class
from actors.tasks import Task, TaskKind
from cluster.settings import Settings
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.work_settings import ScalingSettings
from tests.support.stack import stub_analyser
from tests.support.stack.actor_fixtures import ray_connection, settings
from tests.support.stack.actors import DEADLINE_S, kill_process, patiently
from tests.support.stack.stub_analyser import film

__all__ = ["ray_connection", "settings"]

ACTORS = {"count": 0, "torch_threads": 1}  # the test's Ray has two cores: two find a place, a third does not
SCALING = {
    "enabled": True,
    "min_actors": 1,
    "max_actors": 3,
    "allow_zero": True,
    "zero_after_s": 5.0,  # a busy machine may not look for seconds, and must not miss the last one
    "target_drain_s": 100.0,
    "up_after_s": 0.0,
    "down_after_s": 0.5,
}
MUCH_S = 1e6

T = TypeVar("T")


class Scene:
    """A pool, its stores, and what is asked of it."""

    def __init__(self, settings: Settings) -> None:
        self.results = Results(settings.mongodb_url, settings.mongodb_database)
        self.media = MediaStore(settings.media_url)
        self.pool = pool_class().options(num_cpus=0).remote(settings, stub_analyser.NAME)
        self._backlog_s = 0.0
        self._go_on = ""

    def film(self, chunks: int, **script: Any) -> Callable[[int], Any]:
        """A planned video; called with a number, it has that chunk done and returns Ray's reference."""
        video_id = uuid.uuid4().hex
        key = f"videos/{video_id}/source"
        self._go_on = f"videos/{video_id}/{stub_analyser.go_on_files()[0]}"
        self.media.put_stream(key, [film(chunks, **script)])
        planned = self.run(Task(TaskKind.PLAN, video_id, 1, key))
        assert ray.get(planned)["status"] == "done"

        def chunk(number: int) -> Any:
            return self.run(Task(TaskKind.CHUNK, video_id, 1, key, tracks_hash="stub", chunk=number))

        return chunk

    def go_on(self) -> None:
        """The chunks of the last film that wait do so no longer."""
        self.media.put_stream(self._go_on, [b"go on"])

    def run(self, task: Task) -> Any:
        return self.pool.run.remote(task.to_dict())

    def report(self, backlog_s: float) -> None:
        self._backlog_s = backlog_s
        ray.get(self.pool.report_backlog.remote({"seconds": backlog_s, "videos": 1}))

    def snapshot(self) -> dict[str, Any]:
        return dict(ray.get(self.pool.snapshot.remote(), timeout=DEADLINE_S))

    def states(self) -> Counter[str]:
        return Counter(row["state"] for row in self.snapshot()["actors"])

    def until(self, *states: str) -> list[dict[str, Any]]:
        """The rows, once the actors are in these states."""

        def look() -> list[dict[str, Any]] | None:
            self.report(self._backlog_s)  # as bridges do again and again
            rows = self.snapshot()["actors"]
            return rows if sorted(row["state"] for row in rows) == sorted(states) else None

        return patiently(look, self.snapshot)


@pytest.fixture(scope="module")
def module_scene(settings: Settings) -> Iterator[Scene]:
    scene = Scene(settings.model_copy(update={"scaling": ScalingSettings(**SCALING)}))
    yield scene
    assert ray.get(scene.pool.stop.remote(), timeout=DEADLINE_S)
    ray.kill(scene.pool)
    scene.results.close()


@pytest.fixture
def scene(module_scene: Scene) -> Scene:
    """A pool with nothing to do, and therefore nobody to do it."""
    module_scene.report(0.0)
    patiently(lambda: module_scene.snapshot()["actors"] == [], module_scene.snapshot)
    return module_scene


def test_from_nothing_up_with_the_backlog_and_down_without_losing_a_chunk(scene: Scene) -> None:
    began_at = time.monotonic()
    # A second each at least; the plan itself has raised the first actor.
    chunk = scene.film(4, frame_s=0.04, wait_from=0)
    scene.report(MUCH_S)
    rows = scene.until("idle", "idle", "waiting")
    placed = [row for row in rows if row["state"] == "idle"]
    assert all(row["rss_bytes"] > 1 << 20 and row["gpu_bytes"] is None for row in placed)
    assert {row["node_id"] for row in placed} == {ray.nodes()[0]["NodeID"]}
    answers = [chunk(number) for number in range(4)]
    scene.until("waiting", "working", "working")
    scene.report(0.0)  # what the pool has itself is enough for one
    patiently(lambda: scene.states()["draining"] == 1, scene.snapshot)
    scene.go_on()
    assert {answer["status"] for answer in ray.get(answers)} == {"done"}
    assert not any(answer["result"].get("repeated") for answer in ray.get(answers))
    (last,) = scene.until("idle")
    slowest = 1.0 / (time.monotonic() - began_at)  # its chunks of a second took no longer than all of this
    assert slowest < last["video_s_per_s"] < 5.0, "between what was measured and what was expected"
    snapshot = scene.snapshot()
    assert (snapshot["wanted"], snapshot["queued"], snapshot["backlog_s"]) == (1, 0, 0.0)
    assert snapshot["dispatch_ms"] > 0


def test_a_process_killed_on_the_way_up_costs_its_chunk_once(scene: Scene) -> None:
    chunk = scene.film(6, wait_from=0)
    scene.report(MUCH_S)
    scene.until("idle", "idle", "waiting")
    answers = [chunk(number) for number in range(6)]
    rows = scene.until("waiting", "working", "working")
    kill_process(next(row["pid"] for row in rows if row["state"] == "working"))
    scene.go_on()
    assert {answer["status"] for answer in ray.get(answers)} == {"done"}
    rows = scene.until("idle", "idle", "waiting")
    assert sum(row["replaced"] for row in rows) == 1
