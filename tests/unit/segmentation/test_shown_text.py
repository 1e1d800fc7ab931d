"""Text on screen from file to document, with the real networks: a short film, odd files, the command."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from actors.segmentation import (
    Cancelled,
    ChunkTracks,
    Models,
    Timeline,
    analyse_chunk,
    build_plan,
    segment_file,
)
from actors.segmentation.planning.plan import BLOCK_FRAMES, ChunkSpec
from actors.segmentation.screen.joining import joined
from actors.segmentation.screen.loading import TextReadersLoading
from actors.segmentation.screen.pictures import Pictures, find_pictures
from actors.segmentation.screen.reading import read_pictures
from tests.support.lettering import Lettering, Rgb, lettered, plain, scenery, view
from tests.support.media import Picture, Sound, cut_off, make_media

SIZE = (480, 270)
FPS = 20
SCENE = scenery(3, 1000, 360)
TITLE = [Lettering("The Old Bridge", height=0.12), Lettering("a film by Helen Marsh", y=0.65, height=0.06)]
NAME = [
    Lettering("Maria Lindgren", 0.06, 0.8, 0.07, anchor="lm", edge=(0, 0, 0)),
    Lettering("Harbour master", 0.06, 0.9, 0.055, anchor="lm", edge=(0, 0, 0)),
]
SLIDE = [
    Lettering("Budget for the year", 0.07, 0.14, 0.11, 1, (30, 30, 40), "lm"),
    *(
        Lettering(text, 0.09, 0.35 + 0.15 * row, 0.07, 1, (30, 30, 40), "lm")
        for row, text in enumerate(("Schools: 42 %", "Roads and bridges: 18 %", "Reserve: 7 %"))
    ),
]
SHOTS = (4 * FPS, 3 * FPS, 4 * FPS, 5 * FPS)
"""A title card, footage, footage with a name, and a slide."""


def drawn(shot: int, frame: int, size: tuple[int, int]) -> Rgb:
    if shot == 0:
        return lettered(plain(size, (10, 15, 40)), TITLE)
    if shot == 3:
        return lettered(plain(size, (245, 245, 245)), SLIDE)
    scene = view(SCENE, size, frame / sum(SHOTS))
    return lettered(scene, NAME) if shot == 2 else scene


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = Picture(SHOTS, SIZE, Fraction(FPS), picture=drawn, number=False, gop=30)
    return make_media(tmp_path_factory.mktemp("film") / "film.mp4", spec)


@pytest.fixture(scope="module")
def readers() -> TextReadersLoading:
    return TextReadersLoading()


@pytest.fixture(scope="module")
def timeline(film: Path, models: Models, readers: TextReadersLoading) -> Timeline:
    return segment_file(film, {"words": "screen"}, models=models, text_readers=readers)


def test_what_is_shown_is_read_with_its_times_and_kinds(timeline: Timeline) -> None:
    text = timeline.screen_text
    assert text is not None

    kinds = {line.text.replace(" ", ""): line.kind for line in text.lines}
    assert kinds == {
        **{line.text.replace(" ", ""): "title_card" for line in TITLE},
        **{line.text.replace(" ", ""): "lower_third" for line in NAME},
        **{line.text.replace(" ", ""): "slide" for line in SLIDE},
        "Budgetfortheyear": "heading",
    }
    near_s = {"title_card": 0.1, "lower_third": 1.0, "heading": 0.1, "slide": 0.1}
    shown_s = {"title_card": (0, 4), "lower_third": (7, 11), "heading": (11, 16), "slide": (11, 16)}
    for line in text.lines:
        assert (line.start_s, line.end_s) == pytest.approx(shown_s[line.kind], abs=near_s[line.kind])
    assert text.model == "pp-ocrv6-small"


def test_boxes_are_where_the_text_stands(timeline: Timeline) -> None:
    assert timeline.screen_text is not None
    boxes = {line.text: line.box for line in timeline.screen_text.lines}

    left, top, width, height = boxes["The Old Bridge"]
    assert (left + width / 2, top + height / 2) == pytest.approx((0.5, 0.5), abs=0.02)
    assert boxes["Maria Lindgren"][0] == pytest.approx(0.06, abs=0.02)


def test_chunks_and_groups_leave_no_trace(
    film: Path, timeline: Timeline, models: Models, readers: TextReadersLoading
) -> None:
    whole = build_plan(film)
    plan = replace(whole, chunks=(ChunkSpec(0, 0, BLOCK_FRAMES), ChunkSpec(1, BLOCK_FRAMES, whole.frames)))
    parts = [ChunkTracks.from_bytes(analyse_chunk(film, plan, at, models).to_bytes()) for at in (1, 0)]
    found = find_pictures(plan, ChunkTracks.join(parts[::-1]).frames)
    pictures = Pictures.from_bytes(found.to_bytes())

    (reader,) = readers(1)
    rows = []
    for group in reversed(range(pictures.group_count)):
        rows += json.loads(
            json.dumps(read_pictures(film, plan, pictures, reader, groups=range(group, group + 1)))
        )

    assert joined(rows, pictures, plan.index.clock, reader.name) == timeline.screen_text


@pytest.mark.parametrize("words", ["off", "speech"])
def test_nothing_is_read_where_the_settings_say_so(film: Path, models: Models, words: str) -> None:
    def asked(count: int) -> list[object]:
        raise AssertionError(f"{count} readers are loaded in vain")

    timeline = segment_file(film, {"words": words}, models=models, text_readers=asked)  # type: ignore[arg-type]

    assert timeline.screen_text is None
    assert timeline.to_document()["screen_text"] is None


def test_sound_alone_shows_nothing(tmp_path: Path, models: Models, readers: TextReadersLoading) -> None:
    sound = make_media(tmp_path / "sound.m4a", Sound(parts=((440.0, 3.0),)))

    assert segment_file(sound, models=models, text_readers=readers).to_document()["screen_text"] is None


def test_a_film_without_text_has_an_empty_list(
    tmp_path: Path, models: Models, readers: TextReadersLoading
) -> None:
    film = make_media(tmp_path / "film.mp4", Picture((30,), (320, 192), number=False))

    assert segment_file(film, models=models, text_readers=readers).to_document()["screen_text"] == []


def test_a_video_that_is_one_slide(tmp_path: Path, models: Models, readers: TextReadersLoading) -> None:
    picture = lettered(plain(SIZE, (245, 245, 245)), SLIDE)
    spec = Picture((10 * FPS,), SIZE, Fraction(FPS), picture=lambda *_: picture, number=False)
    seen: list[tuple[int, int]] = []

    text = segment_file(
        make_media(tmp_path / "slide.mp4", spec),
        models=models,
        text_readers=readers,
        on_pictures=lambda *pair: seen.append(pair),
    ).screen_text

    assert text is not None
    assert seen == [(1, 1)], "it is looked at once"
    assert [line.text for line in text.lines] == [line.text for line in SLIDE]
    assert {(line.start_s, line.end_s) for line in text.lines} == {(0.0, 10.0)}


def test_of_a_file_that_is_cut_off_the_rest_is_read(
    film: Path, tmp_path: Path, models: Models, readers: TextReadersLoading
) -> None:
    stream = make_media(
        tmp_path / "film.ts", Picture(SHOTS, SIZE, Fraction(FPS), picture=drawn, number=False, gop=30)
    )
    short = cut_off(stream, tmp_path / "short.ts", 0.5)

    text = segment_file(short, models=models, text_readers=readers).screen_text

    assert text is not None
    assert text.lines[0].text == "The Old Bridge"
    assert all("Budget" not in line.text for line in text.lines)


def test_reading_is_cancelled(film: Path, models: Models, readers: TextReadersLoading) -> None:
    reading: list[int] = []

    with pytest.raises(Cancelled):
        segment_file(
            film,
            models=models,
            text_readers=readers,
            on_pictures=lambda done, _: reading.append(done),
            should_stop=lambda: bool(reading),
        )
