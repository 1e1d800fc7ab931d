"""Vectors for the measurements: those of the real model, kept for texts that come again, and random ones.

Knows the library and the store of vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from actors.meaning_model import meaning_model
from cluster.settings import get_settings
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.search.meanings import Embed, Vectors

WIDTH = 384
RANDOM_SPACE = "random 1"


class RealVectors:
    """Those of the model that the settings name."""

    def __init__(self) -> None:
        model = meaning_model(get_settings())
        assert model is not None
        self._retrieval = model.retrieval()
        self._known: dict[str, bytes] = {}
        self.space = self._retrieval.space

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Of texts that can be found."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        for text, vector in zip(new, self._retrieval.passages(new), strict=True):
            self._known[text] = vector.astype("<f2").tobytes()
        return Vectors(self.space, WIDTH, b"".join(self._known[text] for text in texts))

    def question(self, text: str) -> Vectors:
        """Of what is looked for."""
        return Vectors(self.space, WIDTH, self._retrieval.question(text).astype("<f2").tobytes())


def is_model_there() -> bool:
    """Whether the model of the settings is installed."""
    return meaning_model(get_settings()) is not None


def random_vectors(seed: int) -> Callable[[Sequence[str]], Vectors]:
    """Vectors in all directions: harder for an index than those of sentences, which lie in groups."""
    rng = np.random.default_rng(seed)

    def make(texts: Sequence[str]) -> Vectors:
        rows = rng.standard_normal((len(texts), WIDTH)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return Vectors(RANDOM_SPACE, WIDTH, rows.astype("<f2").tobytes())

    return make


def learn(jobs: Jobs, space: str, embed: Embed) -> bool:
    """Gives all moments vectors; False where PostgreSQL has no pgvector. The index is made at the end."""
    if not jobs.meanings.prepare(space, WIDTH):
        return False
    with jobs.database.connection() as connection:
        connection.execute(b"DROP INDEX moment_meanings_near")
    while jobs.meanings.update_next(space, embed):
        pass
    with jobs.database.transaction() as connection:
        connection.execute(b"SET LOCAL statement_timeout = 0")
        connection.execute(b"SET LOCAL maintenance_work_mem = '512MB'")
        connection.execute(
            b"CREATE INDEX moment_meanings_near ON moment_meanings USING hnsw (embedding halfvec_ip_ops)"
        )
    return True
