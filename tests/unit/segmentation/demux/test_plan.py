"""Chunks and the plan's bytes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.segmentation.errors import Cancelled
from actors.segmentation.planning.chunks import BLOCK_FRAMES, CHUNK_FRAMES, FIRST_CHUNKS_FRAMES, divide
from actors.segmentation.planning.plan import CONTEXT_FRAMES, Plan, build_plan
from tests.support.media import Picture, Sound, make_media


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1400 small frames, a key frame every 100."""
    folder = tmp_path_factory.mktemp("plan")
    return make_media(
        folder / "film.mp4", Picture((700, 700), size=(48, 32), gop=100), Sound(((440.0, 5.0),))
    )


@given(
    frames=st.integers(1, 40_000),
    gaps=st.lists(st.integers(1, 2_000), max_size=200),
)
def test_chunks_tile_the_video_on_block_bounds(frames: int, gaps: list[int]) -> None:
    keys = [0]
    for gap in gaps:
        keys.append(keys[-1] + gap)

    chunks = divide(frames, [key for key in keys if key < frames])

    assert chunks[0].start_frame == 0
    assert chunks[-1].end_frame == frames
    assert all(a.end_frame == b.start_frame for a, b in pairwise(chunks))
    assert all(chunk.start_frame % BLOCK_FRAMES == 0 and chunk.frames > 0 for chunk in chunks)
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))


@given(st.integers(1, 60_000), st.integers(1, 400))
def test_little_is_decoded_in_vain(frames: int, gop: int) -> None:
    keys = list(range(0, frames, gop))

    chunks = divide(frames, keys)

    for before, chunk in pairwise(chunks):
        needed = chunk.start_frame - CONTEXT_FRAMES
        assert (needed - max(key for key in keys if key <= needed)) * 2 <= before.frames


def test_the_first_chunks_are_short_and_the_others_usual() -> None:
    chunks = divide(30_000, list(range(0, 30_000, 50)))

    assert tuple(chunk.frames for chunk in chunks[:2]) == FIRST_CHUNKS_FRAMES
    assert {chunk.frames for chunk in chunks[2:-1]} == {CHUNK_FRAMES}


def test_a_minute_keeps_several_actors_busy() -> None:
    assert len(divide(1500, list(range(0, 1500, 250)))) >= 3


@pytest.mark.parametrize("keys", [[], [0]])
def test_a_video_without_seek_points_is_one_chunk(keys: list[int]) -> None:
    assert len(divide(100_000, keys)) == 1


def test_a_chunk_sees_its_context_within_the_video(film: Path) -> None:
    plan = build_plan(film)

    assert len(plan.chunks) >= 3
    assert plan.context(0) == (0, plan.chunks[0].end_frame + CONTEXT_FRAMES)
    assert plan.context(1)[0] == plan.chunks[1].start_frame - CONTEXT_FRAMES
    assert plan.context(len(plan.chunks) - 1)[1] == plan.frames


def test_the_same_file_gives_the_same_bytes_and_the_bytes_the_plan(film: Path) -> None:
    plan = build_plan(film)

    payload = plan.to_bytes()

    assert build_plan(film).to_bytes() == payload
    assert Plan.from_bytes(payload) == plan
    assert len(payload) < 1500


def test_a_rectangle_to_ignore_survives_as_bytes_and_none_leaves_no_trace(film: Path) -> None:
    plain, masked = build_plan(film), build_plan(film, ignore=(0.75, 0.0, 0.25, 0.3))

    assert Plan.from_bytes(masked.to_bytes()).ignore == (0.75, 0.0, 0.25, 0.3)
    assert replace(masked, ignore=None).to_bytes() == plain.to_bytes()
    assert masked.to_bytes() != plain.to_bytes()


@pytest.mark.parametrize("spoil", ["version", "cut", "noise", "empty"])
def test_other_bytes_are_refused(film: Path, spoil: str) -> None:
    payload = build_plan(film).to_bytes()
    damaged = {
        "version": payload[:4] + b"\xff\x00" + payload[6:],
        "cut": payload[: len(payload) // 2],
        "noise": payload[:20] + b"noise" + payload[25:],
        "empty": b"",
    }[spoil]

    with pytest.raises(ValueError, match="plan"):
        Plan.from_bytes(damaged)


def test_gradual_refresh_is_never_sought_into(tmp_path: Path) -> None:
    options = {"preset": "veryfast", "x264-params": "intra-refresh=1:keyint=30:bframes=0:scenecut=0"}
    path = make_media(tmp_path / "film.mp4", Picture((150, 150), size=(96, 64), options=options))

    points = build_plan(path).index.seek_points()

    assert [point.frame for point in points] == [0]


def test_planning_can_be_stopped(film: Path) -> None:
    with pytest.raises(Cancelled):
        build_plan(film, should_stop=lambda: True)


def test_chunks_that_do_not_tile_are_refused(film: Path) -> None:
    plan = build_plan(film)

    with pytest.raises(ValueError, match="tile"):
        Plan(plan.media, plan.index, plan.chunks[1:])
