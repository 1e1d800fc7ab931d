"""`python -m tests.benchmarks.scale.load`: many clients poll while others upload and the pool works.

Prints the median and the 99th percentile of each route's time to answer, errors, and what became of the
uploads. Exit codes: 0 no error and nothing lost, 1 otherwise. Starts a stack of its own unless it is given
the address of one. The times are those of clients on the same machine, which they compete with for its cores.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np

from cluster.client import AsyncClient
from cluster.errors import ScenestreamError
from cluster.local.demo import clip as demo_clip
from tests.support.stack.whole import running_stack

POLL_S = 1.0  # as often as a page asks
ROUTES = {
    "GET /videos/{id}": "/videos/{id}",
    "GET /videos": "/videos?limit=50",
    "GET /videos/{id}/segments": "/videos/{id}/segments?level=shot",
    "GET /cluster": "/cluster",
}
TURNS = (0, 2, 0, 1, 0, 2, 0, 1, 0, 2, 0, 3)  # which route each poll asks, one after the other
WAIT_S = 1800.0


@dataclass
class Measured:
    """Seconds to answer by route, what went wrong, and the videos that became of the uploads."""

    took_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)


async def measured(url: str, films: Sequence[Path], clients: int, at_least_s: float) -> Measured:
    """Poll until every upload is a video that has ended, and for `at_least_s`."""
    found = Measured()
    over = asyncio.Event()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with (
        AsyncClient(url, timeout_s=120.0) as client,
        httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=120.0, limits=limits) as http,
    ):
        began = time.monotonic()
        pollers = [asyncio.create_task(_poll(http, number, found, over)) for number in range(clients)]
        await asyncio.gather(*(_upload(client, film, found) for film in films))
        await asyncio.gather(*(_follow(client, video_id, found) for video_id in found.ids.values()))
        await asyncio.sleep(max(0.0, at_least_s - (time.monotonic() - began)))
        over.set()
        await asyncio.gather(*pollers)
    return found


async def _poll(http: httpx.AsyncClient, number: int, found: Measured, over: asyncio.Event) -> None:
    routes = list(ROUTES.items())
    chance = random.Random(number)
    await asyncio.sleep(chance.random() * POLL_S)
    turn = number
    while not over.is_set():
        name, path = routes[TURNS[turn % len(TURNS)]]
        turn += 1
        if "{id}" in path:
            if not found.ids:
                name, path = routes[1]
            else:
                path = path.format(id=chance.choice(list(found.ids.values())))
        began = time.monotonic()
        try:
            answer = await http.get(path)
        except httpx.HTTPError as error:
            found.errors.append(f"{name}: {type(error).__name__} {error}")
        else:
            found.took_s[name].append(time.monotonic() - began)
            if not answer.is_success:
                found.errors.append(f"{name}: {answer.status_code} {answer.text[:200]}")
        await asyncio.sleep(POLL_S)


async def _upload(client: AsyncClient, film: Path, found: Measured) -> None:
    began = time.monotonic()
    try:
        found.ids[film.name] = await client.upload(film)
    except ScenestreamError as error:
        found.errors.append(f"upload of {film.name}: {error.code} {error.message}")
    else:
        found.took_s["whole upload"].append(time.monotonic() - began)


async def _follow(client: AsyncClient, video_id: str, found: Measured) -> None:
    try:
        async with asyncio.timeout(WAIT_S):
            video = await client.wait(video_id, poll_s=POLL_S)
    except (ScenestreamError, TimeoutError) as error:
        found.errors.append(f"{video_id}: {error or 'it did not end in time'}")
    else:
        found.ends[video["filename"]] = f"{video['state']} {video['sha256']}"


def lost(films: Sequence[Path], found: Measured) -> list[str]:
    """Films of which there is no finished video with the bytes they have."""
    wanted = {film.name: f"done {hashlib.sha256(film.read_bytes()).hexdigest()}" for film in films}
    return [name for name, end in wanted.items() if found.ends.get(name) != end]


def make_films(folder: Path, number: int) -> list[Path]:
    """The demonstration clip, each copy with other bytes, so that none is known already."""
    clip = folder / "clip.mp4"
    demo_clip.make(clip)
    content = clip.read_bytes()
    films = []
    for copy in range(number):
        junk = random.Random(copy + time.time_ns()).randbytes(64)
        film = folder / f"film {copy}.mp4"
        film.write_bytes(content + (8 + len(junk)).to_bytes(4, "big") + b"free" + junk)  # ISO 14496-12, 8.1.2
        films.append(film)
    return films


def table(found: Measured) -> str:
    """A line for each route."""
    lines = [f"{'route':<28}{'answers':>9}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}"]
    for name, took_s in sorted(found.took_s.items()):
        p50, p99, most = (1000 * value for value in np.percentile(took_s, (50, 99, 100)))
        lines.append(f"{name:<28}{len(took_s):>9}{p50:>9.0f}{p99:>9.0f}{most:>9.0f}")
    return "\n".join(lines)


@contextmanager
def address(given: str | None) -> Iterator[str]:
    """That of a stack of its own, unless one is given."""
    if given:
        yield given.rstrip("/")
        return
    with running_stack() as stack:
        yield stack.url


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale.load", description=__doc__)
    parser.add_argument("--url", help="a running stack instead of one of its own")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--uploads", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30.0, help="poll for at least so long")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, address(asked.url) as url:
        films = make_films(Path(folder), asked.uploads)
        found = asyncio.run(measured(url, films, asked.clients, asked.seconds))
        missing = lost(films, found)
    print(table(found))
    print(f"errors: {len(found.errors)}; uploads: {len(films)}, of which lost: {len(missing)}")
    for line in [*dict.fromkeys(found.errors)][:20] + missing:
        print(f"  {line}", file=sys.stderr)
    return 1 if found.errors or missing else 0


if __name__ == "__main__":
    sys.exit(main())
