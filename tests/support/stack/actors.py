"""Bridge, pool and segmenters over real servers, as a test sees them."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import ray

from actors import launch
from cluster.contract.vocabulary import Priority
from cluster.errors import UnavailableError
from cluster.settings import NO_MODEL, ModelSettings, Settings
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.video import Video
from cluster.stores.redis.cache import Cache
from cluster.work_settings import (
    ActorSettings,
    BridgeSettings,
    ImportSettings,
    LeaseSettings,
    WebhookSettings,
)
from tests.support.servers.media import stored_bytes
from tests.support.stack import stub_analyser

T = TypeVar("T")

DEADLINE_S = 300.0  # far beyond what anything here takes on a busy machine: only a hang meets it
END_LEASES = tuple(
    b"UPDATE %s SET lease_expires_at = now() - interval '1 day' WHERE lease_owner = %%(owner)s RETURNING id"
    % table
    for table in (b"videos", b"clip_jobs", b"transcripts")
)


def quick_settings(urls: dict[str, str], database: str, root: Path, **actors: Any) -> Settings:
    """Settings under which everything that waits waits for tenths of seconds.

    What would be noticed by its silence has half a minute: on a busy machine a process that is well may say
    nothing for seconds. A test of such silence shortens it, or ends leases by hand (`end_leases`).
    """
    return Settings(
        postgres_url=urls["postgres"],
        mongodb_url=urls["mongodb"],
        rabbitmq_url=urls["rabbitmq"],
        redis_url=urls["redis"],
        media_url=(root / "media").as_uri(),
        mongodb_database=database,
        ray_namespace=f"test-{uuid.uuid4().hex[:8]}",
        var_dir=root,
        actors=ActorSettings(**{"count": 2, "ping_interval_s": 0.2, "stuck_after_s": 30.0, **actors}),
        bridge=BridgeSettings(
            max_videos=4,
            relay_interval_s=0.05,
            look_interval_s=0.3,
            cancel_interval_s=0.2,
            reaper_interval_s=0.3,
            backlog_interval_s=0.5,
        ),
        lease=LeaseSettings(duration_s=30.0, heartbeat_s=0.3, max_attempts=5),
        imports=ImportSettings(private_networks=("127.0.0.1/32",)),
        webhooks=WebhookSettings(private_networks=("127.0.0.1/32",)),
        models=ModelSettings(speech=NO_MODEL),
    )


class ActorStack:
    """What a test does and sees from outside: uploads, states, segments, processes."""

    def __init__(self, settings: Settings, analyser: str) -> None:
        self.settings = settings
        self._analyser = analyser
        self.handles = launch.ensure(settings, analyser=analyser)
        self.jobs = Jobs(settings.postgres_url).open()
        self.results = Results(settings.mongodb_url, settings.mongodb_database)
        self.cache = Cache(settings.redis_url)
        self.media = MediaStore(settings.media_url)

    def submit(
        self,
        content: bytes,
        *,
        sha256: str | None = None,
        owner: str | None = None,
        priority: Priority = "interactive",
        **values: Any,
    ) -> str:
        """Upload a file as the API does, with these settings; the video's id."""
        video_id = uuid.uuid4().hex
        key = f"videos/{video_id}/source"
        self.media.put_stream(key, [content])
        self.jobs.create_video(
            video_id=video_id,
            filename="film.mp4",
            bytes_=len(content),
            sha256=sha256,
            media_key=key,
            preset="default",
            settings=values,
            owner=owner,
            priority=priority,
        )
        return video_id

    def go_on(self, video_id: str, chunk: int | None = None) -> None:
        """Chunks of this video that wait do so no longer: this one, or all."""
        name = stub_analyser.go_on_files(chunk)[-1]
        self.media.put_stream(f"videos/{video_id}/{name}", [b"go on"])

    def until(self, look: Callable[[], T | None]) -> T:
        """What `look` returns as soon as it is something."""
        return patiently(look, self.snapshot)

    def ended(self, video_id: str) -> Video:
        """The video once it is done, failed or cancelled."""

        def final() -> Video | None:
            video = self.jobs.get(video_id)
            return video if video.is_final else None

        return self.until(final)

    def at_chunk(self, video_id: str, chunk: int = 0) -> dict[str, Any]:
        """The pool's row of the actor that works on this chunk or a later one."""

        def working() -> dict[str, Any] | None:
            for row in self.snapshot()["actors"]:
                if row["video_id"] == video_id and row["chunk"] is not None and row["chunk"] >= chunk:
                    return dict(row)
            return None

        return self.until(working)

    def holder_of(self, video_id: str, chunk: int) -> dict[str, Any]:
        """The pool's row of the actor in whose hands this chunk is."""

        def there() -> dict[str, Any] | None:
            rows = self.snapshot()["actors"]
            return next((row for row in rows if (row["video_id"], row["chunk"]) == (video_id, chunk)), None)

        return self.until(there)

    def snapshot(self) -> dict[str, Any]:
        """The pool's snapshot; empty while the pool is away."""
        try:
            pool = ray.get_actor("pool", namespace=self.settings.ray_namespace)
            return dict(ray.get(pool.snapshot.remote(), timeout=10))
        except (ray.exceptions.RayError, ValueError):
            return {"actors": [], "wanted": 0, "queued": 0}

    def ready(self, actors: int) -> list[dict[str, Any]]:
        """The rows of the pool once so many segmenters are idle."""

        def idle() -> list[dict[str, Any]] | None:
            rows = [row for row in self.snapshot()["actors"] if row["state"] == "idle"]
            return rows if len(rows) == actors else None

        return self.until(idle)

    def settle(self) -> None:
        """Wait until both actors answer, no video is in flight and two segmenters are idle."""
        self.handles = self.until(self._ensured)
        self.until(lambda: self.bridge()["videos"] == [])
        self.ready(2)

    def _ensured(self) -> dict[str, Any] | None:
        try:
            return launch.ensure(self.settings, analyser=self._analyser)
        except UnavailableError:
            return None

    def replaced(self) -> int:
        """How many segmenters of the present pool have been replaced so far."""
        return sum(row["replaced"] for row in self.snapshot()["actors"])

    def bridge(self) -> dict[str, Any]:
        """The bridge's answer to a ping, once it answers."""

        def answer() -> dict[str, Any] | None:
            try:
                return dict(ray.get(self.handles["bridge"].ping.remote(), timeout=10))
            except ray.exceptions.RayError:
                return None

        return self.until(answer)

    def kill_bridge(self) -> None:
        """kill -9 of the bridge; the leases it held are over at once."""
        told = self.bridge()
        kill_process(told["pid"])
        self.end_leases(told["owner"])

    def end_leases(self, owner: str) -> None:
        """As if the time of these leases had passed; returns when their holder has none any more.

        Asked for again and again: a heartbeat that was under way may extend them once more.
        """
        database = self.jobs.database

        def none_left() -> bool:
            ended = [database.all(statement, {"owner": owner}) for statement in END_LEASES]
            return not any(ended)

        self.until(none_left)

    def segments(self, video: Video) -> list[dict[str, Any]]:
        """All segments of the video's visible timeline."""
        assert video.timeline_id is not None
        return list(self.results.segments(video.timeline_id, limit=1000).items)

    def decoded(self, video_id: str) -> list[int]:
        """The chunks that were decoded from this video's own file, as often as they were."""
        key = f"videos/{video_id}/decoded"
        if not self.media.exists(key):
            return []
        return [int(line) for line in stored_bytes(self.media, key).split()]

    def events(self, video_id: str) -> list[tuple[str, dict[str, Any]]]:
        """All events so far."""
        return [(event.type, event.data) for event in self.cache.read_events(video_id, limit=1000) or []]

    def close(self) -> None:
        """End the actors and leave the stores."""
        launch.stop(self.settings)
        self.jobs.close()
        self.results.close()
        self.cache.close()


def patiently(look: Callable[[], T | None], snapshot: Callable[[], object]) -> T:
    """What `look` returns as soon as it is something; `snapshot` tells of the pool if it never is."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(0.02)
    raise AssertionError(f"not within {DEADLINE_S} s; pool: {snapshot()}")


@contextmanager
def actor_stack(settings: Settings, analyser: str = stub_analyser.NAME) -> Iterator[ActorStack]:
    """The stack, ended afterwards."""
    stack = ActorStack(settings, analyser)
    try:
        yield stack
    finally:
        stack.close()


def process_alive(pid: int) -> bool:
    """Whether the process still runs or stands still (a zombie does neither)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def kill_process(pid: int) -> None:
    """kill -9."""
    os.kill(pid, signal.SIGKILL)
