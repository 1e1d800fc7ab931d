"""One import under one lease: from the source into the media store, in parts that survive a crash.

The file is kept in parts of PART_BYTES below the video's folder until it is whole; PostgreSQL knows how many
are stored, so who takes over goes on there. A connection that breaks off is opened again where it broke, with
the part that was begun still in memory. When the source has become another file, everything begins anew under
another name. A source may be as slow as the limits allow, but who waits for the place gets it after a while.
Knows no queue and no thread but its own.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from actors.bridge.control import Aborted, Control, Reason
from actors.bridge.reporter import Reporter
from cluster.backoff import Backoff
from cluster.errors import UnavailableError, UsageError
from cluster.remote.errors import (
    LIMIT_EXCEEDED,
    AddressRefusedError,
    SourceBrokeError,
    SourceChangedError,
    SourceError,
)
from cluster.remote.line import Line
from cluster.remote.opened import Opened, SourceRules
from cluster.remote.source import open_source
from cluster.stores.media.store import MediaStore
from cluster.stores.postgres.imports import Import, Imports

if TYPE_CHECKING:
    from hashlib import _Hash

PART_BYTES = 8 << 20
PACE_WINDOW_S = 60.0
REPORT_INTERVAL_S = 1.0
_TURN_LOOK_S = 2.0  # how often one whose turn is over looks whether anybody waits
_LONGER_TURNS = 6  # doublings at most
_BARREN_CONNECTIONS = 3  # that bring nothing new, before somebody else's turn comes
_RECONNECT_FIRST_S, _RECONNECT_LONGEST_S = 0.2, 5.0
EMPTY_FILE = "empty_file"

log = structlog.get_logger(__name__)


class _TooSlowError(SourceBrokeError):
    """Another connection would be as slow."""


class _TurnOver(Exception):  # noqa: N818 - nothing went wrong
    """Another import gets this place."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What is fetched at most, how slowly, and how long while others wait for one of `concurrency` places."""

    rules: SourceRules
    max_bytes: int
    slowest_bytes_per_s: float
    turn_s: float
    concurrency: int
    max_tries: int
    retry_first_s: float
    retry_longest_s: float


class Fetch:
    """`claimed` as claimed; `control` is told when the lease is lost or the bridge stops."""

    def __init__(
        self, claimed: Import, imports: Imports, media: MediaStore, reporter: Reporter, limits: FetchLimits
    ) -> None:
        self.claimed = claimed
        self.control = Control()
        self._line = Line()
        self.control.aborted.add_done_callback(lambda _: self._line.close())
        self._imports = imports
        self._media = media
        self._reporter = reporter
        self._limits = limits
        self._generation = claimed.generation
        self._validator = claimed.validator
        self._total = claimed.total_bytes
        self._stored = claimed.stored_bytes
        self._tail = bytearray()
        self._digest: _Hash | None = hashlib.sha256() if not claimed.stored_bytes else None
        self._window = (time.monotonic(), 0)
        self._reported_at = 0.0
        self._awaited_since: float | None = None
        self._stalled = False
        # What cannot be resumed begins anew at each turn, and comes to its end in one that is long enough.
        self._turn_ends_at = time.monotonic() + limits.turn_s * 2 ** min(claimed.turns, _LONGER_TURNS)
        self._log = log.bind(video_id=claimed.video_id, epoch=claimed.epoch)

    def run(self) -> None:
        """To the end of the file, of the tries or of the lease. Raises UnavailableError for stores."""
        try:
            if self.claimed.tries > self._limits.max_tries:
                raise SourceError("Fetching this file was tried again and again and never came to an end.")
            if self._was_complete() or self._fetch():
                self._finish()
        except (SourceError, AddressRefusedError) as error:
            self._fail(error.code, error.message)
        except (SourceBrokeError, SourceChangedError) as error:
            self._try_later(error)
        except Aborted as aborted:
            self.control.abort(aborted.reason)  # who looks after this must know, too
            if aborted.reason is Reason.STOPPED:
                self._imports.postpone(self.claimed, 0.0, counted=False)
            self._log.info("import left", reason=aborted.reason.value)
        except UnavailableError as error:  # a store of ours is away: no fault of the source
            self._log.warning("import waits for a server", reason=error.message)
            self._imports.postpone(self.claimed, self._limits.retry_first_s, counted=False)
        except Exception:  # noqa: BLE001 - whatever a source has thought of, its import ends, and with a reason
            self._log.exception("import ended in an error")
            self._try_later(SourceBrokeError("Fetching it ended in an error; the server's log tells which."))

    def look(self) -> None:
        """Cut off a source of which nothing has come for so long that it cannot be as slow as is allowed.

        From any thread, now and then. A time limit of the connection is no help: what frames the bytes of a
        file (RFC 9112, section 7.1) may come a letter at a time for days, and begins it anew with each.
        """
        since = self._awaited_since
        if since is not None and time.monotonic() - since > PACE_WINDOW_S + self._limits.rules.idle_timeout_s:
            self._stalled = True
            self._line.drop()

    @property
    def _at(self) -> int:
        """How many bytes of the file are here."""
        return self._stored + len(self._tail)

    @property
    def _part_key(self) -> str:
        return f"videos/{self.claimed.video_id}/fetched-{self._generation}"

    @property
    def _target_key(self) -> str:
        return f"videos/{self.claimed.video_id}/source"

    def _was_complete(self) -> bool:
        """Whether an earlier holder stored everything and died before it could say so."""
        return self._total is not None and 0 < self._total == self._stored

    def _fetch(self) -> bool:
        """Whether it came to the end of the file, and not only to that of the turn."""
        url, rules = self.claimed.url, self._limits.rules
        backoff = Backoff(_RECONNECT_FIRST_S, _RECONNECT_LONGEST_S)
        barren = 0
        furthest = self._at
        while True:
            try:
                with open_source(url, self._at, self._validator, rules, self._line) as opened:
                    self._read(opened)
                    return True
            except _TurnOver:
                self._give_way()
                return False
            except _TooSlowError:
                raise
            except (SourceBrokeError, SourceChangedError) as error:
                self.control.check()
                if self._stalled:
                    raise _TooSlowError("The source held the line and sent nothing of the file.") from error
                changed = isinstance(error, SourceChangedError)
                barren = barren + 1 if self._at <= furthest or changed else 0
                furthest = max(furthest, self._at)
                if barren >= _BARREN_CONNECTIONS:
                    raise
                if not barren:
                    backoff.reset()
                if self._at and (changed or self._validator is None):
                    self._begin_anew()
                self._log.info("source broke off", at=self._at, reason=error.message)
                self.control.pause(backoff.next_s())

    def _read(self, opened: Opened) -> None:
        if opened.start != self._at:
            self._begin_anew()
        self._validator = opened.validator
        self._total = opened.total
        self._check_size(opened.total or 0)
        self._window = (time.monotonic(), self._at)
        for block in self._awaited(opened.blocks):
            self.control.check()
            self._tail += block
            self._check_size(self._at)
            self._check_pace()
            while len(self._tail) >= PART_BYTES:
                self._store(PART_BYTES)
            self._report()
            self._check_turn()
        self.control.check()
        if self._total is not None and self._at != self._total:
            raise SourceBrokeError(f"The source sent {self._at} bytes and had announced {self._total}.")

    def _awaited(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The blocks; notes since when the next one is waited for, see `look`."""
        while True:
            self._awaited_since = time.monotonic()
            try:
                block = next(blocks, None)
            finally:
                self._awaited_since = None
            if block is None:
                return
            yield block

    def _check_size(self, size: int) -> None:
        if size > self._limits.max_bytes:
            raise SourceError(
                f"The file is larger than the {self._limits.max_bytes} bytes this installation takes.",
                code=LIMIT_EXCEEDED,
            )

    def _check_pace(self) -> None:
        began, had = self._window
        elapsed_s = time.monotonic() - began
        if elapsed_s < PACE_WINDOW_S:
            return
        if self._at - had < self._limits.slowest_bytes_per_s * elapsed_s:
            raise _TooSlowError(f"The source sent {self._at - had} bytes in {elapsed_s:.0f} s.")
        self._window = (time.monotonic(), self._at)

    def _check_turn(self) -> None:
        now = time.monotonic()
        if now < self._turn_ends_at:
            return
        self._turn_ends_at = now + _TURN_LOOK_S
        if self._imports.is_waited_for(self.claimed, self._limits.concurrency):
            raise _TurnOver

    def _give_way(self) -> None:
        """Until its next turn, with all that came if it can be resumed there."""
        if self._tail and self._validator is not None:
            self._store(len(self._tail))
        in_vain = self._validator is None or self._generation > self.claimed.generation
        self._log.info("import gives way", at=self._stored, in_vain=in_vain)
        self._imports.postpone(self.claimed, 0.0, counted=False, in_vain=in_vain)

    def _store(self, size: int) -> None:
        part = bytes(self._tail[:size])
        self._media.write_at(self._part_key, self._stored, part)
        if self._digest is not None:
            self._digest.update(part)
        del self._tail[:size]
        self._stored += size
        self._record()

    def _record(self) -> None:
        if not self._imports.advance(
            self.claimed,
            generation=self._generation,
            stored_bytes=self._stored,
            total_bytes=self._total,
            validator=self._validator,
        ):
            raise Aborted(Reason.LOST)

    def _begin_anew(self) -> None:
        """Forget what is here. The new number keeps a late writer of the old file away from the new one."""
        old_key = self._part_key
        self._generation += 1
        self._stored, self._validator, self._total = 0, None, None
        self._tail.clear()
        self._digest = hashlib.sha256()
        self._record()
        self._media.delete(old_key)

    def _finish(self) -> None:
        if not self._at:
            raise SourceError("The file has no bytes. Choose a video that is not empty.", code=EMPTY_FILE)
        if self._tail:
            self._total = self._at
            self._store(len(self._tail))
        self._settle()
        if self._digest is None:  # the beginning was stored by somebody else
            self._digest = hashlib.sha256()
            for block in self._media.read_range(self._target_key, 0, self._stored):
                self.control.check()
                self._digest.update(block)
        if not self._imports.finish(self.claimed, self._stored, self._digest.hexdigest()):
            raise Aborted(Reason.LOST)
        self._reporter.state(self.claimed.video_id, "queued")

    def _settle(self) -> None:
        """The parts as one file in its place. An earlier holder may have died after any step of it."""
        try:
            self._media.finish_parts(self._part_key, self._stored)
        except (UsageError, FileNotFoundError):
            if self._media.exists(self._target_key) and self._media.size(self._target_key) == self._stored:
                return
            self._log.warning("parts of the file are missing, fetching it anew")
            self._begin_anew()
            raise SourceBrokeError("What was stored of the file is not there any more.") from None
        self._media.move(self._part_key, self._target_key)

    def _try_later(self, error: SourceBrokeError | SourceChangedError) -> None:
        limits = self._limits
        if self.claimed.tries >= limits.max_tries and self._stored <= self.claimed.stored_bytes:
            self._fail(error.code, f"{error.message} It was tried {self.claimed.tries} times.")
            return
        delay_s = Backoff(limits.retry_first_s, limits.retry_longest_s).after(self.claimed.tries)
        self._log.info("import postponed", delay_s=round(delay_s, 1), reason=error.message)
        self._imports.postpone(self.claimed, delay_s)

    def _fail(self, code: str, message: str) -> None:
        if self._imports.fail(self.claimed, code, message):
            error = {"code": code, "message": message}
            self._reporter.ended(self.claimed.video_id, "failed", error=error)

    def _report(self) -> None:
        now = time.monotonic()
        if now - self._reported_at >= REPORT_INTERVAL_S:
            self._reported_at = now
            self._reporter.fetching(self.claimed.video_id, self._at, self._total)
