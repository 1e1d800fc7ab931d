"""`python -m tests.benchmarks.scale.simulation --videos 10000 --actors 200`: thousands of videos.

The real bridges, pool, fuser, PostgreSQL, MongoDB, RabbitMQ and Redis; segmenters that sleep instead of
decoding (`scale.stubs`). Of the videos, 85 % are clips of 30 s, 14 % last 10 minutes and 1 % three
hours (or all are of one kind, `--only`), in chunks of 60 s. Seven of ten are batch and wait when it begins;
the others are interactive and come one after the other, `--arrivals` a second. Ten owners; of every kind
the first has as many as all the others together.

`--speed` is how many seconds of video a stub does in a second. Printed, and written as JSON to `--json`: what
the pool takes a chunk beyond the work; messages, transactions and writes by second and by video; processor
time of each part by chunk and by video, which `tests.benchmarks.scale.capacity` reckons with; how evenly
owners are served; and how long videos wait. Everything shares this machine's cores, stubs and servers too:
rates are those of the machine, and processor times are what carries over.

`--film` instead: a 30 s clip alone, and behind a film of three hours, over `--actors` stubs (best few).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import ray

from actors import launch
from actors.detached import find_or_create
from actors.pool.handle import pool_class
from cluster.contract.actor_names import POOL_NAME
from cluster.contract.vocabulary import Priority
from cluster.settings import LogSettings, Settings
from cluster.stores.media.store import MediaStore
from cluster.stores.postgres.jobs import Jobs
from cluster.telemetry import logs
from cluster.work_settings import ActorSettings, BridgeSettings
from tests.benchmarks.scale.figures import Used, busy_share, jain, latencies, read, share_while_all_wait
from tests.benchmarks.scale.overhead import StubFactory
from tests.benchmarks.scale.stubs import NAME, Done, StubHost, script
from tests.support.ray.head import connected_to_ray
from tests.support.servers.private import ALL_PARTS, SessionServers, remove_var_dir

KINDS_S = {"clip": 30.0, "lecture": 600.0, "film": 10_800.0}
PARTS = {"clip": 0.85, "lecture": 0.14, "film": 0.01}
BYTES_PER_S = 1e6
CHUNK_S = 60.0
OWNERS = [f"owner-{number}" for number in range(10)]
BATCH_PART = 0.7
LOOK_S = 1.0
WAITING_SQL = b"SELECT count(*) AS n FROM videos WHERE state NOT IN ('done', 'failed', 'cancelled')"
TIMES_SQL = b"""SELECT id, state, owner, priority, extract(epoch FROM created_at) AS created_at,
    extract(epoch FROM finished_at) AS finished_at FROM videos"""


class Scene:
    """The running cluster."""

    def __init__(self, settings: Settings, hosts: int, given: argparse.Namespace) -> None:
        self.settings = settings
        actors = settings.actors.count
        options: dict[str, Any] = {"num_cpus": 0, "max_concurrency": 10_000}
        host_class: Any = ray.remote(**options)(StubHost)
        self.hosts = [host_class.remote(settings, -(-actors // hosts)) for _ in range(hosts)]
        launch.prepare_stores(settings)
        self.media = MediaStore(settings.media_url)
        for kind, seconds in KINDS_S.items():
            what = script(
                seconds, chunk_s=CHUNK_S, speed=given.speed, payload_bytes=int(given.payload_kb * 1000)
            )
            self.media.put_stream(f"videos/{kind}/source", [what])
        factory = StubFactory(self.hosts)
        place = settings.ray_namespace
        self.pool = find_or_create(pool_class(), POOL_NAME, place, settings, NAME, factory)
        self.handles = launch.ensure(settings, analyser=NAME)
        self.jobs = Jobs(settings.postgres_url).open()
        while sum(row["state"] == "idle" for row in self.snapshot()["actors"]) < actors:
            time.sleep(0.2)
        self.pids = {
            name.partition("-")[0] + name.partition("-")[2]: int(ray.get(handle.ping.remote())["pid"])
            for name, handle in self.handles.items()
        }

    def snapshot(self) -> dict[str, Any]:
        """The pool's."""
        return dict(ray.get(self.pool.snapshot.remote()))

    def submit(self, kind: str, owner: str = OWNERS[0], priority: Priority = "interactive") -> str:
        """A video more; all of one kind share a file, since uploads are not what is looked at."""
        video, _ = self.jobs.create_video(
            video_id=uuid.uuid4().hex,
            filename=f"{kind}.mp4",
            bytes_=int(KINDS_S[kind] * BYTES_PER_S),
            sha256=None,
            media_key=f"videos/{kind}/source",
            preset="default",
            settings={},
            owner=owner,
            priority=priority,
        )
        return video.id

    def unfinished(self) -> int:
        """Videos that have not ended."""
        return int(self.jobs.database.all(WAITING_SQL)[0]["n"])

    def seen(self) -> tuple[list[Done], int]:
        """Chunks done since the last call; writes to MongoDB in all."""
        seen = ray.get([host.seen.remote() for host in self.hosts])
        return [Done(*one) for part in seen for one in part["done"]], sum(part["writes"] for part in seen)

    def read(self) -> Used:
        """What servers and actors have used so far."""
        return read(self.settings.postgres_url, Path(self.settings.var_dir), self.pids)

    def close(self) -> None:
        """End the actors."""
        launch.stop(self.settings)
        self.jobs.close()


@contextmanager
def running(given: argparse.Namespace) -> Iterator[Scene]:
    """Everything up; everything gone afterwards."""
    servers = SessionServers()
    with connected_to_ray("simulation"), tempfile.TemporaryDirectory() as folder:
        urls = servers.start(ALL_PARTS).urls
        var_dir = Path(servers.start(()).layout.var_dir)
        settings = Settings(
            postgres_url=urls["postgres"],
            mongodb_url=urls["mongodb"],
            rabbitmq_url=urls["rabbitmq"],
            redis_url=urls["redis"],
            media_url=Path(folder).as_uri(),
            mongodb_database="simulation",
            ray_namespace="simulation",
            var_dir=var_dir,
            actors=ActorSettings(count=given.actors),
            bridge=BridgeSettings(replicas=given.bridges),
        )
        logs.configure(settings.with_values(log=LogSettings(level="WARNING")))  # this process alone
        scene = Scene(settings, given.hosts, given)
        try:
            yield scene
        finally:
            scene.close()
            servers.stop()
            remove_var_dir(var_dir)


def crowd(scene: Scene, given: argparse.Namespace) -> dict[str, Any]:
    """Hand in, wait for the end, reckon up."""
    chance = random.Random(given.seed)
    parts = {given.only: 1.0} if given.only else PARTS
    kinds = chance.choices(list(parts), list(parts.values()), k=given.videos)
    batch = int(BATCH_PART * given.videos)
    owners = [*owners_of(kinds[:batch]), *owners_of(kinds[batch:])]
    before, (_, writes_before) = scene.read(), scene.seen()
    began = time.monotonic()
    demand_s = dict.fromkeys(OWNERS, 0.0)
    for kind, owner in zip(kinds[:batch], owners[:batch], strict=True):
        scene.submit(kind, owner, "batch")
        demand_s[owner] += KINDS_S[kind]
    queued_s = time.monotonic() - began
    came = time.monotonic()
    for number, (kind, owner) in enumerate(zip(kinds[batch:], owners[batch:], strict=True)):
        time.sleep(max(came + number / given.arrivals - time.monotonic(), 0.0))
        scene.submit(kind, owner)
    while (left := scene.unfinished()) and time.monotonic() - began < given.at_most_s:
        print(f"{time.monotonic() - began:6.0f} s, {left} videos left", file=sys.stderr, flush=True)
        time.sleep(LOOK_S * 5)
    took_s = time.monotonic() - began
    time.sleep(LOOK_S)
    used, (done, writes) = scene.read().since(before), scene.seen()
    return report(scene, given, done, used, writes - writes_before, took_s, queued_s, demand_s)


def owners_of(kinds: Sequence[str]) -> list[str]:
    """Whose each is: of every kind the first owner has half, and the others have the same."""
    turns = {kind: cycle(turn for other in OWNERS[1:] for turn in (OWNERS[0], other)) for kind in KINDS_S}
    return [next(turns[kind]) for kind in kinds]


def report(
    scene: Scene,
    given: argparse.Namespace,
    done: Sequence[Done],
    used: Used,
    writes: int,
    took_s: float,
    queued_s: float,
    demand_s: dict[str, float],
) -> dict[str, Any]:
    """The figures."""
    rows = scene.jobs.database.all(TIMES_SQL)
    ended = [row for row in rows if row["state"] == "done"]
    first_at: dict[str, float] = {}
    for chunk in done:
        first_at[chunk.video_id] = min(first_at.get(chunk.video_id, chunk.ended_at), chunk.ended_at)
    waits: dict[str, Any] = {}
    for priority in ("interactive", "batch"):
        of = [row for row in rows if row["priority"] == priority]
        first = [first_at[row["id"]] - float(row["created_at"]) for row in of if row["id"] in first_at]
        whole = [float(row["finished_at"] - row["created_at"]) for row in of if row["state"] == "done"]
        waits[priority] = {"first segment s": latencies(first), "whole s": latencies(whole)}
    batch = [one for one in done if one.priority == "batch"]
    shares = share_while_all_wait(batch, demand_s)
    chunks, videos = len(done), max(len(ended), 1)
    return {
        "videos": given.videos,
        "done": len(ended),
        "actors": given.actors,
        "bridges": given.bridges,
        "speed": given.speed,
        "took s": took_s,
        "handing in the batch s": queued_s,
        "chunks": chunks,
        "chunks/s": chunks / took_s,
        "videos/s": videos / took_s,
        "video hours per hour": sum(one.cost_s for one in done) / took_s,
        "pool's overhead a chunk ms (last 200)": scene.snapshot()["dispatch_ms"],
        "actors at work": busy_share(done, given.actors) if done else 0.0,
        "doorbells/s": used.doorbells / took_s,
        "doorbells a video": used.doorbells / videos,
        "transactions/s": used.transactions / took_s,
        "transactions a video": used.transactions / videos,
        "transactions a chunk": used.transactions / max(chunks, 1),
        "rows written a video": used.rows_written / videos,
        "PostgreSQL active ms a video": used.active_ms / videos,
        "MongoDB writes a chunk": writes / max(chunks, 1),
        "processor ms a video": {name: 1000 * spent / videos for name, spent in used.cpu_s.items()},
        "processor ms a chunk": {name: 1000 * spent / max(chunks, 1) for name, spent in used.cpu_s.items()},
        "Jain's index over batch owners": jain(list(shares.values())),
        "waits": waits,
    }


def behind_a_film(scene: Scene) -> dict[str, Any]:
    """A clip alone, then the same behind a film that has all actors."""
    alone = clip_times(scene)
    scene.submit("film")
    while sum(row["state"] == "working" for row in scene.snapshot()["actors"]) < scene.settings.actors.count:
        time.sleep(0.1)
    time.sleep(2 * LOOK_S)
    behind = clip_times(scene)
    return {"alone": alone, "behind": behind, "times as long": behind["finish s"] / alone["finish s"]}


def clip_times(scene: Scene) -> dict[str, float]:
    """Seconds from handing in to the claim, to the beginning of the chunk, and to the end."""
    scene.seen()
    video_id, began = scene.submit("clip"), time.time()
    while not scene.jobs.get(video_id).is_final:
        time.sleep(0.02)
    finished = time.time() - began
    chunk = next(one for one in scene.seen()[0] if one.video_id == video_id)
    video = scene.jobs.get(video_id)
    assert video.started_at is not None
    claimed = (video.started_at - video.created_at).total_seconds()
    return {"claimed s": claimed, "chunk begins s": chunk.began_at - began, "finish s": finished}


def main() -> None:
    """Simulate, print, and write the figures down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=10_000)
    parser.add_argument("--actors", type=int, default=200)
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--bridges", type=int, default=1)
    parser.add_argument("--speed", type=float, default=30.0)
    parser.add_argument("--payload-kb", type=float, default=100.0)
    parser.add_argument("--arrivals", type=float, default=2.0)
    parser.add_argument("--at-most-s", type=float, default=1800.0)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--only", choices=list(KINDS_S))
    parser.add_argument("--film", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with running(given) as scene:
        found = behind_a_film(scene) if given.film else crowd(scene, given)
    text = json.dumps(found, indent=1, allow_nan=True)
    print(text)
    if given.json:
        given.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
