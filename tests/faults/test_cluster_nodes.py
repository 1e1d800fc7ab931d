"""A cluster of real raylets with fake GPUs: the pool follows a load from one actor to eight and back to one,
while a node is lost in the middle of a film and another one, without GPUs, comes instead.

The curve is run once; the tests look at what was seen on the way (`pytest -s` tells how long it took).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cluster.settings import Settings
from cluster.stores.postgres.video import VideoState
from cluster.work_settings import ScalingSettings
from tests.support.ray.head import driver_of
from tests.support.ray.nodes import SERVICE, RayCluster, ray_cluster
from tests.support.stack.actor_fixtures import settings
from tests.support.stack.actors import ActorStack, actor_stack
from tests.support.stack.stub_analyser import film

__all__ = ["settings"]

# Two actors to a GPU; bridge, pool and fuser on the head, which is not lost.
ACTORS = {
    "count": 0,
    "gpus_per_actor": 0.5,
    "torch_threads": 1,
    "stuck_after_s": 30.0,
    "service_resource": SERVICE,
}
NODES, GPUS_A_NODE, PLACES = 2, 2, 8
CORES_A_NODE = 4
FRAMES, FRAME_S = 250, 0.006  # a chunk is ten seconds of video and some 1.5 s of work
CHUNKS = 100
SCALING = ScalingSettings(
    enabled=True,
    min_actors=1,
    max_actors=PLACES,
    cpu_actors=CORES_A_NODE,
    first_video_s_per_s=6.0,
    target_drain_s=2.0,  # ten chunks that wait are enough for eight actors
    up_after_s=0.5,
    down_after_s=2.0,
)

Row = dict[str, Any]


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    with ray_cluster() as running:
        yield running


@pytest.fixture(scope="module")
def ray_connection(cluster: RayCluster) -> Iterator[None]:
    """What `settings` asks for."""
    with driver_of(cluster.address, "tests"):
        yield


class Curve:
    """What was seen on the way. `seen`: the last row of every process there was."""

    def __init__(self, stack: ActorStack, cluster: RayCluster) -> None:
        self.seen: dict[int, Row] = {}
        self._stack = stack
        self._began = time.monotonic()
        nodes = [cluster.add(cpus=CORES_A_NODE, gpus=GPUS_A_NODE) for _ in range(NODES)]
        self._until("one actor waits for work", lambda rows: states(rows) == {"idle": 1})

        self.film = stack.submit(film(CHUNKS, frames=FRAMES, frame_s=FRAME_S))
        self.eight = self._until("eight actors have done a chunk", all_have_worked)
        self.clip = stack.ended(stack.submit(film(2, frames=FRAMES, frame_s=FRAME_S)))
        self.film_meanwhile = stack.jobs.get(self.film)
        self._tell("a clip is done behind the film")

        self.lost = nodes[1]
        cluster.kill(self.lost)
        self.next_film = stack.submit(film(CHUNKS, frames=FRAMES, frame_s=FRAME_S))
        self._until("half of them are lost", lambda rows: states(rows)["waiting"] == PLACES // 2)
        self.cpu_node = cluster.add(cpus=CORES_A_NODE)
        self._tell("a node without GPUs has come")
        self.eight_again = self._until("eight actors have done a chunk again", all_have_worked)

        films = (self.film, self.next_film)
        for video_id in films:  # what is left of them is quick work
            stack.media.put_stream(f"videos/{video_id}/source", [film(CHUNKS, frames=FRAMES, frame_s=0.0)])
        self.films = [stack.ended(video_id) for video_id in films]
        self._tell("all is done")
        self.last = self._until("one actor waits for work", lambda rows: states(rows) == {"idle": 1})

    def _rows(self) -> list[Row]:
        rows: list[Row] = self._stack.snapshot()["actors"]
        self.seen.update((row["pid"], row) for row in rows if row["pid"] is not None)
        return rows

    def _until(self, what: str, holds: Callable[[list[Row]], bool]) -> list[Row]:
        rows = self._stack.until(lambda: rows if holds(rows := self._rows()) else None)
        self._tell(what)
        return rows

    def _tell(self, what: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {what}")


def states(rows: list[Row]) -> Counter[str]:
    return Counter(row["state"] for row in rows)


def all_have_worked(rows: list[Row]) -> bool:
    return len(rows) == PLACES and all(row["pid"] and row["video_s_per_s"] for row in rows)


@pytest.fixture(scope="module")
def stack(settings: Settings) -> Iterator[ActorStack]:
    with actor_stack(settings.with_values(scaling=SCALING)) as running:
        yield running


@pytest.fixture(scope="module")
def curve(stack: ActorStack, cluster: RayCluster) -> Curve:
    return Curve(stack, cluster)


def test_a_film_has_the_whole_cluster_and_every_place_one_actor(curve: Curve) -> None:
    places = Counter((row["node_id"], row["device"]) for row in curve.eight)
    assert set(places.values()) == {2}
    assert len(places) == NODES * GPUS_A_NODE
    assert {device for _, device in places} == {"gpu 0", "gpu 1"}


def test_each_actor_sees_its_own_device_only(curve: Curve, stack: ActorStack) -> None:
    worked = {}
    for video in curve.films:
        for segment in stack.segments(video):
            if segment["level"] == "shot":
                gpus, pid = (tag["label"] for tag in segment["visual"]["tags"])
                worked[int(pid)] = f"gpu {gpus}" if gpus else "cpu"
    assert worked.keys() >= {row["pid"] for row in (*curve.eight, *curve.eight_again)}
    assert worked == {pid: curve.seen[pid]["device"] for pid in worked}


def test_a_clip_does_not_wait_for_the_film_before_it(curve: Curve) -> None:
    assert (curve.clip.state, curve.film_meanwhile.state) == (VideoState.DONE, VideoState.RUNNING)


def test_work_of_a_lost_node_is_done_by_others_and_counts_no_attempt(curve: Curve, stack: ActorStack) -> None:
    for video in curve.films:
        assert (video.state, video.attempt, video.lease_epoch) == (VideoState.DONE, 1, 1)
        assert stack.results.stored_chunks(video.id, "stub") == set(range(CHUNKS))
    decoded = [Counter(stack.decoded(video.id)) for video in curve.films]
    again = sum(times - 1 for video in decoded for times in video.values())
    assert 0 < again <= PLACES // NODES, "what is drained gives nothing up"


def test_a_node_without_gpus_is_used_where_there_are_not_enough(curve: Curve) -> None:
    places = Counter((row["node_id"], row["device"]) for row in curve.eight_again)
    assert curve.lost not in {node_id for node_id, _ in places}
    assert places[curve.cpu_node, "cpu"] == PLACES // 2


def test_without_work_one_actor_stays_with_a_gpu(curve: Curve) -> None:
    (last,) = curve.last
    assert last["device"].startswith("gpu")
