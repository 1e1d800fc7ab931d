"""Brings together who is idle and what waits: the pull of the actors, with some thought given to the match.

Fairness comes first (`fair_queue`). Where it leaves a choice, work goes to a node that has its file, and a
slow actor leaves the last chunks to much faster ones that will be free sooner. What broke down on a node is
tried on others first: a node with broken hardware shall fail no video. Knows members and the books; no Ray.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from actors.pool.fair_queue import REFUSED, Rank
from actors.pool.matching import MUCH_FASTER, Availability, Locality, is_done_sooner_by_others
from actors.pool.task_table import Entry, TaskTable
from actors.pool.worker_proxy import WorkerProxy

LEFT_TO_OTHER_NODES_S = 10.0  # then its own node may try again: the others may be busy, or never come

ELSEWHERE, LAST_FOR_THE_SLOW = 1.0, 2.0
"""What an item's rank is raised by: its file must be fetched; others do the last of its video sooner."""


class Dispatcher:
    """One event loop. `members`: all that will take more work, now or when they have done what they have."""

    def __init__(self, book: TaskTable, members: Callable[[], Iterable[WorkerProxy]]) -> None:
        self.locality = Locality()
        self._book = book
        self._members = members
        self._idle: dict[WorkerProxy, asyncio.Future[Entry | None]] = {}  # in the order they fell idle
        self._speeds: list[float] = []  # of the members whose speed is known, rising
        self._together: list[float] = []  # what the fastest one does, the fastest two, ...

    async def next_entry(self, member: WorkerProxy) -> Entry | None:
        """What the member shall do next; None when it was withdrawn. It counts as running from then on."""
        hand: asyncio.Future[Entry | None] = asyncio.get_running_loop().create_future()
        self._idle[member] = hand
        self.dispatch()
        return await hand

    def withdraw(self, member: WorkerProxy) -> None:
        """It takes nothing any more; harmless if it is not idle."""
        hand = self._idle.pop(member, None)
        if hand is not None:
            hand.set_result(None)

    def look_around(self) -> None:
        """To be called now and then: who is fastest, and whether what was left to others still waits."""
        self._speeds = sorted(busy.video_s_per_s for busy in self._others())
        self._together = list(accumulate(reversed(self._speeds)))
        self.dispatch()

    def dispatch(self) -> None:
        """Hand out what waits to whoever is idle. To be called when there is more of either."""
        while self._idle and self._book.queued and self._hand_out_one():
            pass

    def _hand_out_one(self) -> bool:
        """Whether somebody took something."""
        refused = False
        for member in self._by_suitability():
            if refused and member.throughput.is_measured:
                continue  # it is slower than who left the work to others
            entry = self._book.next(self._rank_for(member))
            if entry is not None:
                if member.node_id is not None:
                    self.locality.worked(entry.task.media_key, member.node_id)
                member.handed_at = time.monotonic()
                self._idle.pop(member).set_result(entry)
                return True
            refused = refused or self._is_slow(member)
        return False

    def _by_suitability(self) -> list[WorkerProxy]:
        """Who is idle: the slow ones last, then who has the next file first, then by speed."""
        idle = list(self._idle)
        following = self._book.peek()
        if len(idle) > 1 and following is not None:
            key = following.task.media_key

            def suitability(member: WorkerProxy) -> tuple[bool, bool, float]:
                slow = self._is_slow(member)
                return slow, slow or not self._is_at(member, key), -member.throughput.video_s_per_s

            idle.sort(key=suitability)
        return idle

    def _rank_for(self, member: WorkerProxy) -> Rank[Entry]:
        speed = member.throughput.video_s_per_s
        slow = self._is_slow(member)
        # More than the faster ones could do by any means in the time of one piece here is not reckoned up.
        few = slow and self._book.queued * speed <= self._done_by_much_faster(speed)
        others = list(self._others()) if few else []
        better_left: dict[float, bool] = {}  # by cost: most chunks are equally long

        def rank(entry: Entry, of_video: int) -> float:
            if member.node_id in entry.lost_on and self._is_left_to_other_nodes(entry):
                return REFUSED
            cost_s = entry.task.cost_s
            if few and cost_s not in better_left:
                better_left[cost_s] = is_done_sooner_by_others(cost_s, speed, others, self._book.queued)
            if few and better_left[cost_s]:
                return REFUSED
            found = 0.0 if self._is_at(member, entry.task.media_key) else ELSEWHERE
            return found + (LAST_FOR_THE_SLOW if slow and of_video == 1 else 0.0)

        return rank

    def _done_by_much_faster(self, speed: float) -> float:
        """Seconds of video a second, of all together that are much faster than this."""
        many = len(self._speeds) - bisect_right(self._speeds, MUCH_FASTER * speed)
        return self._together[many - 1] if many else 0.0

    def _is_slow(self, member: WorkerProxy) -> bool:
        measured = member.throughput
        if not self._speeds or not measured.is_measured:
            return False
        return MUCH_FASTER * measured.video_s_per_s < self._speeds[-1]

    def _is_at(self, member: WorkerProxy, media_key: str) -> bool:
        return member.node_id is not None and self.locality.has(media_key, member.node_id)

    def _is_left_to_other_nodes(self, entry: Entry) -> bool:
        """For some time, and not to the slow ones, which leave it to the others."""
        now = time.monotonic()
        if entry.left_since_s is None:
            entry.left_since_s = now
        return now - entry.left_since_s < LEFT_TO_OTHER_NODES_S and any(
            member.node_id is not None and member.node_id not in entry.lost_on and not self._is_slow(member)
            for member in self._members()
        )

    def _others(self) -> Iterator[Availability]:
        now = time.monotonic()
        return (busy for member in self._members() if (busy := member.busy(now)) is not None)
