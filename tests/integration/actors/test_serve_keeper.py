"""Bridge, pool and fuser as an application of a real Ray Serve: there while it is deployed, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import ray

from actors import launch
from actors.detached import SERVICE_SHARE
from cluster.settings import Settings
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.video import VideoState
from tests.support.ray.serve import serve, serve_keeper
from tests.support.stack.actor_fixtures import ray_connection, settings
from tests.support.stack.actors import DEADLINE_S, ActorStack
from tests.support.stack.stub_analyser import NAME, film

__all__ = ["ray_connection", "settings"]

ACTORS = {"count": 1}
INTERVAL_S = 0.5
OF_THE_NODE = "node:127.0.0.1"  # a resource that Ray itself gives each node


def deploy(settings: Settings, interval_s: float = INTERVAL_S) -> None:
    application = serve_keeper.deployment().bind(settings, NAME, interval_s)
    serve.run(application, name=serve_keeper.APPLICATION_NAME, route_prefix=None)


@pytest.fixture(scope="module")
def kept(settings: Settings) -> Iterator[ActorStack]:
    """The stack, as the keeper started it, on the nodes that declare OF_THE_NODE."""
    actors = settings.actors.model_copy(update={"service_resource": OF_THE_NODE})
    there = settings.with_values(actors=actors)
    serve.start(proxy_location="Disabled")
    try:
        deploy(there)
        stack = ActorStack(there, NAME)
        yield stack
        stack.close()
    finally:
        serve.shutdown()


def names(settings: Settings) -> set[str]:
    every = ray.util.list_named_actors(all_namespaces=True)
    return {one["name"] for one in every if one["namespace"] == settings.ray_namespace}


def until(stack: ActorStack, expected: set[str]) -> None:
    stack.until(lambda: names(stack.settings) & {"bridge", "pool", "fuser"} == expected)


def test_the_actors_are_where_the_resource_is(kept: ActorStack) -> None:
    def share_taken() -> bool:
        return round(1 - ray.available_resources()[OF_THE_NODE], 4) == 3 * SERVICE_SHARE

    kept.until(share_taken)


def test_an_actor_that_was_ended_comes_back(kept: ActorStack) -> None:
    ray.kill(ray.get_actor("bridge", namespace=kept.settings.ray_namespace), no_restart=True)

    until(kept, {"bridge", "pool", "fuser"})
    assert kept.ended(kept.submit(film(1))).state is VideoState.DONE


def test_another_keeper_finds_the_actors_of_the_first(kept: ActorStack) -> None:
    before = bridge_of(kept)["pid"]

    deploy(kept.settings, interval_s=0.4)

    assert bridge_of(kept)["pid"] == before


def test_work_is_handed_back_before_a_cluster_ends_and_nothing_begins_anew(kept: ActorStack) -> None:
    video_id = kept.submit(film(4, wait_from=1))
    kept.until(lambda: kept.jobs.get(video_id).state is VideoState.RUNNING)

    assert serve_keeper.hand_back(kept.settings)

    assert names(kept.settings) & {"bridge", "pool", "fuser"} == set()
    assert_given_back(kept.jobs, video_id)
    deploy(kept.settings, interval_s=0.3)  # the cluster lives on: a new keeper waits for nothing
    until(kept, {"bridge", "pool", "fuser"})
    kept.go_on(video_id)


def test_bridges_hand_back_what_they_hold_when_their_node_is_to_end(kept: ActorStack) -> None:
    video_id = kept.submit(film(4, wait_from=1))
    kept.until(lambda: kept.jobs.get(video_id).state is VideoState.RUNNING)
    before = bridge_of(kept)

    assert launch.leave(kept.settings, "f" * len(before["node_id"]))
    assert bridge_of(kept)["pid"] == before["pid"], "that is not its node"

    assert launch.leave(kept.settings, before["node_id"])
    kept.until(lambda: "bridge" in names(kept.settings))
    assert bridge_of(kept)["pid"] != before["pid"]
    kept.go_on(video_id)
    video = kept.ended(video_id)
    assert (video.state, video.attempt) == (VideoState.DONE, 1)


def test_with_the_application_go_the_actors_in_order(kept: ActorStack) -> None:
    video_id = kept.submit(film(4, wait_from=1))
    kept.until(lambda: kept.jobs.get(video_id).state is VideoState.RUNNING)

    serve.delete(serve_keeper.APPLICATION_NAME)

    assert names(kept.settings) & {"bridge", "pool", "fuser"} == set()
    assert_given_back(kept.jobs, video_id)


def bridge_of(stack: ActorStack) -> dict[str, Any]:
    bridge = ray.get_actor("bridge", namespace=stack.settings.ray_namespace)
    return dict(ray.get(bridge.ping.remote(), timeout=DEADLINE_S))


def assert_given_back(jobs: Jobs, video_id: str) -> None:
    """In the queue as if it had never been taken."""
    video = jobs.get(video_id)
    assert (video.state, video.attempt, video.lease_owner) == (VideoState.QUEUED, 0, None)
