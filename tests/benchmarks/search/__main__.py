"""`python -m tests.benchmarks.search [--moments N]`: prints how long queries take and how many questions find
their moment, on a PostgreSQL of its own.
"""

from __future__ import annotations

import argparse
import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median, quantiles

import structlog

from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.search.meanings import Vectors
from cluster.stores.postgres.search.moments import Moment
from cluster.stores.postgres.video import Video
from tests.benchmarks.search.synonyms import make_other_words
from tests.benchmarks.search.talks import SENTENCE_S, Question, Said, make_questions, make_talks
from tests.benchmarks.search.vectors import RANDOM_SPACE, RealVectors, is_model_there, learn, random_vectors
from tests.support.servers.private import SessionServers
from tests.support.servers.stores import create_video, execute, migrated_jobs

OWNERS = 20
SENTENCES = 250
"""Moments of a video: about a quarter of an hour of speech."""
QUESTION_TALKS, QUESTIONS, FIRST_HITS = 200, 50, 3
ROUNDS = 40
COMMON = ("important", "question", "example", "people")
RARE_EVERY = 20_000
"""Sentences from one with a certain rare word to the next."""


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.search")
    parser.add_argument("--moments", type=int, default=100_000)
    asked = parser.parse_args()
    servers = SessionServers()
    try:
        url = servers.url("postgres")
        with migrated_jobs(url) as jobs:
            measure_questions(jobs)
        with migrated_jobs(url) as jobs:
            measure_speed(jobs, asked.moments)
    finally:
        servers.stop()


def measure_questions(jobs: Jobs) -> None:
    """The share of questions whose moment is among the first hits, in a small library: by words alone, and by
    meaning as well, where a model and pgvector are there.
    """
    talks = make_talks(QUESTION_TALKS)
    ids = index_talks(jobs, talks, owners=1)
    asked = {
        "with their words": make_questions(talks, QUESTIONS),
        "in other words": make_other_words(talks, QUESTIONS),
    }
    for kind, questions in asked.items():
        ask(jobs, talks, ids, questions, f"{kind}, by words")
    if not is_model_there():
        print("no model of meaning is installed: by words alone")
        return
    real = RealVectors()
    begun = time.monotonic()
    if not learn(jobs, real.space, real.passages):
        print("PostgreSQL has no pgvector: by words alone")
        return
    print(f"vectors of {sum(map(len, talks))} sentences in {time.monotonic() - begun:.0f} s")
    for kind, questions in asked.items():
        ask(jobs, talks, ids, questions, f"{kind}, by words and meaning", real.question)
    spent = []
    for question in asked["in other words"]:
        begun = time.perf_counter()
        real.question(question.text)
        spent.append((time.perf_counter() - begun) * 1000)
    print(f"vector of a question: median {median(spent):.0f} ms")


def ask(
    jobs: Jobs,
    talks: list[list[Said]],
    ids: Sequence[str],
    questions: Sequence[Question],
    kind: str,
    vector: Callable[[str], Vectors] | None = None,
) -> None:
    """Ask the questions and print how many moments were found."""
    places = []
    for question in questions:
        by_meaning = None if vector is None else vector(question.text)
        found = jobs.search.find(question.text, limit=FIRST_HITS, question=by_meaning).items
        wanted = (ids[question.talk], question.sentence)
        hits = [(hit.video_id, int(hit.start_s // SENTENCE_S)) for hit in found]
        places.append(hits.index(wanted) + 1 if wanted in hits else 0)
        if not places[-1] and vector is not None:
            print(f"not among the first {FIRST_HITS}: {question.text!r}, "
                  f"said: {talks[question.talk][question.sentence].text!r}")  # fmt: skip
    within = sum(place > 0 for place in places)
    first = sum(place == 1 for place in places)
    print(f"questions {kind}: {within} of {len(questions)} among the first {FIRST_HITS} hits, {first} first, "
          f"over {len(talks)} videos with {sum(map(len, talks))} sentences")  # fmt: skip


def measure_speed(jobs: Jobs, moments: int) -> None:
    """Median and 95th percentile of pages of 20 hits, by kind of query."""
    talks = make_talks(moments // SENTENCES, seed=3, sentences=SENTENCES)
    begun = time.monotonic()
    ids = index_talks(jobs, talks, owners=OWNERS)
    taken_s = time.monotonic() - begun
    execute(jobs, "VACUUM ANALYZE moments")
    size = jobs.database.one(
        b"SELECT count(*) AS rows, pg_size_pretty(pg_table_size('moments')) AS rows_take, "
        b"pg_size_pretty(pg_relation_size('moments_words')) AS index_takes FROM moments", {},
    )  # fmt: skip
    assert size is not None
    print(f"{size['rows']} moments of {len(talks)} videos and {OWNERS} owners, indexed in {taken_s:.0f} s; "
          f"rows {size['rows_take']}, index {size['index_takes']}")  # fmt: skip
    ask(jobs, talks, ids, make_questions(talks, QUESTIONS), "with their words, by words")
    rng = random.Random(4)
    rare = [rare_word(number) for number in range(moments // RARE_EVERY)]
    pairs = [said.facts for talk in talks[:ROUNDS] for said in talk if said.facts is not None]
    kinds: dict[str, Callable[[int], dict[str, object]]] = {
        "rare word": lambda n: {"q": rare[n % len(rare)]},
        "common word (one sentence in 54)": lambda n: {"q": pairs[n][1]},
        "very common word (one sentence in 33)": lambda n: {"q": COMMON[n % len(COMMON)]},
        "beginning of a word": lambda n: {"q": pairs[n][2][:3]},
        "two words": lambda n: {"q": f"{pairs[n][3]} {pairs[n][2]}"},
        "two words that are never together": lambda n: {"q": f"{rare[n % len(rare)]} {pairs[n][2]}"},
        "phrase": lambda n: {"q": f'"{pairs[n][3]} {pairs[n][2]}"'},
        "a question of eight words": lambda n: {
            "q": "where did the {} {} those {} {}s".format(*pairs[n][:2], pairs[n][3], pairs[n][2])
        },
        "nothing found": lambda n: {"q": f"qx{n}zz"},
    }  # fmt: skip
    scopes: dict[str, Callable[[], dict[str, object]]] = {
        "all owners": dict,
        "one owner": lambda: {"owner": f"owner {rng.randrange(OWNERS)}"},
        "one video": lambda: {"video_id": rng.choice(ids)},
    }
    begun = time.monotonic()
    vectors = random_vectors(6) if learn(jobs, RANDOM_SPACE, random_vectors(5)) else None
    if vectors is not None:
        execute(jobs, "VACUUM ANALYZE moment_meanings")
        size = jobs.database.one(
            b"SELECT pg_size_pretty(pg_table_size('moment_meanings')) AS rows_take, "
            b"pg_size_pretty(pg_relation_size('moment_meanings_near')) AS index_takes", {},
        )  # fmt: skip
        assert size is not None
        print(f"random vectors in {time.monotonic() - begun:.0f} s; "
              f"rows {size['rows_take']}, index {size['index_takes']}")  # fmt: skip
    print(f"{'kind of query':48}" + "".join(f"{scope:>22}" for scope in scopes))
    with_vectors = {f"{kind} + vector": query for kind, query in kinds.items()} if vectors else {}
    for kind, query in (kinds | with_vectors).items():
        line = f"{kind:48}"
        question = vectors if kind in with_vectors else None
        for scope in scopes.values():
            asked = [query(n) | scope() for n in range(ROUNDS)]
            if question is not None:
                asked = [one | {"question": question(["any"])} for one in asked]
            spent_ms, hits = timed(jobs, asked)
            line += f"{median(spent_ms):9.1f} {quantiles(spent_ms, n=20)[-1]:6.1f} {hits:5.1f}"
        print(line)
    print("milliseconds: median, 95th percentile; mean number of hits on the first page")


def timed(jobs: Jobs, queries: Sequence[dict[str, object]]) -> tuple[list[float], float]:
    """Milliseconds of each query, and how many hits they have on average."""
    spent, hits = [], 0
    for query in queries:
        begun = time.perf_counter()
        page = jobs.search.find(**query)  # type: ignore[arg-type]  # of several kinds
        spent.append((time.perf_counter() - begun) * 1000)
        hits += len(page.items)
    return spent, hits / len(queries)


def index_talks(jobs: Jobs, talks: list[list[Said]], owners: int) -> list[str]:
    """Hand the talks in as videos and have them indexed; the ids of the videos."""
    ids = [
        create_video(jobs, owner=f"owner {n % owners}", filename=f"talk {n}.mp4").id
        for n in range(len(talks))
    ]
    numbers = {id_: number for number, id_ in enumerate(ids)}

    def read(video: Video) -> list[Moment]:
        return list(moments(numbers[video.id], talks[numbers[video.id]]))

    while jobs.search_index.update_next(read):
        pass
    return ids


def moments(number: int, talk: list[Said]) -> Iterator[Moment]:
    """A sentence each; every so many has a word that few have."""
    yield Moment("name", 0.0, len(talk) * SENTENCE_S, f"talk {number}", "en", None, None)
    for place, said in enumerate(talk):
        overall = number * len(talk) + place
        rare = overall % (RARE_EVERY // 4) == 0
        text = f"{said.text} {rare_word(overall // (RARE_EVERY // 4) // 4)}" if rare else said.text
        starts = tuple(index * 200 for index in range(len(text.split())))
        yield Moment(
            "speech", place * SENTENCE_S, (place + 1) * SENTENCE_S, text, "en", place // 10, 7, starts
        )


def rare_word(number: int) -> str:
    """A word that four sentences have."""
    return f"zebra{chr(ord('a') + number)}"


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    main()
