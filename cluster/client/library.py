"""Videos, their results and the cluster: the operations that are one request or one listing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cluster.client.requests import each, fetched, given, request, whole
from cluster.client.steps import Emit, Flow, Op
from cluster.client.types import (
    Cluster,
    FoundMoment,
    FrameTimes,
    Heard,
    Level,
    Links,
    MomentSource,
    Role,
    Segment,
    Signals,
    State,
    TranscriptStatus,
    Video,
)
from cluster.contract.index_ranges import index_ranges
from cluster.contract.pages import MAX_PAGE_ITEMS, SEARCH_PAGE_ITEMS
from cluster.errors import UnavailableError


def video(video_id: str) -> Op[Video]:
    """One video with its state and progress."""
    found: Video = yield from fetched("GET", f"/videos/{video_id}")
    return found


def videos(
    *,
    state: State | None = None,
    q: str | None = None,
    preset: str | None = None,
    created_from: datetime | None = None,
    created_to: datetime | None = None,
) -> Flow[Video]:
    """Lists videos, newest first; filters: state, a text in the file's name, preset, time of creation.

    Times need a time zone; `created_to` is exclusive.
    """
    times = {
        name: time.isoformat()
        for name, time in (("created_from", created_from), ("created_to", created_to))
        if time is not None
    }
    params = given(state=state, q=q, preset=preset, limit=MAX_PAGE_ITEMS) | times
    yield from each("/videos", params, lambda video: video["id"])


def cancel(video_id: str) -> Op[Video]:
    """Stops the work on a video."""
    stopped: Video = yield from fetched("POST", f"/videos/{video_id}/cancel")
    return stopped


def retry(video_id: str) -> Op[Video]:
    """Queues a failed or cancelled video again."""
    queued: Video = yield from fetched("POST", f"/videos/{video_id}/retry")
    return queued


def delete(video_id: str) -> Op[None]:
    """Removes a video and all results made from it."""
    yield from request("DELETE", f"/videos/{video_id}")


def segments(
    video_id: str,
    *,
    level: Level | str | None = None,
    label: str | None = None,
    tag: str | None = None,
    min_confidence: float | None = None,
    role: Role | str | None = None,
    from_s: float | None = None,
    to_s: float | None = None,
    revision: int | None = None,
) -> Flow[Segment]:
    """Lists the segments in time order: provisional ones while the work goes on, final ones after.

    All are of one revision: if another one is finished during the reading, the whole list is read again
    before the first segment is returned.
    """
    found = yield from whole(
        f"/videos/{video_id}/segments",
        given(
            level=level,
            label=label,
            tag=tag,
            min_confidence=min_confidence,
            role=role,
            from_s=from_s,
            to_s=to_s,
            revision=revision,
            limit=MAX_PAGE_ITEMS,
        ),
        lambda page: (page["state"], page["revision"]),
    )
    for segment in found:
        yield Emit(segment)


def audio_track(video_id: str) -> Op[list[Heard]]:
    """Lists the stretches of sound (speech, music, silence …); empty where the file has no sound."""
    found: list[Heard] = (yield from fetched("GET", f"/videos/{video_id}/audio-track"))["items"]
    return found


def transcript(video_id: str) -> Op[TranscriptStatus]:
    """What is said, once it is written down; `state` says how far that is."""
    found: TranscriptStatus = yield from fetched("GET", f"/videos/{video_id}/transcript")
    return found


def cancel_transcript(video_id: str) -> Op[TranscriptStatus]:
    """Stops writing down what is said."""
    stopped: TranscriptStatus = yield from fetched("POST", f"/videos/{video_id}/transcript/cancel")
    return stopped


def retry_transcript(video_id: str) -> Op[TranscriptStatus]:
    """Queues a failed or cancelled transcript again."""
    queued: TranscriptStatus = yield from fetched("POST", f"/videos/{video_id}/transcript/retry")
    return queued


def search(
    q: str, *, video_id: str | None = None, sources: Sequence[MomentSource] | None = None
) -> Flow[FoundMoment]:
    """Finds moments by words and by meaning, best first, in all videos or in one; read page by page, so stop
    when you have enough.

    `q` is words, `"a phrase"` and `-excluded`. `sources`: speech, screen, title, tag, name; all if left out.
    """
    named = None if sources is None else ",".join(sources)
    params = given(q=q, video=video_id, limit=SEARCH_PAGE_ITEMS) | given(**{"from": named})

    def identity(moment: FoundMoment) -> tuple[object, ...]:
        return tuple(moment[name] for name in ("video_id", "source", "start_s", "end_s", "snippet"))

    yield from each("/search", params, identity)


def signals(video_id: str, *, points: int | None = None) -> Op[Signals]:
    """The curves that the boundaries were decided from: lowest and highest value in each of so many spans."""
    found: Signals = yield from fetched("GET", f"/videos/{video_id}/signals", params=given(points=points))
    return found


def frame_times(video_id: str) -> Op[FrameTimes]:
    """When the frames of a video that is done are shown: all of them, read part by part.

    UnavailableError when it was analysed anew between two parts: those do not belong together.
    """
    path = f"/videos/{video_id}/frames"
    found: FrameTimes = yield from fetched("GET", path)
    part, runs = found, list(found["runs"])
    while part["next_frame"] is not None:
        ended = part["first_pts"] + sum(step * count for step, count in part["runs"])
        wanted = (part["next_frame"], ended, found["frames"], found["time_base"])
        part = yield from fetched("GET", path, params={"from_frame": part["next_frame"]})
        if (part["first_frame"], part["first_pts"], part["frames"], part["time_base"]) != wanted:
            raise UnavailableError("The video was analysed anew while its frames were read; read them again.")
        runs += part["runs"]
    return {**found, "runs": runs, "next_frame": None}


def export(
    video_id: str,
    *,
    format_: str,
    level: Level | str | None = None,
    segments: str | Iterable[int] | None = None,
    revision: int | None = None,
) -> Op[bytes]:
    """The result in the file format of another tool. `segments`: numbers (`index`) of those of the level that
    it is to have, or ranges as text, such as "0-3,7"; None: all. `revision`: of which result
    these are the numbers; ConflictError (`revision_moved_on`) when the video has another one by now.
    ValueError for no number at all."""
    only = segments if segments is None or isinstance(segments, str) else str(index_ranges(segments))
    params = given(format=format_, level=level, segments=only, revision=revision)
    answer = yield from request("GET", f"/videos/{video_id}/export", params=params)
    return answer.content


def links(video_id: str, *, valid_s: float | None = None) -> Op[Links]:
    """Signed links: addresses that need no key until they expire."""
    found: Links = yield from fetched("GET", f"/videos/{video_id}/links", params=given(valid_s=valid_s))
    return found


def cluster() -> Op[Cluster]:
    """The pool, what waits, what failed lately, and the servers. Names of videos are for `admin` alone."""
    found: Cluster = yield from fetched("GET", "/cluster")
    return found
