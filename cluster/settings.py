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
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    IPvAnyNetwork,
    StringConstraints,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    YamlConfigSettingsSource,
)

from cluster.errors import InvalidSettingsError
from cluster.work_settings import (
    ActorSettings,
    BridgeSettings,
    ImportSettings,
    LeaseSettings,
    QueueingSettings,
    ScalingSettings,
    Section,
    WebhookSettings,
)

NO_MODEL = "none"  # in place of a model's name; an empty variable of the environment says nothing

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
CONFIG_DIR = PACKAGE_ROOT / "configs"


class HttpSettings(Section):
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


class AccessSettings(Section):
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


class TracingSettings(Section):
    """Address that traces are sent to by OTLP over HTTP. If it is empty, OTEL_EXPORTER_OTLP_ENDPOINT is read,
    the variable of OpenTelemetry's own tools; if that is empty too, no traces are sent.
    """

    endpoint: str = Field("", validate_default=True)

    @field_validator("endpoint")
    @classmethod
    def _or_of_opentelemetry(cls, given: str) -> str:
        return given or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")


class MediaSettings(Section):
    """Cache of videos on each node, used where the media store is S3 and not a directory; and proxies.

    `cache_bytes`: bound for one node, without files in use. `cache_dir`: if empty, cache/media in `var_dir`.
    `proxy_bytes`: quota of all proxies in the media store, the forms of videos that browsers play; the least
    recently used go first. `least_free_bytes`: less on a disk of the API's is told as a full disk.
    """

    cache_bytes: int = Field(20 << 30, ge=0)
    cache_dir: str = ""
    proxy_bytes: int = Field(50 << 30, ge=1)
    least_free_bytes: int = Field(1 << 30, ge=0)


class ModelSettings(Section):
    """Models that no package brings. `speech`: name of the one that writes down what is said, or "none".
    `embedding`: of the one that makes vectors of sentences, which tell topics apart and by which search finds
    what means the same, or "none".

    `dir`: the folder in which models live; if empty, share/scenestream/models of the Python environment.
    """

    dir: str = ""
    speech: str = "whisper-base"
    embedding: str = "e5-small"


class LimitSettings(Section):
    """Upper limits for one video; a video above one of them is refused with the code `limit_exceeded`."""

    file_bytes: int = Field(100 << 30, ge=1)
    duration_s: float = Field(86_400.0, gt=0)
    frames: int = Field(10_000_000, ge=1)
    decoded_pixels: int = Field(50_000_000_000_000, ge=1)
    width_px: int = Field(8192, ge=1)
    height_px: int = Field(8192, ge=1)
    streams: int = Field(64, ge=1)
    sample_rate_hz: int = Field(384_000, ge=1)


class LogSettings(Section):
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
