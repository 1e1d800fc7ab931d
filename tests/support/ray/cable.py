"""A network of two: this host, and a network namespace behind a virtual cable that can be cut.

What is cut gets no answer any more, not even a refusal, as where a switch has failed. Linux alone, and only
with the right to make namespaces. Knows nothing of what runs at either end.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

START_TIMEOUT_S = 60.0
BLOCK_BYTES = 1 << 16


class Cable:
    """`near` and `far` are the addresses of its ends."""

    def __init__(self, holder: subprocess.Popen[bytes]) -> None:
        # 198.18.0.0/15 belongs to tests of networks (RFC 2544); a random piece of it for every cable.
        network = f"198.18.{random.randrange(256)}.{4 * random.randrange(64)}"
        base, _, last = network.rpartition(".")
        self.near, self.far = f"{base}.{int(last) + 1}", f"{base}.{int(last) + 2}"
        self._namespace = str(holder.pid)
        self._near_end, self._far_end = f"near{holder.pid}", f"far{holder.pid}"
        ends = ("name", self._near_end, "type", "veth", "peer", "name", self._far_end)
        _ip("link", "add", *ends, "netns", self._namespace)
        _ip("address", "add", f"{self.near}/30", "dev", self._near_end)
        _ip("link", "set", self._near_end, "up")
        self._far_ip("address", "add", f"{self.far}/30", "dev", self._far_end)
        self._far_ip("link", "set", self._far_end, "up")
        self._far_ip("link", "set", "lo", "up")

    def far_command(self, *command: str) -> list[str]:
        """This command, for the far end."""
        return ["nsenter", "--target", self._namespace, "--net", "--", *command]

    def cut(self) -> None:
        """Nothing gets through: each end sends to where nobody is. (An end that is down would be told.)"""
        nobody = ("lladdr", "02:00:00:00:00:01", "nud", "permanent")
        _ip("neighbour", "replace", self.far, "dev", self._near_end, *nobody)
        self._far_ip("neighbour", "replace", self.near, "dev", self._far_end, *nobody)

    def mend(self) -> None:
        """As before; connections that were open go on where both ends still want them."""
        _ip("neighbour", "delete", self.far, "dev", self._near_end)
        self._far_ip("neighbour", "delete", self.near, "dev", self._far_end)

    def _far_ip(self, *what: str) -> None:
        subprocess.run(self.far_command("ip", *what), check=True)


@contextmanager
def cable() -> Iterator[Cable]:
    """Gone, the namespace and both ends, when this ends or the process that keeps the namespace does."""
    holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    try:
        _wait_for_namespace(holder)
        yield Cable(holder)
    finally:
        holder.kill()
        holder.wait()


def cables_are_possible() -> bool:
    """Whether this machine lets us; containers and users other than root mostly may not."""
    with suppress(OSError, subprocess.CalledProcessError, TimeoutError), cable():
        return True
    return False


@contextmanager
def reachable_at(address: str, url: str) -> Iterator[str]:
    """A server of the loopback interface at this address of ours as well; its URL there."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    forwarding = asyncio.run_coroutine_threadsafe(_forward(address, parts.hostname, parts.port), loop)
    server = forwarding.result(START_TIMEOUT_S)
    port = server.sockets[0].getsockname()[1]
    try:
        yield url.replace(f"{parts.hostname}:{parts.port}", f"{address}:{port}")
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(START_TIMEOUT_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(START_TIMEOUT_S)
        loop.close()


async def _forward(address: str, host: str, port: int) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(host, port)
        await asyncio.gather(_pour(reader, there_writer), _pour(there_reader, writer))

    return await asyncio.start_server(serve, address, 0)


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError):
            while block := await source.read(BLOCK_BYTES):
                target.write(block)
                await target.drain()
    finally:
        target.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _ip(*what: str) -> None:
    subprocess.run(["ip", *what], check=True)


def _wait_for_namespace(holder: subprocess.Popen[bytes]) -> None:
    ours, theirs = Path("/proc/self/ns/net"), Path(f"/proc/{holder.pid}/ns/net")
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while holder.poll() is None and os.readlink(theirs) == os.readlink(ours):
        if time.monotonic() > give_up_at:
            raise TimeoutError("The network namespace did not come.")
        time.sleep(0.01)
    if holder.returncode is not None:
        raise OSError("No network namespace can be made here.")
