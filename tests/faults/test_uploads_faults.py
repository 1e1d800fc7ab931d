"""A public tus client uploads through a broken connection and two replicas that are killed."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from urllib.parse import urlsplit

from tusclient.client import TusClient

from cluster.client import Client
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.stack.replicas import kill_replicas
from tests.support.stack.whole import Stack

PART_BYTES = 2 << 20
FILE_BYTES = 7 * PART_BYTES + 12_345
BREAKS = (1.5, 3.5, 5.5)  # in the midst of parts


def test_tuspy_uploads_through_three_breaks(stack: Stack, tmp_path: Path) -> None:
    film = tmp_path / "through three breaks.mp4"
    film.write_bytes(random.Random(4).randbytes(FILE_BYTES))
    broken: list[str] = []

    with TcpProxy(urlsplit(stack.url).port or 0) as proxy, Client(stack.url) as client:

        def cut() -> None:
            broken.append("connection")
            proxy.cut()

        def kill() -> None:
            broken.extend(["replica"] * kill_replicas(stack))

        for after_parts, do in zip(BREAKS, (kill, cut, kill), strict=True):
            proxy.when_sent(int(after_parts * PART_BYTES), do)
        with film.open("rb") as stream:
            uploader = TusClient(f"http://127.0.0.1:{proxy.port}/api/v1/uploads").uploader(
                file_stream=stream,
                chunk_size=PART_BYTES,
                metadata={"filename": film.name},
                retries=120,
                retry_delay=1,
                upload_checksum=True,
            )
            uploader.upload()
        videos = list(client.videos(q=film.name))
        stored = client.wait(videos[0]["id"])

    assert broken == ["replica", "connection", "replica"]
    assert uploader.offset == FILE_BYTES
    assert len(videos) == 1
    assert videos[0]["sha256"] == hashlib.sha256(film.read_bytes()).hexdigest()
    assert stored["bytes"] == FILE_BYTES
