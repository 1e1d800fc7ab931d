"""Search by meaning on a PostgreSQL with pgvector: vectors beside moments, found, and fused with words."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from cluster.commands.doctor import contents
from cluster.commands.doctor.contents import check_database
from cluster.contract.vocabulary import MOMENT_SOURCES
from cluster.errors import UnavailableError
from cluster.settings import Settings
from cluster.stores.postgres.bounded import BoundedConnection
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.search import find
from cluster.stores.postgres.search import meanings as module
from cluster.stores.postgres.search.meanings import Vectors
from cluster.stores.postgres.search.moments import Moment
from tests.support.servers.private import SessionServers, fresh_postgres_database
from tests.support.servers.stores import create_video, execute, migrated_jobs

SPACE, WIDTH = "toy 1", 4
TOPICS = ("money", "animal", "weather", "work")
MEANS = {
    "budget": "money", "cash": "money", "dollars": "money", "cat": "animal", "pet": "animal",
    "dog": "animal", "storm": "weather", "rain": "weather", "hired": "work", "staff": "work",
}  # fmt: skip


def vector(text: str) -> list[float]:
    """Of length 1: what the words are about; what has no such word means nothing that is asked for."""
    found = [0.0] * WIDTH
    for word in text.lower().replace(".", "").split():
        if word in MEANS:
            found[TOPICS.index(MEANS[word])] += 1.0
    length = sum(x * x for x in found) ** 0.5
    return [x / length if length else 0.0 for x in found]


def embed(texts: Sequence[str]) -> Vectors:
    numbers = [x for text in texts for x in vector(text)]
    return Vectors(SPACE, WIDTH, struct.pack(f"<{len(numbers)}e", *numbers))


def index(jobs: Jobs, said: Sequence[str], **video: Any) -> str:
    """A video with these sentences, one a second, and their vectors if a table is there."""
    video_id = create_video(jobs, **video).id
    reindex(jobs, video_id, said)
    return video_id


def reindex(jobs: Jobs, video_id: str, said: Sequence[str]) -> None:
    execute(jobs, "INSERT INTO search_queue (video_id) VALUES (%(id)s)", id=video_id)
    moments = [Moment("speech", float(n), n + 1.0, text, "en", n, n) for n, text in enumerate(said)]
    while jobs.search_index.update_next(lambda video: moments if video.id == video_id else []):
        pass


def learn(jobs: Jobs, space: str = SPACE) -> list[str]:
    """As a bridge does; the texts that were asked for."""
    asked: list[str] = []

    def remembering(texts: Sequence[str]) -> Vectors:
        asked.extend(texts)
        made = embed(texts)
        return Vectors(space, made.width, made.packed)

    while jobs.meanings.update_next(space, remembering):
        pass
    return asked


def texts(jobs: Jobs, q: str, **values: Any) -> list[str]:
    return [found.snippet.text for found in jobs.search.find(q, question=embed([q]), **values).items]


@pytest.fixture
def library(jobs: Jobs) -> Jobs:
    if not jobs.meanings.can_be_kept():
        pytest.skip("this PostgreSQL has no pgvector")
    assert jobs.meanings.prepare(SPACE, WIDTH)
    return jobs


def test_a_question_in_other_words_is_found(library: Jobs) -> None:
    index(library, ["The remaining budget is two.", "A cat sat here.", "The storm came early."])
    learn(library)
    (found,) = library.search.find("how much cash", question=embed(["how much cash"])).items
    assert found.snippet.text == "The remaining budget is two."
    assert (found.ways, found.snippet.matches, found.start_s) == (("meaning",), (), 0.0)
    assert library.search.find("how much cash").items == ()


def test_what_is_found_in_both_ways_comes_first(library: Jobs) -> None:
    index(library, ["That pet is here.", "A dog barks outside.", "The storm came early.", "A cat and a dog."])
    learn(library)
    found = library.search.find("dog", question=embed(["dog"])).items
    assert {one.snippet.text for one in found[:2]} == {"A dog barks outside.", "A cat and a dog."}
    assert [one.ways for one in found] == [("words", "meaning"), ("words", "meaning"), ("meaning",)]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert found[0].score <= 1.0


def test_pages_go_on_where_the_last_one_ended_and_repeat_nothing(
    library: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "MOST_FUSED", 6)
    monkeypatch.setattr(module, "MOST_NEAREST", 8)
    said = [f"A dog barks number{n}." for n in range(15)] + [f"My pet sleeps number{n}." for n in range(3)]
    index(library, said)
    learn(library)
    whole = [one.id for one in library.search.find("dog", question=embed(["dog"]), limit=100).items]
    assert len(whole) == len(set(whole)) >= 15
    seen: list[int] = []
    scores: list[float] = []
    cursor = None
    while True:
        page = library.search.find("dog", question=embed(["dog"]), limit=4, cursor=cursor)
        seen += [one.id for one in page.items]
        scores += [one.score for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == whole
    assert scores == sorted(scores, reverse=True)


def test_a_search_goes_on_as_it_began(library: Jobs) -> None:
    index(library, [f"A dog barks number{n}." for n in range(6)])
    learn(library)
    both = library.search.find("dog", question=embed(["dog"]), limit=2).next_cursor
    words = library.search.find("dog", limit=2).next_cursor
    with pytest.raises(UnavailableError, match="start again"):
        library.search.find("dog", limit=2, cursor=both)
    page = library.search.find("dog", question=embed(["dog"]), limit=2, cursor=words)
    assert [one.ways for one in page.items] == [("words",)] * 2


@pytest.mark.parametrize("few", [0, 5_000])
def test_nobody_finds_another_owners_and_these_do_not_empty_the_list(
    library: Jobs, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """By either statement: that for few rows of an owner, and by the index."""
    monkeypatch.setattr(module, "_FEW", few)
    index(library, [f"Much cash number{n}." for n in range(120)], owner="anna")
    index(library, ["The budget is cash.", "A cat sat here."], owner="bert")
    learn(library)
    execute(library, "ANALYZE moment_meanings")
    assert texts(library, "dollars", owner="bert") == ["The budget is cash."]
    assert all("number" in text for text in texts(library, "dollars", owner="anna"))
    assert texts(library, "dollars", owner="nobody") == []


def test_one_video_and_its_sources_alone(library: Jobs) -> None:
    first = index(library, ["The budget is big."], owner="anna")
    index(library, ["More cash for all."], owner="anna")
    learn(library)
    assert texts(library, "dollars", video_id=first) == ["The budget is big."]
    assert texts(library, "dollars", video_id=first, owner="bert") == []
    assert texts(library, "dollars", sources=["title"]) == []
    assert len(texts(library, "dollars", sources=list(MOMENT_SOURCES))) == 2


def test_moments_that_are_made_anew_keep_their_vectors(library: Jobs) -> None:
    video = index(library, ["The budget is big.", "A cat sat here."])
    assert learn(library) == ["The budget is big.", "A cat sat here."]
    reindex(library, video, ["A storm came up.", "The budget is big.", "The budget is big."])
    assert texts(library, "dollars") == ["The budget is big."] * 2
    assert learn(library) == ["A storm came up."]
    assert texts(library, "rain") == ["A storm came up."]


def test_a_long_video_keeps_its_vectors_in_parts_and_each_line_is_looked_up_once(
    library: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_PER_STATEMENT", 4)
    statement = module._SQL["keep_meanings"]
    counting = statement + b" RETURNING (SELECT count(*) FROM known) AS known, moment_id"
    told: list[dict[str, Any]] = []
    execute_now = BoundedConnection.execute

    def execute_counted(self: BoundedConnection, query: Any, *values: Any, **more: Any) -> Any:
        cursor = execute_now(self, counting if query is statement else query, *values, **more)
        if query is statement:
            told.append({"rows": cursor.rowcount, "known": cursor.fetchone()["known"]})  # type: ignore[index]
        return cursor

    said = ["The budget is big."] * 8 + ["A cat sat here.", "A storm came up."]
    video = index(library, said)
    learn(library)
    monkeypatch.setattr(BoundedConnection, "execute", execute_counted)
    reindex(library, video, said)
    assert told == [{"rows": rows, "known": 3} for rows in (4, 4, 2)]
    assert learn(library) == []


@pytest.mark.parametrize("code", ["42501", "0A000", "58P01"])
def test_a_server_that_does_not_give_the_extension_is_left_in_peace(
    without_extension: Jobs, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """Not superuser; not allowed by who hosts the server; library missing."""
    refusing = f"""CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'not here' USING ERRCODE = '{code}'; END $$"""
    execute(without_extension, refusing)
    execute(
        without_extension,
        "CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION') "
        "EXECUTE FUNCTION refuse()",
    )
    row = "SELECT '0.8.0' AS version, false AS installed"
    monkeypatch.setattr(module, "_SQL", {**module._SQL, "extension": row.encode()})
    assert not without_extension.meanings.prepare(SPACE, WIDTH)
    assert not without_extension.meanings.are_kept()


def test_another_model_makes_all_vectors_anew_and_is_never_compared(library: Jobs) -> None:
    index(library, ["The budget is big."])
    learn(library)
    assert library.meanings.prepare("toy 2", WIDTH)
    assert texts(library, "dollars") == []
    assert learn(library, "toy 2") == ["The budget is big."]
    assert texts(library, "dollars") == []  # the question is still of the former model
    assert library.meanings.prepare("wide 1", 8)  # and one with wider vectors
    assert texts(library, "dollars") == []
    assert library.meanings.any_due()


def test_a_model_that_changes_meanwhile_stores_nothing(library: Jobs) -> None:
    index(library, ["The budget is big."])
    with pytest.raises(UnavailableError, match="another one"):
        library.meanings.update_next(SPACE, lambda texts: Vectors("toy 2", WIDTH, embed(texts).packed))
    assert learn(library) == ["The budget is big."]


def test_what_says_too_little_is_not_found_by_meaning(library: Jobs) -> None:
    index(library, ["Cash.", "我们讨论预算", "预算", "Big cash"])
    assert learn(library) == ["我们讨论预算", "Big cash"]
    assert texts(library, "dollars") == ["Big cash"]
    assert not library.meanings.any_due()


def test_a_long_video_gets_its_vectors_in_parts(library: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TEXTS_PER_CALL", 2)
    index(library, [f"Sentence number{n} here." for n in range(5)])
    assert library.meanings.update_next(SPACE, embed)
    assert library.meanings.update_next(SPACE, lambda _: None) is False  # the model is away
    assert len(learn(library)) == 3
    assert library.meanings.waiting() == 0


def test_a_video_that_changes_while_its_vectors_are_made_waits_again(library: Jobs) -> None:
    video = index(library, ["The budget is big."])

    def changing(texts: Sequence[str]) -> Vectors:
        reindex(library, video, ["A cat sat here."])
        return embed(texts)

    assert library.meanings.update_next(SPACE, changing)
    assert learn(library) == ["A cat sat here."]
    assert texts(library, "dollars") == []


def test_a_deleted_video_takes_its_vectors_along(library: Jobs) -> None:
    video = index(library, ["The budget is big."])
    learn(library)
    execute(library, "DELETE FROM videos WHERE id = %(id)s", id=video)
    assert texts(library, "dollars") == []


@pytest.fixture
def without_extension(session_servers: SessionServers) -> Iterator[Jobs]:
    with migrated_jobs(session_servers.url("postgres")) as jobs:
        yield jobs


def test_without_vectors_search_is_by_words_as_before(without_extension: Jobs) -> None:
    jobs = without_extension
    index(jobs, ["The budget is big."])
    assert not jobs.meanings.are_kept()
    assert texts(jobs, "budget") == ["The budget is big."]
    assert texts(jobs, "dollars") == []
    assert jobs.meanings.any_due()  # for the day on which the extension is there


@pytest.mark.parametrize("version", [None, "0.5.1", "0.7.4"])
def test_an_old_extension_is_not_used(
    without_extension: Jobs, monkeypatch: pytest.MonkeyPatch, version: str | None
) -> None:
    row = f"SELECT '{version}' AS version, true AS installed" if version else "SELECT 1 WHERE false"
    monkeypatch.setattr(module, "_SQL", {**module._SQL, "extension": row.encode()})
    assert not without_extension.meanings.can_be_kept()
    assert not without_extension.meanings.prepare(SPACE, WIDTH)
    assert not without_extension.meanings.are_kept()


def told_about_search(url: str) -> list[str]:
    return [one.told for one in check_database(url, Settings()) if one.what == "search"]


def test_the_doctor_says_how_search_finds(
    session_servers: SessionServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fresh_postgres_database(session_servers.url("postgres")) as url:
        (as_it_is,) = told_about_search(url)
        monkeypatch.setattr(contents, "OLDEST_VECTOR", (99, 0))
        monkeypatch.setattr(module, "OLDEST_VECTOR", (99, 0))
        (without,) = told_about_search(url)
    assert as_it_is.startswith(("by words and by meaning (pgvector ", "by words alone: PostgreSQL has "))
    assert without.startswith("by words alone: PostgreSQL has ")
