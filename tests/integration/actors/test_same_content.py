"""Two videos of one content: what one measured, the other uses, and neither needs the other to stay."""

from __future__ import annotations

import hashlib

from cluster.stores.media.keys import keyframe_key
from cluster.stores.postgres.video import VideoState
from cluster.stores.removal import removal_steps
from tests.support.stack.actor_fixtures import module_stack, ray_connection, settings, stack
from tests.support.stack.actors import ActorStack
from tests.support.stack.stub_analyser import film

__all__ = ["module_stack", "ray_connection", "settings", "stack"]


def submit(stack: ActorStack, content: bytes, **values: object) -> str:
    return stack.submit(content, sha256=hashlib.sha256(content).hexdigest(), **values)  # type: ignore[arg-type]


def delete(stack: ActorStack, video_id: str) -> None:
    for _, step in removal_steps(stack.jobs.delete(video_id), stack.jobs, stack.results, stack.media):
        step()


def test_the_second_is_finished_from_what_the_first_measured(stack: ActorStack) -> None:
    content = film(5, frames=26)
    first = stack.ended(submit(stack, content, scene_sensitivity=0.5))
    second = stack.ended(submit(stack, content, scene_sensitivity=0.9))

    assert sorted(stack.decoded(first.id)) == [0, 1, 2, 3, 4]
    assert stack.decoded(second.id) == []
    assert (second.state, second.revision, second.chunks_done, second.chunks_total) == ("done", 1, 5, 5)
    assert second.media == first.media
    scenes = [
        sum(segment["level"] == "scene" for segment in stack.segments(video)) for video in (first, second)
    ]
    assert scenes == [1, 5]


def test_either_may_be_deleted_and_the_other_stays_whole(stack: ActorStack) -> None:
    content = film(3, frames=27)
    first, second, third = (stack.ended(submit(stack, content)) for _ in range(3))
    image = keyframe_key(third.tracks_key, 27)

    delete(stack, first.id)
    delete(stack, second.id)
    assert not stack.media.exists(first.media_key)
    assert stack.results.timeline(str(first.timeline_id)) is None
    assert len(stack.segments(third)) == 5
    assert stack.media.exists(image)

    stack.jobs.resegment(third.id, {"scene_sensitivity": 0.9}, "default")
    again = stack.ended(third.id)
    assert (again.state, again.revision) == (VideoState.DONE, 2)
    assert stack.decoded(third.id) == []

    delete(stack, third.id)
    assert not stack.media.exists(image)
    assert stack.results.get_plan(third.tracks_key, "stub") is None
    assert stack.results.stored_chunks(third.tracks_key, "stub") == set()


def test_while_the_first_is_still_running_both_share_the_work(stack: ActorStack) -> None:
    content = film(24, wait_from=4)
    first = submit(stack, content)
    stack.at_chunk(first, 4)
    second = submit(stack, content)
    stack.until(lambda: stack.jobs.get(second).chunks_total)
    for video_id in (first, second):
        stack.go_on(video_id)

    assert {stack.ended(first).state, stack.ended(second).state} == {VideoState.DONE}
    decoded = stack.decoded(first) + stack.decoded(second)
    assert set(decoded) == set(range(24))
    # both may have the same chunk in hand at the same moment; without sharing it would be 44
    assert len(decoded) < 30


def test_the_second_goes_on_when_the_first_is_deleted_in_the_middle(stack: ActorStack) -> None:
    content = film(20, frames=28, wait_from=3)
    first = submit(stack, content)
    stack.at_chunk(first, 3)
    second = submit(stack, content)
    stack.until(lambda: stack.jobs.get(second).chunks_total)
    delete(stack, first)
    for video_id in (first, second):  # what is in hand is of the first's file
        stack.go_on(video_id)

    video = stack.ended(second)
    assert (video.state, video.error_code, video.error_message) == (VideoState.DONE, None, None)
    assert len([segment for segment in stack.segments(video) if segment["level"] == "shot"]) == 20
    stack.until(lambda: not stack.media.exists(f"videos/{first}/source"))
    assert stack.media.exists(keyframe_key(video.tracks_key, 28))


def test_videos_of_different_owners_share_nothing(stack: ActorStack) -> None:
    content = film(2, frames=29)
    ann, bob = (stack.ended(submit(stack, content, owner=owner)) for owner in ("ann", "bob"))

    assert ann.tracks_key != bob.tracks_key
    assert sorted(stack.decoded(bob.id)) == [0, 1]
