"""One import under one lease: from the source into the media store.

A connection that breaks off is opened again where it broke. A source may be as slow as the limits allow, but
when its turn is over and another import waits for the place, that one gets it. PostgreSQL knows how much is
stored, so the next holder goes on there. Knows no queue and no thread but its own; what is stored, and how,
is in `partial_file`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from actors.bridge.control import Aborted, Reason
from actors.bridge.imports.partial_file import PartialFile
from actors.bridge.leased import Fate, Leased, WorkFailedError
from actors.bridge.reporter import Reporter
from cluster.backoff import Backoff
from cluster.errors import NotFoundError, UnavailableError
from cluster.remote.errors import (
    LIMIT_EXCEEDED,
    AddressRefusedError,
    SourceBrokeError,
    SourceChangedError,
    SourceError,
)
from cluster.remote.line import Line
from cluster.remote.opened import OpenedSource, SourceRules
from cluster.remote.source import open_source
from cluster.stores.media.keys import all_of
from cluster.stores.media.store import MediaStore
from cluster.stores.postgres.intake.imports import Import
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.video import VideoState

PACE_WINDOW_S = 60.0
"""The pace is judged over so long: sources pause for seconds, when a disk wakes up or a router changes."""
REPORT_INTERVAL_S = 1.0  # as often as a person looks at a progress bar
_TURN_LOOK_S = 2.0  # how often a fetch whose turn is over asks whether another import waits
_LONGER_TURNS = 6  # doublings at most: with turns of a minute, an hour
_BARREN_CONNECTIONS = 3  # in a row that bring nothing new, before the import is postponed
_RECONNECT_FIRST_S, _RECONNECT_LONGEST_S = 0.2, 5.0
FETCHED = "fetched"
"""How an import that did its work ends; its video is then queued for segmentation."""


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


class Fetch(Leased):
    """`claimed` as claimed."""

    kind = "import"

    def __init__(
        self, claimed: Import, jobs: Jobs, media: MediaStore, reporter: Reporter, limits: FetchLimits
    ) -> None:
        super().__init__((claimed.video_id, claimed.epoch), video_id=claimed.video_id)
        self.claimed = claimed
        self._line = Line()
        self.control.aborted.add_done_callback(lambda _: self._line.close())
        self._jobs = jobs
        self._imports = jobs.imports
        self._media = media
        self._reporter = reporter
        self._limits = limits
        self._file = PartialFile(claimed, media, self._record)
        self._window = (time.monotonic(), 0)
        self._reported_at = 0.0
        self._awaited_since: float | None = None
        self._stalled = False
        # What cannot be resumed begins anew at each turn, and comes to its end in one that is long enough.
        self._turn_ends_at = time.monotonic() + limits.turn_s * 2 ** min(claimed.turns, _LONGER_TURNS)

    def drop_if_stalled(self) -> None:
        """Cut off a source of which nothing has come for so long that it cannot be as slow as is allowed.

        From any thread, now and then. A time limit of the connection is no help: what frames the bytes of a
        file (RFC 9112, section 7.1) may come a letter at a time for days, and begins it anew with each.
        """
        since = self._awaited_since
        if since is not None and time.monotonic() - since > PACE_WINDOW_S + self._limits.rules.idle_timeout_s:
            self._stalled = True
            self._line.drop()

    def _work(self) -> None:
        """To the end of the file, of its turn or of its tries.

        A store of ours that is away is no fault of the source: the import is handed on instead of keeping the
        source's connection open, and no try is counted.
        """
        try:
            if self.claimed.tries > self._limits.max_tries:
                raise SourceError("Fetching this file was tried again and again and never came to an end.")
            if not self._file.is_complete and not self._fetch():
                return
            sha256 = self._file.finish(self.control.check)
        except (SourceError, AddressRefusedError) as error:
            raise WorkFailedError(error.code, error.message) from error
        except (SourceBrokeError, SourceChangedError) as error:
            self._try_later(error)
        except UnavailableError as error:
            self._log.warning("import waits for a server", reason=error.message)
            self._postpone(self._limits.retry_first_s, counted=False)
        else:
            stored_bytes = self._file.stored_bytes
            self._conclude(FETCHED, lambda: self._imports.finish(*self.held, stored_bytes, sha256))

    def _end_unexpectedly(self) -> None:
        """Whatever a source has thought of, its import ends after so many tries, and with a reason."""
        try:
            self._try_later(SourceBrokeError("Fetching it ended in an error; the server's log tells which."))
        except WorkFailedError as error:
            self._fail(error.code, error.message)

    def _fetch(self) -> bool:
        """Whether it came to the end of the file, and not only to that of the turn."""
        url, rules, file = self.claimed.url, self._limits.rules, self._file
        backoff = Backoff(_RECONNECT_FIRST_S, _RECONNECT_LONGEST_S)
        barren = 0
        furthest = file.bytes_here
        while True:
            try:
                with open_source(url, file.bytes_here, file.validator, rules, self._line) as opened:
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
                barren = barren + 1 if file.bytes_here <= furthest or changed else 0
                furthest = max(furthest, file.bytes_here)
                if barren >= _BARREN_CONNECTIONS:
                    raise
                if not barren:
                    backoff.reset()
                if file.bytes_here and (changed or file.validator is None):
                    file.begin_anew()
                self._log.info("source broke off", at=file.bytes_here, reason=error.message)
                self.control.pause(backoff.next_s())

    def _read(self, opened: OpenedSource) -> None:
        file = self._file
        if opened.start != file.bytes_here:
            file.begin_anew()
        file.validator = opened.validator
        file.total_bytes = opened.total
        self._check_size(opened.total or 0)
        self._window = (time.monotonic(), file.bytes_here)
        for block in self._awaited(opened.blocks):
            self.control.check()
            file.add(block)
            self._check_size(file.bytes_here)
            self._check_pace()
            file.store_whole_parts()
            self._report()
            self._check_turn()
        self.control.check()
        if file.total_bytes is not None and file.bytes_here != file.total_bytes:
            raise SourceBrokeError(
                f"The source sent {file.bytes_here} bytes and had announced {file.total_bytes}."
            )

    def _awaited(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The blocks; notes since when the next one is waited for, see `drop_if_stalled`."""
        while True:
            self._awaited_since = time.monotonic()
            try:
                block = next(blocks, None)
            finally:
                self._awaited_since = None
            if block is None:
                return
            yield block

    def _check_size(self, size_bytes: int) -> None:
        if size_bytes > self._limits.max_bytes:
            raise SourceError(
                f"The file is larger than the {self._limits.max_bytes} bytes this installation takes.",
                code=LIMIT_EXCEEDED,
            )

    def _check_pace(self) -> None:
        began, had_bytes = self._window
        elapsed_s = time.monotonic() - began
        if elapsed_s < PACE_WINDOW_S:
            return
        came_bytes = self._file.bytes_here - had_bytes
        if came_bytes < self._limits.slowest_bytes_per_s * elapsed_s:
            raise _TooSlowError(f"The source sent {came_bytes} bytes in {elapsed_s:.0f} s.")
        self._window = (time.monotonic(), self._file.bytes_here)

    def _check_turn(self) -> None:
        now = time.monotonic()
        if now < self._turn_ends_at:
            return
        self._turn_ends_at = now + _TURN_LOOK_S
        if self._imports.is_waited_for(self.claimed, self._limits.concurrency):
            raise _TurnOver

    def _give_way(self) -> None:
        """Until its next turn, with all that came if it can be resumed there."""
        file = self._file
        if file.validator is not None:
            file.store_rest()
        in_vain = file.validator is None or file.generation > self.claimed.generation
        self._log.info("import gives way", at=file.stored_bytes, in_vain=in_vain)
        self._postpone(0.0, counted=False, in_vain=in_vain)

    def _try_later(self, error: SourceBrokeError | SourceChangedError) -> None:
        """WorkFailedError when the tries are used up and this one brought nothing."""
        limits = self._limits
        if self.claimed.tries >= limits.max_tries and self._file.stored_bytes <= self.claimed.stored_bytes:
            raise WorkFailedError(error.code, f"{error.message} It was tried {self.claimed.tries} times.")
        delay_s = Backoff(limits.retry_first_s, limits.retry_longest_s).after(self.claimed.tries)
        self._log.info("import postponed", delay_s=round(delay_s, 1), reason=error.message)
        self._postpone(delay_s)

    def _postpone(self, delay_s: float, *, counted: bool = True, in_vain: bool = False) -> None:
        """Another holder goes on after `delay_s`; if PostgreSQL is away, when the lease has run out."""
        self._settle(lambda: self._imports.postpone(*self.held, delay_s, counted=counted, in_vain=in_vain))

    def _record(self, file: PartialFile) -> None:
        if not self._imports.advance(
            *self.held,
            generation=file.generation,
            stored_bytes=file.stored_bytes,
            total_bytes=file.total_bytes,
            validator=file.validator,
        ):
            raise Aborted(Reason.LOST)

    def _report(self) -> None:
        now = time.monotonic()
        if now - self._reported_at >= REPORT_INTERVAL_S:
            self._reported_at = now
            self._reporter.fetching(self.claimed.video_id, self._file.bytes_here, self._file.total_bytes)

    def _store_failure(self, code: str, message: str) -> bool:
        return self._imports.fail(*self.held, code, message)

    def _store_cancelled(self) -> bool:
        """A cancelled import lost its lease in the transaction that cancelled it: nothing to acknowledge."""
        return False

    def _release(self) -> None:
        self._imports.postpone(*self.held, 0.0, counted=False)

    def _has_ended(self, state: str) -> bool:
        try:
            video = self._jobs.get(self.claimed.video_id)
        except NotFoundError:
            return False
        return not video.fetching if state == FETCHED else video.state.value == state

    def _fate(self) -> Fate:
        try:
            video = self._jobs.get(self.claimed.video_id)
        except NotFoundError:
            return Fate.DELETED
        return Fate.TAKEN if video.fetching and video.state is VideoState.QUEUED else Fate.ENDED

    def _remove_leftovers(self) -> None:
        """The video was removed from the store before the last part came."""
        self._media.delete(all_of(self.claimed.video_id))

    def _tell(self, state: str, code: str = "", message: str = "") -> None:
        if state == FETCHED:
            self._reporter.state(self.claimed.video_id, "queued")
        else:
            error = {"code": code, "message": message}
            self._reporter.ended(self.claimed.video_id, state, error=error)
