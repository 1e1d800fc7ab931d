"""The moments of a video from what the stores keep of it."""

from __future__ import annotations

from typing import Any

import pytest

from cluster.stores.postgres.search.moments import Moment, moments_of
from tests.support.api.running import segment

TAGS = [{"label": "sports car", "probability": 0.6}, {"label": "beach wagon", "probability": 0.2}]


def shot(index: int, parent: int, tags: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    row = segment("shot", index, index * 2.0, index * 2.0 + 2, parent=parent)
    return row | {"visual": {**row["visual"], "tags": tags or []}}


SEGMENTS = [
    *(shot(n, n // 5) for n in range(10)),
    segment("scene", 0, 0.0, 10.0),
    segment("scene", 1, 10.0, 20.0),
    segment("chapter", 0, 0.0, 20.0),
]


def word(start_s: float, text: str) -> dict[str, Any]:
    return {"start_s": start_s, "end_s": start_s + 0.3, "text": text, "probability": 0.9}


def sentence(start_s: float, text: str, language: str = "en") -> dict[str, Any]:
    words = [word(start_s + n * 0.5, one) for n, one in enumerate(text.split())]
    end_s = start_s + len(words) * 0.5
    return {
        "start_s": start_s, "end_s": end_s, "text": text, "language": language, "speaker": None,
        "words": words,
    }  # fmt: skip


def transcript(*sentences: dict[str, Any]) -> dict[str, Any]:
    return {"language": "en", "model": "m", "sentences": list(sentences)}


def by(source: str, moments: list[Moment]) -> list[Moment]:
    return [moment for moment in moments if moment.source == source]


def test_a_video_without_a_result_has_its_name() -> None:
    (name,) = moments_of([], None, (), "Budget 2024.mp4")
    assert (name.source, name.text, name.scene, name.keyframe) == ("name", "Budget 2024", None, None)
    assert (name.start_s, name.end_s) == (0.0, 0.0)


def test_a_name_belongs_to_the_first_scene_and_lasts_as_long_as_the_video() -> None:
    (name,) = by("name", moments_of(SEGMENTS, None, (), ".mp4"))
    assert (name.text, name.scene, name.start_s, name.end_s) == (".mp4", 0, 0.0, 20.0)


def test_each_sentence_is_a_moment_with_the_times_of_its_words() -> None:
    spoken = transcript(sentence(1.0, "We meet here."), sentence(12.0, "Wir gehen.", "de"))
    first, second = by("speech", moments_of(SEGMENTS, spoken, (), "a.mp4"))

    assert (first.text, first.start_s, first.end_s, first.language) == ("We meet here.", 1.0, 2.5, "en")
    assert first.word_starts_ms == (0, 500, 1000)
    assert (first.scene, second.scene, second.language) == (0, 1, "de")
    assert second.keyframe == SEGMENTS[6]["thumbnail"], "of the shot in which it is said"


@pytest.mark.parametrize(
    "words",
    [[], [word(1.0, "We")], [word(1.0, "We"), word(0.4, "meet"), word(1.2, "here.")]],
    ids=["none", "too few", "not in order"],
)
def test_times_of_words_that_do_not_fit_are_left_out(words: list[dict[str, Any]]) -> None:
    spoken = transcript(sentence(1.0, "We meet here.") | {"words": words})
    (moment,) = by("speech", moments_of(SEGMENTS, spoken, (), "a.mp4"))
    assert moment.word_starts_ms == ()


def test_what_is_said_outside_of_the_part_that_was_segmented_has_no_scene() -> None:
    (moment,) = by("speech", moments_of(SEGMENTS, transcript(sentence(30.0, "Late.")), (), "a.mp4"))
    assert (moment.scene, moment.keyframe) == (None, None)


def test_the_end_of_the_video_belongs_to_its_last_scene() -> None:
    (moment,) = by("speech", moments_of(SEGMENTS, transcript(sentence(20.0, "End.")), (), "a.mp4"))
    assert moment.scene == 1


def test_titles_of_scenes_and_chapters_come_once_with_their_keywords() -> None:
    titled = [
        *SEGMENTS[:10],
        segment("scene", 0, 0.0, 10.0, title="The budget", keywords=["tax", "income"]),
        segment("scene", 1, 10.0, 20.0, title=None, keywords=["roads"]),
        segment("chapter", 0, 0.0, 20.0, title="The budget", keywords=["tax", "income"]),
        segment("chapter", 1, 10.0, 20.0, title="Plans", keywords=[]),
    ]
    found = by("title", moments_of(titled, None, (), "a.mp4"))
    assert [(moment.text, moment.start_s, moment.end_s, moment.scene) for moment in found] == [
        ("The budget · tax, income", 0.0, 10.0, 0),
        ("roads", 10.0, 20.0, 1),
        ("Plans", 10.0, 20.0, 1),
    ]


def test_text_on_the_screen_has_its_own_times() -> None:
    shown = [
        {"start_s": 11.0, "end_s": 13.5, "text": "Exit\n only", "probability": 0.9, "box": [], "kind": "sign"}
    ]
    (moment,) = by("screen", moments_of(SEGMENTS, None, shown, "a.mp4"))
    assert (moment.text, moment.start_s, moment.end_s, moment.scene) == ("Exit only", 11.0, 13.5, 1)


def test_a_tag_is_one_moment_a_scene_with_the_likeliest_image() -> None:
    likelier = [TAGS[0] | {"probability": 0.9}]
    segments = [
        shot(0, 0), shot(1, 0, TAGS), shot(2, 0), shot(3, 0, likelier), shot(4, 0), shot(5, 1, TAGS[:1]),
        *SEGMENTS[10:],
    ]  # fmt: skip
    found = by("tag", moments_of(segments, None, (), "a.mp4"))
    assert [(moment.text, moment.start_s, moment.end_s, moment.scene) for moment in found] == [
        ("sports car", 2.0, 8.0, 0), ("beach wagon", 2.0, 4.0, 0), ("sports car", 10.0, 12.0, 1),
    ]  # fmt: skip
    assert found[0].keyframe == segments[3]["thumbnail"]
    assert found[0].language == "en"


def test_a_file_with_sound_only_has_neither_tags_nor_images() -> None:
    scene = segment("scene", 0, 0.0, 10.0, visual=None, thumbnail=None)
    moments = moments_of([scene], transcript(sentence(1.0, "Hello.")), (), "a.mp3")
    assert [(moment.source, moment.scene, moment.keyframe) for moment in moments] == [
        ("name", 0, None), ("speech", 0, None),
    ]  # fmt: skip


def test_nothing_that_postgresql_cannot_hold_is_kept() -> None:
    (moment,) = by("speech", moments_of([], transcript(sentence(0.0, "a\x00b")), (), "a.mp4"))
    assert moment.text == "a b"
    long = by("title", moments_of([segment("scene", 0, 0, 1, title="x " * 5000)], None, (), "a.mp4"))
    assert len(long[0].text) == 2000
