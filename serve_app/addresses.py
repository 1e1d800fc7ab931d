"""Which addresses may be fetched on a client's behalf: public ones only.

A URL import must not reach what only this machine can reach (server-side request forgery). The name is
resolved once, every address it has is judged, and the connection then goes to the judged address, so that a
second answer of the name server changes nothing. Knows no HTTP client.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from serve_app.problems import Problem

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_DEFAULT_PORTS = {"http": 80, "https": 443}

# 64:ff9b::/96 and 64:ff9b:1::/48 (NAT64) and 2002::/16 (6to4) carry an IPv4 address that would not be judged.
_TRANSLATED = tuple(
    ipaddress.IPv6Network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect for a URL: the judged address, and the name for Host and TLS."""

    scheme: str
    host: str
    port: int
    address: IpAddress
    path: str

    @property
    def host_header(self) -> str:
        """The Host header: the name as given, the port where it is not the scheme's own."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _DEFAULT_PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def url(self) -> str:
        """The URL with the judged address in place of the name."""
        name = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{self.scheme}://{name}:{self.port}{self.path}"


def is_public(address: IpAddress, port: int) -> bool:
    """Whether anyone on the Internet could reach this address; `port` does not matter here."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped, port)
        if any(address in network for network in _TRANSLATED):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


AddressPolicy = Callable[[IpAddress, int], bool]
"""Says of (address, port) whether it may be connected to; `is_public` unless the caller decides otherwise."""


def resolve(url: str, allowed: AddressPolicy = is_public) -> Target:
    """Where `url` leads. Blocks on the name server.

    Raises Problem `address_refused` for other schemes, credentials in the URL and addresses that are not
    allowed (one such among several is enough: a name that points inside is not trusted), `import_failed`
    for names that do not resolve.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
        # ASCII as DNS, TLS and the Host header want it; an address literal comes through as it is.
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError as error:
        raise Problem("address_refused", f"This is not a URL: {error}.") from error
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise Problem("address_refused", "Only http:// and https:// addresses are imported.")
    if parts.username is not None or parts.password is not None:
        raise Problem("address_refused", "Addresses with a user name or password in them are not imported.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise Problem("import_failed", f"The name {host} does not resolve. Check the address.") from error
    addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
    if not addresses or not all(allowed(address, port) for address in addresses):
        raise Problem(
            "address_refused",
            f"{host} is not a public address; only those are imported from. Upload the file instead.",
        )
    path = parts.path or "/"
    if parts.query:
        path += f"?{parts.query}"
    return Target(parts.scheme, host, port, addresses[0], path)
