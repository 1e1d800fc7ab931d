"""Probes, metrics, and what happens while servers are away."""

from __future__ import annotations

import shutil
import socketserver
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cluster.errors import UnavailableError
from cluster.local.free_space import FreeSpace
from cluster.local.servers import Servers
from serve_app.services import DoorbellQueue
from serve_app.telemetry import probes
from tests.support.api import running as support
from tests.support.api.running import Api, done_video, services_for, serving
from tests.support.servers.private import (
    fresh_mongodb_database,
    kill_postgres,
    new_var_dir,
    remove_var_dir,
)
from tests.support.servers.tcp_proxy import TcpProxy, through

api = support.running_api


def test_the_process_is_alive(api: Api) -> None:
    assert api.client.get("/healthz").json() == {"status": "ok"}


def test_ready_when_its_servers_answer(api: Api) -> None:
    answer = api.client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert [server["name"] for server in answer.json()["servers"]] == ["postgresql", "rabbitmq", "mongodb"]


def test_the_cluster_without_a_pool(api: Api) -> None:
    api.make()

    cluster = api.client.get("/cluster").json()

    assert cluster["pool"] is None
    assert "Ray" in cluster["pool_detail"]
    assert cluster["queue_depth"] == 0
    assert cluster["videos"]["queued"] >= 1
    assert {server["name"]: server["healthy"] for server in cluster["servers"]} == {
        "postgresql": True, "rabbitmq": True, "mongodb": True, "redis": True, "media": True,
        "disk": True,
    }  # fmt: skip
    assert {"scenestream", "ray", "python"} <= set(cluster["versions"])


def test_a_full_disk_is_told_and_reading_goes_on(
    api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    full = FreeSpace("media, var", tmp_path, 100 << 20)
    monkeypatch.setattr(probes, "free_spaces", lambda settings: [full])

    servers = {server["name"]: server for server in api.client.get("/cluster").json()["servers"]}
    ready = api.client.get("/readyz")

    assert not servers["disk"]["healthy"]
    assert servers["disk"]["detail"].startswith("Only 0.1 GiB are free for media, var; 1.0 are wanted.")
    assert str(tmp_path) not in servers["disk"]["detail"]
    assert ready.status_code == 200  # what is stored can be read


def test_the_cluster_tells_what_waits_and_what_failed(api: Api) -> None:
    api.make()
    video_id = api.make()
    epoch = support.start_work(api, video_id)
    api.services.jobs.fail(video_id, epoch, "not_media", "It is no video.")

    cluster = api.client.get("/cluster").json()

    (videos,) = [
        queue for queue in cluster["queues"] if (queue["work"], queue["priority"]) == ("video", "interactive")
    ]
    assert videos["waiting"] >= 1
    assert videos["oldest_s"] >= 0
    counts = {count["code"]: count for count in cluster["failures"]["counts"] if count["work"] == "video"}
    assert counts["not_media"]["hour"] >= 1
    latest = cluster["failures"]["latest"][0]
    assert (latest["video_id"], latest["filename"]) == (video_id, api.services.jobs.get(video_id).filename)
    assert latest["message"] == "It is no video."


def test_metrics_count_requests_by_route(api: Api) -> None:
    video_id = api.make()
    for _ in range(3):
        api.client.get(f"/videos/{video_id}")
    api.client.get("/videos/" + "0" * 32)

    text = api.client.get("/metrics").text

    seen = [line for line in text.splitlines() if line.startswith("scenestream_http_requests_total")]
    shown = next(line for line in seen if 'route="/videos/{video_id}",status="200"' in line)
    assert float(shown.rsplit(" ", 1)[1]) >= 3
    assert any('route="/videos/{video_id}",status="404"' in line for line in seen)
    assert 'scenestream_videos{state="queued"}' in text
    assert "scenestream_queue_depth 0.0" in text


@pytest.fixture
def private_servers() -> Iterator[Servers]:
    var_dir = new_var_dir()
    servers = Servers(var_dir)
    try:
        servers.start(["postgres", "redis"])
        yield servers
    finally:
        servers.stop()
        remove_var_dir(var_dir)


def test_while_postgresql_is_away(session_servers: support.SessionServers, private_servers: Servers) -> None:
    urls = dict(session_servers.start(support.ALL_PARTS).urls) | private_servers.urls
    media_dir = new_var_dir()
    with (
        fresh_mongodb_database(urls["mongodb"]) as database,
        serving(services_for(urls, database, media_dir)) as api,
    ):
        video_id = done_video(api)
        stored = {path.name for path in (media_dir / "videos").iterdir()}
        kill_postgres(private_servers)

        with ThreadPoolExecutor(6) as pool:  # each waits a few seconds for PostgreSQL
            asked = (
                pool.submit(api.client.post, "/videos", files={"file": ("film.mp4", b"film")}),
                pool.submit(
                    api.client.post, "/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
                ),
                *(pool.submit(api.client.get, f"/{path}") for path in (f"videos/{video_id}", "readyz")),
                *(pool.submit(api.client.get, f"/{path}") for path in ("cluster", "metrics")),
            )
            posted, begun, shown, ready, cluster, metrics = (question.result() for question in asked)
        private_servers.restart("postgres")
        back = api.client.get(f"/videos/{video_id}")
        again = api.client.post("/videos", files={"file": ("film.mp4", b"film")})

        for refused in (posted, begun, shown):
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            assert int(refused.headers["retry-after"]) > 0
            assert "PostgreSQL" in refused.json()["detail"]
        assert stored == {video_id}
        assert ready.status_code == 503
        assert [s["name"] for s in ready.json()["servers"] if not s["healthy"]] == ["postgresql"]
        assert cluster.json()["videos"] is None
        assert (cluster.json()["queues"], cluster.json()["failures"]) == (None, None)
        assert "scenestream_videos{" not in metrics.text
        assert (back.status_code, again.status_code) == (200, 202)
        assert {path.name for path in (media_dir / "videos").iterdir()} == {video_id, again.json()["id"]}
    shutil.rmtree(media_dir, ignore_errors=True)


def test_while_rabbitmq_is_away_nothing_new_is_taken(session_servers: support.SessionServers) -> None:
    urls = dict(session_servers.start(support.ALL_PARTS).urls)
    away = urls | {"rabbitmq": "amqp://guest:guest@127.0.0.1:1/"}
    media_dir = new_var_dir()
    with (
        fresh_mongodb_database(urls["mongodb"]) as database,
        serving(services_for(away, database, media_dir)) as api,
    ):
        posted = api.client.post("/videos", files={"file": ("film.mp4", b"film")})
        begun = api.client.post("/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "5"})
        batch = api.client.post("/videos:batch", json={"items": [{"url": "http://198.51.100.1/film.mp4"}]})
        done = support.done_video(api)
        again = [
            api.client.post(f"/videos/{done}/retry"),
            api.client.post(f"/videos/{done}/resegment", json={}),
            api.client.post(f"/videos/{done}/clips", json={}),
            api.client.post(f"/videos/{done}/clips/{'0' * 32}/retry"),
        ]
        api.client.delete(f"/videos/{done}")
        listed = api.client.get("/videos")

        for refused in (posted, begun, batch, *again):
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            assert int(refused.headers["retry-after"]) > 0
            assert "RabbitMQ" in refused.json()["detail"]
        assert (listed.status_code, listed.json()["items"]) == (200, [])
    shutil.rmtree(media_dir, ignore_errors=True)


def test_readiness_ends_with_the_server(session_servers: support.SessionServers) -> None:
    urls = dict(session_servers.start(support.ALL_PARTS).urls)
    line = TcpProxy(urlsplit(urls["rabbitmq"]).port or 0)
    media_dir = new_var_dir()
    with (
        fresh_mongodb_database(urls["mongodb"]) as database,
        serving(
            services_for(urls | {"rabbitmq": through(urls["rabbitmq"], line)}, database, media_dir)
        ) as api,
    ):
        with line:
            before = api.client.get("/readyz")
        after = api.client.get("/readyz")

    assert before.status_code == 200
    assert after.status_code == 503, "nobody is told from an answer of before"
    assert [s["name"] for s in after.json()["servers"] if not s["healthy"]] == ["rabbitmq"]
    shutil.rmtree(media_dir, ignore_errors=True)


def test_progress_goes_on_without_redis(
    session_servers: support.SessionServers, private_servers: Servers
) -> None:
    urls = dict(session_servers.start(support.ALL_PARTS).urls) | private_servers.urls
    media_dir = new_var_dir()
    with (
        fresh_mongodb_database(urls["mongodb"]) as database,
        serving(services_for(urls, database, media_dir)) as api,
    ):
        video_id = api.make()
        private_servers.kill("redis")
        epoch = support.start_work(api, video_id)
        api.services.jobs.record_progress(video_id, epoch, 2)

        shown = api.client.get(f"/videos/{video_id}")
        ready = api.client.get("/readyz")
        deleted = api.client.delete(f"/videos/{video_id}")

        assert shown.json()["progress"]["fraction"] == 0.5
        assert ready.status_code == 200
        assert deleted.status_code == 204
    shutil.rmtree(media_dir, ignore_errors=True)


def test_those_who_wait_for_a_broken_queue_share_the_answer() -> None:
    asked: list[object] = []
    together = threading.Barrier(8)

    class Refusing(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked.append(self.client_address)

    with socketserver.TCPServer(("127.0.0.1", 0), Refusing) as broker:
        threading.Thread(target=broker.serve_forever).start()
        doorbells = DoorbellQueue(f"amqp://127.0.0.1:{broker.server_address[1]}")

        def ask(_: int) -> None:
            together.wait()
            with pytest.raises(UnavailableError):
                doorbells.depth()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, range(8)))
        broker.shutdown()

    assert len(asked) == 1
