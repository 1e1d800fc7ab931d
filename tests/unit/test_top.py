"""What `scenestream top` shows: computed from the API's documents, drawn so that people can read it."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from cluster.commands.top.screen import drawn, size, span, sparkline
from cluster.commands.top.view import View, view_of

Json = dict[str, Any]


def actor(number: int, state: str, **more: Any) -> Json:
    row: Json = {
        "actor": f"segmenter-{number}", "node": "gpu-1", "node_id": "abc", "pid": 100 + number,
        "device": "gpu 0", "state": state, "video_id": None, "kind": None, "chunk": None,
        "frames_done": 0, "since_s": 1.0,
        "video_s_per_s": None, "rss_bytes": None, "gpu_bytes": None, "replaced": 0, "error": None,
    }  # fmt: skip
    return row | more


def cluster(**more: Any) -> Json:
    document: Json = {
        "pool": {
            "actors": [
                actor(0, "working", video_id="f" * 32, kind="chunk", chunk=7, frames_done=300, since_s=2.0,
                      video_s_per_s=12.0, rss_bytes=3 << 29, gpu_bytes=700 << 20),
                actor(1, "idle", video_s_per_s=9.0),
                actor(2, "lost", node=None, device=None, replaced=2),
            ],
            "wanted": 3, "queued": 5, "backlog_s": 100.0, "dispatch_ms": 1.25,
            "history": {"step_s": 60.0, "frames_per_s": [0.0, 100.0, 200.0]},
        },
        "pool_detail": None,
        "queue_depth": 4,
        "backlog": {"seconds": 7200.0, "videos": 3},
        "queues": [
            {"work": "video", "priority": "batch", "waiting": 12, "running": 1, "oldest_s": 3900.0},
            {"work": "clips", "priority": None, "waiting": 0, "running": 2, "oldest_s": None},
        ],
        "failures": {
            "counts": [
                {"work": "video", "code": "not_media", "hour": 1, "day": 4},
                {"work": "words", "code": "internal", "hour": 1, "day": 1},
            ],
            "latest": [],
        },
        "videos": {"queued": 2, "running": 1, "done": 0},
        "servers": [
            {"name": "postgresql", "healthy": True, "detail": None},
            {"name": "redis", "healthy": False, "detail": "Redis does not answer."},
        ],
        "versions": {"scenestream": "0.1.0"},
    }  # fmt: skip
    return document | more


RUNNING: Json = {
    "id": "f" * 32, "filename": "[red]film.mp4", "state": "running", "priority": "batch", "attempt": 2,
    "progress": {"fraction": 0.416, "chunks_done": 5, "chunks_total": 12, "eta_s": 95.0},
}  # fmt: skip
FAILED: Json = {
    "id": "e" * 32, "filename": "notes.txt", "finished_at": "2026-01-05T10:00:00Z",
    "error": {"code": "not_media", "message": "This file is not a video."},
}  # fmt: skip


def printed(view: View) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(drawn(view))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_throughput_is_of_those_that_work_and_tells_when_all_is_done() -> None:
    view = view_of(cluster(), [RUNNING], [FAILED])

    assert view.throughput == 12.0
    assert view.drained_in_s == 600.0
    assert view.actors[0].frames_per_s == 150.0
    assert view.to_dict()["drained_in_s"] == 600.0


def test_everything_is_on_the_screen() -> None:
    text = printed(view_of(cluster(), [RUNNING], [FAILED]))

    for told in (
        "postgresql ok", "Redis does not answer.", "2 queued", "2 h 0 min of video, done in 10 min 0 s",
        "2 of 3 actors", "5 tasks wait", "1.2 ms a task", "segmenter-0", "chunk 7", "150", "1.5 GiB",
        "700 MiB", "segmenter-2 (2 lost)", "[red]film.mp4", "running (batch)", "42 %",
        "5/12", "1 min 35 s", "not_media",
        "This file is not a video.", "waiting    12 video (batch) since 1 h 5 min\n",
        "frames/s    ▄█ mean 100 in the last 3 min", "2 in the last hour, 5 in the last day",
    ):  # fmt: skip
        assert told in text, told


def test_what_is_not_known_is_not_invented() -> None:
    away = cluster(
        pool=None, pool_detail="The pool does not run.", queue_depth=None, backlog=None, videos=None
    )
    view = view_of(away, [], [])

    assert view.drained_in_s is None
    text = printed(view)
    assert "The pool does not run." in text
    assert "backlog    - of video   doorbells -" in text


def test_a_server_of_the_version_before_tells_less() -> None:
    document = cluster()
    del document["queues"], document["failures"], document["pool"]["history"]
    view = view_of(document, [], [])

    assert (view.queues, view.frames_per_s, view.failed_day) == ((), None, None)
    text = printed(view)
    assert "waiting    " not in text
    assert "failures" not in text


def test_a_sparkline_has_a_column_a_value_and_shows_that_something_is_there() -> None:
    assert sparkline([0.0, 0.1, 4.0, 8.0]) == " ▁▄█"
    assert sparkline([0.0, 0.0]) == "  "


def test_spans_and_sizes_are_said_as_people_do() -> None:
    assert [span(value) for value in (None, 59.4, 61, 7325)] == ["-", "59 s", "1 min 1 s", "2 h 2 min"]
    assert [size(value) for value in (None, 5 << 20, 1 << 30)] == ["-", "5 MiB", "1.0 GiB"]
