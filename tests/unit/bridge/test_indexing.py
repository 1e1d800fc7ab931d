"""The updates of the search index by a bridge, with stores that the test hands in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from actors.bridge import indexing
from actors.bridge.indexing import Indexing
from cluster.errors import UnavailableError


class Index:
    """A queue of videos; `read` is called for each, as by the real one."""

    def __init__(self, *videos: Any) -> None:
        self.videos = list(videos)
        self.moments: list[Any] = []
        self.renewed = 0
        self.away = False

    def renew_outdated(self) -> None:
        if self.away:
            raise UnavailableError("away")
        self.renewed += 1

    def update_next(self, read: Any) -> bool:
        if not self.videos:
            return False
        self.moments.append(read(self.videos[0]))
        self.videos.pop(0)
        return True


def video(**values: Any) -> Any:
    row = {"id": "v", "timeline_id": None, "filename": "a.mp4", "settings": {}, "tracks_key": "k"}
    return SimpleNamespace(**(row | values))


def indexing_over(index: Index, job: Any = None, results: Any = None) -> Indexing:
    jobs: Any = SimpleNamespace(search_index=index, transcripts=SimpleNamespace(shown=lambda _: job))
    return Indexing(jobs, results)


def test_a_round_empties_the_queue_and_looks_for_an_older_version_once() -> None:
    index = Index(video(), video())
    indexed = indexing_over(index)
    assert indexed.update() is False
    assert indexed.update() is False
    assert (len(index.moments), index.renewed) == (2, 1)


def test_a_version_that_could_not_be_compared_is_compared_later() -> None:
    index = Index()
    index.away = True
    indexed = indexing_over(index)
    with pytest.raises(UnavailableError):
        indexed.update()
    index.away = False
    indexed.update()
    assert index.renewed == 1


def test_a_long_queue_is_left_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(0, 1000, 2))
    monkeypatch.setattr(indexing, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))
    index = Index(*(video() for _ in range(5)))
    assert indexing_over(index).update() is True
    assert len(index.videos) == 3, "the first ends at the limit, the second after it"


@pytest.mark.parametrize("stored", [{"tracks_hash": "t", "model": "m", "reader": "r"}, {}])
def test_words_count_when_they_are_recognised(stored: dict[str, Any]) -> None:
    sentence = {"start_s": 0.0, "end_s": 1.0, "text": "Hello.", "language": "en", "words": []}
    shown = {"start_s": 0.0, "end_s": 1.0, "text": "Title"}

    def words_at(_key: str, reference: dict[str, Any]) -> dict[str, Any]:
        assert reference == stored
        said = {"language": "en", "sentences": [sentence]} if reference else None
        return {"transcript": said, "screen_text": [shown] if reference else None}

    results = SimpleNamespace(words_at=words_at, all_segments=lambda _: [])
    index = Index(video(timeline_id="v:1:1"))
    job = SimpleNamespace(model="m", reader="r", reference=lambda _settings, _model, _reader: stored)
    indexing_over(index, job, results).update()
    words = ["speech", "screen"] if stored else []
    assert [moment.source for moment in index.moments[0]] == ["name", *words]


def test_an_unknown_timeline_is_no_fault_of_a_new_video() -> None:
    index = Index(video())
    indexing_over(index).update()  # there is no MongoDB: nothing is read for it
    assert [moment.text for moment in index.moments[0]] == ["a"]
