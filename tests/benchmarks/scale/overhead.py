"""What the pool costs a chunk: `python -m tests.benchmarks.scale.overhead --actors 200 --chunk-s 5`.

The real pool on a real Ray, with the bridge's own client. The segmenters are stubs that sleep for `--chunk-s`
seconds, and they live many to a process: `--hosts` async actors take the calls of all of them, told apart by
a number. The pool cannot tell: it makes the same calls (setup, pings, one `work` a chunk), each crosses
processes and comes back, and every stub does one task at a time. Chunks differ by half their length up or
down, or all would end at the same moment again and again, which real ones do not. What this leaves out is
what is not the pool's: the memory of 200 processes, and 200 sockets where there are `--hosts`.

Prints, a chunk: `overhead`, the wall time in which an actor that has work waiting does not work: from the
moment there were both a chunk and an actor (the outcome of its last one, while chunks wait) to the outcome of
this one in the pool, less the work itself as the actor measures it; the mean of the last 200 chunks, as the
pool's snapshot has it. Then the processor time of the pool's process, pings and all, and the time all in all
divided by the chunks, which with `--chunk-s 0` is what the pool can do at most. The overhead is a latency of
four processes: on a machine that has other work it tells of that work, and the processor time does not.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import threading
import time
from typing import Any

import psutil
import ray

from actors.bridge.pool_client import PoolClient
from actors.pool.handle import pool_class
from actors.pool.size import Shape
from actors.tasks import Outcome, Task, TaskKind
from cluster.settings import Settings
from cluster.work_settings import ActorSettings
from tests.support.ray.head import connected_to_ray

VIDEOS = 16  # in flight at once
METHODS = ("ping", "setup", "work", "cancel", "destroy")


class Host:
    """Many stub segmenters in one process."""

    def __init__(self, chunk_s: float) -> None:
        self._chunk_s = chunk_s
        self._beat = 0
        self._turns: dict[int, asyncio.Lock] = {}

    async def setup(self, stub: int) -> None:
        self._turns[stub] = asyncio.Lock()

    async def ping(self, stub: int) -> dict[str, Any]:
        self._beat += 1
        node_id = ray.get_runtime_context().get_node_id()
        return {"pid": os.getpid(), "node": "stub", "node_id": node_id, "device": "cpu", "beat": self._beat}

    async def work(self, stub: int, task: dict[str, Any]) -> dict[str, Any]:
        async with self._turns[stub]:
            began = time.monotonic()
            await asyncio.sleep(self._chunk_s * random.uniform(0.5, 1.5))
            return {**Outcome.done(chunk=task["chunk"]).to_dict(), "took_s": time.monotonic() - began}

    async def cancel(self, stub: int, video_id: str, epoch: int) -> bool:
        return False

    async def destroy(self, stub: int, timeout_s: float) -> bool:
        return True


class Call:
    """One method of one stub, called as Ray's handles are."""

    def __init__(self, method: Any, stub: int) -> None:
        self._method = method
        self._stub = stub

    def remote(self, *arguments: Any) -> Any:
        """Ray's reference to the answer."""
        return self._method.remote(self._stub, *arguments)


class Stub:
    """A handle with a segmenter's methods."""

    def __init__(self, host: Any, stub: int) -> None:
        for name in METHODS:
            setattr(self, name, Call(getattr(host, name), stub))


class StubFactory:
    """Shares the stubs out among the hosts."""

    def __init__(self, hosts: list[Any]) -> None:
        self._hosts = hosts
        self._created = 0

    def create(self, shape: Shape) -> Stub:
        """A further stub."""
        self._created += 1
        return Stub(self._hosts[self._created % len(self._hosts)], self._created)

    def kill(self, handle: Stub) -> None:
        """Nothing to end: the hosts go on."""


class Video:
    """Asks for its chunks as a job does, a window of them at a time."""

    def __init__(self, number: int, client: PoolClient, window: int) -> None:
        self._number = number
        self._client = client
        self._asked = 0
        self._stopped = threading.Event()
        self.done = 0
        for _ in range(window):
            self._ask()

    def stop(self) -> None:
        """Ask for nothing more."""
        self._stopped.set()

    def _ask(self) -> None:
        task = Task(
            TaskKind.CHUNK,
            f"video-{self._number}",
            1,
            f"videos/{self._number}/source",
            tracks_hash="stub",
            chunk=self._asked,
            cost_s=60.0,
        )
        self._asked += 1
        self._client.submit(task).add_done_callback(self._answered)

    def _answered(self, answer: Any) -> None:
        self.done += answer.result().status.value == "done"
        if not self._stopped.is_set():
            self._ask()


def measure(*, actors: int, hosts: int, chunk_s: float, seconds: float) -> dict[str, float]:
    """A pool of so many actors under full load for so long."""
    options: dict[str, Any] = {"num_cpus": 0, "max_concurrency": 10_000}
    host_class = ray.remote(**options)(Host)
    factory = StubFactory([host_class.remote(chunk_s) for _ in range(hosts)])
    settings = Settings(actors=ActorSettings(count=actors))
    pool = pool_class().options(num_cpus=0).remote(settings, "none", factory)
    while sum(row["state"] == "idle" for row in ray.get(pool.snapshot.remote())["actors"]) < actors:
        time.sleep(0.2)
    client = PoolClient(lambda: pool, settings.actors)
    window = max(2 * actors // VIDEOS, 2)
    process = psutil.Process(ray.get(pool.ping.remote())["pid"])
    videos = [Video(number, client, window) for number in range(VIDEOS)]
    time.sleep(max(chunk_s, 1.0))
    before, used, began = sum(video.done for video in videos), process.cpu_times(), time.monotonic()
    time.sleep(seconds)
    chunks, now = sum(video.done for video in videos) - before, process.cpu_times()
    took_s = time.monotonic() - began
    overhead_ms = ray.get(pool.snapshot.remote())["dispatch_ms"]
    for video in videos:
        video.stop()
    ray.get(pool.stop.remote())
    cpu_s = now.user + now.system - used.user - used.system
    return {
        "chunks": chunks,
        "chunks/s": chunks / took_s,
        "overhead ms": overhead_ms,
        "pool's processor ms": 1000 * cpu_s / max(chunks, 1),
        "all in all ms": 1000 * took_s / max(chunks, 1),
        "actors at work": chunks * chunk_s / took_s / actors,
    }


def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--actors", type=int, default=200)
    parser.add_argument("--hosts", type=int, default=4)
    parser.add_argument("--chunk-s", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    given = parser.parse_args()
    with connected_to_ray("benchmark"):
        found = measure(actors=given.actors, hosts=given.hosts, chunk_s=given.chunk_s, seconds=given.seconds)
    for name, value in found.items():
        print(f"{name:>20}  {value:10.2f}")


if __name__ == "__main__":
    main()
