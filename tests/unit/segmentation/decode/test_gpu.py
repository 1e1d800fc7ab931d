"""The decoder of a GPU: what is asked of it, and what becomes of a file when it says no. No GPU is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from av.codec.hwaccel import HWAccel

from actors.segmentation.decode import frame_source
from actors.segmentation.decode.frame_source import FrameSource
from actors.segmentation.decode.picture_decoder import PictureDecoder
from actors.segmentation.decode.video import VideoReader
from actors.segmentation.demux.container import opened
from actors.segmentation.demux.frame_index import FrameIndex
from actors.segmentation.demux.media import MediaInfo
from actors.segmentation.limits import Limits
from actors.segmentation.planning.plan import Plan, build_plan
from tests.support.media import Picture, differing, make_media, picture_bytes, spoil_packets

NO_SUCH_GPU = "99"
GOPS = Picture(shots=(30, 30, 30), gop=15)


def described(path: Path) -> tuple[MediaInfo, FrameIndex]:
    plan = build_plan(path)
    return plan.media, plan.index


def source_of(path: Path, plan: Plan) -> FrameSource:
    return FrameSource(path, plan.media.video_stream, plan.index, Limits(), gpu=0)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Which GPU was asked for, run by run; none is there."""
    runs: list[int | None] = []
    decode = FrameSource._decode

    def recorded(self: FrameSource, run: Any, *rest: Any) -> Any:
        runs.append(self.gpu if run.gpu else None)
        assert len(runs) < 20, "begun again and again"
        return decode(self, run, *rest)

    monkeypatch.setattr(FrameSource, "_decode", recorded)
    monkeypatch.setattr(frame_source, "gpu_decoder", lambda _gpu: None)
    return runs


def test_a_device_that_refuses_says_nothing_about_the_file(tmp_path: Path) -> None:
    path = make_media(tmp_path / "good.mp4", Picture(shots=(5,)))

    with opened(path, hardware=HWAccel("cuda", device=NO_SUCH_GPU)) as container:
        frames = list(container.decode(video=0))

    assert len(frames) == 5


def test_what_no_gpu_decodes_has_all_the_processor_s_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_media(tmp_path / "film.mkv", Picture(shots=(10,), codec="ffv1"))
    plan = build_plan(path)
    threads: list[int] = []

    class Recorded(PictureDecoder):
        def __init__(self, *args: Any, **options: Any) -> None:
            threads.append(options["threads"])
            super().__init__(*args, **options)

    monkeypatch.setattr(frame_source, "gpu_decoder", lambda _gpu: HWAccel("cuda", device=NO_SUCH_GPU))
    monkeypatch.setattr(frame_source, "PictureDecoder", Recorded)

    numbers = [number for number, _ in source_of(path, plan).frames(0, 10, threads=3)]

    assert numbers == list(range(10))
    assert threads == [3]


def test_a_file_of_many_pictures_gets_no_context_on_the_gpu_for_each(tmp_path: Path) -> None:
    few = make_media(tmp_path / "few.mkv", *[Picture(shots=(2,), size=(32, 32))] * 2)
    many = make_media(tmp_path / "many.mkv", *[Picture(shots=(2,), size=(32, 32))] * 5)

    readers = [VideoReader.open(path, *described(path), gpu=0) for path in (few, many)]

    assert [reader._source.gpu for reader in readers] == [0, None]


def test_what_is_not_damaged_is_decoded_on_the_gpu(tmp_path: Path, asked: list[int | None]) -> None:
    path = make_media(tmp_path / "film.mp4", GOPS)

    list(source_of(path, build_plan(path)).frames(0, 90, threads=2))

    assert asked == [0]


@pytest.mark.parametrize("threads", [1, 2])
def test_damage_is_never_decoded_on_the_gpu(
    tmp_path: Path, asked: list[int | None], monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    damaged = spoil_packets(make_media(tmp_path / "film.mp4", GOPS), tmp_path / "bad.mp4", range(50, 53))
    plan = build_plan(damaged)
    with VideoReader.open(damaged, plan.media, plan.index) as reader:
        expected = {item.slot: picture_bytes(item.frame) for item in reader.frames(0, 90) if item.frame}
    asked.clear()
    monkeypatch.setattr(frame_source, "on_gpu", lambda _context: len(asked) == 1)  # the first run is

    found = {
        number: picture_bytes(frame) for number, frame in source_of(damaged, plan).frames(0, 90, threads)
    }

    assert asked[0] == 0
    assert set(asked[1:]) == {None}
    assert differing(found, expected) == []
