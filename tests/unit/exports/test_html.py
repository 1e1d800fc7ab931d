"""The page: well-formed, escaped, self-contained, and bounded."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from cluster.contract.results import Segment
from serve_app.exports.blocks import BLOCK_BYTES, in_blocks
from serve_app.exports.material import Export
from serve_app.exports.page.document import style, write_html
from serve_app.exports.page.images import EmbeddedImages
from serve_app.exports.page.spoken import length, share
from tests.support.exports import film

VOID = {"meta", "link", "img", "br"}
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e&amp;'


class Page(HTMLParser):
    """Elements, their attributes, and text, as a browser sees them; each element must be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_of_sound_alone_it_has_scenes_and_no_place_for_pictures() -> None:
    media = {
        "duration_s": 4.0,
        "width": 0,
        "height": 0,
        "fps": 10.0,
        "video_codec": None,
        "audio_codec": "mp3",
    }
    made = film([0, 100], scenes=[40], **media)
    alone = replace(made, segments=[one for one in made.segments if one.level != "shot"])

    text, page = page_of(alone)

    assert {found["id"] for found in page.all("article")} == {"scene-0", "scene-1"}
    assert "mp3, no picture" in text
    assert "fps" not in text
    assert "keyframe" not in text
    assert "frames 0" not in text


def page_of(made: Export) -> tuple[str, Page]:
    text = "".join(write_html(made))
    return text, Page(text)


def test_a_card_for_each_shot_within_scenes_and_chapters() -> None:
    text, page = page_of(film([0, 50, 100, 150], scenes=[100], start_s=0.54))

    ids = [element["id"] for element in page.all("section") + page.all("article")]
    assert ids == ["chapter-0", "scene-0", "scene-1", "shot-0", "shot-1", "shot-2"]
    targets = [link["href"] for link in page.all("a")]
    assert targets == [f"#{name}" for name in ids]
    assert "0:00:02.540" in page.texts
    assert text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(("level", "cards"), [("shot", 3), ("scene", 2), ("chapter", 1)])
def test_the_level_asked_for_makes_the_cards(level: str, cards: int) -> None:
    _, page = page_of(replace(film([0, 50, 100, 150], scenes=[100]), level=level))  # type: ignore[arg-type]

    articles = page.all("article")
    assert len(articles) == cards
    assert all(str(article["id"]).startswith(level) for article in articles)


def test_names_and_labels_are_text() -> None:
    _, page = page_of(film([0, 50, 100], label=HOSTILE, filename=f"{HOSTILE}.mp4"))

    assert not page.all("script")
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert any('"><script>alert(1)</script>' in text for text in page.texts)
    assert not any("\u202e" in text for text in page.texts)


def test_the_page_needs_nothing_else_and_allows_nothing_else() -> None:
    made = replace(film([0, 50, 100]), image=lambda _: b"RIFF")
    text, page = page_of(made)

    assert not re.search(r"https?:|//|@import|url\(", text)
    sources = [a[name] for _, a in page.elements for name in ("src", "href", "srcset") if a.get(name)]
    assert all(str(source).startswith(("data:", "#")) for source in sources)
    (policy,) = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv")]
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    assert f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'" in str(policy)
    assert text.count("<style>") == 1
    assert f"<style>{style()}</style>" in text
    assert not [attributes for _, attributes in page.elements if "style" in attributes]


def test_keyframes_are_embedded() -> None:
    made = replace(
        film([0, 50, 100]), image=lambda segment: bytes([segment.index]) if segment.index else None
    )

    _, page = page_of(made)

    assert [image["src"] for image in page.all("img")] == ["data:image/webp;base64,AQ=="]


def test_a_long_film_has_keyframes_from_all_of_it_and_no_more_than_fit() -> None:
    shots = film(list(range(0, 5001, 5)))
    read: list[int] = []

    def image(segment: Segment) -> bytes:
        read.append(segment.index)
        return bytes(100)

    images = EmbeddedImages(shots.of("shot"), image, count=300)
    embedded = [shot.index for shot in shots.of("shot") if images.url_of(shot)]

    assert embedded == read
    assert len(read) == 300
    assert {after - before for before, after in pairwise([*read, 1000])} == {3, 4}
    assert images.left_out


def test_large_keyframes_stay_within_the_bytes() -> None:
    shots = film(list(range(0, 1001, 5))).of("shot")

    images = EmbeddedImages(shots, lambda _: bytes(1000), total_bytes=50_000)
    embedded = [url for shot in shots if (url := images.url_of(shot))]

    assert 0 < len(embedded) <= 50


def test_a_page_is_made_while_it_is_sent() -> None:
    asked: list[int] = []

    def image(segment: Segment) -> bytes:
        asked.append(segment.index)
        return bytes(30_000)

    blocks = in_blocks(_pieces(replace(film(list(range(0, 401, 5))), image=image)))
    first = next(blocks)

    assert len(first) < 3 * BLOCK_BYTES
    assert len(asked) < 10
    assert Page((first + b"".join(blocks)).decode()).all("article")


def _pieces(made: Export) -> Iterator[str]:
    return write_html(made)


def test_a_page_of_nothing() -> None:
    _, page = page_of(Export("a.mp4", media={}, settings={}, audio_track=[], segments=[]))

    assert "a.mp4" in page.texts
    assert not page.all("svg")


@pytest.mark.parametrize(
    ("time_s", "said"), [(2.44, "2.4 s"), (59.97, "1 min 0 s"), (200, "3 min 20 s"), (3900, "1 h 5 min")]
)
def test_lengths_are_said_shortly(time_s: float, said: str) -> None:
    assert length(time_s) == said
    assert share(0.934) == "93 %"


@pytest.mark.parametrize(("shots", "largest"), [(2, 500), (100, 125)])
def test_one_image_leaves_room_for_the_others(shots: int, largest: int) -> None:
    """It has its even share of the bytes, or an eighth of those that are left where that is more."""
    segments = film(range(shots + 1)).of("shot")

    def takes(size_bytes: int) -> bool:
        images = EmbeddedImages(segments, lambda _: bytes(size_bytes), total_bytes=1000)
        return images.url_of(segments[0]) is not None

    assert (takes(largest), takes(largest + 1)) == (True, False)


def test_each_segment_is_put_into_its_parent_once() -> None:
    """A film of 10,000 shots in 5,000 scenes took a quarter of a minute when each scene asked every shot."""
    asked = 0

    class Counting(Segment):
        def __getattribute__(self, name: str) -> object:
            nonlocal asked
            asked += name == "parent"
            return super().__getattribute__(name)

    made = film(range(0, 1010, 10), scenes=range(20, 980, 20))
    counted = [Counting.model_construct(**dict(segment)) for segment in made.segments]

    page = "".join(write_html(replace(made, segments=counted)))

    assert page == "".join(write_html(made))
    assert asked <= len(counted)
