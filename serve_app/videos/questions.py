"""Vectors of questions, by which search finds moments by meaning: from Redis, else from the fuser.

Nobody waits for long: without an answer in time there is no vector, and words alone are searched. Knows how
the fuser is asked; no model, no HTTP.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import partial
from typing import Any

import structlog

from cluster.errors import UnavailableError
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.search.meanings import Vectors
from cluster.stores.redis.cache import Cache
from serve_app.services import ApiServices
from serve_app.videos.fuser import call_fuser

TIMEOUT_S = 1.0
"""Wait for the fuser. It needs 20 ms for a question, and 0.1 to 0.2 s for texts that it has in hand."""
QUIET_S = 10.0
"""After no answer in time the fuser is not asked for so long: it loads its model, or is away."""
LOOKED_S = 30.0
"""Age up to which it is believed that vectors are kept, or that none are."""
KEPT_S = 3600
"""A vector in Redis; the next page of a search needs it again, and whoever asks the same."""
MOST_ASKING = 3
"""Questions for which one replica waits at a time; a further one is searched by words alone."""
_KIND = "question"

Ask = Callable[[str], dict[str, Any]]
"""The fuser's outcome for a question; UnavailableError without an answer."""

_log = structlog.get_logger(__name__)


def ask_for_vector(namespace: str, question: str) -> dict[str, Any]:
    """The outcome of an EMBED task. Blocks up to TIMEOUT_S; UnavailableError without an answer."""
    task = {"kind": "embed", "video_id": "search", "epoch": 0, "media_key": "", "question": question}
    return call_fuser(namespace, task, TIMEOUT_S)


class Questions:
    """Thread-safe; the same question is asked once at a time."""

    def __init__(
        self, jobs: Jobs, cache: Cache, ask: Ask, model: str, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._jobs = jobs
        self._cache = cache
        self._ask = ask
        self._model = model
        self._now = now
        self._lock = threading.Lock()
        self._asking: dict[str, Future[Vectors | None]] = {}
        self._quiet_until = 0.0
        self._looked_at = float("-inf")
        self._are_kept = False

    @classmethod
    def over(cls, services: ApiServices) -> Questions:
        """Those of an installation."""
        settings = services.settings
        ask = partial(ask_for_vector, settings.ray_namespace)
        return cls(services.jobs, services.cache, ask, settings.models.embedding)

    def vector(self, q: str) -> Vectors | None:
        """The vector of a question; None where none is to be had in time. Blocks up to TIMEOUT_S and a
        little."""
        if not self._worth_while():
            return None
        question = " ".join(q.split())
        name = hashlib.sha256(f"{self._model}\n{question}".encode()).hexdigest()
        stored = self._cache.kept_text(_KIND, name)
        if stored is not None:
            return _read(stored)
        with self._lock:
            going_on = self._asking.get(name)
            if going_on is None:
                if self._now() < self._quiet_until or len(self._asking) >= MOST_ASKING:
                    return None
                mine = self._asking[name] = Future()
        if going_on is not None:
            return _waited(going_on)
        vector: Vectors | None = None
        try:
            vector = self._asked(question)
            if vector is not None:
                self._cache.keep_text(_KIND, name, _written(vector), KEPT_S)
        finally:
            with self._lock:
                del self._asking[name]
            mine.set_result(vector)
        return vector

    def _asked(self, question: str) -> Vectors | None:
        try:
            outcome = self._ask(question)
        except UnavailableError as error:
            outcome = {"status": "unavailable", "error": {"message": error.message}}
        if outcome["status"] != "done":
            with self._lock:
                self._quiet_until = self._now() + QUIET_S
            _log.info("searched by words alone", reason=outcome["error"]["message"])
            return None
        made = outcome["result"]
        return Vectors(made["space"], made["width"], made["vectors"])

    def _worth_while(self) -> bool:
        with self._lock:
            if self._now() - self._looked_at < LOOKED_S:
                return self._are_kept
        are_kept = self._jobs.meanings.are_kept()
        with self._lock:
            self._are_kept, self._looked_at = are_kept, self._now()
        return are_kept


def _waited(going_on: Future[Vectors | None]) -> Vectors | None:
    try:
        return going_on.result(timeout=TIMEOUT_S)
    except FutureTimeoutError:
        return None


def _written(vector: Vectors) -> str:
    return json.dumps([vector.space, vector.width, base64.b64encode(vector.packed).decode()])


def _read(stored: str) -> Vectors:
    space, width, packed = json.loads(stored)
    return Vectors(space, width, base64.b64decode(packed))
