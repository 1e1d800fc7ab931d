"""What is seen from outside of a video on its way: one trace of it, and numbers for Prometheus."""

from __future__ import annotations

import base64
import json
import re
import urllib.request
from collections.abc import Iterator

import pytest
import ray
from typer.testing import CliRunner

from actors import metrics
from cluster.cli import build
from cluster.contract.protocol import API_PREFIX
from cluster.settings import Settings, TracingSettings
from serve_app.services import ApiServices
from serve_app.telemetry import metrics as api_metrics
from tests.support.api.running import Api, serving
from tests.support.stack import actor_fixtures
from tests.support.stack.actors import ActorStack, actor_stack, patiently
from tests.support.stack.stub_analyser import film
from tests.support.traces import Receiver, Span, trace_receiver

ray_connection = actor_fixtures.ray_connection
settings = actor_fixtures.settings

CHUNKS = 3


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with trace_receiver() as running:
        yield running


@pytest.fixture(scope="module")
def traced(settings: Settings, receiver: Receiver) -> Settings:
    return settings.with_values(tracing=TracingSettings(endpoint=receiver.url))


@pytest.fixture(scope="module")
def stack(traced: Settings) -> Iterator[ActorStack]:
    with actor_stack(traced) as running:
        running.ready(2)
        yield running


@pytest.fixture(scope="module")
def api(traced: Settings, stack: ActorStack) -> Iterator[Api]:
    with serving(ApiServices.from_settings(traced)) as running:
        yield running


@pytest.fixture(scope="module")
def video_id(api: Api, stack: ActorStack) -> str:
    """Of a video that came as a resumable upload in two parts, and is done."""
    content = film(CHUNKS)
    tus = {"Tus-Resumable": "1.0.0"}
    name = base64.b64encode(b"film.mp4").decode()
    begun = api.client.post(
        "/uploads",
        headers={**tus, "Upload-Length": str(len(content)), "Upload-Metadata": f"filename {name}"},
    )
    part = {**tus, "Content-Type": "application/offset+octet-stream"}
    place = f"/uploads/{begun.headers['location'].rsplit('/', 1)[1]}"
    api.client.patch(place, headers={**part, "Upload-Offset": "0"}, content=content[:10])
    last = api.client.patch(place, headers={**part, "Upload-Offset": "10"}, content=content[10:])
    made = str(last.headers["scenestream-video-id"])
    assert stack.ended(made).state == "done"
    return made


def test_one_trace_from_the_upload_to_the_last_segment(
    stack: ActorStack, receiver: Receiver, video_id: str
) -> None:
    def complete() -> list[Span] | None:
        found = receiver.trace_of(video_id)
        names = [span.name for span in found]
        whole = {"POST /uploads", "video", "fuse"} <= set(names) and names.count("chunk") == CHUNKS
        # A span is exported when it has ended, and in batches: children can arrive before their parents.
        parents = {span.parent for span in found if span.parent}
        return found if whole and parents <= {span.id for span in found} else None

    spans = patiently(complete, lambda: [span.name for span in receiver.spans])

    by_id = {span.id: span for span in spans}
    (root,) = [span for span in spans if not span.parent]
    assert (root.name, root.service) == ("POST /uploads", "scenestream-api")
    below_video = {span.name for span in spans if by_id.get(span.parent, root).name == "video"}
    assert {"plan", "chunk", "fuse"} <= below_video
    chunks = [span for span in spans if span.name == "chunk"]
    assert {span.attributes["scenestream.chunk"] for span in chunks} == set(range(CHUNKS))
    assert {span.service for span in chunks} == {"scenestream-segmenter"}
    stages = {(by_id[span.parent].name, span.name) for span in spans if span.parent}
    assert {("chunk", "analyse"), ("chunk", "store"), ("fuse", "join")} <= stages
    assert {span.name for span in spans if span.parent == root.id} >= {"upload", "queued", "video"}
    assert all(span.start_ns <= span.end_ns for span in spans)


def test_a_client_goes_on_with_its_own_trace(api: Api, receiver: Receiver, stack: ActorStack) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"

    made = api.client.post(
        "/videos",
        files={"file": ("film.mp4", film(1))},
        headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"},
    ).json()["id"]

    assert stack.ended(made).state == "done"
    row = stack.jobs.get(made)
    assert row.traceparent is not None
    assert row.traceparent.split("-")[1] == trace


def test_every_metric_is_exported_under_the_name_in_the_table(stack: ActorStack, video_id: str) -> None:
    (node,) = ray.nodes()
    address = f"http://127.0.0.1:{node['MetricsExportPort']}/metrics"
    expected = {
        metrics.FRAMES, metrics.VIDEO_S, metrics.TASK_S, metrics.STAGE_S, metrics.TASKS, metrics.DISPATCH_S,
        metrics.POOL_ACTORS, metrics.POOL_WANTED, metrics.POOL_BACKLOG_S, metrics.ACTOR_RSS,
        metrics.LEASES_HELD,
        metrics.VIDEOS_ENDED, metrics.FIRST_SEGMENT_S, metrics.QUEUED_S, metrics.JOB_S, api_metrics.REQUESTS,
        api_metrics.UPLOAD_BYTES, api_metrics.SERVER_UP,
    }  # fmt: skip
    wanted = {name for instrument in expected for name in instrument.exported}

    def scraped() -> set[str] | None:
        with urllib.request.urlopen(address, timeout=60) as answer:
            text = answer.read().decode()
        seen = set(re.findall(r"^(ray_scenestream_\w+)", text, re.MULTILINE))
        last.append(sorted(wanted - seen))
        return seen if wanted <= seen else None

    last: list[list[str]] = []
    patiently(scraped, lambda: last[-1])


def test_one_replica_tells_of_its_uploads_and_of_the_backlog(api: Api, video_id: str) -> None:
    refused = api.client.post("/videos", files={"file": ("empty.mp4", b"")})

    text = api.client.get("/metrics").text

    assert refused.status_code == 422
    values = dict(re.findall(r"^(\w+)(?:\{[^}]*\})? (\S+)$", text, re.MULTILINE))
    assert float(values["scenestream_upload_bytes_total"]) > len(film(CHUNKS))
    assert float(values["scenestream_uploads_failed_total"]) >= 1
    assert float(values["scenestream_uploads_active"]) == 0
    assert {
        "scenestream_backlog_seconds",
        "scenestream_dead_letters",
        "scenestream_queue_depth",
    } <= values.keys()


def test_top_shows_the_actors_at_work(
    api: Api, stack: ActorStack, video_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = stack.submit(film(2, frames=100, wait_from=0))
    stack.at_chunk(busy)
    monkeypatch.setattr("cluster.commands.top.command.api_url", lambda _: api.url.removesuffix(API_PREFIX))
    run = CliRunner()

    told = json.loads(run.invoke(build("top"), ["top", "--json"]).stdout)
    plain = run.invoke(build("top"), ["top", "--once"]).stdout
    stack.jobs.cancel(busy)
    stack.ended(busy)

    assert [video["id"] for video in told["running"]] == [busy]
    assert busy in {actor["video_id"] for actor in told["actors"] if actor["state"] == "working"}
    assert all(actor["node"] and actor["rss_bytes"] for actor in told["actors"])
    assert told["backlog_s"] > 0
    assert set(told["servers"].values()) == {None}
    assert busy[:8] in plain
    assert "segmenter-" in plain
