"""Protection against server-side request forgery (SSRF): allows public addresses, and those an operator
allows.

Neither an import nor a webhook may reach a server that only this machine can reach. The name is resolved
once, every address it has is checked, and the connection goes to the checked address, so that a second,
different answer of the name server (DNS rebinding) changes nothing. Knows no HTTP client.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from cluster.remote.errors import AddressRefusedError, SourceBrokeError, SourceError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
DEFAULT_PORTS = {"http": 80, "https": 443}

_NOT_PUBLIC: tuple[IpNetwork, ...] = (
    # NAT64 (two prefixes) and 6to4 carry an IPv4 address that would not be checked.
    ipaddress.IPv6Network("64:ff9b::/96"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
    ipaddress.IPv6Network("2002::/16"),
    # Metadata services of clouds: Azure's at a public address, Oracle's at a special one. Those of the others
    # (169.254.169.254, 100.100.100.200, fd00:ec2::254) are not global addresses anyway.
    ipaddress.IPv4Network("168.63.129.16/32"),
    ipaddress.IPv4Network("192.0.0.0/24"),
)


def is_public(address: IpAddress) -> bool:
    """Whether the address is reachable from the whole Internet."""
    address = _unmapped(address)
    if any(address in network for network in _NOT_PUBLIC):
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _unmapped(address: IpAddress) -> IpAddress:
    """The IPv4 address inside an IPv4-mapped IPv6 address (::ffff:1.2.3.4)."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


@dataclass(frozen=True, slots=True)
class AddressRules:
    """Allows public addresses and those of `private_networks`, and refuses those of `refused_networks`."""

    private_networks: Sequence[IpNetwork] = ()
    refused_networks: Sequence[IpNetwork] = ()

    def allow(self, address: IpAddress) -> bool:
        """Whether a connection to `address` is allowed."""
        address = _unmapped(address)
        if any(address in network for network in self.refused_networks):
            return False
        return is_public(address) or any(address in network for network in self.private_networks)


@dataclass(frozen=True, slots=True)
class Target:
    """Destination of a URL: the checked address, and the name for the Host header and TLS."""

    scheme: str
    host: str
    port: int
    address: IpAddress
    path: str

    @property
    def host_header(self) -> str:
        """The Host header: the name as given, the port where it is not the scheme's own."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == DEFAULT_PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def url(self) -> str:
        """The URL with the checked address in place of the name."""
        name = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{self.scheme}://{name}:{self.port}{self.path}"

    @property
    def extensions(self) -> dict[str, str]:
        """Extensions for httpx: the server name that TLS sends and that the certificate must have."""
        return {"sni_hostname": self.host} if self.scheme == "https" else {}


def parse_url(url: str) -> SplitResult:
    """Parses any URL; AddressRefusedError for a text that is not a URL, or has unprintable characters."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise AddressRefusedError(f"This is not a URL: {error}.") from error
    if not url.isprintable() or " " in url:
        raise AddressRefusedError("A URL has neither spaces nor control characters; write them as %20.")
    return parts


def split_url(url: str) -> tuple[SplitResult, str, int]:
    """Parses an http(s) URL: its parts, its host in ASCII, its port. AddressRefusedError for other texts."""
    parts = parse_url(url)
    try:
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
        # ASCII as DNS, TLS and the Host header want it; an address literal comes through as it is.
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError as error:
        raise AddressRefusedError(f"This is not a URL: {error}.") from error
    if parts.scheme not in DEFAULT_PORTS or not host:
        raise AddressRefusedError("Only http:// and https:// addresses are connected to.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefusedError("Addresses with a user name or password in them are not connected to.")
    return parts, host, port


def check_url(url: str, rules: AddressRules) -> None:
    """Raises AddressRefusedError for a URL that can be refused without a name server. Never blocks.

    Refused are texts that are not an http(s) URL, and forbidden addresses in any numeric form a resolver
    takes.
    """
    _, host, port = split_url(url)
    if host == "localhost" or host.endswith(".localhost"):  # always this machine (RFC 6761, section 6.3)
        _judge(host, [ipaddress.IPv4Address("127.0.0.1")], rules)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError:
        return  # a name; it is judged when it is resolved
    _judge(host, [ipaddress.ip_address(entry[4][0]) for entry in found], rules)


def resolve(url: str, rules: AddressRules, timeout_s: float) -> Target:
    """Resolves `url` and checks all its addresses. Blocks on the name server, for `timeout_s` at most.

    AddressRefusedError for other schemes, credentials in the URL and addresses that are not allowed (one such
    among several is enough: a name that points inside is not trusted). SourceError for names that do not
    exist, SourceBrokeError when the name server does not answer.
    """
    parts, host, port = split_url(url)
    try:
        found = _look_up(host, port).result(timeout_s)
    except TimeoutError as error:
        raise SourceBrokeError(f"The name {host} did not resolve within {timeout_s:g} s.") from error
    except socket.gaierror as error:
        kind = SourceBrokeError if error.errno == socket.EAI_AGAIN else SourceError
        raise kind(f"The name {host} does not resolve. Check the address.") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"The name {host} does not resolve. Check the address.") from error
    addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
    _judge(host, addresses, rules)
    path = parts.path or "/"
    if parts.query:
        path += f"?{parts.query}"
    return Target(parts.scheme, host, port, addresses[0], path)


def _look_up(host: str, port: int) -> Future[list[Any]]:
    """Calls getaddrinfo, which blocks without a timeout; so callers run it on a thread and may abandon it."""
    found: Future[list[Any]] = Future()

    def ask() -> None:
        try:
            found.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:
            found.set_exception(error)

    threading.Thread(target=ask, name="name server", daemon=True).start()
    return found


def _judge(host: str, addresses: Sequence[IpAddress], rules: AddressRules) -> None:
    if not addresses or not all(rules.allow(address) for address in addresses):
        raise AddressRefusedError(
            f"{host} is not a public address; nothing is fetched from or sent to others."
        )
