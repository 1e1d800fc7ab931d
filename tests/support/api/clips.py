"""A finished video in the stores as the actors leave it, and an analyser that loads no network.

What a clip needs of a video is its file, its plan and its segments; none of them takes a model to make.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

from actors.segmentation.planning.plan import Plan, build_plan
from actors.worker.library import LibraryAnalyser
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from tests.support.servers.stores import claim

NAME = "tests.support.api.clips:PlansOnly"
TRACKS_HASH = "plans-only"


class PlansOnly(LibraryAnalyser):
    """The library without its networks: enough to cut, not to segment."""

    def load(self) -> None:
        pass


def shots_of(plan: Plan, cuts: list[int]) -> list[dict[str, Any]]:
    """Shots between the cuts and one scene around them, with the contract's keys."""
    bounds = [0, *cuts, plan.frames]
    shots = [_segment(plan, "shot", n, a, b) for n, (a, b) in enumerate(pairwise(bounds))]
    return [*shots, _segment(plan, "scene", 0, 0, plan.frames), _segment(plan, "chapter", 0, 0, plan.frames)]


def _segment(plan: Plan, level: str, index: int, start: int, end: int) -> dict[str, Any]:
    clock = plan.index.clock
    kind = "cut" if index else "start"
    tags = [{"label": "lighthouse" if index % 2 else "pier", "probability": 0.5}]
    return {
        "level": level,
        "index": index,
        "parent": None if level == "chapter" else 0,
        "start_s": clock.seconds_of(start),
        "end_s": clock.seconds_of(end),
        "start_frame": start,
        "end_frame": end,
        "start_pts": clock.pts_of(start),
        "end_pts": clock.pts_of(end),
        "start_boundary": {
            "kind": kind,
            "confidence": 0.9,
            "visual": 0.9,
            "audio": 0.0,
            "from_s": clock.seconds_of(start),
            "to_s": clock.seconds_of(start),
        },
        "label": "speech" if index % 2 else "music",
        "audio": None,
        "visual": {"brightness": 0.5, "motion": 0.2, "black": 0.0, "static": 0.1, "tags": tags},
        "keyframe_s": None,
        "thumbnail": None,
    }


def finished_video(
    path: Path, cuts: list[int], *, jobs: Jobs, results: Results, media: MediaStore, **values: Any
) -> str:
    """A video that is done: file, plan and timeline are stored; its id."""
    video_id = uuid4().hex
    plan = build_plan(path)
    key = f"videos/{video_id}/source"
    media.put_stream(key, [path.read_bytes()])
    row = {
        "filename": path.name,
        "bytes_": path.stat().st_size,
        "sha256": uuid4().hex * 2,
        "preset": "default",
        "settings": {"preset": "default"},
    }
    with jobs.database.joined():  # no bridge sees it before it is claimed
        jobs.create_video(video_id=video_id, media_key=key, **(row | values))
        epoch = claim(jobs, video_id).lease_epoch
    results.put_plan(video_id, TRACKS_HASH, plan.to_bytes())
    assert jobs.record_media(video_id, epoch, plan.media.contract(), len(plan.chunks), TRACKS_HASH)
    timeline_id = f"{video_id}:1:{epoch}"
    document = {"media": plan.media.contract(), "settings": {}, "audio_track": []}
    results.put_timeline(timeline_id, video_id, 1, shots_of(plan, cuts), document)
    assert jobs.begin_finalizing(video_id, epoch)
    assert jobs.finish(video_id, epoch, 1, timeline_id)
    return video_id
