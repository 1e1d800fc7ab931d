"""From tracks to a timeline, on tracks with known truth: scenes by picture and sound, what always holds."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.segmentation.fusion.fuse import fuse, fuse_measured, provisional_shots
from actors.segmentation.fusion.measured import Measured, TracksMismatchError
from actors.segmentation.settings import FusionSettings
from actors.segmentation.shots.transitions import Transition
from actors.segmentation.timeline import LEVELS, Timeline
from actors.segmentation.tracks import STEP_MEASURES, AudioTrack, ChunkTracks, FrameTrack, KeyframeTrack
from tests.support.tracks import (
    Edit,
    audio_track,
    frame_track,
    keyframe_track,
    make_plan,
    place,
    split_tracks,
)

Part = tuple[str, float] | tuple[str, float, int]
SHOT_FRAMES = 75


class Film:
    """Shots of three seconds; each names its place, and a place looks the same whenever it returns."""

    def __init__(self, shots: str, sound: list[Part] | None) -> None:
        edit = Edit()
        starts = [edit.cut(place(ord(name), SHOT_FRAMES, drift=0.05)) for name in shots]
        self.frames = edit.track()
        places = [(start, ord(name)) for start, name in zip(starts, shots, strict=True)]
        self.keyframes = keyframe_track(len(self.frames), places)
        self.audio = None if sound is None else audio_track(sound)

    def timeline(self, *bounds: int, **values: Any) -> Timeline:
        seconds = None if self.audio is None else len(self.audio) / 10
        plan = make_plan(len(self.frames), bounds=bounds, sound_s=seconds)
        tracks = split_tracks(plan, self.frames, self.keyframes, self.audio)
        return fuse(plan, tracks, FusionSettings(**values))

    def scenes(self, **values: Any) -> list[int]:
        """Numbers of the shots that begin a scene, the first left out."""
        starts = [s.start_frame for s in self.timeline(**values).level("scene")][1:]
        assert all(start % SHOT_FRAMES == 0 for start in starts)
        return [start // SHOT_FRAMES for start in starts]


TWO_SOUNDS: list[Part] = [("speech", 18.0, 1), ("music", 18.0, 2)]


def test_another_place_with_another_sound_is_another_scene() -> None:
    assert Film("abacabxyxzxy", TWO_SOUNDS).scenes() == [6]


def test_views_that_return_are_one_scene() -> None:
    assert Film("abababababab", [("speech", 36.0)]).scenes() == []


def test_music_that_enters_under_a_voice_does_not_break_up_a_dialogue() -> None:
    assert Film("abababababab", [("speech", 18.0, 1), ("speech+music", 18.0, 1)]).scenes() == []


@pytest.mark.parametrize(
    "sound",
    [
        [("music", 36.0)],
        [("speech+music", 36.0)],
        [("noise", 36.0)],
        [("speech", 17.0), ("silence", 0.6), ("speech", 18.4)],
    ],
)
def test_sound_that_runs_on_hides_no_change_of_place(sound: list[Part]) -> None:
    assert Film("abacabxyxzxy", sound).scenes() == [6]


@pytest.mark.parametrize(
    "sound",
    [
        [("music", 18.0, 1), ("music", 18.0, 2)],
        [("music", 17.5, 1), ("silence", 1.0), ("music", 17.5, 2)],
        [("speech", 17.5, 1), ("silence", 1.0), ("speech", 17.5, 1)],
        [("noise", 18.0, 1), ("speech", 18.0, 1)],
    ],
)
def test_sound_that_changes_in_one_place_makes_no_scene(sound: list[Part]) -> None:
    assert Film("abababababab", sound).scenes() == []


def test_sound_that_changes_a_little_late_still_counts() -> None:
    assert Film("abacabxyxzxy", [("speech", 18.5, 1), ("music", 17.5, 2)]).scenes() == [6]


def test_without_sound_the_picture_decides() -> None:
    timeline = Film("aaaaaabbbbbb", None).timeline()

    assert [s.start_frame for s in timeline.level("scene")] == [0, 6 * SHOT_FRAMES]
    assert all(s.audio is None for s in timeline.segments)
    assert timeline.audio_track == ()


def test_the_evidence_of_a_boundary_names_the_cue_that_spoke() -> None:
    (boundary,) = (s.start_boundary for s in Film("abacabxyxzxy", TWO_SOUNDS).timeline().level("scene")[1:])

    assert boundary.kind == "cut"
    assert boundary.visual > 0.5
    assert boundary.audio > 0.5
    assert boundary.confidence > 0.8


def test_jump_cuts_divide_shots_or_are_ignored() -> None:
    film = Film("aabbcc", TWO_SOUNDS)
    plan = make_plan(len(film.frames), sound_s=36.0)
    measured = Measured.of(plan, split_tracks(plan, film.frames, film.keyframes, film.audio))
    cuts = [SHOT_FRAMES * k for k in range(1, 6)]
    within = set(cuts[::2])
    transitions = [Transition(f, "jump" if f in within else "cut", 0.9, f, f) for f in cuts]
    measured = replace(measured, transitions=tuple(transitions))

    split, ignored = (
        fuse_measured(plan, measured, FusionSettings(jump_cuts=how)) for how in ("split", "ignore")
    )

    kinds = {s.start_frame: s.start_boundary.kind for s in split.level("shot")[1:]}
    assert {frame for frame, kind in kinds.items() if kind == "jump"} == within
    assert [s.start_frame for s in ignored.level("shot")] == [0, *cuts[1::2]]
    assert {s.start_frame for s in ignored.level("scene")} <= {0, *cuts[1::2]}
    assert all(s.start_boundary.from_s == s.start_boundary.to_s for s in split.level("shot"))


def test_sensitivity_moves_the_number_of_scenes() -> None:
    film = Film("aaabbbcccddd", [("speech", 36.0)])

    counts = [len(film.scenes(scene_sensitivity=s)) for s in (0.0, 0.5, 1.0)]

    assert counts == sorted(counts)
    assert counts[0] < counts[2]


def test_no_scene_is_shorter_than_wanted() -> None:
    timeline = Film("aabbccddeeff", [("speech", 36.0)]).timeline(min_scene_s=12.0, scene_sensitivity=1.0)

    assert all(s.end_s - s.start_s >= 12.0 for s in timeline.level("scene"))


LECTURE: list[Part] = [
    ("speech", 12.0),
    ("silence", 1.2),
    ("music", 12.0),
    ("silence", 1.2),
    ("speech", 12.0),
]


def take(sound: list[Part], seconds: float = 38.4) -> Film:
    film = Film("a", sound)
    second = frame_track(place(1, 25, drift=0.0))
    film.frames = FrameTrack.join([second] * (round(seconds) + 1)).rows(0, round(seconds * 25))
    film.keyframes = keyframe_track(len(film.frames), [(0, 1)])
    return film


def test_a_long_take_is_divided_by_its_sound() -> None:
    shots = take(LECTURE).timeline().level("shot")

    assert [s.start_boundary.kind for s in shots] == ["start", "audio", "audio"]
    assert [s.start_s for s in shots[1:]] == pytest.approx([12.6, 25.8], abs=0.3)
    assert all(s.start_boundary.audio > 0.7 and s.start_boundary.visual == 0 for s in shots[1:])


def test_a_pause_in_a_talk_divides_nothing() -> None:
    assert len(take([("speech", 18.0), ("silence", 1.2), ("speech", 19.2)]).timeline().level("shot")) == 1


def test_the_picture_alone_divides_no_take() -> None:
    assert len(take(LECTURE).timeline(audio_weight=0.0).level("shot")) == 1


@pytest.mark.parametrize("seconds", [14.0, 40.0, 60.0])
def test_a_short_take_is_one_scene(seconds: float) -> None:
    half = (seconds - 2) / 2
    film = take([("speech", half), ("silence", 2.0), ("music", half)], seconds=seconds)

    assert len(film.timeline().level("scene")) == 1


def test_by_the_picture_a_scenes_confidence_is_its_probability() -> None:
    timeline = Film("abacabxyxzxydedfdefd", None).timeline()

    probability = {s.start_frame: s.start_boundary.scene_probability for s in timeline.level("shot")}
    scenes = timeline.level("scene")[1:]
    chosen = {s.start_frame: s.start_boundary.confidence for s in scenes}
    assert probability.pop(0) is None
    assert len(scenes) > 1
    assert {frame: probability.pop(frame) for frame in chosen} == pytest.approx(chosen, abs=1e-4)
    assert max(p for p in probability.values() if p is not None) < min(chosen.values())


def test_an_hour_in_one_take_is_not_one_scene() -> None:
    part: list[Part] = [("speech", 170.0), ("silence", 1.5), ("music", 8.0), ("silence", 1.5)]
    timeline = take(part * 8, seconds=8 * 181.0).timeline()

    assert len(timeline.level("scene")) > 1
    assert {s.start_boundary.kind for s in timeline.level("scene")} == {"start", "audio"}


@pytest.mark.parametrize("bounds", [(300,), (600,), (300, 600)])
def test_chunks_leave_no_trace(bounds: tuple[int, ...]) -> None:
    film = Film("abacabxyxzxy", TWO_SOUNDS)

    assert film.timeline(*bounds).to_document() == film.timeline().to_document()


def test_fusing_again_gives_the_same() -> None:
    film = Film("abacabxyxzxy", TWO_SOUNDS)

    assert film.timeline().to_document() == film.timeline().to_document()


def test_tracks_of_another_video_are_refused() -> None:
    film = Film("abcabc", None)
    plan = make_plan(450, bounds=(300,))
    tracks = split_tracks(plan, film.frames, film.keyframes, None)

    for wrong in (tracks[:1], tracks[1:], tracks[::-1], []):
        with pytest.raises(TracksMismatchError, match="frames"):
            fuse(plan, wrong, FusionSettings())


def test_sound_longer_than_the_picture_is_told_in_full() -> None:
    timeline = Film("ab", [("speech", 6.0), ("music", 60.0)]).timeline()

    assert timeline.audio_track[-1].end_s == pytest.approx(66.0)
    assert timeline.level("shot")[-1].end_s == pytest.approx(6.0)


def test_sound_that_ends_early_leaves_silence() -> None:
    timeline = Film("ab", [("speech", 1.0)]).timeline()

    last = timeline.level("shot")[-1].audio
    assert last is not None
    assert (last.silence, last.loudness_lufs) == (1.0, None)


def test_a_sound_track_without_a_single_step_counts_as_none() -> None:
    film = Film("ab", [])

    assert film.timeline().audio_track == ()


def test_curves_follow_the_clock_of_the_picture() -> None:
    curves = {c.name: c.values for c in Film("ab", [("music", 6.0)]).timeline().curves}

    assert {len(values) for values in curves.values()} == {60}
    assert curves["cut"].argmax() == 29  # the last frame before the cut, at 2.96 s
    assert curves["music"].mean() > 0.9


def test_provisional_shots_tile_their_chunk() -> None:
    film = Film("abcdefg", [("speech", 21.0)])
    plan = make_plan(525, bounds=(300,), sound_s=21.0)
    tracks = split_tracks(plan, film.frames, film.keyframes, film.audio)

    shots = provisional_shots(plan, tracks[1])

    assert [(s["start_frame"], s["end_frame"]) for s in shots] == [(300, 375), (375, 450), (450, 525)]
    assert [s["level"] for s in shots] == ["shot"] * 3
    assert shots[1]["start_s"] == 15.0
    json.dumps(shots, allow_nan=False)


def random_tracks(
    rng: np.random.Generator, frames: int, steps: int
) -> tuple[FrameTrack, KeyframeTrack, AudioTrack]:
    picture = FrameTrack(
        valid=np.ones(frames, np.bool_),
        estimated=np.zeros(frames, np.bool_),
        looked=rng.choice([False, True], frames),
        cut=rng.choice([0.0, 0.02, 0.5, 0.99], frames).astype(np.float16),
        many=rng.choice([0.0, 0.02, 0.5, 0.99], frames).astype(np.float16),
        luma_mean=rng.uniform(0, 255, frames).astype(np.float16),
        luma_std=rng.uniform(0, 120, frames).astype(np.float16),
        motion=rng.uniform(0, 60, frames).astype(np.float16),
        thumb=rng.choice([0, 128, 255], (frames, 9, 16, 3)).astype(np.uint8),
        steps=(rng.normal(0, 2, (frames, STEP_MEASURES)) * (rng.random((frames, 1)) < 0.3)).astype(
            np.float16
        ),
    )
    where = np.flatnonzero(rng.random(frames) < 0.05)
    keyframes = KeyframeTrack(
        frame=where.astype(np.int64),
        sharpness=rng.uniform(0, 40, len(where)).astype(np.float32),
        embedding=rng.normal(0, 1, (len(where), 1280)).astype(np.float16),
        tag_ids=rng.integers(0, 1000, (len(where), 5)).astype(np.int16),
        tag_probabilities=rng.random((len(where), 5)).astype(np.float16),
    )
    sound = AudioTrack(
        step=np.arange(-20, steps - 20, dtype=np.int64),
        present=rng.random(steps) < 0.9,
        **{name: rng.random(steps).astype(np.float16) for name in ("speech", "singing", "music", "vad")},
        rms_db=rng.uniform(-100, 0, steps).astype(np.float16),
        momentary_lufs=rng.uniform(-100, 0, steps).astype(np.float16),
        mel=rng.integers(0, 255, (steps, 40)).astype(np.uint8),
    )
    return picture, keyframes, sound


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    frames=st.integers(1, 700),
    steps=st.integers(0, 400),
    sensitivity=st.floats(0, 1),
    audio_weight=st.floats(0, 1),
    shortest=st.floats(0, 5),
)
def test_whatever_was_measured_the_levels_tile_and_nest(
    seed: int, frames: int, steps: int, sensitivity: float, audio_weight: float, shortest: float
) -> None:
    picture, keyframes, sound = random_tracks(np.random.default_rng(seed), frames, steps)
    wanted = FusionSettings(
        shot_sensitivity=sensitivity,
        scene_sensitivity=sensitivity,
        chapter_sensitivity=sensitivity,
        audio_weight=audio_weight,
        min_shot_s=shortest,
        min_scene_s=2 * shortest,
        min_chapter_s=3 * shortest,
    )
    tracks = [ChunkTracks(0, frames, picture, keyframes, sound)]

    timeline = fuse(make_plan(frames, sound_s=steps / 10), tracks, wanted)

    levels = [timeline.level(level) for level in LEVELS]
    for segments in levels:
        assert (segments[0].start_frame, segments[-1].end_frame) == (0, frames)
        assert all(a.end_frame == b.start_frame for a, b in pairwise(segments))
    for above, below in pairwise(levels):
        assert {s.start_frame for s in above} <= {s.start_frame for s in below}
    json.dumps(timeline.to_document(), allow_nan=False)
