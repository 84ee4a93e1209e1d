"""The HTTP/1.1 parser, with an end to what it takes in before a request begins, and to how long that may take: uvicorn's own waits for the end of the
headers, however far it is."""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from libs.common.errors import BadRequest, HeadersTooLarge, WeerklankError
from libs.common.front import MAX_HEADER_BYTES
from libs.common.problems import MEDIA_TYPE, problem

HEAD_S = 30.0
"""Seconds from the connection, or from the first byte of a further request, to the end of its headers. A service has a thousand connections at most."""


CONNECTION = "weerklank.connection"
"""Where a request's scope has the protocol of its connection."""


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose request line and headers come to more than twice what `front.Front` takes, or do not come within `HEAD_S`.

    An answer without an end asks to be told `when_leaving`, so that it does not hold up the stop of the service, and may `abort`.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._is_in_head, self._moved, self._head_bytes = True, False, 0
        self._late: asyncio.TimerHandle | None = None
        self._leaving: Callable[[], None] | None = None

    def when_leaving(self, call: Callable[[], None]) -> None:
        """Call this once when the service begins to stop."""
        self._leaving = call

    def shutdown(self) -> None:
        super().shutdown()
        if self._leaving is not None:
            self._leaving()

    def abort(self) -> None:
        """Close the connection, and give up what was not read."""
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._late = self.loop.call_later(HEAD_S, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_time()
        super().connection_lost(exc)

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        self._late = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:  # the request before is still being answered
            self._late = self.loop.call_later(HEAD_S, self._give_up)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Trailers, which come after a body in chunks, are left out: no route reads any, and their number has no end."""
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head, self._moved = False, True
        self._in_time()
        self.scope[CONNECTION] = self  # type: ignore[literal-required]
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_in_head, self._moved, self._head_bytes = True, True, 0

    def data_received(self, data: bytes) -> None:
        self._moved = False
        if self._is_in_head and self._late is None:
            self._late = self.loop.call_later(HEAD_S, self._give_up)
        super().data_received(data)
        if not self._is_in_head or self._moved or self.transport.is_closing():
            return  # a read that ends a head or a body is not counted: it is bounded by the socket
        self._head_bytes += len(data)
        if self._head_bytes > 2 * MAX_HEADER_BYTES:
            self._refuse(HeadersTooLarge("The request line and headers are too long."))

    def send_400_response(self, msg: str) -> None:
        self._refuse(BadRequest("This is not HTTP/1.1 as RFC 9112 has it."))

    def _refuse(self, error: WeerklankError) -> None:
        body = bytes(problem(error).body)
        head = f"HTTP/1.1 {error.status} \r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()
