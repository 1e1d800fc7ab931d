"""What search finds: inflections by language, phrases, exclusions, scripts without spaces, in pages."""

from __future__ import annotations

from typing import Any

import pytest

from cluster.contract.vocabulary import MOMENT_SOURCES
from cluster.errors import UsageError
from cluster.stores.page import encode_cursor
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.search.moments import Moment
from tests.support.servers.stores import create_video

SAID = [
    ("en", "We were running through the meeting's budgets, quickly."),
    ("en", "The cat sat on the mat."),
    ("en", "The mat is red, and a dog sat beside the cat."),
    ("de", "Die alten Häuser wurden neu gestrichen."),
    ("fr", "Nous avons mangé à l’École des Beaux-Arts."),
    ("ru", "Мы говорили о новых домах."),
    ("zh", "我们讨论了明年的预算。"),
    ("ja", "東京タワーを見学しました。"),
    ("th", "เราคุยเรื่องงบประมาณ"),
    ("ko", "예산을 논의했습니다"),
    ("xx", "Quux nobody knows."),
]


def index(jobs: Jobs, said: list[tuple[str, str]], source: str = "speech", **video: Any) -> str:
    """A video with these moments, one a second."""
    video_id = create_video(jobs, **video).id
    moments = [
        Moment(source, float(n), n + 1.0, text, language, n, n, ())  # type: ignore[arg-type]
        for n, (language, text) in enumerate(said)
    ]
    while jobs.search_index.update_next(lambda video: moments if video.id == video_id else []):
        pass
    return video_id


def texts(jobs: Jobs, q: str, **values: Any) -> list[str]:
    return [found.snippet.text for found in jobs.search.find(q, **values).items]


@pytest.fixture
def library(jobs: Jobs) -> Jobs:
    index(jobs, SAID)
    return jobs


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("budget", 0), ("meetings", 0), ("run", 0), ("RUNNING", 0), ("quick", 0),
        ("haus", 3), ("Häusern", 3), ("hauser", 3), ("streichen alte", 3),
        ("manger", 4), ("ecole", 4), ("ÉCOLES", 4), ("beaux-arts", 4), ("arts beaux", 4),
        ("говорить", 5), ("дома", 5),
        ("预算", 6), ("明年的预算", 6), ("论", 6),
        ("タワー", 7), ("東京", 7),
        ("งบประมาณ", 8),
        ("예산", 9),
        ("quux", 10),
    ],
)  # fmt: skip
def test_a_word_finds_its_inflections_in_the_language_of_the_moment(
    library: Jobs, q: str, expected: int
) -> None:
    assert texts(library, q)[0] == SAID[expected][1]


@pytest.mark.parametrize("q", ["算预", "京東", "เเเ", "zebra", "hausmeister"])
def test_what_is_not_said_is_not_found(library: Jobs, q: str) -> None:
    assert texts(library, q) == []


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ('"cat sat"', [1]), ('"sat on the mat"', [1]), ('"mat sat"', []),
        ("cat -dog", [1]), ("cat -dogs", [1]), ('cat -"sat beside"', [1]), ("mat -cats -quux", []),
        ('"cat sat', [1]), ("the", [1, 0, 2]),
    ],
)  # fmt: skip
def test_phrases_and_exclusions(library: Jobs, q: str, expected: list[int]) -> None:
    assert sorted(texts(library, q)) == sorted(SAID[n][1] for n in expected)


def test_all_words_come_before_some_and_nearer_words_before_distant_ones(library: Jobs) -> None:
    found = library.search.find("cat sat").items
    assert [moment.snippet.text for moment in found] == [SAID[1][1], SAID[2][1]]
    assert all(moment.score >= 0.5 for moment in found)

    found = library.search.find("dogs budget zebra ").items
    assert {moment.snippet.text for moment in found} == {SAID[0][1], SAID[2][1]}
    assert all(0 < moment.score < 0.5 for moment in found)


def test_a_rare_word_is_worth_more_than_common_ones(jobs: Jobs) -> None:
    common = [("en", f"We paint house number{n} today.") for n in range(40)]
    index(jobs, [*common, ("en", "A telescope stands here.")])
    assert texts(jobs, "who paints a telescope")[0] == "A telescope stands here."


def test_moments_with_most_words_are_found_among_very_many(jobs: Jobs) -> None:
    """Each of the words alone is in more moments than are looked at."""
    words = ("paint", "house", "garden")
    said = [("en", f"They {words[n % 3]} number{n} now.") for n in range(900)]
    index(jobs, [*said, ("en", "A painted house stands there."), *said])
    assert texts(jobs, "who paints the houses in gardens")[0] == "A painted house stands there."


def test_a_title_is_found_among_very_many_that_say_its_word(jobs: Jobs) -> None:
    index(jobs, [("en", f"They say budget and number{n}.") for n in range(1200)])
    index(jobs, [("en", "The budget")], source="title")
    assert texts(jobs, "budget", limit=1) == ["The budget"]


def test_the_word_that_is_being_typed_finds_what_begins_with_it(library: Jobs) -> None:
    assert texts(library, "runn") == [SAID[0][1]]
    assert texts(library, "meeting bud") == [SAID[0][1]]
    assert texts(library, "hauserx") == []


@pytest.mark.parametrize(
    "q",
    ["'", "a'b & | ! ( ) :* <->", "\\", '"', "cat & !", "''' cat", "%s %(a)s", "a" * 200, "☃ cat", "-- cat"],
)
def test_no_syntax_is_wrong(library: Jobs, q: str) -> None:
    if not any(letter.isalnum() for letter in q):
        with pytest.raises(UsageError, match="no word"):
            library.search.find(q)
    else:
        library.search.find(q)


@pytest.mark.parametrize("q", ["", "   ", "-cat", '-"the cat"'])
def test_a_query_needs_a_word_to_look_for(library: Jobs, q: str) -> None:
    with pytest.raises(UsageError, match="at least one word"):
        library.search.find(q)


@pytest.mark.parametrize("owned", ["anna", "o'tool \\ |"])
def test_only_moments_of_the_owner_are_found(jobs: Jobs, owned: str) -> None:
    mine = index(jobs, [("en", "My budget.")], owner=owned)
    index(jobs, [("en", "Her budget.")], owner="berta")
    index(jobs, [("en", "Nobody's budget.")])

    assert [found.video_id for found in jobs.search.find("budget", owner=owned).items] == [mine]
    assert [found.video_id for found in jobs.search.find("budget zebra", owner=owned).items] == [mine]
    assert len(texts(jobs, "budget")) == 3
    assert texts(jobs, "budget", owner="carl") == []


def test_only_moments_of_the_video_are_found(jobs: Jobs) -> None:
    one = index(jobs, [("en", "One budget.")])
    index(jobs, [("en", "Another budget.")])
    assert texts(jobs, "budget", video_id=one) == ["One budget."]
    assert texts(jobs, "budget zebra", video_id=one) == ["One budget."]


def test_only_moments_of_the_sources_are_found(jobs: Jobs) -> None:
    for source in MOMENT_SOURCES:
        index(jobs, [("en", f"A budget, {source}.")], source=source)
    for source in MOMENT_SOURCES:
        assert texts(jobs, "budget", sources=[source]) == [f"A budget, {source}."]
    found = jobs.search.find("budget").items
    assert [moment.source for moment in found[:2]] == ["title", "name"]
    assert found[-1].source == "tag"


def test_pages_neither_repeat_nor_skip(jobs: Jobs) -> None:
    both = [("en", "cat dog"), ("en", "cat and then, much later, a dog")] * 5
    index(jobs, [*both, *[("en", f"cat {n}") for n in range(7)], ("en", "dog")])
    whole = jobs.search.find("cat dog", limit=100)
    assert len(whole.items) == 18
    assert whole.next_cursor is None

    paged, cursor = [], None
    while True:
        page = jobs.search.find("cat dog", limit=4, cursor=cursor)
        paged += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert [moment.id for moment in paged] == [moment.id for moment in whole.items]
    assert [moment.score for moment in paged] == sorted((moment.score for moment in paged), reverse=True)


@pytest.mark.parametrize("cursor", ["nonsense", encode_cursor("a", 1), encode_cursor(1)])
def test_a_cursor_of_another_list_is_refused(library: Jobs, cursor: str) -> None:
    with pytest.raises(UsageError) as raised:
        library.search.find("cat", cursor=cursor)
    assert raised.value.code == "bad_cursor"


def test_an_empty_library_has_nothing(jobs: Jobs) -> None:
    assert jobs.search.find("budget").items == ()
