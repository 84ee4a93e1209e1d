"""The HTTP/1.1 parser, with an end to what it takes in before a request begins: uvicorn's own waits for the end of the headers, however far it is."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from libs.common.errors import BadRequest, HeadersTooLarge, WeerklankError
from libs.common.front import MAX_HEADER_BYTES
from libs.common.problems import MEDIA_TYPE, problem


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose request line and headers come to more than twice what `front.Front` takes."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._is_in_head, self._moved, self._head_bytes = True, False, 0

    def on_headers_complete(self) -> None:
        self._is_in_head, self._moved = False, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_in_head, self._moved, self._head_bytes = True, True, 0

    def data_received(self, data: bytes) -> None:
        self._moved = False
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
