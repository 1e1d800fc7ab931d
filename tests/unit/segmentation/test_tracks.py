"""ChunkTracks: exact through their bytes, refused when they do not fit or are damaged."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.segmentation.tracks import AudioTrack, ChunkTracks, FrameTrack, KeyframeTrack, TracksError


def random_rows(kind: type, rows: int, rng: np.random.Generator) -> dict[str, npt.NDArray]:
    def column(name: str, dtype: str, row: tuple[int, ...]) -> npt.NDArray:
        if name in ("frame", "step"):
            return np.arange(rows, dtype=dtype)
        if dtype == "bool":
            return rng.random((rows, *row)) < 0.5
        return rng.integers(0, 200, (rows, *row)).astype(dtype)

    return {name: column(name, *layout) for name, layout in kind.LAYOUT.items()}


def tracks(frames: int = 40, keyframes: int = 3, steps: int | None = 100, seed: int = 0) -> ChunkTracks:
    rng = np.random.default_rng(seed)
    audio = None if steps is None else AudioTrack(**random_rows(AudioTrack, steps, rng))
    return ChunkTracks(
        0,
        frames,
        FrameTrack(**random_rows(FrameTrack, frames, rng)),
        KeyframeTrack(**random_rows(KeyframeTrack, keyframes, rng)),
        audio,
    )


@settings(max_examples=25, deadline=None)
@given(
    frames=st.integers(3, 70),
    keyframes=st.integers(0, 3),
    steps=st.one_of(st.none(), st.integers(0, 120)),
    seed=st.integers(0, 2**32 - 1),
)
def test_bytes_give_back_the_same_bits(frames: int, keyframes: int, steps: int | None, seed: int) -> None:
    original = tracks(frames, keyframes, steps, seed)

    payload = original.to_bytes()

    assert ChunkTracks.from_bytes(payload) == original
    assert original.to_bytes() == payload


def test_nan_and_infinity_survive() -> None:
    original = tracks()
    original.frames.cut[:3] = [np.nan, np.inf, -np.inf]

    assert ChunkTracks.from_bytes(original.to_bytes()) == original


def test_equality_sees_one_changed_bit() -> None:
    changed = tracks()
    changed.frames.thumb[5, 3, 2, 1] ^= 1

    assert changed != tracks()


def test_slow_pictures_take_little_room() -> None:
    original = tracks(frames=300)
    still = np.broadcast_to(original.frames.thumb[0], original.frames.thumb.shape).copy()
    still[150:] += 3
    original.frames.thumb[:] = still
    original.frames.steps[:] = 0  # there is nothing that could be a cut

    assert len(original.to_bytes()) < 300 * 60


def test_no_frames_and_no_sound() -> None:
    empty = ChunkTracks(300, 300, FrameTrack.empty(), KeyframeTrack.empty(), None)

    assert ChunkTracks.from_bytes(empty.to_bytes()) == empty


def test_tables_join_and_split() -> None:
    whole = tracks().frames

    assert FrameTrack.join([whole.rows(0, 11), whole.rows(11, 40)]) == whole
    assert len(KeyframeTrack.join([])) == 0


def test_mel_in_decibels() -> None:
    audio = tracks().audio
    assert audio is not None
    audio.mel[0, :2] = [0, 255]

    assert audio.mel_db[0, :2].tolist() == [-100.0, 27.5]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:8],
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: b"XXXX" + data[4:],
        lambda data: data[:4] + b"\x09\x00" + data[6:],
        lambda data: data[:300] + bytes([data[300] ^ 255]) + data[301:],
        lambda data: data.replace(b'"rows":40', b'"rows":41'),
        lambda data: data.replace(b'"rows":40', b'"rows":-4'),
        lambda data: data.replace(b'"rows":40', b'"rows":{}'),
        lambda data: data.replace(b'"keyframes"', b'"keyframez"'),
    ],
)
def test_damaged_bytes_are_refused(damage) -> None:
    payload = tracks().to_bytes()
    damaged = damage(payload)
    assert damaged != payload

    with pytest.raises(TracksError):
        ChunkTracks.from_bytes(damaged)


def test_wrong_shapes_are_refused() -> None:
    good = tracks()
    frames = {name: getattr(good.frames, name) for name in FrameTrack.LAYOUT}

    with pytest.raises(TracksError, match="cut: want float16"):
        FrameTrack(**{**frames, "cut": frames["cut"].astype(np.float32)})
    with pytest.raises(TracksError, match="many: has 39 rows"):
        FrameTrack(**{**frames, "many": frames["many"][:39]})
    with pytest.raises(TracksError, match=r"40 rows for frames 0\.\.41"):
        ChunkTracks(0, 41, good.frames, good.keyframes, None)
    with pytest.raises(TracksError, match="ascend inside the chunk"):
        ChunkTracks(300, 340, good.frames, good.keyframes, None)


def test_sound_with_a_gap_is_refused() -> None:
    good = tracks()
    assert good.audio is not None
    good.audio.step[50:] += 1

    with pytest.raises(TracksError, match="consecutive"):
        ChunkTracks(0, 40, good.frames, good.keyframes, good.audio)


def test_repr_shows_shapes_not_numbers() -> None:
    assert repr(tracks().frames).startswith("FrameTrack(valid[40], estimated[40], looked[40], cut[40]")
    assert len(repr(tracks())) < 400
