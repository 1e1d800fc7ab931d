"""`python -m tests.benchmarks.scale.capacity --gpus 100`: what an installation can do, what saturates first.

Arithmetic over numbers measured elsewhere: costs from `tests.benchmarks.scale.simulation` (processor time,
messages, transactions, writes), sizes from `tests.benchmarks.scale.pair`. `MEASURED` holds the means of two
runs, on the machine `cluster/SCALING.md` describes; how fast a GPU is, and what servers of a size can take,
are assumptions and parameters. Knows no cluster: nothing is measured here.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

DAY_S = 86_400.0
PYTHON_MS = 1000.0  # of processor time a second: what one process with one interpreter lock has


class Cost(NamedTuple):
    """Of a video whatever its length, and of each of its chunks."""

    a_video: float
    a_chunk: float

    def of(self, videos: float, chunks: float) -> float:
        """Of so many together."""
        return self.a_video * videos + self.a_chunk * chunks


@dataclass(frozen=True, slots=True)
class Costs:
    """`…_ms`: of processor time. `fuse_ms_an_hour`: for an hour of video, beside `fuser_ms`."""

    bridge_ms: Cost
    pool_ms: Cost
    fuser_ms: Cost
    fuse_ms_an_hour: float
    transactions: Cost
    doorbells: Cost
    mongodb_writes: Cost
    tracks_bytes_an_hour: float


@dataclass(frozen=True, slots=True)
class Demand:
    """`peak`: how many times the day's mean the busiest hour is. `bytes_per_s`: of video."""

    videos_a_day: float
    video_s: float
    chunk_s: float = 60.0
    bytes_per_s: float = 1e6
    peak: float = 1.0
    requests_a_video: float = 40.0

    @property
    def videos_per_s(self) -> float:
        """In the busiest hour."""
        return self.videos_a_day / DAY_S * self.peak

    @property
    def chunks_per_s(self) -> float:
        """A last chunk that is short is one as well: half a chunk more a video, and one at least."""
        return self.videos_per_s * max(self.video_s / self.chunk_s + 0.5, 1.0)

    @property
    def video_s_per_s(self) -> float:
        """Seconds of video a second: hours an hour."""
        return self.videos_per_s * self.video_s


@dataclass(frozen=True, slots=True)
class Installation:
    """How many of each there are, and what one takes. `gpu_video_s_per_s`: with `actors_per_gpu` on it."""

    gpus: int
    gpu_video_s_per_s: float
    actors_per_gpu: int = 1
    overhead_s: float = 0.005
    bridges: int = 1
    pools: int = 1
    fusers: int = 1
    api_replicas: int = 4
    transactions_per_s: float = 5_000.0
    messages_per_s: float = 5_000.0
    mongodb_writes_per_s: float = 5_000.0
    mongodb_bytes_per_s: float = 100e6
    media_bytes_per_s: float = 1.25e9
    api_requests_per_s: float = 300.0
    api_bytes_per_s: float = 200e6


class Load(NamedTuple):
    """`share` of what there is that is wanted: above 1 it is too little. `remedy`: what to do then."""

    name: str
    wanted: float
    there_is: float
    unit: str
    remedy: str

    @property
    def share(self) -> float:
        """1: saturated."""
        return self.wanted / self.there_is


REMEDIES = {
    "GPUs": "more GPUs: scaling.max_actors, and nodes for them",
    "bridges": "bridge.replicas: they need no leader",
    "pool": "longer chunks; beyond that several pools, videos shared out by a hash of their id",
    "fuser": "none needed: what it has no place for is done by the pool's actors",
    "PostgreSQL": "progress written every few seconds instead of for each chunk; then a larger server",
    "RabbitMQ": "doorbells may be dropped: bridges look every second anyway; ring once for many videos",
    "MongoDB writes": "a sharded cluster, by tracks_key",
    "MongoDB bytes": "a sharded cluster; tracks of old videos to the media store, or deleted",
    "media reads": "object storage and caches on the nodes instead of one file server",
    "API requests": "more replicas and proxies; events instead of polling",
    "API uploads": "uploads straight to the object store by signed addresses; more proxies",
}


def video_hours_an_hour(there: Installation, costs: Costs, chunk_s: float = 60.0) -> float:
    """What the GPUs do if there is always work: the dispatch of a chunk keeps an actor idle, and a pool deals
    out only so many chunks a second.
    """
    actors = there.gpus * there.actors_per_gpu
    actor_speed = there.gpu_video_s_per_s / there.actors_per_gpu
    by_gpus = actors * chunk_s / (chunk_s / actor_speed + there.overhead_s)
    by_pools = there.pools * PYTHON_MS / costs.pool_ms.a_chunk * chunk_s
    return min(by_gpus, by_pools)


def loads(demand: Demand, there: Installation, costs: Costs) -> list[Load]:
    """How loaded everything is, the fullest first."""
    videos, chunks, video_s = demand.videos_per_s, demand.chunks_per_s, demand.video_s_per_s
    fuse_ms = costs.fuser_ms.of(videos, chunks) + costs.fuse_ms_an_hour * video_s / 3600
    tracks_bytes = costs.tracks_bytes_an_hour * video_s / 3600
    media_bytes = demand.bytes_per_s * video_s
    busiest = replace(there, pools=10**9)  # what the pool can do is a line of its own
    rows = (
        ("GPUs", video_s, video_hours_an_hour(busiest, costs, demand.chunk_s), "video h/h"),
        ("bridges", costs.bridge_ms.of(videos, chunks), there.bridges * PYTHON_MS, "ms/s"),
        ("pool", costs.pool_ms.of(videos, chunks), there.pools * PYTHON_MS, "ms/s"),
        ("fuser", fuse_ms, there.fusers * PYTHON_MS, "ms/s"),
        ("PostgreSQL", costs.transactions.of(videos, chunks), there.transactions_per_s, "transactions/s"),
        ("RabbitMQ", costs.doorbells.of(videos, chunks), there.messages_per_s, "messages/s"),
        ("MongoDB writes", costs.mongodb_writes.of(videos, chunks), there.mongodb_writes_per_s, "writes/s"),
        ("MongoDB bytes", tracks_bytes, there.mongodb_bytes_per_s, "B/s"),
        ("media reads", media_bytes, there.media_bytes_per_s, "B/s"),
        (
            "API requests",
            demand.requests_a_video * videos,
            there.api_replicas * there.api_requests_per_s,
            "1/s",
        ),
        ("API uploads", media_bytes, there.api_replicas * there.api_bytes_per_s, "B/s"),
    )
    found = [Load(name, wanted, there_is, unit, REMEDIES[name]) for name, wanted, there_is, unit in rows]
    return sorted(found, key=lambda load: -load.share)


def costs_of(clips: Sequence[float], films: Sequence[float]) -> Cost:
    """From two runs of videos of different lengths, each `(chunks a video, cost a video)`."""
    (few, cheap), (many, dear) = clips, films
    a_chunk = (dear - cheap) / (many - few)
    return Cost(cheap - few * a_chunk, a_chunk)


MEASURED = Costs(
    bridge_ms=costs_of((1, 12.9), (180, 452.0)),
    pool_ms=costs_of((1, 4.6), (180, 467.0)),
    fuser_ms=costs_of((1, 5.4), (180, 117.0)),
    fuse_ms_an_hour=1700.0,
    transactions=costs_of((1, 21.1), (180, 522.0)),
    doorbells=Cost(1.0, 0.0),
    mongodb_writes=costs_of((1, 4.0), (180, 362.0)),
    tracks_bytes_an_hour=55e6,
)
"""Runs of the simulation with clips of one chunk and with films of 180, two each; see cluster/SCALING.md."""


def main() -> None:
    """Print the model for what is given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gpus", type=int, default=100)
    parser.add_argument(
        "--gpu-speed", type=float, default=30.0, help="seconds of video a GPU does in a second"
    )
    parser.add_argument("--actors-per-gpu", type=int, default=1)
    parser.add_argument("--bridges", type=int, default=1)
    parser.add_argument("--pools", type=int, default=1)
    parser.add_argument("--fusers", type=int, default=1)
    parser.add_argument("--api-replicas", type=int, default=4)
    parser.add_argument("--videos-a-day", type=float, default=1e6)
    parser.add_argument("--video-s", type=float, default=217.5)
    parser.add_argument("--peak", type=float, default=2.0)
    given = parser.parse_args()
    there = Installation(
        gpus=given.gpus,
        gpu_video_s_per_s=given.gpu_speed,
        actors_per_gpu=given.actors_per_gpu,
        bridges=given.bridges,
        pools=given.pools,
        fusers=given.fusers,
        api_replicas=given.api_replicas,
    )
    demand = Demand(given.videos_a_day, given.video_s, peak=given.peak)
    print(f"{given.gpus} GPUs: {video_hours_an_hour(there, MEASURED):.0f} hours of video an hour at most")
    print(f"wanted in the busiest hour: {demand.video_s_per_s:.0f} hours of video an hour")
    for load in loads(demand, there, MEASURED):
        print(
            f"{load.name:>15} {load.share:7.1%}  {load.wanted:14,.0f} of {load.there_is:14,.0f} {load.unit}"
        )
        if load.share > 0.7:
            print(f"{'':>15} remedy: {load.remedy}")


if __name__ == "__main__":
    main()
