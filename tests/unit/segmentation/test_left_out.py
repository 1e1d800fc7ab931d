"""Frames that are left out: the others decode the same, chunks leave no trace, and no cut is lost."""

from __future__ import annotations

import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from actors.segmentation import segment_file
from actors.segmentation.analyse import analyse_chunk
from actors.segmentation.decode.video import VideoReader
from actors.segmentation.errors import Cancelled
from actors.segmentation.fusion.fuse import fuse
from actors.segmentation.networks.models import Models
from actors.segmentation.picture.blocks import BlockWindow
from actors.segmentation.picture.masking import Mask
from actors.segmentation.picture.measures import thumbs
from actors.segmentation.picture.pipeline import ChunkJob
from actors.segmentation.picture.second_look import SecondLook
from actors.segmentation.planning.plan import (
    LEFT_OUT_IN_A_ROW,
    SECOND_LOOK_FRAMES,
    ChunkSpec,
    Plan,
    build_plan,
)
from actors.segmentation.runs import true_runs
from actors.segmentation.settings import FusionSettings
from actors.segmentation.tracks import FrameTrack, KeyframeTrack
from tests.support.media import Picture, Rgb, differing, draw, make_media, picture_bytes

FIXED_KEYS = {"preset": "medium", "x264-params": "scenecut=0:keyint=90:min-keyint=90:b-adapt=0:bframes=3"}
"""An encoder that decides nothing by what it sees: key frames and B pictures on a regular beat."""
SHOTS = (130, 12, 190, 100, 128, 65)


def in_chunks(plan: Plan, *starts: int) -> Plan:
    bounds = zip(starts, (*starts[1:], plan.frames), strict=True)
    return replace(plan, chunks=tuple(ChunkSpec(i, start, end) for i, (start, end) in enumerate(bounds)))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """625 frames with cuts, half of the frames B pictures to which none refers."""
    picture = Picture(shots=SHOTS, size=(96, 56), options=FIXED_KEYS, number=False)
    return make_media(tmp_path_factory.mktemp("film") / "film.mp4", picture)


def daring(path: Path, decoding: str = "auto") -> Plan:
    """A plan by which every frame that may be left out is, as if no packet told of a change."""
    plan = build_plan(path, decoding=decoding).in_one_chunk()
    return replace(plan, index=replace(plan.index, calm=np.ones(plan.frames, np.bool_)))


def starts(path: Path, models: Models, decoding: str) -> list[int]:
    timeline = segment_file(path, {"decoding": decoding}, models=models)
    return [shot.start_frame for shot in timeline.level("shot")]


def decoded(path: Path, models: Models, decoding: str) -> int:
    return int(segment_file(path, {"decoding": decoding}, models=models).media["frames_decoded"])


def test_less_is_decoded_the_less_is_asked_for(tmp_path: Path, models: Models) -> None:
    calm = make_media(
        tmp_path / "calm.mp4", Picture(shots=(300,), size=(96, 56), options=FIXED_KEYS, number=False)
    )

    every, auto, referenced = (decoded(calm, models, how) for how in ("every", "auto", "referenced"))

    assert every == 300 > auto > referenced
    assert referenced < 0.6 * every


def test_in_gops_where_packets_tell_of_changes_everything_is_decoded(film: Path, models: Models) -> None:
    assert decoded(film, models, "auto") > 0.9 * sum(SHOTS)
    assert decoded(film, models, "referenced") < 0.6 * sum(SHOTS)


@pytest.mark.parametrize("decoding", ["auto", "referenced"])
def test_chunks_leave_no_trace(film: Path, models: Models, decoding: str) -> None:
    plan = daring(film, decoding)
    assert plan.left_out.mean() > 0.3
    whole = analyse_chunk(film, plan, 0, models)

    divided = in_chunks(plan, 0, 300, 600)
    parts = [analyse_chunk(film, divided, index, models) for index in (2, 1, 0)][::-1]

    assert FrameTrack.join([part.frames for part in parts]) == whole.frames
    assert KeyframeTrack.join([part.keyframes for part in parts]) == whole.keyframes


def test_threads_change_no_bit(film: Path, models: Models) -> None:
    plan = daring(film)

    assert analyse_chunk(film, plan, 0, Models.load(threads=2)) == analyse_chunk(film, plan, 0, models)


def test_cuts_that_the_encoder_did_not_see_are_found_where_they_are(film: Path, models: Models) -> None:
    cuts = [0, *np.cumsum(SHOTS)[:-1].tolist()]

    assert starts(film, models, "every") == cuts
    assert starts(film, models, "auto") == cuts
    plan = daring(film)
    tracks = analyse_chunk(film, plan, 0, models)
    assert [shot.start_frame for shot in fuse(plan, [tracks], FusionSettings()).level("shot")] == cuts
    assert not tracks.frames.estimated[cuts].any()


@pytest.mark.parametrize("at", [100, 101, 102, 104])
def test_a_shot_of_three_frames_is_found(tmp_path: Path, models: Models, at: int) -> None:
    picture = Picture(shots=(at, 3, 97), size=(96, 56), options=FIXED_KEYS, number=False)
    path = make_media(tmp_path / "film.mp4", picture)

    assert starts(path, models, "auto") == [0, at, at + 3]


@pytest.mark.parametrize("at", [100, 101, 102, 103])
def test_a_flash_of_one_frame_is_no_cut(tmp_path: Path, models: Models, at: int) -> None:
    def flashing(shot: int, frame: int, size: tuple[int, int]) -> Rgb:
        return np.full_like(draw(shot, frame, size), 250) if frame == at else draw(shot, frame, size)

    picture = Picture(shots=(200,), size=(96, 56), options=FIXED_KEYS, number=False, picture=flashing)
    path = make_media(tmp_path / "film.mp4", picture)

    assert starts(path, models, "auto") == [0]


def test_frames_that_are_decoded_are_those_of_a_whole_decode(film: Path) -> None:
    plan = build_plan(film, decoding="referenced")

    def pictures(start: int, end: int, left_out: np.ndarray | None, threads: int) -> dict[int, bytes | None]:
        with VideoReader.open(
            film, plan.media, plan.index, threads, faithful=True, left_out=left_out
        ) as reader:
            seen = list(reader.frames(start, end))
        wanted = left_out if left_out is not None else np.zeros(plan.frames, np.bool_)
        assert [item.left_out for item in seen] == wanted[start:end].tolist()
        return {item.slot: None if item.frame is None else picture_bytes(item.frame) for item in seen}

    whole = pictures(0, plan.frames, None, 2)
    for start, end, threads in (
        (0, plan.frames, 2),
        (95, 140, 1),
        (271, 280, 2),
        (plan.frames - 4, plan.frames, 1),
    ):
        part = pictures(start, end, plan.left_out, threads)
        kept = {k: None if plan.left_out[k] else whole[k] for k in range(start, end)}
        assert differing(part, kept) == []


def test_first_last_and_key_frames_are_never_left_out(film: Path) -> None:
    plan = build_plan(film, decoding="referenced")

    assert not plan.left_out[[0, -1]].any()
    assert not (plan.left_out & plan.index.key).any()


def test_the_plan_survives_as_bytes(film: Path) -> None:
    plan = build_plan(film, decoding="auto")

    again = Plan.from_bytes(plan.to_bytes())

    assert again == plan
    assert again.left_out.tolist() == plan.left_out.tolist()


def test_long_runs_are_broken_so_that_no_shot_is_passed_over(tmp_path: Path, models: Models) -> None:
    long_runs = {"preset": "medium", "x264-params": "b-pyramid=none:bframes=16:b-adapt=0:scenecut=0"}
    picture = Picture(shots=SHOTS, size=(96, 56), options=long_runs, number=False)
    path = make_media(tmp_path / "film.mp4", picture)

    for decoding in ("auto", "referenced"):
        left_out = daring(path, decoding).left_out
        assert max(stop - start for start, stop in true_runs(left_out)) == LEFT_OUT_IN_A_ROW
    assert starts(path, models, "auto") == [0, *np.cumsum(SHOTS)[:-1].tolist()]


def test_far_behind_the_last_seek_point_nothing_is_left_out(tmp_path: Path) -> None:
    one_gop = {**FIXED_KEYS, "x264-params": "scenecut=0:keyint=infinite:b-adapt=0:bframes=3"}
    path = make_media(tmp_path / "film.mp4", Picture(shots=(500,), size=(96, 56), options=one_gop))

    auto, referenced = (daring(path, how).left_out for how in ("auto", "referenced"))

    assert auto[:SECOND_LOOK_FRAMES].any()
    assert not auto[SECOND_LOOK_FRAMES:].any()
    assert referenced[SECOND_LOOK_FRAMES:].any()


@pytest.mark.parametrize("rate", [50, 60])
def test_chunks_leave_no_trace_at_high_rates(tmp_path: Path, models: Models, rate: int) -> None:
    picture = Picture(shots=SHOTS, size=(96, 56), fps=Fraction(rate), options=FIXED_KEYS, number=False)
    path = make_media(tmp_path / "film.mp4", picture)
    plan = daring(path)
    whole = analyse_chunk(path, plan, 0, models)

    parts = [analyse_chunk(path, in_chunks(plan, 0, 300), index, models) for index in (0, 1)]

    assert whole.frames.estimated.any()
    assert FrameTrack.join([part.frames for part in parts]) == whole.frames


def test_a_request_to_stop_is_heard_in_a_second_look(film: Path) -> None:
    plan = daring(film)
    threaded = Models.load(threads=2)
    asked: list[bool] = []

    def reader(left_out: np.ndarray) -> VideoReader:
        job = ChunkJob(film, plan, 0, threaded, None, lambda: asked.append(True) or True, threading.Event())
        return job.video(left_out, in_caller=True)

    small = np.zeros((400, 27, 48, 3), np.uint8)
    estimated = plan.left_out[200:600]
    window = BlockWindow(200, small, np.zeros(400, np.int64), np.ones(400, np.bool_), estimated)

    with pytest.raises(Cancelled):
        SecondLook(plan, Mask(None), reader).decoded(window, estimated)
    assert len(asked) == 1


def test_a_second_look_gives_the_pictures_of_a_whole_decode(film: Path, models: Models) -> None:
    plan = daring(film)
    every = analyse_chunk(film, replace(plan, decoding="every"), 0, models).frames
    estimated = plan.left_out[200:600]
    small = np.zeros((400, 27, 48, 3), np.uint8)
    window = BlockWindow(200, small, np.zeros(400, np.int64), ~estimated, estimated)
    wanted = estimated & (np.arange(400) % 3 > 0)

    def reader(left_out: np.ndarray) -> VideoReader:
        return VideoReader.open(film, plan.media, plan.index, left_out=left_out)

    found = SecondLook(plan, Mask(None), reader).decoded(window, wanted)

    assert found.estimated.tolist() == (estimated & ~wanted).tolist()
    assert found.valid.tolist() == (~estimated | wanted).tolist()
    assert thumbs(found.small)[wanted].tobytes() == every.thumb[200:600][wanted].tobytes()
    assert not found.small[~wanted].any()


def test_damage_among_what_is_left_out_is_not_met(film: Path, tmp_path: Path, models: Models) -> None:
    plan = build_plan(film, decoding="referenced")
    free = [k for k in np.flatnonzero(plan.left_out).tolist() if 40 < k < 80]
    spoilt = spoil_by_pts(film, tmp_path / "spoilt.mp4", {int(plan.index.pts[k]) for k in free})

    unharmed = analyse_chunk(film, plan, 0, models)
    harmed = analyse_chunk(spoilt, plan, 0, models)

    assert harmed.frames == unharmed.frames


@pytest.mark.parametrize("decoding", ["auto", "referenced"])
@pytest.mark.parametrize("harmed", [(205, 210), (248, 301), (340, 360)])
def test_damage_among_the_others_leaves_no_trace_in_chunks(
    film: Path, tmp_path: Path, models: Models, decoding: str, harmed: tuple[int, int]
) -> None:
    """Also where a chunk's context begins with pictures that do not decode."""
    plan = daring(film, decoding)
    wanted = [k for k in range(*harmed) if not plan.left_out[k] and not plan.index.key[k]]
    spoilt = spoil_by_pts(film, tmp_path / "spoilt.mp4", {int(plan.index.pts[k]) for k in wanted})
    whole = analyse_chunk(spoilt, plan, 0, models)

    divided = in_chunks(plan, 0, 300)
    parts = [analyse_chunk(spoilt, divided, index, models) for index in (1, 0)][::-1]

    lost = int((~whole.frames.valid & ~whole.frames.estimated).sum())
    assert lost > 0
    assert FrameTrack.join([part.frames for part in parts]) == whole.frames


def test_an_index_that_is_not_trusted_leaves_nothing_out(film: Path) -> None:
    index = build_plan(film).index

    with pytest.raises(ValueError, match="not trusted"):
        replace(index, trusted=False)
    with pytest.raises(ValueError, match="one entry for each frame"):
        replace(index, calm=index.calm[1:])


def spoil_by_pts(source: Path, target: Path, stamps: set[int]) -> Path:
    """The file with the content of the packets of these PTS replaced by zeros, but for their NAL headers."""
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        for packet in container.demux(video=0):
            if packet.size and packet.pts in stamps:
                assert packet.pos is not None
                data[packet.pos + 6 : packet.pos + packet.size] = bytes(packet.size - 6)
    target.write_bytes(bytes(data))
    return target
