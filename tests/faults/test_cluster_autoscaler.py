"""Ray's own autoscaler on a real Ray: it adds nodes for segmenters that wait, and takes idle ones away."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import ray

from cluster.settings import Settings
from cluster.stores.postgres.video import VideoState
from cluster.work_settings import ScalingSettings
from tests.support.ray.autoscaler import autoscaling_ray
from tests.support.ray.head import driver_of
from tests.support.ray.nodes import SERVICE
from tests.support.stack.actor_fixtures import settings
from tests.support.stack.actors import actor_stack
from tests.support.stack.stub_analyser import film

__all__ = ["settings"]

ACTORS = {
    "count": 0,
    "gpus_per_actor": 1.0,
    "torch_threads": 1,
    "stuck_after_s": 30.0,
    "service_resource": SERVICE,
}
NODES = 2
SCALING = ScalingSettings(
    enabled=True,
    min_actors=0,
    max_actors=NODES,
    allow_zero=True,
    zero_after_s=0.0,
    target_drain_s=1.0,
    up_after_s=0.0,
    down_after_s=1.0,
)
CHUNKS, FRAMES = 40, 250


@pytest.fixture(scope="module")
def ray_connection() -> Iterator[None]:
    """What `settings` asks for: a head, and nodes with one GPU each that come and go."""
    node = {"CPU": 1, "GPU": 1}
    idle_s = 4.0  # an actor must have found its way to a new node by then
    with autoscaling_ray(node, most=NODES, idle_s=idle_s) as address, driver_of(address, "tests"):
        yield


def living() -> set[str]:
    return {node["NodeID"] for node in ray.nodes() if node["Alive"]}


def test_nodes_come_for_actors_that_wait_and_go_when_there_is_nothing_to_do(settings: Settings) -> None:
    with actor_stack(settings.with_values(scaling=SCALING)) as stack:
        head = living()
        assert (len(head), stack.snapshot()["actors"]) == (1, [])

        began = time.monotonic()
        video_id = stack.submit(film(CHUNKS, frames=FRAMES, frame_s=0.004))
        stack.until(lambda: len(living() - head) == NODES)
        print(f"{time.monotonic() - began:6.1f} s  {NODES} nodes have come")

        def at_work() -> bool:
            rows = stack.snapshot()["actors"]
            return {row["node_id"] for row in rows if row["video_s_per_s"]} == living() - head

        stack.until(at_work)
        # What is left of it is quick work.
        stack.media.put_stream(f"videos/{video_id}/source", [film(CHUNKS, frames=FRAMES, frame_s=0.0)])
        video = stack.ended(video_id)
        print(f"{time.monotonic() - began:6.1f} s  the film is done")
        stack.until(lambda: living() == head)
        print(f"{time.monotonic() - began:6.1f} s  the nodes have gone")

        assert stack.snapshot()["actors"] == []
        assert (video.state, video.attempt) == (VideoState.DONE, 1)
        assert sorted(stack.decoded(video_id)) == list(range(CHUNKS)), "no chunk was given up"
