"""Two actors against one on a long video: `python -m tests.benchmarks.scale.pair FILM`.

The real stack and the real analysis, `actors.torch_threads` 1 (which gives the decoder one thread as well),
once with one actor and once with two. Printed: seconds from handing in to done, their quotient, whether the
segments are the same to the last bit, and two things `cluster/SCALING.md` reckons with: seconds of video an
actor does in a second, and the bytes of tracks an hour of video leaves.

What two of anything can be on this machine is measured beside it: one busy process against two, that count
and that convolve. Cores that are two threads of one give less than twice, whatever runs on them; the actors'
quotient is to be read against that ceiling.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import torch

from actors.worker.analyser import LIBRARY
from cluster.settings import LogSettings, Settings
from cluster.telemetry import logs
from cluster.work_settings import ActorSettings, BridgeSettings
from tests.support.ray.head import connected_to_ray
from tests.support.servers.private import (
    ALL_PARTS,
    SessionServers,
    empty_broker,
    empty_cache,
    fresh_mongodb_database,
    fresh_postgres_database,
)
from tests.support.stack.actors import ActorStack, actor_stack

BUSY_S = 3.0
TIMES = 3  # one alone tells of what else the machine has to do
COUNTED_AT_ONCE = 10_000
LOOK_S = 0.1


def count() -> None:
    """Work for the integer units."""
    for _ in range(COUNTED_AT_ONCE):
        pass


def convolve() -> None:
    """Work for the vector units and the caches, as networks have it."""
    picture = torch.ones(1, 32, 48, 27)
    torch.nn.functional.conv2d(picture, torch.ones(32, 32, 3, 3))


def rate(work: Callable[[], None], seconds: float, processes: int) -> float:
    """How often a second so many processes do it together."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        pool.map(_turns, [(work, 0.5)] * processes)  # what is done for the first time takes longer
        turns = pool.map(_turns, [(work, seconds)] * processes, chunksize=1)
    return sum(turns) / seconds


def _turns(given: tuple[Callable[[], None], float]) -> int:
    work, seconds = given
    torch.set_num_threads(1)
    turns, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        work()
        turns += 1
    return turns


def analysed(film: bytes, servers: SessionServers, actors: int) -> tuple[float, list[dict[str, Any]], int]:
    """Seconds it took, its segments, and the bytes of its tracks."""
    urls = servers.start(ALL_PARTS).urls
    empty_broker(urls["rabbitmq"])
    empty_cache(urls["redis"])
    with ExitStack() as held:
        root = Path(held.enter_context(tempfile.TemporaryDirectory()))
        settings = Settings(
            postgres_url=held.enter_context(fresh_postgres_database(urls["postgres"])),
            mongodb_url=urls["mongodb"],
            rabbitmq_url=urls["rabbitmq"],
            redis_url=urls["redis"],
            media_url=(root / "media").as_uri(),
            mongodb_database=held.enter_context(fresh_mongodb_database(urls["mongodb"])),
            ray_namespace=f"pair-{actors}",
            var_dir=root,
            actors=ActorSettings(count=actors, torch_threads=1),
            bridge=BridgeSettings(look_interval_s=0.2),
        )
        stack = held.enter_context(actor_stack(settings, LIBRARY))
        stack.ready(actors)
        began = time.monotonic()
        video_id = stack.submit(film)
        while not stack.jobs.get(video_id).is_final:
            time.sleep(LOOK_S)
        took_s = time.monotonic() - began
        video = stack.jobs.get(video_id)
        if video.state != "done":
            raise SystemExit(f"the film ended as {video.state}: {video.error}")
        tracks = stack.results.load_chunks(video.tracks_key, video.tracks_hash or "")
        return took_s, everything(stack, video_id), sum(len(payload) for _, payload in tracks)


def everything(stack: ActorStack, video_id: str) -> list[dict[str, Any]]:
    """All segments, page after page."""
    timeline_id = stack.jobs.get(video_id).timeline_id
    assert timeline_id is not None
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = stack.results.segments(timeline_id, limit=1000, cursor=cursor)
        found.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return found


def main() -> None:
    """Measure once and print. Exit code 1 when the segments differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("film", type=Path)
    given = parser.parse_args()
    logs.configure(Settings(log=LogSettings(level="WARNING")))
    for work in (count, convolve):
        quotients = [rate(work, BUSY_S, 2) / rate(work, BUSY_S, 1) for _ in range(TIMES)]
        told = ", ".join(f"{quotient:.2f}" for quotient in quotients)
        print(
            f"two busy processes against one, {work.__name__}: {median(quotients):.2f} of {told}", flush=True
        )
    film = given.film.read_bytes()
    servers = SessionServers()
    try:
        with connected_to_ray("pair"):
            one_s, segments, tracks = analysed(film, servers, 1)
            two_s, others, _ = analysed(film, servers, 2)
    finally:
        servers.stop()
    duration_s = max(segment["end_s"] for segment in segments)
    print(f"film of {duration_s:.0f} s; one actor {one_s:.1f} s, two actors {two_s:.1f} s")
    print(f"two actors against one: {one_s / two_s:.2f}")
    print(f"the same segments: {segments == others} ({len(segments)})")
    print(f"one actor: {duration_s / one_s:.2f} s of video a second")
    print(f"tracks: {tracks / duration_s * 3600 / 1e6:.1f} MB an hour of video")
    sys.exit(segments != others)


if __name__ == "__main__":
    main()
