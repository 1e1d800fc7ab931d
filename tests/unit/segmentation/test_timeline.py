"""What always holds of a timeline, and how its document looks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from actors.segmentation.timeline import (
    AudioSegment,
    Boundary,
    Curve,
    Segment,
    Sound,
    Timeline,
    Visual,
)

SEGMENT_KEYS = {
    *("level", "index", "parent", "start_s", "end_s", "start_frame", "end_frame", "start_pts", "end_pts"),
    *("start_boundary", "label", "audio", "visual", "keyframe_s", "thumbnail"),
    *("role", "role_confidence", "title", "title_source", "keywords"),
}
MEDIA = {"frames": 100, "duration_s": 4.0, "start_s": 0.0}


def segment(level: str, index: int, parent: int | None, start: int, end: int) -> Segment:
    kind = "start" if index == 0 else "cut"
    return Segment(
        level=level,
        index=index,
        parent=parent,
        start_s=start / 25,
        end_s=end / 25,
        start_frame=start,
        end_frame=end,
        start_pts=start * 10,
        end_pts=end * 10,
        start_boundary=Boundary(kind, 1.0, 0.5, 0.0, start / 25, start / 25),
        label="speech",
        audio=Sound(1.0, 0.0, 0.0, 0.0, -23.0),
        visual=Visual(0.4, 0.1, 0.0, 0.0, ({"label": "tabby", "probability": 0.6},)),
        keyframe_s=start / 25,
        thumbnail=start,
    )


SEGMENTS = (
    segment("chapter", 0, None, 0, 100),
    segment("scene", 0, 0, 0, 60),
    segment("scene", 1, 0, 60, 100),
    segment("shot", 0, 0, 0, 30),
    segment("shot", 1, 0, 30, 60),
    segment("shot", 2, 1, 60, 100),
)


def timeline(segments: tuple[Segment, ...] = SEGMENTS) -> Timeline:
    heard = AudioSegment(0.0, 4.0, "speech", Sound(1.0, 0.0, 0.0, 0.0, -23.0))
    curve = Curve("motion", "mean change 0..255", np.arange(40, dtype=np.float32))
    return Timeline(MEDIA, {"preset": "default"}, segments, (heard,), (curve,))


def changed(position: int, **values: object) -> tuple[Segment, ...]:
    segments = list(SEGMENTS)
    segments[position] = replace(segments[position], **values)  # type: ignore[arg-type]
    return tuple(segments)


def test_the_document_has_the_contract_s_keys_and_is_json() -> None:
    document = timeline().to_document()

    again = json.loads(json.dumps(document, allow_nan=False))
    keys = {"media", "settings", "warnings", "segments", "audio_track", "transcript", "screen_text"}
    assert set(again) == keys
    assert all(set(item) == SEGMENT_KEYS for item in again["segments"])
    first = again["segments"][0]
    assert set(first["start_boundary"]) == {
        *("kind", "confidence", "visual", "audio", "from_s", "to_s", "scene_probability", "topic"),
        *("from_frame", "to_frame", "locked"),
    }
    assert set(first["audio"]) == {"speech", "singing", "music", "silence", "loudness_lufs"}
    assert set(first["visual"]) == {"brightness", "motion", "black", "static", "tags"}
    assert first["visual"]["tags"] == [{"label": "tabby", "probability": 0.6}]
    assert again["audio_track"] == [
        {"start_s": 0.0, "end_s": 4.0, "label": "speech", "audio": first["audio"]}
    ]


def test_levels_come_from_the_coarsest_to_the_finest() -> None:
    assert [s.level for s in timeline().segments] == ["chapter", "scene", "scene", "shot", "shot", "shot"]
    assert [s.start_frame for s in timeline().level("shot")] == [0, 30, 60]


def test_curves_are_kept_as_half_floats() -> None:
    document = timeline().curves_document()

    assert (document["start_s"], document["step_s"]) == (0.0, 0.1)
    (series,) = document["series"]
    assert np.array_equal(np.frombuffer(series["values"], "<f2"), np.arange(40))


@pytest.mark.parametrize(
    ("segments", "complaint"),
    [
        (changed(4, start_frame=31), "tile"),
        (changed(5, end_frame=99), "tile"),
        (changed(3, start_frame=1), "tile"),
        (changed(2, index=5), "numbered"),
        (changed(4, start_s=1.3), "when the one before"),
        (changed(4, start_boundary=Boundary("start", 1, 0, 0, 0, 0)), "start"),
        (changed(5, parent=0), "reaches out"),
        (changed(5, parent=7), "no parent"),
        (changed(3, parent=None), "no parent"),
        (changed(0, parent=0), "no parent"),
        (changed(3, level="take"), "levels"),
        (SEGMENTS[1:], "at least one"),
        ((*SEGMENTS[:3], segment("shot", 0, 0, 0, 50), segment("shot", 1, 0, 50, 100)), "scene 1 starts"),
    ],
)
def test_what_does_not_hold_is_refused(segments: tuple[Segment, ...], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        timeline(segments)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Boundary("leap", 0.5, 0, 0, 0, 0),
        lambda: Boundary("cut", 1.5, 0, 0, 0, 0),
        lambda: Boundary("cut", float("nan"), 0, 0, 0, 0),
        lambda: Boundary("dissolve", 0.5, 0, 0, 2.0, 1.0),
    ],
)
def test_impossible_boundaries_are_refused(make: Callable[[], Boundary]) -> None:
    with pytest.raises(ValueError, match=r"kind|0\.\.1|before it begins"):
        make()


def test_its_representation_is_short() -> None:
    assert repr(timeline()) == "Timeline(1 chapters, 2 scenes, 3 shots, 1 of sound, 1 curves)"
