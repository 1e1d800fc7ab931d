"""The bridge and the pool over real servers, with an analyser of known cost: every way a job can go."""

from __future__ import annotations

import json
from typing import Any

import ray

from actors import launch
from cluster.stores.postgres.intake.imports import NewImport
from cluster.stores.postgres.video import VideoState
from cluster.stores.postgres.webhooks import NewWebhook
from cluster.stores.rabbitmq.broker import Doorbell, Publisher
from tests.support.servers.sources import web_server
from tests.support.stack.actor_fixtures import module_stack, ray_connection, settings, stack
from tests.support.stack.actors import ActorStack
from tests.support.stack.stub_analyser import film

__all__ = ["module_stack", "ray_connection", "settings", "stack"]


def test_a_video_goes_from_queued_to_done(stack: ActorStack) -> None:
    video_id = stack.submit(film(5), scene_sensitivity=0.7)
    video = stack.ended(video_id)
    assert (video.state, video.revision, video.attempt) == (VideoState.DONE, 1, 1)
    assert (video.chunks_done, video.chunks_total, video.tracks_hash) == (5, 5, "stub")
    assert video.media is not None
    assert (video.media["duration_s"], video.media["frames"]) == (5.0, 125)
    segments = stack.segments(video)
    assert [(s["start_frame"], s["end_frame"]) for s in segments if s["level"] == "shot"] == [
        (n * 25, n * 25 + 25) for n in range(5)
    ]
    document = stack.results.timeline(str(video.timeline_id))
    assert document is not None
    assert document["settings"] == {"scene_sensitivity": 0.7}
    assert stack.media.exists(f"videos/{video_id}/keyframes/100.webp")


def test_whoever_watches_sees_states_progress_and_provisional_shots(stack: ActorStack) -> None:
    video_id = stack.submit(film(3))
    stack.ended(video_id)
    stack.until(lambda: any(kind == "done" for kind, _ in stack.events(video_id)))
    events = stack.events(video_id)
    assert [data["state"] for kind, data in events if kind == "state"] == ["running", "finalizing", "done"]
    fractions = [data["fraction"] for kind, data in events if kind == "progress"]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    provisional = [
        chunk
        for kind, data in events
        if kind == "segments" and data["state"] == "provisional"
        for chunk in data["chunks"]
    ]
    assert sorted(provisional) == [0, 1, 2]
    assert events[-1] == ("done", {"state": "done", "revision": 1})
    assert len(stack.results.provisional_segments(video_id, "stub").items) == 3


def test_a_short_clip_does_not_wait_for_a_long_film(stack: ActorStack) -> None:
    long = stack.submit(film(60, frame_s=0.02))
    stack.at_chunk(long, 1)
    short = stack.submit(film(2, frame_s=0.004))
    assert stack.ended(short).state is VideoState.DONE
    behind = stack.jobs.get(long)
    assert behind.state is VideoState.RUNNING
    assert behind.chunks_done < 30
    stack.media.put_stream(f"videos/{long}/source", [film(60, frame_s=0.0)])  # what is left is quick work
    assert stack.ended(long).state is VideoState.DONE


def test_a_bad_file_fails_with_its_reason_and_the_others_go_on(stack: ActorStack) -> None:
    good = stack.submit(film(20))
    not_media = stack.submit(b"Dear diary")
    broken_inside = stack.submit(film(20, trouble={3: "refuse"}))
    first, second = stack.ended(not_media), stack.ended(broken_inside)
    assert (first.state, first.error_code) == (VideoState.FAILED, "not_media")
    assert first.error_message == "This file is not a video that can be read."
    assert (second.state, second.error_code) == (VideoState.FAILED, "decode_failed")
    stack.until(lambda: stack.events(not_media)[-1][0] == "done")
    assert stack.events(not_media)[-1][1]["error"]["code"] == "not_media"
    assert stack.ended(good).state is VideoState.DONE


def test_a_fault_in_the_analysis_fails_its_video_after_some_tries(stack: ActorStack) -> None:
    before = stack.replaced()
    video = stack.ended(stack.submit(film(4, trouble={2: "raise"})))
    assert (video.state, video.error_code) == (VideoState.FAILED, "analysis_crashed")
    assert "part 3" in str(video.error_message)
    assert "ZeroDivisionError" in str(video.error_message)
    stack.ready(2)
    assert stack.replaced() == before + 3, "a process is not trusted after a fault nobody foresaw"


def test_a_store_that_was_away_costs_nothing_but_time(stack: ActorStack) -> None:
    video = stack.ended(stack.submit(film(3, trouble={1: "away"})))
    assert (video.state, video.attempt) == (VideoState.DONE, 1)


def test_a_media_file_that_is_gone_is_said_so(stack: ActorStack) -> None:
    video_id = stack.submit(film(20, wait_from=3))
    stack.at_chunk(video_id, 3)
    stack.media.delete(f"videos/{video_id}/source")
    stack.go_on(video_id)
    video = stack.ended(video_id)
    assert (video.state, video.error_code) == (VideoState.FAILED, "media_missing")
    assert "Upload it again" in str(video.error_message)


def events_to_the_end(stack: ActorStack, video_id: str) -> list[tuple[str, dict[str, Any]]] | None:
    """All events once the last one tells that the video is done, which comes after PostgreSQL's state."""
    events = stack.events(video_id)
    return events if events and events[-1][0] == "done" and events[-1][1]["state"] == "done" else None


def test_cancelling_ends_the_work_within_a_chunk_and_retrying_goes_on_from_there(stack: ActorStack) -> None:
    # given a video whose first five chunks are stored, and whose sixth takes for ever
    video_id = stack.submit(film(20, wait_from=5))
    stack.until(lambda: stack.results.stored_chunks(video_id, "stub") == set(range(5)))
    # when it is cancelled, then both actors leave what they have, and what was stored stays
    stack.jobs.cancel(video_id)
    cancelled = stack.ended(video_id)
    assert cancelled.state is VideoState.CANCELLED
    stack.ready(2)
    kept = stack.results.stored_chunks(video_id, "stub")
    assert kept == set(range(5))
    # when it is tried again, then it goes on behind them
    stack.go_on(video_id)
    stack.jobs.retry(video_id)
    stack.until(lambda: stack.jobs.get(video_id).chunks_done >= len(kept))
    done = stack.ended(video_id)
    assert (done.state, done.chunks_done) == (VideoState.DONE, 20)
    events = stack.until(lambda: events_to_the_end(stack, video_id))
    states = [data["state"] for kind, data in events if kind == "state"]
    assert states == ["running", "cancelled", "running", "finalizing", "done"]
    after_retry = events[[kind for kind, _ in events].index("done") :]
    first_progress = next(data for kind, data in after_retry if kind == "progress")
    assert first_progress["chunks_done"] == len(kept)


def test_other_settings_are_a_new_revision_without_a_second_decode(stack: ActorStack) -> None:
    video_id = stack.submit(film(5), scene_sensitivity=0.7)
    first = stack.ended(video_id)
    stack.media.delete(f"videos/{video_id}/source")  # whoever opened it again would fail
    stack.jobs.resegment(video_id, {"scene_sensitivity": 0.2}, "default")
    second = stack.ended(video_id)
    assert (second.state, second.revision, second.attempt) == (VideoState.DONE, 2, 1)
    assert (second.chunks_done, second.chunks_total) == (5, 5)
    document = stack.results.timeline(str(second.timeline_id))
    assert document is not None
    assert document["settings"] == {"scene_sensitivity": 0.2}
    one, other = (
        [segment for segment in stack.segments(video) if segment["level"] == "shot"]
        for video in (first, second)
    )
    assert one == other, "the stub finds the same shots, and both can be read"


def test_deleting_a_running_video_leaves_nothing_behind(stack: ActorStack) -> None:
    video_id = stack.submit(film(20, wait_from=4))
    stack.at_chunk(video_id, 4)
    stack.jobs.delete(video_id)
    stack.results.delete_video(video_id)
    stack.media.delete(f"videos/{video_id}")
    stack.until(lambda: stack.bridge()["videos"] == [])
    stack.ready(2)
    assert stack.results.stored_chunks(video_id, "stub") == set()
    assert stack.results.get_plan(video_id, "stub") is None
    assert not stack.media.exists(f"videos/{video_id}/keyframes/0.webp")


def test_the_same_doorbell_many_times_is_one_run(stack: ActorStack) -> None:
    video_id = stack.submit(film(10, wait_from=5))
    stack.at_chunk(video_id, 5)
    with Publisher(stack.settings.rabbitmq_url) as publisher:
        publisher.publish([Doorbell(video_id)] * 20)
        stack.go_on(video_id)
        video = stack.ended(video_id)
        publisher.publish([Doorbell(video_id)] * 5)
    assert (video.state, video.attempt, video.lease_epoch) == (VideoState.DONE, 1, 1)
    stack.until(lambda: stack.bridge()["videos"] == [])
    assert stack.jobs.get(video_id).version == video.version


def test_a_doorbell_for_a_video_that_is_not_there_is_harmless(stack: ActorStack) -> None:
    with Publisher(stack.settings.rabbitmq_url) as publisher:
        publisher.publish([Doorbell("no-such-video-at-all")])
    assert stack.ended(stack.submit(film(1))).state is VideoState.DONE


def test_more_videos_than_the_bridge_takes_are_all_done(stack: ActorStack) -> None:
    videos = [stack.submit(film(3)) for _ in range(3 * stack.settings.bridge.max_videos)]
    assert {stack.ended(video_id).state for video_id in videos} == {VideoState.DONE}
    assert {stack.jobs.get(video_id).attempt for video_id in videos} == {1}


def test_ensure_finds_what_is_there(stack: ActorStack) -> None:
    pids = [ray.get(handle.ping.remote())["pid"] for handle in stack.handles.values()]
    again = launch.ensure(stack.settings)
    assert [ray.get(handle.ping.remote())["pid"] for handle in again.values()] == pids


def test_an_import_is_fetched_segmented_and_told(stack: ActorStack) -> None:
    with web_server() as web:
        web.films["/stub"] = film(3)
        hook = NewWebhook(f"{web.url}/hook")
        new = NewImport(f"{web.url}/stub", "film.mp4", "default", {}, "single:", webhook=hook)
        video = stack.jobs.imports.create(new)[0]
        ended = stack.ended(video.id)
        stack.until(lambda: web.asked_for("/hook"))

    assert (ended.state, ended.bytes, ended.chunks_done) == (VideoState.DONE, len(film(3)), 3)
    assert json.loads(web.asked_for("/hook")[0].body)["video"]["id"] == video.id
