"""One tree of settings: configs/default.yaml < SCENESTREAM_* environment < explicit values.

Knows names, types and where they come from. Does not know what the segmentation settings of a video
are (those travel with the video, see `cluster.segment_settings`) nor how a server is reached.
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

MOST_ACTORS = 10_000  # beyond what one pool can feed; a number above it is a slip of the keyboard
SMALLEST_SHARE = 1e-4  # of a GPU: Ray counts in steps of it

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
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


Enforcement = Literal["auto", "always", "never"]
# As browsers send it: no path, not even the slash. "*" stands for every origin.
Origin = Annotated[str, StringConstraints(pattern=r"^(\*|https?://[^/\s]+)$")]


class AccessSettings(_Section):
    """Who may use the API and how much. `auto` means: as soon as others than this machine can reach it.

    `hosts`: names, beside localhost, under which this machine's own requests may come (no port).
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


class ActorSettings(_Section):
    """The pool of segmentation actors. Zero means: decide from the machine."""

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
    """A pool that grows and shrinks with the work. Off, `ActorSettings` and the machine give its size.

    `cpu_actors`: beside those with a GPU, at most so many on nodes without one. `cpus_per_gpu_actor` is what
    an actor with a GPU asks of its node's cores; one without asks for as many as it has threads.
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
    """The bridges, and how each takes work. `spread`: over the nodes, instead of wherever Ray has them."""

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
    """What one owner may have in flight. Zero: no limit."""

    videos: int = Field(0, ge=0)
    seconds: float = Field(0.0, ge=0)


class QueueingSettings(_Section):
    """Whose turn it is. The quota `owner_…` is that of every owner without an administrator's key; `owners`
    are those with one of their own.
    """

    batch_share: float = Field(0.5, gt=0, le=1)
    light_bytes: int = Field(128 << 20, ge=0)
    owner_videos: int = Field(0, ge=0)
    owner_seconds: float = Field(0.0, ge=0)
    owners: dict[str, OwnerQuota] = {}


class LeaseSettings(_Section):
    """A claim on a video: valid for `duration_s` after its last heartbeat, by PostgreSQL's clock."""

    duration_s: float = Field(30.0, gt=0)
    heartbeat_s: float = Field(5.0, gt=0)
    max_attempts: int = Field(5, ge=1)

    @model_validator(mode="after")
    def _outlives_a_heartbeat(self) -> Self:
        if self.duration_s < 2 * self.heartbeat_s:
            raise ValueError("duration_s must be at least twice heartbeat_s: a heartbeat may be late")
        return self


class _Retries(_Section):
    """Tries again after `retry_first_s`, and after twice as long each time, up to `retry_longest_s`."""

    retry_first_s: float = Field(gt=0)
    retry_longest_s: float = Field(gt=0)

    @model_validator(mode="after")
    def _waits_grow(self) -> Self:
        if self.retry_first_s > self.retry_longest_s:
            raise ValueError("retry_first_s must not be above retry_longest_s")
        return self


class ImportSettings(_Retries):
    """Files fetched from addresses. `concurrency` is that of all bridges together.

    `private_networks`: addresses that may be fetched from although they are not public; `refused_networks`:
    those that may not in any case; `s3_buckets`: those that the server's own credentials are used for;
    `turn_s`: after so long a fetch gives its place to one that waits and has had less.
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
    """Telling addresses how videos end. `concurrency` is that of one bridge."""

    concurrency: int = Field(8, ge=1)
    private_networks: tuple[IPvAnyNetwork, ...] = ()
    refused_networks: tuple[IPvAnyNetwork, ...] = ()
    timeout_s: float = Field(10.0, gt=0)
    retry_first_s: float = Field(5.0, gt=0)
    retry_longest_s: float = Field(3600.0, gt=0)
    give_up_after_s: float = Field(86_400.0, gt=0)
    log_kept_s: float = Field(2_592_000.0, gt=0)


class TracingSettings(_Section):
    """Where traces are sent, by OTLP over HTTP; empty: nowhere. Left empty, the variable counts that
    OpenTelemetry's own tools read, OTEL_EXPORTER_OTLP_ENDPOINT.
    """

    endpoint: str = Field("", validate_default=True)

    @field_validator("endpoint")
    @classmethod
    def _or_of_opentelemetry(cls, given: str) -> str:
        return given or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")


class MediaSettings(_Section):
    """Copies of videos on the nodes that work on them, where the media store is not a directory.

    `cache_bytes`: of one node, not counting what is in use. `cache_dir`: if empty, cache/media in `var_dir`.
    """

    cache_bytes: int = Field(20 << 30, ge=0)
    cache_dir: str = ""


class LimitSettings(_Section):
    """What a video may be at most; over it, it is refused with the code `limit_exceeded`."""

    file_bytes: int = Field(100 << 30, ge=1)
    duration_s: float = Field(86_400.0, gt=0)
    frames: int = Field(10_000_000, ge=1)
    width_px: int = Field(8192, ge=1)
    height_px: int = Field(8192, ge=1)
    streams: int = Field(64, ge=1)
    sample_rate_hz: int = Field(384_000, ge=1)


class LogSettings(_Section):
    """Structured logs: JSON lines, or readable on a terminal."""

    json_lines: bool = False
    level: str = "INFO"


def is_loopback(host: str) -> bool:
    """Whether an address or name to listen at is this machine's own; names other than localhost are not."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def default_var_dir() -> Path:
    """Where the local stack keeps its data: var/ beside a checkout, else the user's state folder."""
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
        """Explicit values win over the environment, the environment over the YAML file."""
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls)

    @property
    def media_cache_dir(self) -> Path:
        """Where this node keeps copies of videos."""
        return Path(self.media.cache_dir) if self.media.cache_dir else Path(self.var_dir) / "cache" / "media"

    @property
    def needs_key(self) -> bool:
        """Whether every request needs an API key, as far as the configuration decides it."""
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
