"""Three bridges without a leader: killed, replaced by another version, and behind more films than fit."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import ray

from actors import launch
from actors.version import BRIDGE, POOL, version_of
from cluster.errors import UnavailableError
from cluster.settings import Settings
from cluster.stores.postgres.video import Video, VideoState
from tests.support.stack.actor_fixtures import ray_connection
from tests.support.stack.actor_fixtures import settings as one_bridge
from tests.support.stack.actors import ActorStack, actor_stack, kill_process
from tests.support.stack.stub_analyser import NAME, film

__all__ = ["one_bridge", "ray_connection"]

BRIDGES = ("bridge", "bridge-1", "bridge-2")
CLIP, FILM = film(2), film(200, frame_s=0.004)
LIGHT_BYTES = (len(CLIP) + len(FILM)) // 2


@pytest.fixture(scope="module")
def settings(one_bridge: Settings) -> Settings:
    return changed(
        one_bridge,
        bridge={"replicas": len(BRIDGES)},
        queueing={"light_bytes": LIGHT_BYTES, "owner_videos": 1},
        lease={"duration_s": 8.0},  # only the killed bridge may lose its leases, however busy the machine is
    )


@pytest.fixture(scope="module")
def stack(settings: Settings) -> Iterator[ActorStack]:
    with actor_stack(settings) as running:
        yield running


def changed(settings: Settings, **sections: dict[str, Any]) -> Settings:
    return settings.model_copy(
        update={name: getattr(settings, name).model_copy(update=values) for name, values in sections.items()}
    )


def pings(stack: ActorStack) -> dict[str, dict[str, Any]]:
    """What each bridge answers, once all do."""

    def answers() -> dict[str, dict[str, Any]] | None:
        try:
            return {name: dict(ray.get(stack.handles[name].ping.remote(), timeout=10)) for name in BRIDGES}
        except ray.exceptions.RayError:
            return None

    return stack.until(answers)


def pids(stack: ActorStack) -> set[int]:
    return {answer["pid"] for answer in pings(stack).values()}


def in_flight_everywhere(stack: ActorStack) -> dict[str, dict[str, Any]] | None:
    answers = pings(stack)
    return answers if all(answer["videos"] for answer in answers.values()) else None


def done_once(stack: ActorStack, video_ids: list[str]) -> list[Video]:
    """The videos, when all are done, each with one result and of whoever held it last."""
    videos = [stack.ended(video_id) for video_id in video_ids]
    assert {video.state for video in videos} == {VideoState.DONE}
    assert {video.newest_revision for video in videos} == {1}
    for video in videos:
        assert video.timeline_id == f"{video.id}:1:{video.lease_epoch}"
        assert stack.results.stored_chunks(video.id, "stub") == set(range(video.chunks_total or 0))
    return videos


def update(stack: ActorStack, settings: Settings) -> None:
    stack.settings = settings
    stack.handles = launch.ensure(settings, analyser=NAME)


def test_of_three_bridges_one_is_killed_and_every_video_is_done_once(stack: ActorStack) -> None:
    videos = [stack.submit(film(12)) for _ in range(30)]
    victim = stack.until(lambda: in_flight_everywhere(stack))["bridge-1"]
    kill_process(victim["pid"])
    # Read after its death: it may have claimed more videos since it answered.
    leased = [v for s in ("running", "finalizing") for v in stack.jobs.list_videos(s, limit=100).items]
    held = {video.id for video in leased if video.lease_owner == victim["owner"]}
    attempts = {video.id: video.attempt for video in done_once(stack, videos)}
    assert max(attempts.values()) == 2
    assert {video_id for video_id, attempt in attempts.items() if attempt > 1} <= held


def test_a_clip_begins_at_once_behind_films_for_which_there_is_no_room(stack: ActorStack) -> None:
    films = [stack.submit(FILM, priority=("interactive", "batch")[n % 2]) for n in range(40)]
    stack.until(lambda: in_flight_everywhere(stack))
    clip = stack.ended(stack.submit(CLIP))
    counts = stack.jobs.counts()
    running = stack.jobs.list_videos("running", limit=100).items
    for video_id in films:
        stack.jobs.cancel(video_id)
    assert clip.state is VideoState.DONE
    assert counts["queued"] > len(running) > 0
    assert {video.priority for video in running} == {"interactive", "batch"}, "neither waits for the other"
    assert {stack.ended(video_id).state for video_id in films} == {VideoState.CANCELLED}


def test_of_an_owner_with_a_quota_of_one_one_is_in_flight(stack: ActorStack) -> None:
    videos = [stack.ended(stack_id) for stack_id in [stack.submit(film(4), owner="anna") for _ in range(5)]]
    assert {video.state for video in videos} == {VideoState.DONE}
    spans = sorted((video.started_at, video.finished_at) for video in videos)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(spans))  # type: ignore[operator]


def test_bridges_are_replaced_one_after_the_other_without_losing_anything(
    stack: ActorStack, settings: Settings
) -> None:
    before = pids(stack)
    videos = [stack.submit(film(30)) for _ in range(12)]
    stack.until(lambda: in_flight_everywhere(stack))
    pool = ray.get(stack.handles["pool"].ping.remote())["pid"]

    # From now on cancellations cannot wait for a heartbeat.
    update(stack, changed(settings, lease={"duration_s": 300.0, "heartbeat_s": 100.0}))

    assert not pids(stack) & before
    assert {video.attempt for video in done_once(stack, videos)} == {1}
    assert ray.get(stack.handles["pool"].ping.remote())["pid"] == pool
    again = pids(stack)
    update(stack, stack.settings)
    assert pids(stack) == again, "nothing is outdated any more"


def test_a_cancellation_does_not_wait_for_a_heartbeat(stack: ActorStack) -> None:
    video_id = stack.submit(film(4, wait_from=0))
    stack.at_chunk(video_id)
    stack.jobs.cancel(video_id)
    assert stack.ended(video_id).state is VideoState.CANCELLED


def test_with_a_pool_of_another_version_all_is_replaced_and_nothing_lost(
    stack: ActorStack, settings: Settings
) -> None:
    pool = ray.get(stack.handles["pool"].ping.remote())["pid"]
    videos = [stack.submit(film(30)) for _ in range(9)]
    stack.until(lambda: in_flight_everywhere(stack))

    update(stack, changed(settings, bridge={"replicas": 1}, actors={"chunk_attempts": 4}))

    assert {video.attempt for video in done_once(stack, videos)} == {1}
    assert ray.get(stack.handles["pool"].ping.remote())["pid"] != pool
    assert set(stack.handles) == {"pool", "fuser", "bridge"}
    launch.ensure(settings, analyser=NAME)  # as by a process that brought up what there was before
    for gone in BRIDGES[1:]:
        with pytest.raises(ValueError, match=gone):
            ray.get_actor(gone, namespace=settings.ray_namespace)
    ray.kill(stack.handles["bridge"], no_restart=True)  # as when an update ended in the middle
    stack.until(lambda: "bridge" not in launch._running(settings))
    with pytest.raises(UnavailableError, match="bridge"):
        launch.ensure(settings, analyser=NAME)


def test_what_an_older_process_starts_in_the_middle_of_an_update_is_replaced_too(
    stack: ActorStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = stack.settings, changed(stack.settings, actors={"chunk_attempts": 5})
    create = launch._create

    def meanwhile(name: str, settings: Settings, analyser: str) -> Any:
        monkeypatch.setattr(launch, "_create", create)
        for actor in ("pool", "bridge"):
            create(actor, older, analyser)
        return create(name, settings, analyser)

    monkeypatch.setattr(launch, "_create", meanwhile)
    update(stack, newer)

    versions = {name: ray.get(handle.ping.remote())["version"] for name, handle in stack.handles.items()}
    pool, bridge = version_of(POOL, newer), version_of(BRIDGE, newer)
    assert versions == {"pool": pool, "fuser": pool, "bridge": bridge}
    assert stack.ended(stack.submit(film(2))).state is VideoState.DONE
