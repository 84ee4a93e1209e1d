"""What comes before a request, and after it, over a connection of its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import uvicorn

from libs.common import uvicorn_protocol
from libs.common.front import Receive, Scope, Send
from libs.common.uvicorn_protocol import BoundedProtocol
from tests.stack import free_port


class Told:
    """An app that says which headers it has when the body has come."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        body = b",".join(name for name, _ in scope["headers"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})


@contextlib.asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(Told(), port=port, http=BoundedProtocol, lifespan="off", log_config=None, server_header=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        server.should_exit = True
        await serving


async def test_trailers_are_not_kept_and_are_no_headers() -> None:
    async with connected() as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
        writer.write(b"authorization: Bearer x\r\n" * 1000 + b"\r\nGET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        answers = await asyncio.wait_for(reader.read(), 10)
    assert answers.count(b"200 OK") == 2, "what follows is another request"
    assert b"authorization" not in answers


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nhost: a\r\n"])
@pytest.mark.parametrize("before", [b"", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"])
async def test_a_connection_on_which_no_request_comes_is_closed(before: bytes, begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_protocol, "HEAD_S", 0.05)
    async with connected() as (reader, writer):
        writer.write(before)
        if before:
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\nhost"), 10)
        writer.write(begun)
        assert await asyncio.wait_for(reader.read(), 10) == b""
