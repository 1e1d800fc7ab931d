"""Classes of sound and their changes on tracks with known truth."""

from __future__ import annotations

import numpy as np
import pytest

from actors.segmentation.sound.changes import SoundChanges, find_changes
from actors.segmentation.sound.classes import LABELS, classify, step_range
from actors.segmentation.tracks import AudioTrack
from tests.support.tracks import SOUNDS, audio_track

Part = tuple[str, float] | tuple[str, float, int]


def labels(*parts: Part) -> list[tuple[float, float, str]]:
    classes = classify(audio_track(parts))
    return [(a / 10, b / 10, LABELS[kind]) for a, b, kind in classes.runs()]


@pytest.mark.parametrize("kind", sorted(SOUNDS))
def test_each_class_is_named(kind: str) -> None:
    assert labels((kind, 5.0)) == [(0.0, 5.0, kind)]


def test_changes_lie_where_the_sound_changes() -> None:
    parts = [("speech", 6.0), ("speech+music", 5.0), ("music", 4.0), ("silence", 2.0), ("noise", 6.0)]

    found = labels(*parts)

    assert [label for _, _, label in found] == [kind for kind, _ in parts]
    for (start, _, _), truth in zip(found, np.cumsum([0.0, 6.0, 5.0, 4.0, 2.0]), strict=True):
        assert abs(start - truth) <= 0.2


def test_a_breath_between_phrases_stays_speech() -> None:
    assert labels(("speech", 4.0), ("silence", 0.3), ("speech", 4.0)) == [(0.0, 8.3, "speech")]


def test_a_pause_of_a_second_is_heard() -> None:
    found = labels(("music", 4.0), ("silence", 1.0), ("music", 4.0))

    assert [label for _, _, label in found] == ["music", "silence", "music"]


def test_a_quiet_film_is_not_silent_but_its_pauses_are() -> None:
    track = audio_track([("music", 6.0), ("silence", 2.0), ("speech", 6.0)])
    track.rms_db[:] = np.where(track.rms_db > -90, track.rms_db - 45, -100)

    assert [LABELS[kind] for _, _, kind in classify(track).runs()] == ["music", "silence", "speech"]


def test_hiss_of_an_open_microphone_is_silence() -> None:
    track = audio_track([("noise", 8.0)])
    track.rms_db[:] = -72

    assert [LABELS[kind] for _, _, kind in classify(track).runs()] == ["silence"]


def test_one_doubtful_step_makes_no_segment() -> None:
    track = audio_track([("speech", 8.0)])
    track.speech[40] = track.vad[40] = 0.1

    assert len(classify(track).runs()) == 1


def test_where_there_is_no_sound_there_is_silence() -> None:
    track = audio_track([("music", 6.0)])
    track.present[30:] = False

    classes = classify(track)

    assert classes.silence[30:].all()
    assert not classes.silence[:30].any()


def test_time_starts_where_the_track_starts() -> None:
    assert classify(audio_track([("speech", 2.0)], first_step=-30)).start_s == pytest.approx(-3.0)


def test_an_empty_track_has_no_runs() -> None:
    assert classify(AudioTrack.empty()).runs() == []


def test_steps_of_a_range_are_those_whose_middle_lies_in_it() -> None:
    assert step_range(0.0, 0.10, 0.30, 100) == slice(1, 3)
    assert step_range(0.0, 0.16, 0.24, 100) == slice(2, 2)
    assert step_range(0.0, -5.0, 50.0, 100) == slice(0, 100)


def changes(*parts: Part) -> SoundChanges:
    track = audio_track(parts)
    return find_changes(track, classify(track))


def test_another_class_is_a_full_change() -> None:
    found = changes(("speech", 8.0), ("music", 8.0))

    assert found.classes[80] > 0.95
    assert found.classes[20] < 0.05


def test_another_voice_is_a_change_of_timbre_only() -> None:
    found = changes(("speech", 8.0, 1), ("speech", 8.0, 2))

    assert found.classes[80] < 0.05
    assert found.timbre[80] > 3 * found.timbre[20]


def test_a_pause_inside_one_bed_changes_nothing_but_is_measured() -> None:
    found = changes(("speech", 8.0), ("silence", 1.2), ("speech", 8.0))

    assert found.change[86] < 0.1
    assert found.pause[86] > 0.9
    assert found.pauses == ((80, 92),)


def test_a_long_silence_begins_and_ends() -> None:
    found = changes(("speech", 8.0), ("silence", 8.0), ("speech", 8.0))

    assert found.classes[80] > 0.9
    assert found.classes[160] > 0.9


def test_nobody_speaks_at_the_edge_of_a_phrase() -> None:
    found = changes(("speech", 5.0), ("silence", 1.0), ("speech", 5.0))

    assert found.speaking[30]
    assert not found.speaking[48:62].any()


def test_a_track_too_short_to_compare_does_not_change() -> None:
    found = changes(("speech", 0.3))

    assert not found.change.any()
