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


@pytest.mark.parametrize("part", ["postgres", "mongodb"])
def test_a_server_killed_in_the_middle_of_a_video_is_waited_for(
    stack: ActorStack, servers: Servers, part: str
) -> None:
    video_id = stack.submit(film(20, wait_from=5))
    stack.at_chunk(video_id, 5)
    servers.kill(part)
    stack.go_on(video_id)
    try:
        stack.ready(2)  # nothing can be recorded, so nothing more is handed out
    finally:
        servers.restart(part)
    video = stack.ended(video_id)
    assert (video.state, video.attempt) == (VideoState.DONE, 1)
    assert len(stack.segments(video)) == 22


def test_without_redis_everything_goes_on(stack: ActorStack, servers: Servers) -> None:
    video_id = stack.submit(film(10, wait_from=3))
    stack.at_chunk(video_id, 3)
    servers.kill("redis")
    stack.go_on(video_id)
    try:
        assert stack.ended(video_id).state is VideoState.DONE
    finally:
        servers.restart("redis")


def test_without_rabbitmq_everything_goes_on_and_doorbells_are_kept(
    stack: ActorStack, servers: Servers
) -> None:
    running = stack.submit(film(30, wait_from=3))
    stack.at_chunk(running, 3)
    servers.halt("rabbitmq")
    stack.go_on(running)
    try:
        waiting = stack.submit(film(2))
        assert {stack.ended(video_id).state for video_id in (running, waiting)} == {VideoState.DONE}
        assert waiting_doorbells(stack.jobs) == [waiting]
    finally:
        servers.restart("rabbitmq")
    stack.until(lambda: not waiting_doorbells(stack.jobs))
