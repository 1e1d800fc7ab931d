"""Documents of `GET /cluster` as a test needs them: nodes with actors, what waits, what failed."""

from __future__ import annotations

from tests.support.api.shapes import Json


def actor(number: int, state: str = "idle", **more: object) -> Json:
    """A row of the pool; eight actors a node, each with a device of its own."""
    row: Json = {
        "actor": f"segmenter-{number}",
        "node": f"gpu-{number // 8}",
        "node_id": f"{number // 8:032x}",
        "pid": 1000 + number,
        "device": f"cuda:{number % 8}",
        "state": state,
        "video_id": None,
        "kind": None,
        "chunk": None,
        "frames_done": 0,
        "since_s": 12.0,
        "video_s_per_s": 8.5,
        "rss_bytes": 1_500_000_000,
        "gpu_bytes": 700_000_000,
        "replaced": 0,
        "error": None,
    }
    return row | more


def at_work(number: int, video_id: str, chunk: int, **more: object) -> Json:
    """An actor that analyses a chunk, 600 frames in 2 s so far."""
    values = {"video_id": video_id, "kind": "chunk", "chunk": chunk, "frames_done": 600, "since_s": 2.0}
    return actor(number, "working", **(values | more))


def pool(*actors: Json, **more: object) -> Json:
    """A pool of these actors."""
    values: Json = {
        "actors": list(actors),
        "wanted": len(actors),
        "queued": 0,
        "backlog_s": 0.0,
        "dispatch_ms": 1.0,
        "history": {"step_s": 60.0, "frames_per_s": [0.0]},
        "losses": [],
    }
    return values | more


def queue(work: str, waiting: int = 0, running: int = 0, **more: object) -> Json:
    """What waits of one kind of work."""
    values = {"work": work, "priority": None, "waiting": waiting, "running": running, "oldest_s": None}
    return values | more


def failed(video: Json, code: str, message: str, finished_at: str, work: str = "video") -> Json:
    """Work that failed; `video` is its document."""
    return {
        "work": work,
        "video_id": video["id"],
        "filename": video["filename"],
        "code": code,
        "message": message,
        "finished_at": finished_at,
    }


def installation(**more: object) -> Json:
    """One idle actor, nothing to do, all servers well."""
    names = ("postgresql", "rabbitmq", "mongodb", "redis", "media", "disk")
    values: Json = {
        "pool": pool(actor(0)),
        "pool_detail": None,
        "queue_depth": 0,
        "backlog": {"seconds": 0.0, "videos": 0},
        "queues": [queue("video", priority="interactive")],
        "failures": {"counts": [], "latest": []},
        "filenames": {},
        "videos": {"done": 0},
        "servers": [{"name": name, "healthy": True, "detail": None} for name in names],
        "versions": {"scenestream": "0.1.0"},
    }
    return values | more
