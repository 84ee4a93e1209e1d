"""One request to an address that a brand book names: the address comes in, what its server answered goes out, or why nothing came of it.

The address is whatever somebody who may change the book wrote: it is dialled over https, at addresses of the public network that were looked at
before, and no redirect is followed. Over http only what stands in a network that the operator named. What the server answered is told by its
number: its text would show whoever names an address what answers there.

Until the first byte of the request is written, whatever goes wrong means that nothing was told. From then until the answer nobody knows.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

import httptools

from libs.common import certificate, mailserver
from libs.common.mailserver import OutOfReach, Reach
from libs.common.outcome import Accepted, NotBegun, Outcome, Refused, Unknown

PORTS = frozenset({443, 8443})
"""Where a server of the public network is dialled, beside what the operator's settings add."""
_MOST_ANSWER = 64 * 1024
_LONGEST_WAIT_S = 3600.0
_NOT_NOW = frozenset({408, 425, 429, 500, 503})
"""Answers that say that it was not taken, and may be later."""
_NOBODY_KNOWS = frozenset({502, 504})
"""A gateway that did not hear the end of it (RFC 9110, 15.6.3 and 15.6.5): what is behind it may have taken it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. `after_s`: how long it asks us to wait, an hour at most. `body` is empty where nobody asked for it."""

    status: int
    after_s: float | None = None
    body: bytes = b""


class _Reading:
    """The final answer, as it comes in; interim ones (1xx) are passed over."""

    def __init__(self) -> None:
        self.status, self.retry_after, self.body, self.is_whole = 0, "", bytearray(), False
        self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after":
            self.retry_after = value.decode("latin-1").strip()

    def on_headers_complete(self) -> None:
        status = self.parser.get_status_code()
        if status >= 200 and not self.status:
            self.status = status

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.is_whole = bool(self.status)

    def answer(self, with_body: bool) -> Answer:
        wait = self.retry_after
        after_s = min(_LONGEST_WAIT_S, float(wait)) if wait.isascii() and wait.isdigit() else None
        return Answer(self.status, after_s, bytes(self.body) if with_body else b"")


async def call(
    address: str,
    *,
    named: str,
    headers: Mapping[str, str],
    reach: Reach,
    begin: Callable[[], Awaitable[bool]],
    connect_timeout_s: float,
    answer_timeout_s: float,
    method: str = "POST",
    body: bytes = b"",
    with_body: bool = False,
) -> Answer | Refused | Unknown | NotBegun:
    """Send a request to an address. `named` says whose it is, for whoever must change it; `begin` is asked before the first byte, and may say no."""
    where = _where(address)
    if where is None:
        return Refused(f"{named} is no http or https address", for_good=True)
    request = _request(method, where, headers, body)
    if request is None:
        return Refused(f"{named} is no address that a request can be sent to", for_good=True)
    writer: asyncio.StreamWriter | None = None
    try:
        try:
            async with asyncio.timeout(connect_timeout_s):
                reader, writer = await connect(where, named, reach, connect_timeout_s / 2)
        except OutOfReach as error:
            return Refused(str(error), for_good=True)
        except (OSError, UnicodeError) as error:
            return Refused(f"the server of {named} is out of reach: {certificate.told(error)}", for_good=False)
        if not await begin():
            return NotBegun()
        return await _exchange(reader, writer, request, answer_timeout_s, with_body)
    finally:
        if writer is not None:
            writer.transport.abort()


def meant(answer: Answer, external_id: str) -> Outcome:
    """What an answer means for what was sent, where the server says nothing of its own."""
    status = answer.status
    if 200 <= status < 300:
        return Accepted(external_id)
    if status in _NOBODY_KNOWS:
        return Unknown(f"a gateway answered {status}: what is behind it may have taken it, or not")
    if status in _NOT_NOW:
        return Refused(f"the server answered {status}: refused for now", for_good=False, after_s=answer.after_s)
    if 300 <= status < 400:
        return Refused(f"the server answered {status}: a redirect, and none is followed", for_good=True)
    return Refused(f"the server answered {status}: refused for good", for_good=True)


async def reachable(address: str, *, named: str, reach: Reach, within_s: float) -> ssl.SSLObject | None:
    """Connect, with the TLS that the address asks for, and leave; nothing is asked. Raises `OutOfReach`, also for what is no address, and `OSError`."""
    where = _where(address)
    if where is None:
        raise OutOfReach(f"{named} is no http or https address")
    async with asyncio.timeout(within_s):
        _, writer = await connect(where, named, reach, within_s / 2)
    try:
        found: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
        return found
    finally:
        writer.transport.abort()


def _where(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.port == 0:
            return None
    except ValueError:
        return None
    return parts if address.isprintable() and " " not in address else None


def _request(method: str, where: SplitResult, headers: Mapping[str, str], body: bytes) -> bytes | None:
    """The request as it is written; none where the address cannot stand in one."""
    target = (where.path or "/") + (f"?{where.query}" if where.query else "")
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: {where.netloc}",
        *(["Content-Type: application/json", f"Content-Length: {len(body)}"] if method == "POST" else []),
        "User-Agent: Weerklank",
        "Accept: */*",
        "Connection: close",
        *[f"{name}: {value}" for name, value in headers.items()],
    ]
    try:
        return "\r\n".join([*lines, "", ""]).encode("ascii") + body
    except UnicodeEncodeError:
        return None


async def connect(where: SplitResult, named: str, reach: Reach, dial_s: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to an address that may be asked, with TLS but where the operator named its network; `dial_s` is for all of its addresses together.

    Raises `OutOfReach`, whose text says whose address it is (`named`), or `OSError`.
    """
    host = where.hostname or ""
    port = where.port or (443 if where.scheme == "https" else 80)
    begins = named[:1].upper() + named[1:]
    try:
        sock = await mailserver.dial(host, port, reach, dial_s)
    except OutOfReach as error:
        raise OutOfReach(f"{begins} is not in the public network. {reach.settings}_NETWORKS allows others.") from error
    try:
        own = reach.own(str(sock.getpeername()[0]))
        if where.scheme == "http" and not own:
            raise OutOfReach(f"{begins} is not https. Plain http is for {reach.settings}_NETWORKS only.")
        if not own and port not in PORTS | reach.ports:
            raise OutOfReach(f"Port {port} of {named} is not dialled. {reach.settings}_PORTS allows others.")
        if where.scheme == "http":
            return await asyncio.open_connection(sock=sock)
        return await asyncio.open_connection(sock=sock, ssl=_tls(), server_hostname=host)
    except BaseException:
        sock.close()
        raise


@lru_cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, answer_timeout_s: float, with_body: bool
) -> Answer | Unknown:
    """Write the request and wait for its answer. One that was cut off after its status is an answer."""
    reading, seen = _Reading(), 0
    try:
        async with asyncio.timeout(answer_timeout_s):
            writer.write(request)
            with contextlib.suppress(ConnectionError):  # it may have answered, and hung up, before it read all of it
                await writer.drain()
            while not (reading.is_whole if with_body else reading.status) and seen < _MOST_ANSWER and (read := await reader.read(4096)):
                seen += len(read)
                reading.parser.feed_data(read)
    except httptools.HttpParserError:
        if not reading.status:
            return Unknown("what answered speaks no HTTP/1.1")
    except OSError as error:
        if not reading.status:
            return Unknown(f"the connection was lost before the server answered ({type(error).__name__})")
    return reading.answer(with_body) if reading.status else Unknown("the server hung up before it answered")
