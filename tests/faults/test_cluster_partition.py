"""A node that is cut off in the middle of a film, with all it runs, and comes back after the others have done
its work. The node is a raylet in a network namespace; the cable to it is cut for real.

The story is run once; the tests look at what was seen on the way.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from cluster.settings import Settings
from cluster.stores.postgres.video import VideoState
from tests.support.ray.cable import Cable, cable, cables_are_possible, reachable_at
from tests.support.ray.head import driver_of, environment
from tests.support.ray.nodes import (
    OBJECT_STORE_BYTES,
    SERVICE,
    RayCluster,
    end_with_descendants,
    ray_cluster,
)
from tests.support.stack.actor_fixtures import settings
from tests.support.stack.actors import DEADLINE_S, ActorStack, actor_stack, process_alive
from tests.support.stack.stub_analyser import film

__all__ = ["settings"]

pytestmark = pytest.mark.skipif(
    not cables_are_possible(), reason="needs Linux, iproute2 and the right to make network namespaces"
)

ACTORS = {
    "count": 2,
    "gpus_per_actor": 1.0,
    "torch_threads": 1,
    "stuck_after_s": 30.0,
    "service_resource": SERVICE,
}
FRAMES, FRAME_S, CHUNKS = 250, 0.004, 12  # a chunk is a second of work
Row = dict[str, Any]


class FarNode:
    """A node with a GPU at the far end of the cable."""

    def __init__(self, wire: Cable, address: str) -> None:
        options = {
            "address": address,
            "node-ip-address": wire.far,
            "num-cpus": 2,
            "num-gpus": 1,
            "object-store-memory": OBJECT_STORE_BYTES,
        }
        start = [f"--{name}={value}" for name, value in options.items()]
        self._process = subprocess.Popen(
            wire.far_command(sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *start),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environment(wire.far)},
        )

    @property
    def is_gone(self) -> bool:
        return self._process.poll() is not None

    def has_ended(self) -> None:
        """Wait until it has ended of itself."""
        self._process.wait(DEADLINE_S)

    def end(self) -> None:
        """By force, with all it runs, if it has not ended."""
        if self._process.poll() is None:
            end_with_descendants(self._process)


@pytest.fixture(scope="module")
def wire() -> Iterator[Cable]:
    with cable() as running:
        yield running


@pytest.fixture(scope="module")
def cluster(wire: Cable) -> Iterator[RayCluster]:
    quick = {"health_check_timeout_ms": 1000, "health_check_failure_threshold": 4}
    with ray_cluster(wire.near, **quick) as running:
        yield running


@pytest.fixture(scope="module")
def ray_connection(cluster: RayCluster, wire: Cable) -> Iterator[None]:
    """What `settings` asks for."""
    with driver_of(cluster.address, "tests", wire.near):
        yield


@pytest.fixture(scope="module")
def stack(settings: Settings, wire: Cable) -> Iterator[ActorStack]:
    with (
        reachable_at(wire.near, settings.mongodb_url) as mongodb_url,
        actor_stack(settings.with_values(mongodb_url=mongodb_url)) as running,
    ):
        yield running


class Story:
    """What was seen on the way."""

    def __init__(self, stack: ActorStack, near: str, wire: Cable, add: Callable[[], FarNode]) -> None:
        self._stack = stack
        self._near = near
        self._add = add
        node = self._node_until(lambda: len(self._idle()) == 2)
        self.film = self._film()
        self.far_before = stack.until(self._far_at_work)
        wire.cut()
        self.ended_meanwhile = stack.ended(self.film)
        self.segments_meanwhile = stack.segments(self.ended_meanwhile)
        self.far_lived_meanwhile = process_alive(self.far_before["pid"])

        wire.mend()
        node.has_ended()
        self.after = stack.jobs.get(self.film)
        self.segments_after = stack.segments(self.after)

        self._node_until(self._far_is_back)
        self.next_film = self._film()
        self.far_after = stack.until(self._far_at_work)
        self.next_ended = stack.ended(self.next_film)

    def _node_until(self, holds: Callable[[], bool]) -> FarNode:
        """A far node, and what it brings about. On a busy machine a node that starts may answer so late that
        the cluster gives it up, as it does with one that is cut off; then it is started once more."""
        node = self._add()

        def look() -> bool:
            nonlocal node
            if node.is_gone:
                node = self._add()
            return holds()

        self._stack.until(look)
        return node

    def _film(self) -> str:
        return self._stack.submit(film(CHUNKS, frames=FRAMES, frame_s=FRAME_S))

    def _working(self) -> list[Row]:
        return [row for row in self._stack.snapshot()["actors"] if row["chunk"] is not None]

    def _idle(self) -> list[Row]:
        return [row for row in self._stack.snapshot()["actors"] if row["state"] == "idle"]

    def _far_is_back(self) -> bool:
        """Whether both are idle, and the far one is another than the one that was cut off.

        A film that is submitted earlier may be done by the near one before the far node has started.
        """
        idle = self._idle()
        return len(idle) == 2 and self.far_before["pid"] not in [row["pid"] for row in idle]

    def _far_at_work(self) -> Row | None:
        """The far actor's row, once it has done a chunk and has another in hand, and the near one as well."""
        rows = [row for row in self._working() if row["video_s_per_s"]]
        far = [row for row in rows if row["node_id"] != self._near]
        return far[0] if far and len(rows) == 2 else None


@pytest.fixture(scope="module")
def story(stack: ActorStack, cluster: RayCluster, wire: Cable) -> Iterator[Story]:
    near = cluster.add(cpus=2, gpus=1)
    with ExitStack() as nodes:

        def add() -> FarNode:
            node = FarNode(wire, cluster.address)
            nodes.callback(node.end)
            return node

        yield Story(stack, near, wire, add)


def test_a_film_is_finished_without_the_node_that_was_cut_off(story: Story, stack: ActorStack) -> None:
    assert story.far_lived_meanwhile, "it was to be cut off, not killed"
    video = story.ended_meanwhile
    assert (video.state, video.attempt, video.lease_epoch) == (VideoState.DONE, 1, 1)
    assert stack.results.stored_chunks(story.film, "stub") == set(range(CHUNKS))


def test_others_do_what_it_had_in_hand_and_nothing_else_again(story: Story, stack: ActorStack) -> None:
    times = Counter(stack.decoded(story.film))
    again = [chunk for chunk, count in times.items() if count > 1]
    assert len(again) == 1
    assert again[0] >= story.far_before["chunk"]
    shots = [segment for segment in story.segments_meanwhile if segment["level"] == "shot"]
    assert [(shot["start_frame"], shot["end_frame"]) for shot in shots] == [
        (chunk * FRAMES, (chunk + 1) * FRAMES) for chunk in range(CHUNKS)
    ]


def test_what_it_says_when_it_is_back_changes_nothing(story: Story) -> None:
    assert story.after == story.ended_meanwhile
    assert story.segments_after == story.segments_meanwhile


def test_it_ends_itself_and_works_again_once_it_is_started_anew(story: Story) -> None:
    assert not process_alive(story.far_before["pid"])
    assert story.far_after["node_id"] not in (None, story.far_before["node_id"])
    assert story.next_ended.state is VideoState.DONE
