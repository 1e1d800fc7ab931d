"""The claim loop of orders of clips, proxies among them.

PostgreSQL is asked for work at every doorbell, at regular intervals and whenever an order has ended; so a
lost doorbell or an expired lease costs seconds. Places are reserved for each class of orders, as for videos:
a few clips do not wait for whole films to be cut. Knows orders and admission; not how an order is worked on.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from actors.bridge.admission import Admission, AdmissionClass
from actors.bridge.claiming import ClaimLoop
from actors.bridge.clips.proxy import ProxyWork
from actors.bridge.clips.work import ClipWork
from actors.bridge.services import BridgeServices
from actors.bridge.threads import LivenessGuard
from cluster.contract.vocabulary import BATCH
from cluster.stores.postgres.clips.job import FEW_CLIPS, PROXY, ClipJob
from cluster.stores.postgres.clips.jobs import ClipJobs
from cluster.stores.postgres.turns import Room
from cluster.work_settings import LeaseSettings

MAX_ORDERS = 24  # at once; their clips take turns in the pool with everything else there
BATCH_SHARE = 0.5  # of the places, at most: half stays for orders that somebody waits for


class ClipDesk(ClaimLoop[ClipJob, Room, ClipWork]):
    """`keeper`: connections that do not wait for the work."""

    def __init__(
        self,
        begin: Callable[[ClipJob], ClipWork],
        keeper: ClipJobs,
        owner: str,
        lease: LeaseSettings,
        guard: LivenessGuard,
    ) -> None:
        admission = Admission(BATCH_SHARE, light_bytes=0)

        def claim(room: Room) -> ClipJob | None:
            # A heartbeat more: after an outage of PostgreSQL the holder that still works goes on.
            return keeper.claim(owner, lease.duration_s, lease.max_attempts, room, lease.heartbeat_s)

        super().__init__(
            ClipWork.kind,
            room=lambda works: admission.beside(MAX_ORDERS, (class_of(work.job) for work in works)),
            claim=claim,
            begin=begin,
            guard=guard,
        )
        self._keeper = keeper
        self._lease = lease

    @property
    def left_s(self) -> float:
        """What is left to do of all orders in hand, as the seconds of video whose analysis takes as long."""
        return math.fsum(work.left_s for work in self.works)

    def reap(self) -> None:
        """End orders that are out of attempts, or whose holder died after a cancellation; then look."""
        self._keeper.reap(self._lease.max_attempts, self._lease.heartbeat_s)
        self.look()


def class_of(job: ClipJob) -> AdmissionClass:
    """The class whose places an order takes."""
    if job.priority == BATCH:
        return AdmissionClass.BATCH
    few = job.total <= FEW_CLIPS and job.purpose != PROXY
    return AdmissionClass.LIGHT if few else AdmissionClass.HEAVY


def begun(job: ClipJob, services: BridgeServices) -> ClipWork:
    """The work on a claimed order, by its purpose."""
    return ProxyWork(job, services) if job.purpose == PROXY else ClipWork(job, services)
