"""analyse_chunk on made videos: chunks leave no trace, cuts and sound lie where they were put."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from actors.segmentation.analyse import analyse_chunk
from actors.segmentation.errors import Cancelled
from actors.segmentation.networks.models import Models
from actors.segmentation.planning.plan import ChunkSpec, Plan, build_plan
from actors.segmentation.shots.transitions import find_transitions, frames_apart, select
from actors.segmentation.sound.blocks import owned_blocks
from actors.segmentation.tracks import AudioTrack, ChunkTracks, FrameTrack, KeyframeTrack
from tests.support.media import Picture, Sound, differing, make_media

SHOTS = (130, 12, 190, 100, 128, 65)
PICTURE = Picture(shots=SHOTS, size=(96, 56), gop=60, number=False)
SOUND = Sound(parts=(("noise", 9.0), ("silence", 6.0), (440.0, 12.0)), rate_hz=44_100)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """625 frames, 25 s; the sound is 2 s longer."""
    return make_media(tmp_path_factory.mktemp("film") / "film.mp4", PICTURE, SOUND)


@pytest.fixture(scope="module")
def plan(film: Path) -> Plan:
    return in_chunks(build_plan(film), 0)


def in_chunks(plan: Plan, *starts: int) -> Plan:
    bounds = zip(starts, (*starts[1:], plan.frames), strict=True)
    return replace(plan, chunks=tuple(ChunkSpec(i, start, end) for i, (start, end) in enumerate(bounds)))


@pytest.fixture(scope="module")
def sunk() -> dict[int, bytes]:
    return {}


@pytest.fixture(scope="module")
def whole(film: Path, plan: Plan, models: Models, sunk: dict[int, bytes]) -> ChunkTracks:
    return analyse_chunk(film, plan, 0, models, keyframe_sink=sunk.__setitem__)


def test_chunks_leave_no_trace(
    film: Path, plan: Plan, models: Models, whole: ChunkTracks, sunk: dict[int, bytes]
) -> None:
    divided = in_chunks(plan, 0, 300, 600)
    sunk_by_chunks: dict[int, bytes] = {}

    # the last first, so that nothing can be carried over from one chunk to the next
    parts = [
        analyse_chunk(film, divided, index, models, keyframe_sink=sunk_by_chunks.__setitem__)
        for index in (2, 1, 0)
    ][::-1]

    assert FrameTrack.join([part.frames for part in parts]) == whole.frames
    assert KeyframeTrack.join([part.keyframes for part in parts]) == whole.keyframes
    assert AudioTrack.join([part.audio for part in parts if part.audio is not None]) == whole.audio
    assert differing(sunk_by_chunks, sunk) == []


def test_the_cuts_are_found_and_the_network_was_asked_for_few_frames(whole: ChunkTracks) -> None:
    found = select(find_transitions(whole.frames, 25.0), 0.5, frames_apart(3), (0, len(whole.frames)))

    assert [transition.frame for transition in found] == PICTURE.cuts
    assert whole.frames.looked.mean() < 0.2
    assert whole.frames.valid.all()


def test_frames_are_measured(whole: ChunkTracks) -> None:
    frames = whole.frames
    quiet = np.delete(np.arange(1, len(frames)), np.array(PICTURE.cuts) - 1)

    assert frames.motion[0] == 0
    assert frames.motion[PICTURE.cuts].min() > 3 * frames.motion[quiet].max()
    assert ((frames.luma_mean > 30) & (frames.luma_mean < 220)).all()
    np.testing.assert_allclose(
        frames.luma_mean, frames.thumb.astype(float).mean(axis=(1, 2)) @ [0.299, 0.587, 0.114], atol=1
    )


def test_every_shot_has_a_keyframe_and_every_keyframe_its_picture(
    whole: ChunkTracks, sunk: dict[int, bytes]
) -> None:
    keyframes = whole.keyframes
    shot_of = np.searchsorted(PICTURE.cuts, keyframes.frame, side="right")

    assert set(shot_of.tolist()) == set(range(len(SHOTS)))
    assert np.diff(keyframes.frame).max() <= 300
    assert list(sunk) == keyframes.frame.tolist()
    pictures = [Image.open(BytesIO(data)) for data in sunk.values()]
    assert {(picture.format, picture.size) for picture in pictures} == {("WEBP", (96, 56))}
    assert (keyframes.sharpness > 0).all()
    assert np.isfinite(keyframes.embedding).all()
    assert len({row.tobytes() for row in keyframes.embedding}) == len(keyframes)


def test_sound_lies_where_it_was_put(whole: ChunkTracks) -> None:
    audio = whole.audio
    assert audio is not None

    assert audio.step.tolist() == list(range(300))
    assert np.flatnonzero(~audio.present).tolist() == list(range(270, 300))
    np.testing.assert_allclose(audio.rms_db[1:89], -20.5, atol=1.5)
    assert (audio.rms_db[92:149] < -60).all()
    np.testing.assert_allclose(audio.rms_db[152:269], -13.5, atol=1)
    assert (audio.momentary_lufs[95:149] < audio.momentary_lufs[10:85].min() - 30).all()
    assert (audio.speech[92:149] < 0.5).all()


def test_bytes_of_real_tracks(whole: ChunkTracks) -> None:
    payload = whole.to_bytes()

    assert ChunkTracks.from_bytes(payload) == whole
    assert len(payload) < 625 * 200 + 300 * 100 + len(whole.keyframes) * 3000


def test_blocks_of_sound_belong_to_one_chunk_each(plan: Plan) -> None:
    divided = in_chunks(plan, 0, 300, 600)

    # chunks begin at 0, 12 and 24 s; picture and sound end at 25 and 27 s, within the first half minute
    assert [list(owned_blocks(divided, index)) for index in range(3)] == [[0], [], []]


def test_progress_is_told_and_ends_at_the_chunk_s_frames(film: Path, plan: Plan, models: Models) -> None:
    told: list[int] = []
    spent: dict[str, float] = {}

    cut = in_chunks(plan, 0, 600)
    analyse_chunk(film, cut, 1, models, on_frames=told.append, on_times=spent.update)

    assert told == sorted(told)
    assert told[-1] == 25
    assert spent.keys() == {"decode", "networks"}  # of the sound, this end has no block of its own
    assert all(seconds > 0 for seconds in spent.values())


def test_cancelled_before_and_during(film: Path, plan: Plan, models: Models) -> None:
    with pytest.raises(Cancelled):
        analyse_chunk(film, plan, 0, models, should_stop=lambda: True)

    told: list[int] = []
    with pytest.raises(Cancelled):
        analyse_chunk(film, plan, 0, models, on_frames=told.append, should_stop=lambda: len(told) >= 2)
    assert told[-1] < 150


def test_a_sink_that_fails_ends_the_analysis(film: Path, plan: Plan, models: Models) -> None:
    def full(_slot: int, _data: bytes) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        analyse_chunk(film, in_chunks(plan, 0, 600), 1, models, keyframe_sink=full)


def test_one_silent_upright_frame(tmp_path: Path, models: Models) -> None:
    picture = Picture(shots=(1,), size=(96, 56), rotation_ccw=90, number=False)
    file = make_media(tmp_path / "one.mp4", picture)
    sunk: dict[int, bytes] = {}

    tracks = analyse_chunk(file, build_plan(file), 0, models, keyframe_sink=sunk.__setitem__)

    assert tracks.audio is None
    assert len(tracks.frames) == 1
    assert tracks.keyframes.frame.tolist() == [0]
    assert Image.open(BytesIO(sunk[0])).size == (56, 96)


def test_threads_change_no_bit(tmp_path: Path, models: Models) -> None:
    file = make_media(tmp_path / "short.mp4", Picture(shots=(20, 20), size=(96, 56)), Sound())
    plan = build_plan(file)
    one = analyse_chunk(file, plan, 0, models)

    two = analyse_chunk(file, plan, 0, Models.load(threads=2))
    torch.set_num_threads(models.threads)

    assert two == one


def test_models_say_where_and_how_they_compute(models: Models) -> None:
    exact = Models.load(threads=1, precision="float32")

    assert exact.dtype == torch.float32
    assert repr(exact) == "Models(cpu, torch.float32, threads=1)"
    assert models.threads == torch.get_num_threads() == 1


def test_networks_without_those_of_the_sound_analyse_pictures_alone(tmp_path: Path, models: Models) -> None:
    file = make_media(tmp_path / "heard.mp4", Picture(shots=(20, 20), size=(96, 56)), Sound())
    plan, picture = build_plan(file), Models.load(threads=1, sound=False)
    silent = replace(plan, media=replace(plan.media, audio=None))

    alone = analyse_chunk(file, silent, 0, picture)

    assert picture.audio is None
    assert replace(alone, audio=AudioTrack.empty()) == replace(
        analyse_chunk(file, plan, 0, models), audio=AudioTrack.empty()
    )
    with pytest.raises(ValueError, match="without those of sound"):
        analyse_chunk(file, plan, 0, picture)


def test_unknown_devices_are_refused() -> None:
    with pytest.raises(RuntimeError):
        Models.load("abacus")
