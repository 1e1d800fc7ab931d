"""Processes killed and frozen in the middle of a video: it ends as if nothing had happened."""

from __future__ import annotations

import hashlib
import os
import signal
from typing import Any

import pytest
import ray

from actors.bridge.actor import Bridge
from actors.bridge.imports.partial_file import PART_BYTES
from cluster.stores.postgres.intake.imports import NewImport
from cluster.stores.postgres.video import Video, VideoState
from tests.support.servers.sources import FILM, web_server
from tests.support.stack.actor_fixtures import module_stack, ray_connection, settings, stack
from tests.support.stack.actors import ActorStack, kill_process, process_alive
from tests.support.stack.stub_analyser import NAME, film

__all__ = ["module_stack", "ray_connection", "settings", "stack"]

ACTORS = {"stuck_after_s": 15.0}  # on a busy machine an actor that is well is silent for seconds


HELD_STILL = (
    b"UPDATE imports SET lease_expires_at = now() - interval '1 day' WHERE video_id = %(id)s AND epoch = 1 "
    b"RETURNING epoch"
)
"""An import that its first holder still has: as if the time of that lease had passed."""


def expected_segments(chunks: int) -> list[tuple[str, int, int]]:
    shots = [("shot", n * 25, n * 25 + 25) for n in range(chunks)]
    return [*shots, ("scene", 0, chunks * 25), ("chapter", 0, chunks * 25)]


def bounds(stack: ActorStack, video: Video) -> list[tuple[str, int, int]]:
    return [(s["level"], s["start_frame"], s["end_frame"]) for s in stack.segments(video)]


def labels(stack: ActorStack, video: Video) -> list[str]:
    return [s["label"] for s in stack.segments(video)]


def test_kill_9_of_a_segmenter_ends_in_the_same_segments(stack: ActorStack) -> None:
    content = film(12, trouble={2: "wait", 6: "wait"})
    first = stack.submit(content)
    stack.go_on(first)
    undisturbed = stack.ended(first)
    before = stack.replaced()
    video_id = stack.submit(content)
    for chunk in (2, 6):
        kill_process(stack.holder_of(video_id, chunk)["pid"])
        stack.go_on(video_id, chunk)
    disturbed = stack.ended(video_id)
    assert (disturbed.state, disturbed.attempt) == (VideoState.DONE, 1)
    assert bounds(stack, disturbed) == expected_segments(12)
    assert labels(stack, disturbed) == labels(stack, undisturbed)
    stack.ready(2)
    assert stack.replaced() == before + 2


def test_a_frozen_segmenter_is_replaced_and_its_process_is_gone(stack: ActorStack) -> None:
    pids = {row["pid"] for row in stack.ready(2)}
    video = stack.ended(stack.submit(film(8, trouble={3: "freeze"})))
    assert (video.state, video.attempt) == (VideoState.DONE, 1)
    assert bounds(stack, video) == expected_segments(8)
    (left,) = pids - {row["pid"] for row in stack.ready(2)}
    stack.until(lambda: not process_alive(left))


def test_a_segmenter_that_answers_but_does_not_advance_is_replaced(stack: ActorStack) -> None:
    before = stack.replaced()
    video = stack.ended(stack.submit(film(4, trouble={1: "hang once"})))
    assert (video.state, video.attempt) == (VideoState.DONE, 1)
    stack.ready(2)
    assert stack.replaced() == before + 1


def test_a_chunk_that_kills_every_actor_fails_its_video_only(stack: ActorStack) -> None:
    before = stack.replaced()
    good = stack.submit(film(30, wait_from=29))
    deadly = stack.submit(film(6, trouble={2: "kill"}))
    failed = stack.ended(deadly)
    stack.go_on(good)
    assert (failed.state, failed.error_code) == (VideoState.FAILED, "analysis_crashed")
    assert "part 3 of this video broke down 3 times" in str(failed.error_message)
    assert stack.ended(good).state is VideoState.DONE
    stack.ready(2)
    assert stack.replaced() == before + 3


def test_kill_9_of_the_pool_takes_its_segmenters_along_and_the_video_goes_on(stack: ActorStack) -> None:
    old = {row["pid"] for row in stack.ready(2)}
    video_id = stack.submit(film(15, wait_from=5))
    stack.at_chunk(video_id, 5)
    kill_process(ray.get(stack.handles["pool"].ping.remote())["pid"])
    stack.go_on(video_id)
    video = stack.ended(video_id)
    assert (video.state, video.attempt) == (VideoState.DONE, 1)
    assert bounds(stack, video) == expected_segments(15)
    stack.until(lambda: not any(process_alive(pid) for pid in old))


def test_a_frozen_pool_is_replaced(stack: ActorStack) -> None:
    video_id = stack.submit(film(15, wait_from=3))
    stack.at_chunk(video_id, 3)
    pid = ray.get(stack.handles["pool"].ping.remote())["pid"]
    os.kill(pid, signal.SIGSTOP)
    stack.go_on(video_id)
    video = stack.ended(video_id)
    assert (video.state, video.attempt) == (VideoState.DONE, 1)
    stack.until(lambda: not process_alive(pid))


def test_a_pool_that_was_removed_is_made_anew(stack: ActorStack) -> None:
    video_id = stack.submit(film(15, wait_from=3))
    stack.at_chunk(video_id, 3)
    ray.kill(stack.handles["pool"], no_restart=True)
    stack.go_on(video_id)
    assert stack.ended(video_id).state is VideoState.DONE


def test_kill_9_of_the_bridge_resumes_at_the_first_chunk_that_is_not_stored(stack: ActorStack) -> None:
    video_id = stack.submit(film(15, wait_from=6))
    stack.until(lambda: stack.results.stored_chunks(video_id, "stub") == set(range(6)))
    stack.kill_bridge()
    stored = stack.results.stored_chunks(video_id, "stub")
    assert stored == set(range(6))
    stack.go_on(video_id)
    video = stack.ended(video_id)
    assert (video.state, video.attempt, video.lease_epoch) == (VideoState.DONE, 2, 2)
    assert bounds(stack, video) == expected_segments(15)
    progress = [data["chunks_done"] for kind, data in stack.events(video_id) if kind == "progress"]
    resumed_with = progress[progress.index(0) + 1 :]
    assert 0 not in resumed_with
    assert min(resumed_with[-2:]) >= len(stored)


def test_kill_9_of_the_bridge_in_the_middle_of_a_fetch_resumes_it(stack: ActorStack) -> None:
    with web_server() as web:
        new = NewImport(f"{web.url}/gated/killed", "film.mp4", "default", {}, "single:")
        video_id = stack.jobs.imports.create(new)[0].id
        stored = b"SELECT video_id FROM imports WHERE video_id = %(id)s AND stored_bytes = %(bytes)s"
        stack.until(lambda: stack.jobs.database.one(stored, {"id": video_id, "bytes": PART_BYTES}))
        kill_process(stack.bridge()["pid"])
        stack.until(lambda: not stack.jobs.database.one(HELD_STILL, {"id": video_id}))
        web.gate.set()
        stack.until(lambda: stack.jobs.get(video_id).sha256)
        asked = [seen.headers.get("range") for seen in web.asked_for("/gated/killed")]
    assert asked == [None, f"bytes={PART_BYTES}-"]
    assert stack.jobs.get(video_id).sha256 == hashlib.sha256(FILM[: 9 << 20]).hexdigest()
    assert stack.ended(video_id).state is VideoState.FAILED, "it is no film"


def test_a_bridge_ended_by_ray_goes_on_by_itself(stack: ActorStack) -> None:
    video_id = stack.submit(film(15, wait_from=5))
    stack.at_chunk(video_id, 5)
    owner = stack.bridge()["owner"]
    ray.kill(stack.handles["bridge"], no_restart=False)
    stack.end_leases(owner)
    stack.go_on(video_id)
    assert stack.ended(video_id).state is VideoState.DONE


@pytest.fixture
def second_bridge(stack: ActorStack) -> Any:
    """Another bridge on the same stores and the same pool."""
    handle = ray.remote(Bridge).options(num_cpus=0).remote(stack.settings, NAME)
    ray.get(handle.ping.remote())
    yield handle
    ray.get(handle.stop.remote())
    ray.kill(handle)


def test_a_frozen_bridge_that_wakes_up_late_changes_nothing(stack: ActorStack, second_bridge: Any) -> None:
    bridges = {ray.get(b.ping.remote())["owner"]: b for b in (stack.handles["bridge"], second_bridge)}
    video_id = stack.submit(film(15, wait_from=4))
    stack.at_chunk(video_id, 4)
    owner = str(stack.jobs.get(video_id).lease_owner)
    frozen = ray.get(bridges[owner].ping.remote())["pid"]
    os.kill(frozen, signal.SIGSTOP)
    stack.end_leases(owner)
    stack.go_on(video_id)
    video = stack.ended(video_id)
    assert (video.state, video.lease_epoch) == (VideoState.DONE, 2)
    os.kill(frozen, signal.SIGCONT)
    stack.until(lambda: ray.get(bridges[owner].ping.remote())["videos"] == [])
    assert stack.jobs.get(video_id) == video
    assert bounds(stack, video) == expected_segments(15)
