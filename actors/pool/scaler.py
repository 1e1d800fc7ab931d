"""How many segmenters the pool keeps: told by settings and machine, or by what there is to do.

Looks at the cluster every few seconds and, where scaling is on, at the work every second. Knows Ray's table
of nodes; the arithmetic is in `size` and in `cluster.scaling`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import ray
import structlog
from ray.exceptions import RayError

from actors import metrics
from actors.pool.dispatcher import Dispatcher
from actors.pool.fleet import Fleet
from actors.pool.size import NodeView, Shape, elastic_plan, pool_size
from actors.pool.task_table import TaskTable
from actors.pool.throughput import MovingMean
from cluster.scaling import Load, ScalingPolicy
from cluster.settings import Settings

LOOK_INTERVAL_S = 1.0  # at the work: growth is to begin within seconds
NODES_INTERVAL_S = 5.0  # at the cluster
REPORT_VALID_S = 30.0  # bridges report every few seconds; one that is older tells nothing
FIRST_CHUNK_S = 60.0  # about what chunks are long, until some have been seen

log = structlog.get_logger(__name__)


class Scaler:
    """`run` never returns."""

    def __init__(self, settings: Settings, book: TaskTable, slots: Fleet, dispatcher: Dispatcher) -> None:
        self.chunk_s = MovingMean(FIRST_CHUNK_S)
        self._settings = settings
        self._book = book
        self._slots = slots
        self._dispatcher = dispatcher
        self._policy = ScalingPolicy(settings.scaling)
        self._video_s_per_s = settings.scaling.first_video_s_per_s
        self._reported_s = 0.0
        self._reported_at = float("-inf")
        self._clips: dict[str, tuple[float, float]] = {}  # bridge → (seconds, when)
        self._nodes: list[NodeView] | None = None
        self._nodes_at = float("-inf")
        self._homeless: list[str] = []

    def report(self, backlog: Mapping[str, Any]) -> None:
        """`{"seconds": of video not analysed yet, "videos": n}` in the whole installation, and with `bridge`
        and `clips_s` what that bridge has of clips to cut.
        """
        now = time.monotonic()
        self._reported_s = max(float(backlog["seconds"]), 0.0)
        self._reported_at = now
        self._clips[str(backlog.get("bridge", ""))] = (max(float(backlog.get("clips_s", 0.0)), 0.0), now)
        self._clips = {name: told for name, told in self._clips.items() if now - told[1] <= REPORT_VALID_S}

    @property
    def backlog_s(self) -> float:
        """Seconds of video to be analysed: as reported lately (the pool's own among them), or known here."""
        now = time.monotonic()
        videos_s = self._reported_s if now - self._reported_at <= REPORT_VALID_S else 0.0
        clips_s = sum(clips_s for clips_s, at in self._clips.values() if now - at <= REPORT_VALID_S)
        return max(videos_s + clips_s, self._book.work_s)

    async def run(self) -> None:
        """Keep as many slots as there shall be."""
        while True:
            try:
                await self._look_at_nodes()
                if self._nodes is not None:
                    self._resize(self._nodes)
                self._dispatcher.look_around()
                metrics.pool_seen(
                    self._slots.rows(),
                    wanted=self._slots.wanted,
                    queued=self._book.queued,
                    backlog_s=self.backlog_s,
                )
            except Exception:  # for a fault of ours the pool must not keep its size for good
                log.exception("the pool could not be resized")
            await asyncio.sleep(LOOK_INTERVAL_S)

    async def _look_at_nodes(self) -> None:
        if time.monotonic() - self._nodes_at < NODES_INTERVAL_S:
            return
        try:
            table = await asyncio.to_thread(ray.nodes)
        except RayError as error:
            log.warning("the cluster's nodes are unknown", reason=type(error).__name__)
            return
        living = [node["Resources"] for node in table if node["Alive"]]
        self._nodes = [NodeView(node.get("GPU", 0.0), node.get("CPU", 0.0)) for node in living]
        self._nodes_at = time.monotonic()

    def _resize(self, nodes: list[NodeView]) -> None:
        plan = self._elastic(nodes) if self._settings.scaling.enabled else self._fixed(nodes)
        if sum(plan.values()) != self._slots.wanted:
            shapes = [f"{count} x {shape}" for shape, count in plan.items()]
            log.info("pool size", wanted=sum(plan.values()), shapes=shapes, backlog_s=round(self.backlog_s))
        self._slots.resize(plan)
        self._tell_of_homeless(plan, nodes)

    def _tell_of_homeless(self, plan: Mapping[Shape, int], nodes: list[NodeView]) -> None:
        """Where there are nodes of the right kind and all are too small: larger ones may come, but if none
        does, all that waits waits for ever.
        """
        homeless = []
        for shape in (shape for shape, count in plan.items() if count):
            of_kind = [node for node in nodes if node.gpus > 0 or shape.num_gpus == 0]
            if of_kind and not any(node.may_hold(shape) for node in of_kind):
                homeless.append(f"{shape}")
        if homeless and homeless != self._homeless:
            log.warning(
                "no node can hold such an actor: waiting for a larger one, or for smaller "
                "actors.torch_threads, actors.gpus_per_actor, scaling.cpus_per_gpu_actor",
                shapes=homeless,
            )
        self._homeless = homeless

    def _fixed(self, nodes: list[NodeView]) -> dict[Shape, int]:
        gpus, cores = sum(node.gpus for node in nodes), sum(node.cores for node in nodes)
        size = pool_size(self._settings.actors, gpus=gpus, cores=cores)
        return {size.shape: size.actors}

    def _elastic(self, nodes: list[NodeView]) -> dict[Shape, int]:
        rates = [m.throughput.video_s_per_s for m in self._slots.members() if m.throughput.is_measured]
        if rates:  # else the last ones hold, also through a time without any actor
            self._video_s_per_s = sum(rates) / len(rates)
        load = Load(
            backlog_s=self.backlog_s,
            tasks=len(self._book),
            video_s_per_s=self._video_s_per_s,
            chunk_s=self.chunk_s.value,
            placed=self._slots.placed,
        )
        wanted = self._policy.wanted(load, time.monotonic())
        return elastic_plan(self._settings.actors, self._settings.scaling, nodes, wanted)
