"""Processes killed in the middle of an order of clips: every clip is there afterwards, once and whole."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import pytest

from cluster.clips.orders import chosen, clip_order, cut_options
from cluster.settings import Settings
from cluster.stores.ids import new_id
from cluster.stores.postgres.clips.job import ClipJob, ClipState
from tests.support.api.clips import NAME, TRACKS_HASH, finished_video
from tests.support.media import Picture, make_media, read_number
from tests.support.servers.media import media_folder, stored_bytes
from tests.support.stack.actor_fixtures import ray_connection, settings
from tests.support.stack.actors import ActorStack, actor_stack, kill_process

__all__ = ["ray_connection", "settings"]

SHOTS = (40,) * 8
CUTS = list(itertools.accumulate(SHOTS))[:-1]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return make_media(path, Picture(shots=SHOTS, size=(320, 180), gop=40))


@pytest.fixture(scope="module")
def stack(settings: Settings) -> Iterator[ActorStack]:
    with actor_stack(settings, NAME) as running:
        yield running


@pytest.fixture
def video(stack: ActorStack, film: Path) -> str:
    stack.settle()
    return finished_video(film, CUTS, jobs=stack.jobs, results=stack.results, media=stack.media)


def order(stack: ActorStack, video_id: str) -> ClipJob:
    """All shots, slowly: each takes tenths of a second."""
    wanted = clip_order({"preset": "veryslow", "pattern": "{index}"})
    row = stack.jobs.get(video_id)
    assert row.timeline_id is not None
    segments = list(stack.results.segments(row.timeline_id, "shot").items)
    return stack.jobs.clips.create(
        clips_id=new_id(),
        video_id=video_id,
        clip_order=wanted.model_dump(mode="json"),
        options=cut_options(wanted, row.media or {}),
        wanted=chosen(wanted, segments, row.filename, ".mp4"),
        media_key=row.media_key,
        tracks_key=row.tracks_key,
        tracks_hash=TRACKS_HASH,
        revision=1,
    )[0]


def ended(stack: ActorStack, clips_id: str) -> ClipJob:
    def final() -> ClipJob | None:
        job = stack.jobs.clips.get(clips_id)
        return job if job.state in ("done", "failed", "cancelled") else None

    return stack.until(final)


def whole(stack: ActorStack, job: ClipJob) -> list[dict[str, Any]]:
    """The recorded clips; each file in the store is the one that was recorded."""
    entries = [file.entry for file in stack.jobs.clips.files(job.id)]
    for entry in entries:
        content = stored_bytes(stack.media, job.key(entry["file"]))
        assert (len(content), sha256(content).hexdigest()) == (entry["bytes"], entry["sha256"])
        with av.open(io.BytesIO(content)) as film:
            shown = [read_number(frame.to_ndarray(format="rgb24")) for frame in film.decode(video=0)]
        assert shown == list(range(entry["start_frame"], entry["end_frame"]))
    return entries


def test_kill_9_of_a_segmenter_costs_no_clip(stack: ActorStack, video: str) -> None:
    undisturbed = whole(stack, ended(stack, order(stack, video).id))
    before = stack.replaced()
    job = order(stack, video)
    for place in (2, 5):
        kill_process(stack.at_chunk(video, place)["pid"])

    disturbed = ended(stack, job.id)

    assert (disturbed.state, disturbed.attempt, disturbed.made) == (ClipState.DONE, 1, len(SHOTS))
    assert [entry["actual"] for entry in whole(stack, disturbed)] == [e["actual"] for e in undisturbed]
    stack.ready(2)
    assert stack.replaced() == before + 2


def test_kill_9_of_the_bridge_goes_on_with_what_is_missing(stack: ActorStack, video: str) -> None:
    job = order(stack, video)
    stack.until(lambda: stack.jobs.clips.get(job.id).made >= 2)
    stack.kill_bridge()
    kept = {file.position for file in stack.jobs.clips.files(job.id)}

    resumed = ended(stack, job.id)

    assert len(kept) >= 2
    assert (resumed.state, resumed.attempt, resumed.lease_epoch) == (ClipState.DONE, 2, 2)
    assert [entry["index"] for entry in whole(stack, resumed)] == list(range(len(SHOTS)))


def test_clips_deleted_in_the_middle_leave_nothing(stack: ActorStack, video: str) -> None:
    job = order(stack, video)
    stack.at_chunk(video, 2)

    stack.jobs.clips.delete(job.id, video)
    stack.media.delete(job.prefix)

    stack.until(lambda: not stack.bridge()["clips"])
    assert not (media_folder(stack.settings.media_url) / job.prefix).exists()
