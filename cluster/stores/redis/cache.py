"""Redis: progress and event streams of videos. All of it may be lost at any time, and is rebuilt or not
needed.

So no call raises when Redis is away (circuit breaker): calls return None or False at once, a line is logged
at most twice a minute, and Redis is tried again after `_QUIET_S`. Does not check the stored values: writers
and readers of a video's progress and events share the types of `cluster.contract.events`.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, overload

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from cluster.contract.events import LiveProgress, SegmentNews, StateNews
from cluster.contract.vocabulary import EventType
from cluster.stores.closing import Closing

_log = structlog.get_logger(__name__)

MAX_BLOCK_MS = 15_000  # of one blocking read; a longer wait is several reads
# A local answer takes a millisecond; the work that reports progress must not wait long for Redis.
_TIMEOUT_S = 1.0
# After a failure no request is made for so long: an outage costs one timeout in each such time, not one a
# call.
_QUIET_S = 1.0
_LOG_INTERVAL_S = 30.0  # at most one line in so many seconds about an outage
_KEPT_S = 24 * 3600  # after the last write; PostgreSQL and MongoDB hold the lasting state
_EVENTS_KEPT = 1000  # per video: a client that is further behind reads the state instead

EVENT_ID = re.compile(r"\d{1,20}-\d{1,20}")
FROM_START = "0"


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One entry of a video's Redis stream; ids grow from entry to entry. Another version of the program may
    have written it, so `type` need not be an `EventType`.
    """

    id: str
    type: str
    data: dict[str, Any]


class Cache(Closing):
    """Progress and events in Redis. Safe to share between threads.

    Every key begins with `prefix`, so that several installations can share a server.
    """

    def __init__(self, url: str, *, prefix: str = "scenestream") -> None:
        self._prefix = prefix
        once = Retry(NoBackoff(), 0)
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            retry=once,
            decode_responses=True,
        )
        # Blocking reads get connections of their own, with a timeout beyond the longest wait.
        self._blocking = redis.Redis.from_url(
            url,
            socket_timeout=MAX_BLOCK_MS / 1000 + _TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            retry=once,
            decode_responses=True,
        )
        self._lock = threading.Lock()
        self._quiet_until = 0.0
        self._log_again_at = 0.0
        self._was_away = False

    def close(self) -> None:
        """Closes every connection."""
        self._redis.close()
        self._blocking.close()

    def ping(self) -> bool:
        """Whether Redis answers; sends a request even right after a failure."""
        self._quiet_until = 0.0
        return bool(self._softly("ping", lambda: self._redis.ping()))

    def set_progress(self, video_id: str, progress: LiveProgress) -> bool:
        """Replaces a video's progress."""
        text = json.dumps(progress)
        return bool(
            self._softly(
                "set_progress", lambda: self._redis.set(self._key("progress", video_id), text, ex=_KEPT_S)
            )
        )

    def get_progress(self, video_id: str) -> LiveProgress | None:
        """The progress that `set_progress` stored last; None when there is none or Redis is away."""
        text = self._softly("get_progress", lambda: self._redis.get(self._key("progress", video_id)))
        if text is None:
            return None
        progress: LiveProgress = json.loads(text)
        return progress

    @overload
    def publish_event(
        self, video_id: str, type_: Literal["state", "done"], data: StateNews
    ) -> str | None: ...
    @overload
    def publish_event(self, video_id: str, type_: Literal["progress"], data: LiveProgress) -> str | None: ...
    @overload
    def publish_event(self, video_id: str, type_: Literal["segments"], data: SegmentNews) -> str | None: ...
    def publish_event(
        self, video_id: str, type_: EventType, data: StateNews | LiveProgress | SegmentNews
    ) -> str | None:
        """Appends an event to the video's stream; returns its id, or None when Redis is away."""
        key = self._key("events", video_id)

        def append() -> str:
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.xadd(
                key, {"type": type_, "data": json.dumps(data)}, maxlen=_EVENTS_KEPT, approximate=True
            )
            pipeline.expire(key, _KEPT_S)
            return str(pipeline.execute()[0])

        event_id: str | None = self._softly("publish_event", append)
        return event_id

    def read_events(
        self, video_id: str, after_id: str = FROM_START, block_ms: int = 0, *, limit: int = 100
    ) -> list[StreamEvent] | None:
        """Reads events after `after_id`, oldest first; waits up to `block_ms` (at most MAX_BLOCK_MS) for one.

        None, at once, when Redis is away: the caller then waits a moment and reads PostgreSQL instead. An
        `after_id` that is not an event's id reads from the start.
        """
        after = after_id if EVENT_ID.fullmatch(after_id) else FROM_START
        key = self._key("events", video_id)
        client, block = (self._blocking, min(block_ms, MAX_BLOCK_MS)) if block_ms > 0 else (self._redis, None)
        answer: Any = self._softly("read_events", lambda: (client.xread({key: after}, limit, block),))
        if answer is None:
            return None
        (streams,) = answer
        entries = dict(streams).get(key, ())  # pairs of key and entries, or a dict, as the protocol has it
        return [StreamEvent(entry_id, entry["type"], _decode(entry["data"])) for entry_id, entry in entries]

    def delete_video(self, video_id: str) -> bool:
        """Deletes progress and events of a video."""
        keys = (self._key("progress", video_id), self._key("events", video_id))
        return self._softly("delete_video", lambda: self._redis.delete(*keys)) is not None

    def keep_text(self, kind: str, name: str, text: str, kept_s: int) -> bool:
        """Stores a text for some seconds."""
        key = self._key(kind, name)
        return bool(self._softly("keep_text", lambda: self._redis.set(key, text, ex=kept_s)))

    def kept_text(self, kind: str, name: str) -> str | None:
        """The text that `keep_text` stored; None when there is none (any more) or Redis is away."""
        text: str | None = self._softly("kept_text", lambda: self._redis.get(self._key(kind, name)))
        return text

    def run_script(self, kind: str, name: str, script: str, *arguments: str | int) -> Any:
        """Runs a Lua script on one key, atomically, and returns its answer; None when Redis is away."""
        registered = self._redis.register_script(script)
        return self._softly(kind, lambda: registered(keys=[self._key(kind, name)], args=arguments))

    def _key(self, kind: str, name: str) -> str:
        return f"{self._prefix}:{kind}:{name}"

    def _softly(self, what: str, call: Callable[[], Any]) -> Any:
        """The result of `call`; None when Redis is away, or was within the last `_QUIET_S` seconds."""
        if time.monotonic() < self._quiet_until:
            return None
        try:
            result = call()
        except (redis.RedisError, OSError) as error:
            self._went_wrong(what, error)
            return None
        if self._was_away:
            self._was_away = False
            _log.info("redis answers again")
        return result

    def _went_wrong(self, what: str, error: Exception) -> None:
        now = time.monotonic()
        with self._lock:
            self._quiet_until = now + _QUIET_S
            self._was_away = True
            if now < self._log_again_at:
                return
            self._log_again_at = now + _LOG_INTERVAL_S
        _log.warning("redis does not answer; going on without it", call=what, reason=str(error))


def _decode(text: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(text)
    return value
