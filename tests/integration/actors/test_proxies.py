"""A film that no browser plays, through the real stack: made playable in spite of an actor that is killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from actors.segmentation.planning.plan import Plan, build_plan
from actors.worker.analyser import LIBRARY
from cluster.clips.proxies import PIECE_S
from cluster.settings import Settings
from cluster.stores.postgres.clips.job import ClipState
from cluster.stores.postgres.clips.proxies import Proxy
from serve_app.services import ApiServices
from serve_app.videos.files.proxies import ask_for_proxy
from tests.support.media import Picture, Sound, make_media, read_number
from tests.support.servers.media import stored_bytes
from tests.support.stack.actor_fixtures import ray_connection, settings
from tests.support.stack.actors import ActorStack, actor_stack, kill_process

__all__ = ["ray_connection", "settings"]

ACTORS = {"count": 1, "torch_threads": 1, "stuck_after_s": 120.0}
SHOTS = (600, 700, 500)
"""72 seconds: three pieces."""
FRAMES = sum(SHOTS)


@pytest.fixture(scope="module")
def stack(settings: Settings) -> Iterator[ActorStack]:
    with actor_stack(settings, LIBRARY) as running:
        running.ready(1)
        yield running


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mpg"
    picture = Picture(shots=SHOTS, size=(192, 112), codec="mpeg2video", options={}, gop=15)
    return make_media(path, picture, Sound(parts=((440.0, FRAMES / 25),), codec="mp2"))


def proxy_ended(stack: ActorStack, video_id: str) -> Proxy:
    def final() -> Proxy | None:
        proxy = stack.jobs.proxies.find(video_id)
        return proxy if proxy is not None and proxy.state in ("done", "failed") else None

    return stack.until(final)


@pytest.fixture(scope="module")
def disturbed(stack: ActorStack, film: Path) -> str:
    """The film's id once its proxy has ended; the actor that made the second piece was killed."""
    video_id = stack.submit(film.read_bytes())

    def encoding() -> dict[str, Any] | None:
        rows = stack.snapshot()["actors"]
        wanted = (video_id, "proxy", 1)
        return next((row for row in rows if (row["video_id"], row["kind"], row["chunk"]) == wanted), None)

    kill_process(stack.until(encoding)["pid"])
    proxy_ended(stack, video_id)
    return video_id


@pytest.fixture(scope="module")
def plan(film: Path) -> Plan:
    return build_plan(film)


def written(content: bytes, folder: Path) -> Path:
    path = folder / "proxy.mp4"
    path.write_bytes(content)
    return path


def test_it_is_made_unasked_after_the_segments(stack: ActorStack, disturbed: str) -> None:
    video, proxy = stack.jobs.get(disturbed), stack.jobs.proxies.find(disturbed)

    assert video.state == "done"
    assert proxy is not None
    assert (proxy.state, proxy.error_message) == (ClipState.DONE, None)
    job = stack.jobs.clips.get(proxy.id)
    assert video.finished_at is not None
    assert job.started_at is not None
    assert job.started_at >= video.finished_at
    assert (job.attempt, job.total, job.made) == (1, 3, 3), "a killed actor costs no attempt"


def test_every_frame_is_there_at_its_time(
    stack: ActorStack, disturbed: str, plan: Plan, tmp_path: Path
) -> None:
    proxy = stack.jobs.proxies.find(disturbed)
    assert proxy is not None
    content = stored_bytes(stack.media, proxy.key)
    clock = plan.index.clock

    with av.open(str(written(content, tmp_path))) as container:
        frames = [(float(one.time or 0), read_number(one.to_ndarray(format="rgb24")), one.key_frame)
                  for one in container.decode(video=0)]  # fmt: skip
        sound_s = float(container.streams.audio[0].duration * container.streams.audio[0].time_base)

    assert len(content) == proxy.bytes
    assert [number for _, number, _ in frames] == list(range(FRAMES))
    start_s = (stack.jobs.get(disturbed).media or {})["start_s"]
    assert [time_s + start_s for time_s, _, _ in frames] == pytest.approx(
        [clock.seconds_of(number) for number in range(FRAMES)], abs=1e-3
    )
    assert max(np.diff([time_s for time_s, _, is_key in frames if is_key])) <= 1.1
    assert clock.duration_s > 2 * PIECE_S
    assert sound_s == pytest.approx(clock.duration_s, abs=0.1)


def test_pieces_do_not_stay(stack: ActorStack, disturbed: str) -> None:
    proxy = stack.jobs.proxies.find(disturbed)
    assert proxy is not None
    job = stack.jobs.clips.get(proxy.id)

    stack.until(lambda: True if not stack.media.exists(job.key("pieces/00000.mp4")) else None)

    assert stack.media.exists(proxy.key)


def test_one_that_browsers_play_is_made_only_when_asked_for(stack: ActorStack, tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mp4", Picture(shots=(20, 20)), Sound(parts=((440.0, 1.6),)))
    video_id = stack.submit(path.read_bytes())
    assert stack.ended(video_id).state == "done"
    assert stack.jobs.proxies.find(video_id) is None
    services = ApiServices.from_settings(stack.settings)
    services.jobs.open()

    told = ask_for_proxy(services, video_id)
    services.jobs.close()

    assert (told.proxy or {})["state"] in ("queued", "running")
    assert proxy_ended(stack, video_id).state is ClipState.DONE


def test_sound_alone_has_one_too(stack: ActorStack, tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mka", Sound(parts=((440.0, 3.0),), codec="ac3"), form="matroska")
    video_id = stack.submit(path.read_bytes())
    assert stack.ended(video_id).state == "done"

    proxy = proxy_ended(stack, video_id)

    assert (proxy.state, proxy.error_message) == (ClipState.DONE, None)
    with av.open(str(written(stored_bytes(stack.media, proxy.key), tmp_path))) as container:
        (stream,) = container.streams
        assert stream.codec_context.name == "aac"
