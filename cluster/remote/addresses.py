"""Which addresses may be connected to on a client's behalf: public ones, and those an operator allows.

Neither an import nor a webhook must reach what only this machine can reach (server-side request forgery). The
name is resolved once, every address it has is judged, and the connection then goes to the judged address, so
that a second answer of the name server changes nothing. Knows no HTTP client.
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
    # NAT64 (two of them) and 6to4 carry an IPv4 address that would not be judged.
    ipaddress.IPv6Network("64:ff9b::/96"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
    ipaddress.IPv6Network("2002::/16"),
    # What clouds offer their own machines: Azure at a public address, Oracle at a special one. Those of the
    # others (169.254.169.254, 100.100.100.200, fd00:ec2::254) are not global anyway.
    ipaddress.IPv4Network("168.63.129.16/32"),
    ipaddress.IPv4Network("192.0.0.0/24"),
)


def is_public(address: IpAddress) -> bool:
    """Whether anyone on the Internet could reach this address."""
    address = _unmapped(address)
    if any(address in network for network in _NOT_PUBLIC):
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _unmapped(address: IpAddress) -> IpAddress:
    """The IPv4 address that an IPv6 one of the kind ::ffff:1.2.3.4 stands for."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


@dataclass(frozen=True, slots=True)
class AddressRules:
    """Public addresses, and those of `private_networks`; none of `refused_networks`."""

    private_networks: Sequence[IpNetwork] = ()
    refused_networks: Sequence[IpNetwork] = ()

    def allow(self, address: IpAddress) -> bool:
        """Whether `address` may be connected to."""
        address = _unmapped(address)
        if any(address in network for network in self.refused_networks):
            return False
        return is_public(address) or any(address in network for network in self.private_networks)


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
        return name if self.port == DEFAULT_PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def url(self) -> str:
        """The URL with the judged address in place of the name."""
        name = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{self.scheme}://{name}:{self.port}{self.path}"

    @property
    def extensions(self) -> dict[str, str]:
        """For httpx: the name that TLS asks for and that the certificate must have."""
        return {"sni_hostname": self.host} if self.scheme == "https" else {}


def parse_url(url: str) -> SplitResult:
    """The parts of any URL; AddressRefusedError for what is none, or has characters that cannot be shown."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise AddressRefusedError(f"This is not a URL: {error}.") from error
    if not url.isprintable() or " " in url:
        raise AddressRefusedError("A URL has neither spaces nor control characters; write them as %20.")
    return parts


def split_url(url: str) -> tuple[SplitResult, str, int]:
    """The parts of an http(s) URL, its host in ASCII and its port. AddressRefusedError if it is none."""
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
    """AddressRefusedError for what can be refused without asking a name server. Never blocks.

    That is: what is no http(s) URL, and addresses written as numbers in any of the forms a resolver takes.
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
    """Where `url` leads. Blocks on the name server, for `timeout_s` at most.

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
    """What getaddrinfo says, once it does. It takes no time limit, so who asks may leave it behind."""
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
