"""One attempt to deliver, over a socket of its own to an address that was checked (case F16).

No redirect is followed, no proxy or .netrc of the environment is asked, nothing is kept for the next attempt, the
answer is read up to a bound, and the whole ends in time however slowly the other side drips.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from core.webhooks import target as targets
from core.webhooks.target import IP, AddressNotAllowed, NameNotFound, Target

CONNECT = 5.0  # seconds for an address, without TLS
WHOLE = 15.0  # seconds for the attempt
READ = 16_384  # bytes of the answer that are looked at
EXCERPT = 500  # characters that are kept
AGENT = "Amends-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt. `status`: of the answer, None without one; `error`: a code, blank for 2xx."""

    status: int | None
    error: str
    detail: str = ""
    excerpt: str = ""
    retry_after: str = ""
    ms: int = 0

    @property
    def delivered(self) -> bool:
        return not self.error


def send(url: str, body: str, headers: Mapping[str, str]) -> Outcome:
    """POST `body` to the address; whatever goes wrong is an Outcome. At most WHOLE seconds. No query."""
    started = time.monotonic()
    try:
        outcome = _send(url, body.encode(), headers, started + WHOLE)
    except AddressNotAllowed as refused:
        outcome = Outcome(None, "address_not_allowed", refused.why)
    except NameNotFound:
        outcome = Outcome(None, "name_not_found")
    except (TimeoutError, _Overdue):
        outcome = Outcome(None, "timeout")
    except ssl.SSLCertVerificationError as error:
        outcome = Outcome(None, "certificate", error.verify_message)
    except ssl.SSLError as error:
        outcome = Outcome(None, "tls", error.reason or "")
    except ConnectionRefusedError:
        outcome = Outcome(None, "connection_refused")
    except OSError as error:
        outcome = Outcome(None, "connection", type(error).__name__)
    except (http.client.HTTPException, ValueError) as error:
        outcome = Outcome(None, "malformed_answer", type(error).__name__)
    took = int((time.monotonic() - started) * 1000)
    return Outcome(outcome.status, outcome.error, outcome.detail[:200], outcome.excerpt, outcome.retry_after, took)


class _Overdue(Exception):
    """The time for the whole attempt is up."""


def _send(url: str, body: bytes, headers: Mapping[str, str], until: float) -> Outcome:
    target = targets.parse(url)
    addresses = targets.resolve(target, seconds=min(targets.LOOK_UP, _left(until)))
    connection = _Connection(target, addresses, until)
    try:
        connection.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
        fixed = {
            "Host": target.host_header,
            "User-Agent": AGENT,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        for name, value in {**fixed, **headers}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        status = answer.status
        try:
            excerpt = _readable(answer.read(READ))
        except (OSError, _Overdue, http.client.HTTPException):
            excerpt = ""  # the answer as such has come: its body is only for people to look at
        return Outcome(status, _verdict(status), "", excerpt, answer.headers.get("Retry-After", "")[:80])
    finally:
        connection.close()
        connection.hang_up()


def _verdict(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return "redirect"
    return "gone" if status == 410 else "refused"


def _readable(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    return "".join(c if c.isprintable() else " " for c in text)[:EXCERPT].strip()


class _Connection(http.client.HTTPConnection):
    """HTTP to one of the addresses given, under the name of the target, all before `until` (monotonic)."""

    response_class = http.client.HTTPResponse

    def __init__(self, target: Target, addresses: list[IP], until: float) -> None:
        super().__init__(target.host, target.port)
        self.target, self.addresses, self.until = target, addresses, until
        self.opened: socket.socket | None = None

    def hang_up(self) -> None:
        if self.opened is not None:
            self.opened.close()

    def connect(self) -> None:
        """Try the addresses one after the other; the name itself is not looked up again."""
        problem: OSError = OSError("no address")
        for address in self.addresses:
            try:
                plain = _connected(address, self.target.port, min(CONNECT, _left(self.until)))
            except OSError as error:
                problem = error
                continue
            self.opened = self._secured(plain)
            self.sock = _Timed(self.opened, self.until)
            return
        raise problem

    def _secured(self, plain: socket.socket) -> socket.socket:
        if self.target.scheme != "https":
            return plain
        plain.settimeout(_left(self.until))
        try:
            return _tls().wrap_socket(plain, server_hostname=self.target.host)
        except BaseException:
            plain.close()
            raise


def _connected(address: IP, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    plain = socket.socket(family, socket.SOCK_STREAM)
    try:
        plain.settimeout(seconds)
        plain.connect((str(address), port))
    except BaseException:
        plain.close()
        raise
    return plain


class _Timed:
    """A socket each of whose operations gets only what is left of the whole time."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock, self._until = sock, until

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(_left(self._until))
        self._sock.sendall(data)

    def makefile(self, mode: str, *_args: Any, **_kwargs: Any) -> io.BufferedReader:
        return io.BufferedReader(_Reading(self._sock, self._until))

    def close(self) -> None:
        """http.client lets go of it before the answer's body is read; `hang_up` closes it."""


class _Reading(io.RawIOBase):
    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock, self._until = sock, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(_left(self._until))
        return self._sock.recv_into(buffer)


def _left(until: float) -> float:
    """Seconds that are left. Raises _Overdue when none are."""
    left = until - time.monotonic()
    if left <= 0:
        raise _Overdue
    return left


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """The system's certificate authorities, names checked, TLS 1.2 or later. Made once: it reads a hundred files."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
