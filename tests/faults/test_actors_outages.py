"""Servers that go away in the middle of a video and come back: the job waits and goes on."""

from __future__ import annotations

import pytest

from cluster.local.servers import Servers
from cluster.stores.postgres.video import VideoState
from tests.support.servers.stores import waiting_doorbells
from tests.support.stack.actor_fixtures import module_stack, ray_connection, settings, stack
from tests.support.stack.actors import ActorStack
from tests.support.stack.stub_analyser import film

__all__ = ["module_stack", "ray_connection", "settings", "stack"]

# MongoDB's driver looks for its server for 3 s: an actor that waits for it must not count as stuck.
ACTORS = {"stuck_after_s": 30.0}


@pytest.mark.parametrize("part", ["postgres", "mongodb"])
def test_a_server_killed_in_the_middle_of_a_video_is_waited_for(
    stack: ActorStack, servers: Servers, part: str
) -> None:
    video_id = stack.submit(film(20, frame_s=0.008))
    stack.at_chunk(video_id, 4)
    servers.kill(part)
    try:
        stack.ready(2)  # nothing can be recorded, so nothing more is handed out
    finally:
        servers.restart(part)
    video = stack.ended(video_id)
    assert (video.state, video.attempt) == (VideoState.DONE, 1)
    assert len(stack.segments(video)) == 22


def test_without_redis_everything_goes_on(stack: ActorStack, servers: Servers) -> None:
    video_id = stack.submit(film(10, frame_s=0.008))
    stack.at_chunk(video_id, 2)
    servers.kill("redis")
    try:
        assert stack.ended(video_id).state is VideoState.DONE
    finally:
        servers.restart("redis")


def test_without_rabbitmq_everything_goes_on_and_doorbells_are_kept(
    stack: ActorStack, servers: Servers
) -> None:
    running = stack.submit(film(30, frame_s=0.008))
    stack.at_chunk(running, 2)
    servers.halt("rabbitmq")
    try:
        waiting = stack.submit(film(2))
        assert {stack.ended(video_id).state for video_id in (running, waiting)} == {VideoState.DONE}
        assert waiting_doorbells(stack.jobs) == [waiting]
    finally:
        servers.restart("rabbitmq")
    stack.until(lambda: not waiting_doorbells(stack.jobs))
