"""Words as evidence: no break inside a sentence, chapters where the topic changes, nothing without words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import yaml

from actors.segmentation.fusion.evidence import Moment
from actors.segmentation.fusion.fuse import fuse
from actors.segmentation.fusion.takes import SoundBreak
from actors.segmentation.fusion.words.sentences import (
    EDGE_S,
    GOES_ON,
    LEAD_S,
    MOVED_S,
    TOPIC_EVEN,
    TOPIC_MAX,
    between_sentences,
    topic_evidence,
    topic_moments,
)
from actors.segmentation.settings import FusionSettings
from actors.segmentation.spoken import Spoken
from actors.segmentation.timeline import Timeline
from actors.segmentation.tracks import FrameTrack
from cluster.settings import PACKAGE_ROOT
from tests.support.tracks import (
    Edit,
    audio_track,
    frame_track,
    keyframe_track,
    make_plan,
    place,
    split_tracks,
)

SECONDS = 900
NONE = -np.inf


def preset(name: str) -> dict[str, Any]:
    values = yaml.safe_load((PACKAGE_ROOT / "configs" / "presets" / f"{name}.yaml").read_text("utf-8"))
    return {key: value for key, value in values.items() if key != "description"}


def talk(topics: dict[float, float], seconds: float = SECONDS) -> Spoken:
    """Sentences of 4.6 s that begin every 5 s; topics: log odds by the start of the sentence."""
    starts = np.arange(0.0, seconds, 5.0)
    return Spoken(starts, starts + 4.6, np.array([topics.get(float(start), NONE) for start in starts]))


def lecture(spoken: Spoken | None, *, picture: bool = True, **values: Any) -> Timeline:
    """One take in which one voice speaks all the time."""
    second = frame_track(place(1, 25, drift=0.0))
    frames = FrameTrack.join([second] * SECONDS)
    plan = make_plan(len(frames), sound_s=float(SECONDS))
    tracks = split_tracks(
        plan, frames, keyframe_track(len(frames), [(0, 1)]), audio_track([("speech", float(SECONDS))])
    )
    return fuse(plan, tracks, FusionSettings(**values), spoken=spoken)


def starts_of(timeline: Timeline, level: str) -> list[float]:
    return [segment.start_s for segment in timeline.level(level)[1:]]


def test_in_one_long_take_a_chapter_begins_where_the_topic_changes() -> None:
    timeline = lecture(talk({300.0: 1.0, 600.0: 1.5}), **preset("talk"))

    for level in ("chapter", "scene", "shot"):
        assert starts_of(timeline, level) == pytest.approx([300.0, 600.0], abs=LEAD_S)
    for chapter in timeline.level("chapter")[1:]:
        boundary = chapter.start_boundary
        assert boundary.kind == "audio"
        assert (boundary.topic or 0.0) > 0.9
        assert 0.3 < boundary.confidence < 1


def test_an_unlikely_change_of_topic_begins_nothing() -> None:
    timeline = lecture(talk({300.0: -3.0, 600.0: -2.0}), **preset("talk"))

    assert [len(timeline.level(level)) for level in ("chapter", "scene", "shot")] == [1, 1, 1]


@pytest.mark.parametrize(("name", "chapters"), [("talk", 2), ("news", 2), ("screencast", 2), ("film", 1)])
def test_presets_say_how_much_a_topic_counts(name: str, chapters: int) -> None:
    assert len(lecture(talk({450.0: 2.5}), **preset(name)).level("chapter")) == chapters


def test_topics_do_not_count_at_a_weight_of_0() -> None:
    timeline = lecture(talk({450.0: 4.0}), topic_weight=0.0)

    assert [s.start_boundary.topic for s in timeline.segments] == [None] * 3


def test_as_many_chapters_as_are_wanted_begin_at_the_surest_topics() -> None:
    spoken = talk({200.0: 0.5, 400.0: 2.0, 600.0: -0.5, 750.0: 1.0})

    timeline = lecture(spoken, **preset("talk"), chapters=3)

    assert starts_of(timeline, "chapter") == pytest.approx([400.0, 750.0], abs=LEAD_S)


def test_a_wanted_number_of_scenes_is_kept() -> None:
    assert len(lecture(talk({450.0: 3.0}), **preset("talk"), scenes=1).level("scene")) == 1


def test_a_cut_near_the_change_of_topic_begins_the_chapter() -> None:
    edit = Edit()
    for name in "ab" * 60:
        edit.cut(place(ord(name), 125, drift=0.05))
    frames = edit.track()
    plan = make_plan(len(frames), sound_s=len(frames) / 25)
    keyframes = keyframe_track(len(frames), [(125 * k, ord("ab"[k % 2])) for k in range(120)])
    tracks = split_tracks(plan, frames, keyframes, audio_track([("speech", len(frames) / 25)]))
    spoken = talk({300.0: 2.0}, seconds=600.0)

    told = fuse(plan, tracks, FusionSettings(**preset("talk")), spoken=spoken)
    silent = fuse(plan, tracks, FusionSettings(**preset("talk")))

    assert starts_of(silent, "chapter") == []
    assert starts_of(told, "chapter") == [300.0]
    assert [s.start_boundary.kind for s in told.level("chapter")] == ["start", "cut"]


def test_without_words_and_with_none_that_say_anything_the_timeline_is_the_same() -> None:
    empty = Spoken(np.zeros(0), np.zeros(0), np.zeros(0))

    plain, none = lecture(None), lecture(empty)

    assert [replace(s, start_boundary=replace(s.start_boundary, topic=None)) for s in none.segments] == [
        *plain.segments
    ]
    assert {s.start_boundary.topic for s in plain.segments} == {None}


def clock_of(seconds: float) -> Any:
    return make_plan(round(seconds * 25)).index.clock


def a_break(time_s: float, strength: float = 0.8) -> SoundBreak:
    return SoundBreak(round(time_s * 25), time_s, strength)


def test_a_break_inside_a_sentence_moves_to_the_next_pause_or_goes() -> None:
    spoken = Spoken(np.array([0.0, 12.0, 32.0]), np.array([11.0, 31.0, 60.0]), np.full(3, NONE))
    breaks = [a_break(10.0), a_break(20.0), a_break(31.5), a_break(45.0)]

    kept = between_sentences(breaks, spoken, clock_of(60), [0, 1500])

    assert [one.time_s for one in kept] == pytest.approx([11.5, 31.5])
    assert [one.frame for one in kept] == [287, 788]
    assert MOVED_S > EDGE_S


def test_of_breaks_that_meet_in_one_pause_the_strongest_stays() -> None:
    spoken = Spoken(np.array([0.0, 12.0]), np.array([11.0, 31.0]), np.full(2, NONE))

    (kept,) = between_sentences([a_break(10.0, 0.5), a_break(13.0, 0.9)], spoken, clock_of(40), [0, 1000])

    assert (kept.strength, kept.time_s) == (0.9, 11.5)


def test_a_break_never_moves_over_a_cut() -> None:
    spoken = Spoken(np.array([0.0, 12.0]), np.array([11.0, 31.0]), np.full(2, NONE))

    assert between_sentences([a_break(12.9)], spoken, clock_of(40), [0, round(12.2 * 25), 1000]) == []


def test_topics_are_candidates_in_long_takes_away_from_other_candidates() -> None:
    clock = clock_of(100)
    spoken = talk({20.0: 1.0, 50.0: 0.0, 80.0: 2.0}, seconds=100.0)
    others = [Moment(round(49.0 * 25), 49.0, None, 0.9)]

    found = topic_moments(others, spoken, clock, range(2500))

    assert [moment.topic for moment in found] == [1.0, 2.0]
    assert [moment.time_s for moment in found] == pytest.approx([19.8, 79.8], abs=0.05)
    assert all(moment.transition is None for moment in found)


def test_evidence_grows_with_the_odds_and_falls_with_the_distance() -> None:
    spoken = talk({50.0: 0.0, 100.0: 9.0}, seconds=200.0)
    at = [Moment(0, time_s, None) for time_s in (49.8, 52.8, 75.0, 99.8, 240.0)]

    even, beside, away, sure, silence = topic_evidence(at, spoken).tolist()

    assert even == pytest.approx(TOPIC_EVEN, abs=0.1)
    assert 0 < beside < even
    assert away == GOES_ON
    assert sure == pytest.approx(TOPIC_MAX, abs=0.1)
    assert silence == 0


def test_without_topics_the_words_say_nothing_of_chapters() -> None:
    moments = [Moment(0, 50.0, None)]

    assert topic_evidence(moments, talk({})).tolist() == [0.0]
    assert topic_evidence(moments, None).tolist() == [0.0]


@pytest.mark.parametrize(
    ("starts", "ends", "topic"),
    [([0.0, 1.0], [0.5], [NONE, NONE]), ([1.0, 0.0], [1.5, 0.5], [NONE] * 2), ([0.0], [-1.0], [NONE]),
     ([0.0], [1.0], [np.nan])],
)  # fmt: skip
def test_sentences_out_of_order_are_refused(
    starts: list[float], ends: list[float], topic: list[float]
) -> None:
    with pytest.raises(ValueError, match=r"order|odds"):
        Spoken(np.array(starts), np.array(ends), np.array(topic))
