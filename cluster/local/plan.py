"""Derives from the settings which parts the stack starts, which are external, and the environment of all.

Chooses ports and passwords, which the URLs contain. Starts nothing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster.local import probes
from cluster.local.environment import RAY_IS_LOCAL, environment_of
from cluster.local.layout import Layout
from cluster.local.parts.apps import Apps
from cluster.local.parts.base import StackPart
from cluster.local.parts.ray import Ray
from cluster.local.ports import PortBook
from cluster.local.servers import SERVER_PARTS
from cluster.settings import Settings

STORES = (*SERVER_PARTS, "media")
ALL_PARTS = (*STORES, Ray.name, Apps.name)
"""In the order of `scenestream status`."""

ANY_HOSTS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - only compared with
"""Hosts that mean every address of the machine."""


def configured(settings: Settings) -> dict[str, str]:
    """URL by part, of the external parts: those for which the settings have a URL."""
    given = {name: str(getattr(settings, f"{name}_url")) for name in STORES}
    given[Ray.name] = settings.ray_address
    return {name: url for name, url in given.items() if url}


def local_api_url(settings: Settings) -> str:
    """Base URL of the page and the API (without /api/v1) for a browser on this machine."""
    host = settings.http.host
    reachable = "127.0.0.1" if host in ANY_HOSTS else host
    bracketed = f"[{reachable}]" if ":" in reachable else reachable
    return f"http://{bracketed}:{settings.http.port}"


@dataclass(frozen=True, slots=True)
class StackPlan:
    """Parts to start, URLs of external parts and of all stores, variables to join the stack's Ray."""

    own: tuple[StackPart, ...]
    external: dict[str, str]
    urls: dict[str, str]
    ray_address: str
    ray_environment: dict[str, str]

    @property
    def owns_media(self) -> bool:
        """Whether the media store is the stack's own directory."""
        return "media" not in self.external


def plan_stack(
    settings: Settings, layout: Layout, ports: PortBook, wanted: Sequence[str], serve_config: Path
) -> StackPlan:
    """Make the plan. `wanted` limits the stack to some parts, so that tests need not start all of them."""
    external = {name: url for name, url in configured(settings).items() if name in wanted}
    servers = [kind(layout, ports) for name, kind in SERVER_PARTS.items() if name in wanted]
    servers = [server for server in servers if server.name not in external]
    urls = {
        "media": layout.media_dir.as_uri(),
        **{server.name: server.url for server in servers},
        **{name: url for name, url in external.items() if name in STORES},
    }
    complete = settings.with_values(
        var_dir=layout.var_dir,
        api_url=settings.api_url or local_api_url(settings),
        **{f"{name}_url": url for name, url in urls.items()},
    )
    environment = environment_of(complete)
    own: list[StackPart] = list(servers)
    ray_address = settings.ray_address
    ray_environment: dict[str, str] = {}
    if ray_address:  # this process's environment has the token and other variables to join it
        ray_environment = {name: value for name, value in os.environ.items() if name.startswith("RAY_")}
        ray_environment["RAY_ADDRESS"] = ray_address
    if Ray.name in wanted and Ray.name not in external:
        ray = Ray(layout, ports, environment)
        own.append(ray)
        ray_address, ray_environment = ray.address, ray.client_environment()
        environment = {**environment, RAY_IS_LOCAL: "1"}
    if Apps.name in wanted:
        joined = {**environment, **ray_environment}
        own.append(Apps(layout, ports, joined, local_api_url(settings), serve_config))
    return StackPlan(tuple(own), external, urls, ray_address, ray_environment)


def address_of(name: str, url: str) -> str:
    """An external part's address to show to people, without a password."""
    return url if name == Ray.name else probes.redacted(url)
