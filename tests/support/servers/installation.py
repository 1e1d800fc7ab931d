"""Videos that are whole in every store, for tests that compare the stores or copy them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cluster.stores.checking.limits import Limits
from cluster.stores.checking.looking import Report, Stores, look_twice
from cluster.stores.ids import new_id
from cluster.stores.media.keys import clips_prefix, keyframe_key, upload_key
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.inventory import Inventory
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.clips.jobs import ROOM_FOR_ALL
from cluster.stores.postgres.video import Video
from tests.support.servers.private import fresh_mongodb_database
from tests.support.servers.stores import LEASE_S, MAX_ATTEMPTS, claim, create_video, migrated_jobs

SOURCE = b"a film, as far as stores know"
FRAME = b"a keyframe"
CLIP = b"a clip"
TRACKS_HASH = "t1"
MODEL = "whisper"
LARGE = "x" * (2 << 20)
"""More than a timeline's document holds itself: it becomes a payload."""


def segment(level: str, index: int) -> dict[str, Any]:
    """A segment as far as the stores look at it."""
    return {"level": level, "index": index, "start_frame": index * 10, "start_s": index * 0.4}


SEGMENTS = [segment("shot", 0), segment("shot", 1), segment("scene", 0)]


@contextmanager
def installation(postgres_url: str, mongodb_url: str, media_dir: Path) -> Iterator[Stores]:
    """Stores of their own, empty, with schema and indexes."""
    with (
        migrated_jobs(postgres_url) as jobs,
        fresh_mongodb_database(mongodb_url) as database,
        Results(mongodb_url, database) as results,
        Inventory(mongodb_url, database) as inventory,
    ):
        results.ensure_indexes()
        yield Stores(jobs, inventory, results, MediaStore(media_dir.as_uri()))


def queued(stores: Stores, **values: Any) -> Video:
    """A video that waits, with its file."""
    video = create_video(stores.jobs, bytes_=len(SOURCE), **values)
    stores.media.put_stream(video.media_key, [SOURCE])
    return video


def running(stores: Stores, **values: Any) -> Video:
    """A video in work: plan and one of two chunks are stored."""
    video = claim(stores.jobs, queued(stores, **values).id)
    _analyse(stores, video, chunks=1)
    return video


def done(stores: Stores, *, clips: bool = True, document: dict[str, Any] | None = None) -> Video:
    """A video with a result, words, a keyframe and, with `clips`, an order of one clip."""
    jobs, results = stores.jobs, stores.results
    video = claim(jobs, queued(stores).id)
    _analyse(stores, video, chunks=2)
    name = f"{video.id}:1:{video.lease_epoch}"
    results.put_timeline(name, video.id, 1, SEGMENTS, {"curves": []} if document is None else document)
    stores.media.put_stream(keyframe_key(video.tracks_key, 5), [FRAME])
    assert jobs.finish(video.id, video.lease_epoch, 1, name)
    results.put_outline(video.tracks_key, TRACKS_HASH, MODEL, b"outline", 1, "en")
    results.put_recognised(video.tracks_key, TRACKS_HASH, MODEL, 0, [{"text": "hello"}])
    results.put_transcript(video.tracks_key, TRACKS_HASH, MODEL, {"text": f"hello {video.id}"})
    if clips:
        _cut(stores, jobs.get(video.id))
    return jobs.get(video.id)


def upload(stores: Stores, upload_id: str, stored: bytes, length_bytes: int) -> None:
    """An unfinished upload."""
    stores.jobs.uploads.create(upload_id, "film.mp4", length_bytes, {}, expires_s=3600.0)
    stores.media.write_at(upload_key(upload_id), 0, stored)
    assert stores.jobs.uploads.advance(upload_id, 0, len(stored))


def look(stores: Stores, grace_s: float = 0.0) -> Report:
    """What two looks agree on; by default however young it is."""
    limits = Limits(MAX_ATTEMPTS, grace_s=grace_s)
    return look_twice(stores, limits, pause=lambda: None, step=lambda _: None)


def found(stores: Stores, grace_s: float = 0.0) -> set[tuple[str, str]]:
    """(kind, what) of the findings of a look that saw everything."""
    report = look(stores, grace_s)
    assert not report.unseen
    return {(finding.kind, finding.what) for finding in report.findings}


def _analyse(stores: Stores, video: Video, chunks: int) -> None:
    results, key = stores.results, video.tracks_key
    assert stores.jobs.record_media(video.id, video.lease_epoch, {"audio_codec": "aac"}, 2, TRACKS_HASH)
    results.put_plan(key, TRACKS_HASH, b"plan")
    for index in range(chunks):
        payload = f"tracks {index} of {key}".encode()
        frames = {"start_frame": index * 10, "end_frame": index * 10 + 10}
        results.put_chunk(key, TRACKS_HASH, index, **frames, payload=payload, shots=[])


def _cut(stores: Stores, video: Video) -> None:
    clips = stores.jobs.clips
    order, _ = clips.create(
        video_id=video.id,
        clips_id=new_id(),
        clip_order={"level": "shot"},
        options={"mode": "copy"},
        wanted=[{"name": "a.mp4"}],
        media_key=video.media_key,
        tracks_key=video.tracks_key,
        tracks_hash=TRACKS_HASH,
        revision=1,
    )
    held = clips.claim("bridge-a", LEASE_S, MAX_ATTEMPTS, ROOM_FOR_ALL)
    assert held is not None
    assert held.id == order.id
    stores.media.put_stream(f"{clips_prefix(video.id, order.id)}/a.mp4", [CLIP])
    assert clips.put_file(order.id, held.lease_epoch, 0, {"bytes": len(CLIP)}, made=True)
    assert clips.finish(order.id, held.lease_epoch)
