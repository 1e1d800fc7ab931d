"""What a request counts against, and how clients are told: budgets for reading and for changing things, by
key or by address.

Header fields as in draft-ietf-httpapi-ratelimit-headers-10, Retry-After as in RFC 9110. The counting itself
is in `cluster.stores.redis.rate_limits`.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable, Sequence

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope as AsgiScope

from cluster.settings import AccessSettings
from cluster.stores.redis.rate_limits import RateLimits
from serve_app.web.outer_middleware import SAFE_METHODS
from serve_app.web.problems import Problem

WINDOW_S = 60
_IPV6_NETWORK = 64  # what one subscriber gets: counting single addresses would count nobody

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Budgets:
    """The budgets of one installation. Blocks on Redis for a moment; without it nothing is limited."""

    def __init__(self, settings: AccessSettings, limits: RateLimits) -> None:
        self._per_minute = {"reads": settings.reads_per_minute, "writes": settings.writes_per_minute}
        self._limits = limits

    def spend(self, method: str, who: str, cost: int = 1) -> dict[str, str]:
        """Count `cost` requests of `who`; the header fields that tell what is left.

        Problem `rate_limited` when there is less. Nobody has to have saved up more than there can be: beside
        the request itself, which counts alone, at most all the rest of a budget is taken.
        """
        kind = "reads" if method in SAFE_METHODS else "writes"
        quota = self._per_minute[kind]
        spent = self._limits.spend(f"{kind}:{who}", quota, min(cost, max(quota - 1, 1)))
        if spent is None:
            return {}
        wait_s = max(math.ceil(spent.wait_ms / 1000), 1)
        told = {
            "RateLimit-Policy": f'"{kind}";q={quota};w={WINDOW_S}',
            "RateLimit": f'"{kind}";r={spent.left};t={wait_s}',
        }
        if not spent.allowed:
            raise Problem(
                "rate_limited",
                f"More than {quota} {kind} a minute; come again in {wait_s} s.",
                headers={**told, "Retry-After": str(wait_s)},
            )
        return told


def charge(request: Request, cost: int) -> None:
    """Count what a request does beyond being one: Problem `rate_limited` when that is more than is left."""
    spend: Callable[[int], object] | None = request.scope["state"]["spend"]
    if spend is not None and cost > 0:
        spend(cost)


def client_address(scope: AsgiScope, headers: Headers, trusted: Sequence[Network]) -> str:
    """The name of the client's budget: its address, or its network for IPv6.

    X-Forwarded-For is read from the right for as long as a trusted proxy wrote it; what stands further left
    anybody could have written.
    """
    client = scope.get("client")
    address = str(client[0]) if client else ""
    forwarded = ",".join(headers.getlist("x-forwarded-for")).split(",")
    for earlier in reversed([part.strip() for part in forwarded if part.strip()]):
        parsed = _parsed(address)
        if parsed is None or not any(parsed in network for network in trusted):
            break
        address = earlier
    parsed = _parsed(address)
    if parsed is None:
        return "address:unknown"
    if parsed.version == 6:
        return f"address:{ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False)}"
    return f"address:{parsed}"


def came_by_tls(scope: AsgiScope, headers: Headers, trusted: Sequence[Network]) -> bool:
    """Whether the client's own connection is encrypted, also where a trusted proxy ends the encryption."""
    client = scope.get("client")
    peer = _parsed(str(client[0])) if client else None
    believed = peer is not None and any(peer in network for network in trusted)
    return scope.get("scheme") == "https" or (believed and headers.get("x-forwarded-proto") == "https")


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
