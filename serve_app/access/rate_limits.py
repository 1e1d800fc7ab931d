"""Rate limits: counts reads and writes of each key or address, and tells clients what is left.

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
_IPV6_NETWORK_BITS = 64  # one subscriber has a whole /64: counted by address, nobody would reach a limit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Budgets:
    """The rate limits of one installation. Blocks on Redis; without Redis nothing is limited."""

    def __init__(self, settings: AccessSettings, limits: RateLimits) -> None:
        self._per_minute = {"reads": settings.reads_per_minute, "writes": settings.writes_per_minute}
        self._limits = limits

    def spend(self, method: str, who: str, cost: int = 1) -> dict[str, str]:
        """Count `cost` requests of `who`; the RateLimit header fields, none while Redis does not answer.

        Raises Problem `rate_limited` when fewer are left. The cost is capped at the quota less one: the
        request itself was counted before, and a higher cost could never be paid.
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
    """Count `cost` further requests for this one. Problem `rate_limited` when fewer are left."""
    spend: Callable[[int], object] | None = request.scope["state"]["spend"]
    if spend is not None and cost > 0:
        spend(cost)


def client_address(scope: AsgiScope, headers: Headers, trusted: Sequence[Network]) -> str:
    """Name of the rate limit for the client's address, or for its /64 network with IPv6."""
    parsed = _parsed(address_of(scope, headers, trusted) or "")
    if parsed is None:
        return "address:unknown"
    if parsed.version == 6:
        return f"address:{ipaddress.ip_network((parsed, _IPV6_NETWORK_BITS), strict=False)}"
    return f"address:{parsed}"


def address_of(scope: AsgiScope, headers: Headers, trusted: Sequence[Network]) -> str | None:
    """The client's address, also behind trusted proxies; None where it cannot be told.

    X-Forwarded-For is read from the right, as long as a trusted proxy wrote the entry. Entries further left
    can be forged by the client.
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
    return None if parsed is None else str(parsed)


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
