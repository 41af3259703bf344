"""Reaching out to an address that somebody typed, and to nowhere inside (IO5).

The name is looked up once, every address it has is checked, and the connection goes to a checked address: a name that
changes its answer meanwhile changes nothing. Nothing is followed, and each call has an end by the clock, whatever the
other side does (CF9).
"""

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

LONGEST_CALL = 15.0  # seconds from the look-up to the end
LONGEST_CONNECT = 5.0  # of it, for one address
LONGEST_HEAD = 16_384  # bytes of an answer that are read; its body never is
CHUNK = 16_384
LONGEST_ADDRESS = 500
PLAIN = re.compile(r"[!-~]+")  # no blank, no control sign, ASCII: nothing can be put between the lines of a request
NAME = re.compile(r"[A-Za-z0-9_.-]{1,253}")
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")
HERE = frozenset({"localhost", "127.0.0.1", "::1"})
INSIDE_TOO = [  # beside what the library names, which differs from one release of Python to the next
    ipaddress.ip_network(network)
    for network in (
        "168.63.129.16/32",  # public by its number; the services of a cloud answer there
        "192.0.0.0/24",
        "192.88.99.0/24",
        "64:ff9b:1::/48",
        "2001::/23",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
]
WRAPS_IPV4 = ipaddress.ip_network("64:ff9b::/96")


class BadAddress(ValueError):
    """What was typed is no address that anything can be sent to, or no certificate. Its text is for the person."""


class NotReached(Exception):
    """The other side could not be reached, or did not take it. Its text is for the person, and tells no inside."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to: a name or number, a port, whether TLS is spoken, and for HTTP the path with its query."""

    host: str
    port: int
    path: str = ""
    tls: bool = True

    @property
    def shown(self) -> str:
        """The place without what may hold a secret: path and query."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.tls else 80
        if not self.path:
            return f"{host}:{self.port}"
        port = "" if self.port == usual else f":{self.port}"
        return f"{'https' if self.tls else 'http'}://{host}{port}"


def web_place(address: str) -> Place:
    """Return the place of a web address. Raises BadAddress for what is none, or is not https."""
    if not PLAIN.fullmatch(address) or len(address) > LONGEST_ADDRESS:
        raise BadAddress(_("Type a whole address, such as https://logs.example.com/in, in plain letters."))
    parts = _split(address)
    host, port = _host_and_port(parts)
    tls = parts.scheme == "https"
    if not tls and not (parts.scheme == "http" and settings.EMBEDDED and host in HERE):
        raise BadAddress(_("The address must begin with https://: what is sent must stay between you and it."))
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadAddress(_("Leave out names and passwords before the @, and what follows a #."))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(host, port or (443 if tls else 80), path, tls)


def syslog_place(address: str) -> Place:
    """Return the place of a syslog receiver, `host:port` (6514 without one). Raises BadAddress."""
    if not PLAIN.fullmatch(address) or len(address) > LONGEST_ADDRESS:
        raise BadAddress(_("Type a name and a port, such as logs.example.com:6514."))
    parts = _split(f"//{address}")
    host, port = _host_and_port(parts)
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        raise BadAddress(_("Type a name and a port, such as logs.example.com:6514."))
    return Place(host, port or 6514)


def _split(address: str) -> Any:
    try:
        return urlsplit(address)
    except ValueError:  # brackets that hold no address
        raise BadAddress(_("This is no address.")) from None


def _host_and_port(parts: Any) -> tuple[str, int | None]:
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadAddress(_("The port is no number from 1 to 65535.")) from None
    if port == 0:
        raise BadAddress(_("The port is no number from 1 to 65535."))
    if ":" in host and "%" not in host:
        try:
            return str(ipaddress.IPv6Address(host)), port
        except ValueError:
            raise BadAddress(_("This is no address.")) from None
    if not NAME.fullmatch(host):
        raise BadAddress(_("The name of the machine is missing, or holds signs that no name has."))
    return host, port


def is_outside(address: str) -> bool:
    """Say whether a network address is public: no loopback, private, link-local, shared or multicast one (IO5)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = _wrapped(ip)
    if inner is not None:
        return is_outside(str(inner))
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in INSIDE_TOO)


def _wrapped(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 one only wraps, to which a gateway would lead."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in WRAPS_IPV4:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _may_reach(place: Place, address: str) -> bool:
    if settings.EMBEDDED and place.host in HERE:  # trying it out on one's own machine
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    return is_outside(address)


def checked_addresses(place: Place) -> list[tuple[int, Any]]:
    """Look a place up, once, and return all its addresses as sockets take them.

    Raises NotReached where there are none, or where only one of them lies inside: such a name is after something. Both
    in the same words, so that nobody learns which names the inside knows.
    """
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        found = []
    if not found or not all(_may_reach(place, str(entry[4][0])) for entry in found):
        raise NotReached(_("This name leads to no public address, and nothing is sent to any other."))
    return [(entry[0], entry[4]) for entry in found]


class Line:
    """An open connection, with its end by the clock."""

    def __init__(self, opened: Any, ends: float) -> None:
        self._opened, self._ends = opened, ends

    def send(self, content: bytes) -> None:
        """Hand it all over. Raises OSError, TimeoutError."""
        for start in range(0, len(content), CHUNK):
            self._opened.settimeout(left(self._ends))
            self._opened.sendall(content[start : start + CHUNK])

    def status(self) -> int:
        """Return the status of an HTTP answer; its body is never read. Raises NotReached, OSError, TimeoutError."""
        head = b""
        while len(head) < LONGEST_HEAD:
            self._opened.settimeout(left(self._ends))
            more = self._opened.recv(CHUNK)
            head += more
            found = STATUS.match(head)
            if found and not found[1].startswith(b"1"):
                return int(found[1])
            if found and b"\r\n\r\n" in head:
                head = head.partition(b"\r\n\r\n")[2]  # that it may go on; the answer is still to come
            if not more:
                break
        raise NotReached(_("What answered does not speak HTTP."))

    def close_by_both(self) -> None:
        """End a TLS connection and wait until the other side has, too: it has read all by then.

        Raises OSError, TimeoutError.
        """
        self._opened.settimeout(left(self._ends))
        try:
            self._opened.unwrap()
        except ssl.SSLEOFError:  # it closed without a farewell, after ours
            pass


def left(ends: float) -> float:
    """Return the seconds until a moment of the monotonic clock. Raises TimeoutError when it has passed."""
    seconds = ends - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


@contextmanager
def line_to(place: Place, *, authority: str = "") -> Iterator[Line]:
    """Open a connection to one of the place's checked addresses, and close it. Raises NotReached, BadAddress.

    The certificate must be the name's, and come from the given authority (PEM), or from one that this machine trusts.
    """
    ends = time.monotonic() + LONGEST_CALL
    opened = None
    try:
        addresses = checked_addresses(place)
        context = trusting(authority) if place.tls else None
        opened = _connected(addresses, ends)
        if context is not None:
            opened.settimeout(left(ends))
            opened = context.wrap_socket(opened, server_hostname=place.host)
        yield Line(opened, ends)
    except TimeoutError:
        raise NotReached(_("There was no answer in time.")) from None
    except ssl.SSLCertVerificationError as problem:
        words = _("Its certificate is not trusted: %(problem)s.")
        raise NotReached(words % {"problem": problem.verify_message}) from None
    except OSError as problem:
        raise NotReached(_("No connection: %(problem)s.") % {"problem": type(problem).__name__}) from None
    finally:
        if opened is not None:
            opened.close()


def trusting(authority: str) -> ssl.SSLContext:
    """Return what trusts this authority (PEM) alone; without one, those that the machine trusts.

    Raises BadAddress for what is no certificate.
    """
    try:
        if authority.isascii():
            return ssl.create_default_context(cadata=authority or None)
    except (ssl.SSLError, ValueError):
        pass  # said below
    raise BadAddress(_("This is no certificate in the PEM form."))


def _connected(addresses: list[tuple[int, Any]], ends: float) -> socket.socket:
    problem: OSError = OSError()
    for family, address in addresses:
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            opened.settimeout(min(LONGEST_CONNECT, left(ends)))
            opened.connect(address)
        except OSError as failed:
            opened.close()
            problem = failed
        else:
            return opened
    raise problem


def post(place: Place, body: bytes, headers: Mapping[str, str], *, authority: str = "") -> int:
    """Send a body by HTTP POST and return the status of the answer. Raises NotReached."""
    host = place.shown.partition("//")[2]
    lines = {
        "Host": host,
        "User-Agent": "AccessPortal",
        "Accept": "*/*",
        "Connection": "close",
        "Content-Length": str(len(body)),
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with line_to(place, authority=authority) as line:
        line.send(f"POST {place.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body)
        return line.status()


def hand_frames(place: Place, frames: bytes, *, authority: str = "") -> None:
    """Send syslog frames over TLS, and wait until the other side has read all of them. Raises NotReached."""
    with line_to(place, authority=authority) as line:
        line.send(frames)
        line.close_by_both()
