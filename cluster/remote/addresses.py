"""Which addresses may be connected to on a client's behalf: public ones, and those an operator allows.

Neither an import nor a webhook must reach what only this machine can reach (server-side request forgery). The
name is resolved once, every address it has is judged, and the connection then goes to the judged address, so
that a second answer of the name server changes nothing. Knows no HTTP client.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from cluster.remote.errors import AddressRefusedError, SourceBrokeError, SourceError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
DEFAULT_PORTS = {"http": 80, "https": 443}

# 64:ff9b::/96 and 64:ff9b:1::/48 (NAT64) and 2002::/16 (6to4) carry an IPv4 address that would not be judged.
_TRANSLATED = tuple(
    ipaddress.IPv6Network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")
)


def is_public(address: IpAddress) -> bool:
    """Whether anyone on the Internet could reach this address."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in _TRANSLATED):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


@dataclass(frozen=True, slots=True)
class AddressRules:
    """Public addresses, and those of `private_networks`."""

    private_networks: Sequence[IpNetwork] = ()

    def allow(self, address: IpAddress) -> bool:
        """Whether `address` may be connected to."""
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


def split_url(url: str) -> tuple[SplitResult, str, int]:
    """The parts of an http(s) URL, its host in ASCII and its port. AddressRefusedError if it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
        # ASCII as DNS, TLS and the Host header want it; an address literal comes through as it is.
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError as error:
        raise AddressRefusedError(f"This is not a URL: {error}.") from error
    if parts.scheme not in DEFAULT_PORTS or not host or not url.isprintable() or " " in url:
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


def resolve(url: str, rules: AddressRules) -> Target:
    """Where `url` leads. Blocks on the name server.

    AddressRefusedError for other schemes, credentials in the URL and addresses that are not allowed (one such
    among several is enough: a name that points inside is not trusted). SourceError for names that do not
    exist, SourceBrokeError when the name server does not answer.
    """
    parts, host, port = split_url(url)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
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


def _judge(host: str, addresses: Sequence[IpAddress], rules: AddressRules) -> None:
    if not addresses or not all(rules.allow(address) for address in addresses):
        raise AddressRefusedError(
            f"{host} is not a public address; nothing is fetched from or sent to others."
        )
