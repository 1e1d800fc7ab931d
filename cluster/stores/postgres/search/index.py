"""Keeps the moments of videos up to date: takes a video from the queue, replaces its rows.

Triggers put a video into the queue when it is created, gets another timeline or a transcript. The entry is
taken, and the moments are replaced, in one transaction: after a crash the entry is back. Whoever works on a
video holds an advisory lock on it and reads its state after that, so of two the later one writes the later
state. Knows no MongoDB: what the moments are made of is read by a function that is handed in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import structlog

from cluster.errors import ScenestreamError, UnavailableError
from cluster.stores.postgres.database import Connection, Database
from cluster.stores.postgres.search.languages import config_of
from cluster.stores.postgres.search.meanings import keep_known
from cluster.stores.postgres.search.moments import MOMENTS_VERSION, Moment
from cluster.stores.postgres.search.query import owner_mark, source_mark, video_mark
from cluster.stores.postgres.search.text import pairs_vector, tokens_of
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.postgres.video import Video

_log = structlog.get_logger(__name__)

_SQL = load_statements("search_index.sql")

_ROWS_PER_INSERT = 500
"""Well below a second each, so that no statement of a long video comes near its time limit."""
_WEIGHTS = {"title": "A", "name": "B", "speech": "C", "screen": "C", "tag": "D"}
"""Classes of PostgreSQL's ranking; their worth is in `find`."""
_FIRST_DELAY_S, _LONGEST_DELAY_S = 10.0, 3600.0
"""Before a video is tried again whose moments could not be made; doubled each time."""


class SearchIndex:
    """The tables `moments` and `search_queue`. Shares the pool of `Jobs` (as `jobs.search_index`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def renew_outdated(self) -> None:
        """Puts all videos into the queue, if their moments were made by an older version of the program."""
        with self._database.transaction() as connection:
            row = connection.execute(_SQL["raise_version"], {"version": MOMENTS_VERSION}).fetchone()
            if row is not None:
                connection.execute(_SQL["queue_all"])
                _log.info("search index is made anew", version=MOMENTS_VERSION)

    def update_next(self, read: Callable[[Video], Sequence[Moment]]) -> bool:
        """Makes the moments of the next video of the queue anew; False if none is due.

        `read` gives the moments of a video as it is now. An UnavailableError of it is raised, and the video
        stays in the queue; after any other exception it is tried again later.
        """
        with self._database.transaction() as connection:
            taken = connection.execute(_SQL["take_queued"]).fetchone()
            if taken is None:
                return False
            values = {"id": taken["video_id"]}
            connection.execute(_SQL["lock_video_index"], values)
            connection.execute(_SQL["drop_queued"], values)
            row = connection.execute(_SQL["video_to_index"], values).fetchone()
            if row is None:
                return True  # deleted, and its moments with it
            video = Video.from_row(row)
            try:
                moments = read(video)
                with connection.transaction():
                    if connection.execute(_SQL["hold_video"], values).fetchone() is not None:
                        self._replace(connection, video, moments)
            except UnavailableError:
                raise
            except Exception as error:  # noqa: BLE001 - any fault of one video: told, and the next ones go on
                self._postpone(connection, video, taken["tries"], error)
        return True

    def waiting(self) -> int:
        """The number of entries in the queue."""
        row = self._database.one(_SQL["count_queued"], {})
        assert row is not None
        return int(row["number"])

    def _replace(self, connection: Connection, video: Video, moments: Sequence[Moment]) -> None:
        last = connection.execute(_SQL["last_moment"], {"id": video.id}).fetchone()
        assert last is not None
        rows = [self._row(moment) for moment in moments]
        for config in sorted({row["config"] for row in rows}):
            connection.execute(_SQL["put_config"], {"config": config})
        for begin in range(0, len(rows), _ROWS_PER_INSERT):
            part = rows[begin : begin + _ROWS_PER_INSERT]
            connection.execute(
                _SQL["insert_moments"],
                {
                    "video_id": video.id,
                    "owner": video.owner,
                    "marks": [video_mark(video.id), *([owner_mark(video.owner)] if video.owner else [])],
                    "rows": json.dumps(part, ensure_ascii=False),
                },
            )
        keep_known(connection, video.id, last["id"])
        connection.execute(_SQL["delete_moments"], {"id": video.id, "last": last["id"]})
        _log.debug("search index updated", video_id=video.id, moments=len(rows))

    def _postpone(self, connection: Connection, video: Video, tries: int, error: Exception) -> None:
        delay_s = min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2.0 ** min(tries, 10))
        connection.execute(_SQL["queue_later"], {"id": video.id, "tries": tries + 1, "delay_s": delay_s})
        known = isinstance(error, ScenestreamError)
        _log.warning(
            "video not indexed for search", video_id=video.id, again_in_s=delay_s, error=str(error),
            exc_info=None if known else error,
        )  # fmt: skip

    def _row(self, moment: Moment) -> dict[str, Any]:
        config = config_of(moment.language, self._configs)
        tokens = list(tokens_of(moment.text))
        words = " ".join(token.word for token in tokens if not token.unspaced)
        forms = " ".join(token.form for token in tokens if not token.unspaced)
        return {
            "source": moment.source,
            "config": config,
            "start_s": moment.start_s,
            "end_s": moment.end_s,
            "scene": moment.scene,
            "keyframe": moment.keyframe,
            "text": moment.text,
            "word_starts_ms": moment.word_starts_ms or None,
            "weight": _WEIGHTS[moment.source],
            "stemmed": words,
            "stemmed_plain": "" if forms == words else forms,
            "forms": sorted({token.form for token in tokens if not token.unspaced}),
            "pairs": pairs_vector(tokens),
            "marks": [source_mark(moment.source)],
        }

    @cached_property
    def _configs(self) -> frozenset[str]:
        """The text search configurations of this server."""
        return frozenset(row["cfgname"] for row in self._database.all(_SQL["configs_of_server"]))
