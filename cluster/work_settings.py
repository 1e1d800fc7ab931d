"""Settings of the work: how many actors do it, who goes first, how often it is tried and for how long.

Sections of the tree in `cluster.settings`, which says where values come from. Knows names, types and ranges
only.
"""

from __future__ import annotations

from typing import Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    model_validator,
)

MOST_ACTORS = 10_000  # more than one pool can feed: a larger number is a typing error and is refused
SMALLEST_SHARE = 1e-4  # fraction of a GPU: Ray counts resources in steps of it


class Section(BaseModel):
    """One section of the tree: no other names, no NaN, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ActorSettings(Section):
    """The pool of segmentation actors. Zero: the value follows from the machine."""

    count: int = Field(0, ge=0, le=MOST_ACTORS)
    gpus_per_actor: float = Field(0.0, ge=0)
    torch_threads: int = Field(0, ge=0, le=1024)
    ping_interval_s: float = Field(2.0, gt=0)
    stuck_after_s: float = Field(60.0, gt=0)
    chunk_attempts: int = Field(3, ge=1)
    memory_bytes: int = Field(0, ge=0)
    start_timeout_s: float = Field(180.0, gt=0)
    service_resource: str = ""

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        share = self.gpus_per_actor
        if 0 < share < SMALLEST_SHARE or (share > 1 and not share.is_integer()):
            raise ValueError(
                f"gpus_per_actor must be 0, a share of one GPU ({SMALLEST_SHARE:g} to 1) or a whole number"
            )
        if self.ping_interval_s >= self.stuck_after_s:
            raise ValueError("ping_interval_s must be below stuck_after_s, best a tenth of it or less")
        return self


class ScalingSettings(Section):
    """Autoscaling of the pool by its work. Where it is off, `ActorSettings` and the machine give the size.

    `cpu_actors`: the most actors on nodes without a GPU, beside those with one. `cpus_per_gpu_actor`: cores
    that an actor with a GPU requests from Ray; an actor without a GPU requests one core for each of its
    threads.
    """

    enabled: bool = False
    min_actors: int = Field(1, ge=0)
    max_actors: int = Field(16, ge=1, le=MOST_ACTORS)
    allow_zero: bool = False
    zero_after_s: float = Field(300.0, ge=0)
    target_drain_s: float = Field(600.0, gt=0)
    up_after_s: float = Field(2.0, ge=0)
    down_after_s: float = Field(60.0, ge=0)
    first_video_s_per_s: float = Field(5.0, gt=0)
    cpu_actors: int = Field(0, ge=0)
    cpus_per_gpu_actor: float = Field(1.0, ge=0)

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.min_actors > self.max_actors:
            raise ValueError(
                f"min_actors ({self.min_actors}) must not be above max_actors ({self.max_actors})"
            )
        return self


class BridgeSettings(Section):
    """Number of bridges, their bounds and intervals. `spread`: Ray places them on different nodes."""

    replicas: int = Field(1, ge=1, le=64)
    spread: bool = True
    max_videos: int = Field(32, ge=1, le=10_000)
    relay_interval_s: float = Field(0.2, gt=0)
    look_interval_s: float = Field(1.0, gt=0)
    cancel_interval_s: float = Field(0.5, gt=0)
    reaper_interval_s: float = Field(5.0, gt=0)
    backlog_interval_s: float = Field(5.0, gt=0, le=15)  # the pool forgets a report after 30 s
    revisions_kept: int = Field(10, ge=1)


class OwnerQuota(Section):
    """Admission quota: the most videos, and seconds of video, of one owner in flight. Zero: no limit."""

    videos: int = Field(0, ge=0)
    seconds: float = Field(0.0, ge=0)


class QueueingSettings(Section):
    """Admission to the pool. `owner_videos` and `owner_seconds` are the quota of every owner without an
    administrator's key; `owners` gives single owners a quota of their own.
    """

    batch_share: float = Field(0.5, gt=0, le=1)
    light_bytes: int = Field(128 << 20, ge=0)
    owner_videos: int = Field(0, ge=0)
    owner_seconds: float = Field(0.0, ge=0)
    owners: dict[str, OwnerQuota] = {}


class LeaseSettings(Section):
    """Lease on a video: valid for `duration_s` after its last heartbeat, by PostgreSQL's clock."""

    duration_s: float = Field(30.0, gt=0)
    heartbeat_s: float = Field(5.0, gt=0)
    max_attempts: int = Field(5, ge=1)

    @model_validator(mode="after")
    def _outlives_a_heartbeat(self) -> Self:
        if self.duration_s < 2 * self.heartbeat_s:
            raise ValueError("duration_s must be at least twice heartbeat_s: a heartbeat may be late")
        return self


class _Retries(Section):
    """Exponential backoff: the first wait is `retry_first_s`, each next one twice as long, up to
    `retry_longest_s`.
    """

    retry_first_s: float = Field(gt=0)
    retry_longest_s: float = Field(gt=0)

    @model_validator(mode="after")
    def _waits_grow(self) -> Self:
        if self.retry_first_s > self.retry_longest_s:
            raise ValueError("retry_first_s must not be above retry_longest_s")
        return self


class ImportSettings(_Retries):
    """Imports: files that the server downloads from addresses. `concurrency`: downloads of all bridges
    together.

    `private_networks`: networks that may be downloaded from although they are not public. `refused_networks`:
    networks that are always refused. `s3_buckets`: buckets that are read with the server's own credentials.
    `turn_s`: after so many seconds a download gives its place to a waiting one that has had less.
    """

    concurrency: int = Field(8, ge=1)
    private_networks: tuple[IPvAnyNetwork, ...] = ()
    refused_networks: tuple[IPvAnyNetwork, ...] = ()
    s3_buckets: tuple[str, ...] = ()
    connect_timeout_s: float = Field(10.0, gt=0)
    idle_timeout_s: float = Field(30.0, gt=0)
    slowest_bytes_per_s: float = Field(1024.0, ge=0)
    turn_s: float = Field(600.0, gt=0)
    max_tries: int = Field(10, ge=1)
    retry_first_s: float = Field(2.0, gt=0)
    retry_longest_s: float = Field(300.0, gt=0)


class WebhookSettings(_Retries):
    """Webhooks: POST requests that report how videos ended. `concurrency`: requests at once of one bridge."""

    concurrency: int = Field(8, ge=1)
    private_networks: tuple[IPvAnyNetwork, ...] = ()
    refused_networks: tuple[IPvAnyNetwork, ...] = ()
    timeout_s: float = Field(10.0, gt=0)
    retry_first_s: float = Field(5.0, gt=0)
    retry_longest_s: float = Field(3600.0, gt=0)
    give_up_after_s: float = Field(86_400.0, gt=0)
    log_kept_s: float = Field(2_592_000.0, gt=0)
