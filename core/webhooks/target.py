"""Where a webhook may go (case F16): checked when it is saved, when it is tested and, again, at every delivery.

The name is looked up once per delivery, every address it has is checked, and the connection goes to exactly such an
address (core.webhooks.courier), so a name that answers differently a moment later gains nothing. Hosts, host:port
and networks of WEBHOOK_ALLOWED_HOSTS are free of these rules.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LONGEST = 500
DEFAULT_PORTS = {"https": 443, "http": 80}
FIRST_FREE_PORT = 8000
# Above it, what is no web server: Elasticsearch, memcached, MongoDB, Redis Cluster and Sentinel, Amanda.
OTHER_SERVICES = frozenset({9200, 9300, 10080, 11211, 16379, 26379, 27017, 27018, 27019})
LOOK_UP = 5.0  # seconds
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*", re.ASCII)
_NUMERIC = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)", re.ASCII)  # a last label like this is read as a number by resolvers
_INSIDE = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "localdomain", "home.arpa")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MAPPED = ipaddress.ip_network("::ffff:0:0/96")
_OUTSIDE = ipaddress.ip_network("2000::/3")
# Beside what `is_global` refuses, which differs by the version of Python: protocol assignments (Teredo among them),
# documentation, 6to4 with its relay, segment routing.
_REFUSED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16")
)


class AddressNotAllowed(InvalidInput):
    """The address is none that webhooks may go to."""

    code = "address_not_allowed"
    message = _("Webhooks may not be sent to this address. It has to be public, and reached over https.")

    def __init__(self, why: str = "") -> None:
        super().__init__(field="url")
        self.why = why  # for the log of a delivery, in English


class NameNotFound(Exception):
    """The name has no address, or none within LOOK_UP seconds."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart. `host`: lower case, ASCII, an IPv6 address without brackets; `path` with the query."""

    scheme: str
    host: str
    port: int
    path: str
    literal: IP | None

    @property
    def allowed(self) -> bool:
        """Whether the operator allows the host (or host:port) by name."""
        names = _allowed(tuple(settings.WEBHOOK_ALLOWED_HOSTS))[0]
        return (self.host, 0) in names or (self.host, self.port) in names

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parse(url: str) -> Target:
    """The parts of an address whose form is sound. Raises AddressNotAllowed. No look-up."""
    if not url or len(url) > LONGEST or not url.isprintable() or any(c.isspace() or c == "\\" for c in url):
        raise AddressNotAllowed("malformed")
    try:
        parts = urlsplit(url)
        port = parts.port
        name = parts.hostname or ""
    except ValueError:
        raise AddressNotAllowed("malformed") from None
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS or not url[len(scheme) :].startswith("://"):
        raise AddressNotAllowed("neither https nor http")
    if "@" in parts.netloc or parts.username is not None or parts.password is not None:
        raise AddressNotAllowed("user name in the address")
    if parts.fragment or "#" in url:
        raise AddressNotAllowed("fragment in the address")
    host, literal = _host(name, bracketed="[" in parts.netloc)
    path = parts.path or "/"
    try:
        path.encode("ascii")
        parts.query.encode("ascii")
    except UnicodeEncodeError:
        raise AddressNotAllowed("not percent-encoded") from None
    port = DEFAULT_PORTS[scheme] if port is None else port
    if not 0 < port < 65536:
        raise AddressNotAllowed("port")
    return Target(scheme, host, port, f"{path}?{parts.query}" if parts.query else path, literal)


def check(url: str, *, seconds: float = LOOK_UP) -> Target:
    """The target if webhooks may go there: form, scheme, port, and every address the name has.

    A name that is not found is let through: it may come to be, and delivery looks again. Raises AddressNotAllowed.
    """
    target = parse(url)
    with suppress(NameNotFound):
        resolve(target, seconds=seconds)
    return target


def resolve(target: Target, *, seconds: float = LOOK_UP) -> list[IP]:
    """The addresses to connect to, each allowed. Raises AddressNotAllowed if any of them is not, NameNotFound."""
    by_name = target.allowed
    if not by_name and _inside(target.host):
        raise AddressNotAllowed("a name inside the house")
    try:
        found = [target.literal] if target.literal is not None else _look_up(target.host, target.port, seconds)
    except NameNotFound:
        if not by_name:
            _refuse_unless_web(target)
        raise
    for address in found:
        if not by_name and not _in_allowed_network(address):
            _refuse_unless_public(address)
            _refuse_unless_web(target)
    return found


def is_public(address: IP) -> bool:
    """Whether the address is one that anybody on the internet could reach, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64 or address in _MAPPED:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _OUTSIDE or address.sixtofour is not None or address.teredo is not None:
            return False
        if (int(address) >> 32) & 0xFDFFFFFF == 0x00005EFE:  # ISATAP: an IPv4 address in the lower half
            return False
    if address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback:
        return False
    if address.is_link_local or address.is_private or not address.is_global:
        return False
    return not any(address in network for network in _REFUSED if network.version == address.version)


def _refuse_unless_public(address: IP) -> None:
    if not is_public(address):
        raise AddressNotAllowed("not a public address")


def _refuse_unless_web(target: Target) -> None:
    if target.scheme != "https" and not settings.DEBUG:
        raise AddressNotAllowed("not https")
    if target.port in DEFAULT_PORTS.values():
        return
    if target.port < FIRST_FREE_PORT or target.port in OTHER_SERVICES:
        raise AddressNotAllowed("port")


def _host(name: str, *, bracketed: bool) -> tuple[str, IP | None]:
    """The host in its one spelling, and its address where it is one. Odd forms of numbers are refused."""
    if bracketed:
        try:
            address = ipaddress.IPv6Address(name)
        except ValueError:
            raise AddressNotAllowed("malformed") from None
        if address.scope_id is not None:
            raise AddressNotAllowed("zone in the address")
        return str(address), address
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            raise AddressNotAllowed("malformed") from None
    name = name.lower().removesuffix(".")
    if not name or len(name) > 253 or not _HOST.fullmatch(name):
        raise AddressNotAllowed("malformed")
    if _NUMERIC.fullmatch(name.rpartition(".")[2]):
        try:
            literal = ipaddress.IPv4Address(name)  # four decimal numbers without leading zeros, nothing else
        except ValueError:
            raise AddressNotAllowed("odd form of an address") from None
        return str(literal), literal
    return name, None


def _inside(host: str) -> bool:
    return any(host == suffix or host.endswith(f".{suffix}") for suffix in _INSIDE) or host == "metadata"


def _look_up(host: str, port: int, seconds: float) -> list[IP]:
    """What the resolver says, within `seconds`: it has no time limit of its own, so it works in a thread."""
    said: list[IP] = []

    def ask() -> None:
        try:
            for _family, _type, _proto, _name, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                one = ipaddress.ip_address(str(address[0]).partition("%")[0])
                if one not in said:
                    said.append(one)
        except (OSError, UnicodeError, ValueError):
            pass

    thread = threading.Thread(target=ask, name="webhook-look-up", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive() or not said:
        raise NameNotFound
    return said


def _in_allowed_network(address: IP) -> bool:
    networks = _allowed(tuple(settings.WEBHOOK_ALLOWED_HOSTS))[1]
    return any(address in network for network in networks if network.version == address.version)


@lru_cache(maxsize=8)
def _allowed(entries: tuple[str, ...]) -> tuple[frozenset[tuple[str, int]], tuple[Network, ...]]:
    """The operator's list as names with ports (0: any) and as networks. Raises ValueError for what is neither."""
    names: set[tuple[str, int]] = set()
    networks: list[Network] = []
    for entry in (one.strip().lower() for one in entries):
        if not entry:
            continue
        try:
            networks.append(ipaddress.ip_network(entry.strip("[]"), strict=False))
            continue
        except ValueError:
            parts = urlsplit(f"//{entry}")
        if not parts.hostname or parts.username is not None or parts.path:
            raise ValueError(f"WEBHOOK_ALLOWED_HOSTS: {entry!r} is no host, host:port or network")
        host, _literal = _host(parts.hostname, bracketed="[" in entry)
        names.add((host, parts.port or 0))
    return frozenset(names), tuple(networks)
