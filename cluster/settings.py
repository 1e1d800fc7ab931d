"""One tree of settings: configs/default.yaml, overridden by SCENESTREAM_* variables, overridden by explicit
values.

Knows names, types, ranges and sources of the settings. Does not know the segmentation settings of a video
(those travel with the video, see `cluster.segment_settings`) nor how a server is reached.
"""

from __future__ import annotations

import ipaddress
import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    YamlConfigSettingsSource,
)

from cluster.errors import InvalidSettingsError

MOST_ACTORS = 10_000  # more than one pool can feed: a larger number is a typing error and is refused
SMALLEST_SHARE = 1e-4  # fraction of a GPU: Ray counts resources in steps of it

NO_MODEL = "none"  # in place of a model's name; an empty variable of the environment says nothing

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
CONFIG_DIR = PACKAGE_ROOT / "configs"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class HttpSettings(_Section):
    """Where the API and the page listen, and what one request may carry."""

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    api_replicas: int = Field(1, ge=1)
    single_post_max_bytes: int = Field(64 << 20, ge=1)
    upload_part_max_bytes: int = Field(8 << 20, ge=1)
    upload_expires_s: float = Field(86_400.0, gt=0)

    @property
    def on_loopback(self) -> bool:
        """Whether only programs on this machine can reach the address."""
        return is_loopback(self.host)


Enforcement = Literal["auto", "always", "never"]
# Scheme, host and port as browsers send them: without a path and without a last slash. "*": every origin.
Origin = Annotated[str, StringConstraints(pattern=r"^(\*|https?://[^/\s]+)$")]


class AccessSettings(_Section):
    """Authentication and rate limits of the API. `auto`: on when programs of other machines can reach it.

    `hosts`: names, beside localhost, under which this machine's own requests may come (without a port).
    """

    required: Enforcement = "auto"
    hosts: tuple[str, ...] = ()
    session_s: float = Field(604_800.0, gt=0)
    link_s: float = Field(3600.0, gt=0)
    link_max_s: float = Field(604_800.0, gt=0)
    cors_origins: tuple[Origin, ...] = ()
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    limits: Enforcement = "auto"
    reads_per_minute: int = Field(3000, ge=1)
    writes_per_minute: int = Field(600, ge=1)
    audit_kept_s: float = Field(34_560_000.0, gt=0)


class ActorSettings(_Section):
    """The pool of segmentation actors. Zero: the value follows from the machine."""

    count: int = Field(0, ge=0, le=MOST_ACTORS)
    gpus_per_actor: float = Field(0.0, ge=0)
    torch_threads: int = Field(0, ge=0, le=1024)
    ping_interval_s: float = Field(2.0, gt=0)
    stuck_after_s: float = Field(60.0, gt=0)
    chunk_attempts: int = Field(3, ge=1)
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


class ScalingSettings(_Section):
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


class BridgeSettings(_Section):
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


class OwnerQuota(_Section):
    """Admission quota: the most videos, and seconds of video, of one owner in flight. Zero: no limit."""

    videos: int = Field(0, ge=0)
    seconds: float = Field(0.0, ge=0)


class QueueingSettings(_Section):
    """Admission to the pool. `owner_videos` and `owner_seconds` are the quota of every owner without an
    administrator's key; `owners` gives single owners a quota of their own.
    """

    batch_share: float = Field(0.5, gt=0, le=1)
    light_bytes: int = Field(128 << 20, ge=0)
    owner_videos: int = Field(0, ge=0)
    owner_seconds: float = Field(0.0, ge=0)
    owners: dict[str, OwnerQuota] = {}


class LeaseSettings(_Section):
    """Lease on a video: valid for `duration_s` after its last heartbeat, by PostgreSQL's clock."""

    duration_s: float = Field(30.0, gt=0)
    heartbeat_s: float = Field(5.0, gt=0)
    max_attempts: int = Field(5, ge=1)

    @model_validator(mode="after")
    def _outlives_a_heartbeat(self) -> Self:
        if self.duration_s < 2 * self.heartbeat_s:
            raise ValueError("duration_s must be at least twice heartbeat_s: a heartbeat may be late")
        return self


class _Retries(_Section):
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


class TracingSettings(_Section):
    """Address that traces are sent to by OTLP over HTTP. If it is empty, OTEL_EXPORTER_OTLP_ENDPOINT is read,
    the variable of OpenTelemetry's own tools; if that is empty too, no traces are sent.
    """

    endpoint: str = Field("", validate_default=True)

    @field_validator("endpoint")
    @classmethod
    def _or_of_opentelemetry(cls, given: str) -> str:
        return given or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")


class MediaSettings(_Section):
    """Cache of videos on each node, used where the media store is S3 and not a directory; and proxies.

    `cache_bytes`: bound for one node, without files in use. `cache_dir`: if empty, cache/media in `var_dir`.
    `proxy_bytes`: quota of all proxies in the media store, the forms of videos that browsers play; the least
    recently used go first. `least_free_bytes`: less on a disk of the API's is told as a full disk.
    """

    cache_bytes: int = Field(20 << 30, ge=0)
    cache_dir: str = ""
    proxy_bytes: int = Field(50 << 30, ge=1)
    least_free_bytes: int = Field(1 << 30, ge=0)


class ModelSettings(_Section):
    """Models that no package brings. `speech`: name of the one that writes down what is said, or "none".
    `embedding`: of the one that makes vectors of sentences, which tell topics apart, or "none".

    `dir`: the folder in which models live; if empty, share/scenestream/models of the Python environment.
    """

    dir: str = ""
    speech: str = "whisper-base"
    embedding: str = "e5-small"


class LimitSettings(_Section):
    """Upper limits for one video; a video above one of them is refused with the code `limit_exceeded`."""

    file_bytes: int = Field(100 << 30, ge=1)
    duration_s: float = Field(86_400.0, gt=0)
    frames: int = Field(10_000_000, ge=1)
    width_px: int = Field(8192, ge=1)
    height_px: int = Field(8192, ge=1)
    streams: int = Field(64, ge=1)
    sample_rate_hz: int = Field(384_000, ge=1)


class LogSettings(_Section):
    """Structured logs: JSON lines always, or readable lines where the stream is a terminal."""

    json_lines: bool = False
    level: str = "INFO"


def is_loopback(host: str) -> bool:
    """Whether an address or name is a loopback address; names other than localhost count as not."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def default_var_dir() -> Path:
    """Folder of the local stack's data: var/ in a checkout, else scenestream/ in the user's state folder."""
    if (PACKAGE_ROOT / "pyproject.toml").exists():
        return PACKAGE_ROOT / "var"
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "scenestream"


class Settings(BaseSettings):
    """The whole tree, immutable. `Settings(http={"port": 9000})` overrides what files and environment say."""

    model_config = SettingsConfigDict(
        env_prefix="SCENESTREAM_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        yaml_file=CONFIG_DIR / "default.yaml",
    )

    postgres_url: str = ""
    mongodb_url: str = ""
    rabbitmq_url: str = ""
    redis_url: str = ""
    media_url: str = ""
    mongodb_database: str = "scenestream"
    api_url: str = ""
    ray_address: str = Field("", validation_alias="RAY_ADDRESS")
    ray_namespace: str = "scenestream"
    var_dir: Path = Field(default_factory=default_var_dir)

    http: HttpSettings = HttpSettings()
    access: AccessSettings = AccessSettings()
    actors: ActorSettings = ActorSettings()
    scaling: ScalingSettings = ScalingSettings()
    bridge: BridgeSettings = BridgeSettings()
    queueing: QueueingSettings = QueueingSettings()
    lease: LeaseSettings = LeaseSettings()
    imports: ImportSettings = ImportSettings()
    webhooks: WebhookSettings = WebhookSettings()
    tracing: TracingSettings = Field(default_factory=TracingSettings)
    media: MediaSettings = MediaSettings()
    models: ModelSettings = ModelSettings()
    limits: LimitSettings = LimitSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order of precedence: explicit values, then the environment, then the YAML file."""
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls)

    @property
    def media_cache_dir(self) -> Path:
        """Folder of this node's cache of videos."""
        return Path(self.media.cache_dir) if self.media.cache_dir else Path(self.var_dir) / "cache" / "media"

    @property
    def needs_key(self) -> bool:
        """Whether the configuration demands an API key for every request."""
        required = self.access.required
        return required == "always" or (required == "auto" and not self.http.on_loopback)

    def with_values(self, **values: Any) -> Settings:
        """A copy with top-level values replaced (URLs found by the local stack, for instance)."""
        return self.model_copy(update=values)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once from configs/ and the environment.

    InvalidSettingsError names what is wrong, and no value: URLs hold passwords.
    """
    try:
        return Settings()
    except ValidationError as error:
        told = [
            f"{'.'.join(map(str, found['loc']))}: {found['msg'].removeprefix('Value error, ')}"
            for found in error.errors()
        ]
        raise InvalidSettingsError(f"Configuration: {'; '.join(told)}.") from error
    except SettingsError as error:
        raise InvalidSettingsError(f"Configuration: {error}.") from error
