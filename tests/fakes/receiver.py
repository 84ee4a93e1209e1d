"""A receiver of replies by webhook on a real socket, as docs/webhook.md describes one: it checks signatures, keeps ids, and says what it has.

What is delivered is what a customer would see: of a receiver that keeps ids, each once.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
_REASONABLE_S = 300


def _nothing(step: str) -> None:
    pass


@dataclass
class Receiver:
    """`answers` are given in turn, then it takes what comes: a status, `(status, headers)`, "lose" (take it and hang up unanswered), "refuse" (hang up
    without taking it), "hang" (take it, and answer once `release` is set)."""

    port: int = 0
    secret: str = SECRET
    keeps_ids: bool = True
    answers: list[Any] = field(default_factory=list)
    delivered: Counter[str] = field(default_factory=Counter)
    posts: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    forgets: set[str] = field(default_factory=set)
    """Ids that it says not to have when it is asked."""
    release: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    at: Callable[[str], None] = _nothing
    """Called at each step of a request: connected, asked, taken, answered."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/replies"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.at("connected")
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            status, more, answer = self._refused(headers, body) or await self._answered(method, target, headers, body)
            if status == 0:
                writer.transport.abort()
                return
            written = json.dumps(answer).encode() if answer is not None else b""
            lines = [
                f"HTTP/1.1 {status} X",
                f"Content-Length: {len(written)}",
                *[f"{name}: {value}" for name, value in more.items()],
                "",
                "",
            ]
            writer.write("\r\n".join(lines).encode() + written)
            await writer.drain()
            self.at("answered")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _refused(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], Any] | None:
        message_id, at = headers["webhook-id"], headers["webhook-timestamp"]
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256).digest()).decode()
        if f"v1,{expected}" not in headers["webhook-signature"].split(" ") or abs(time.time() - int(at)) > _REASONABLE_S:
            return 401, {}, None
        return None

    async def _answered(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], Any]:
        message_id = headers["webhook-id"]
        if method == "GET":
            asked = target.rpartition("/")[2]
            self.asked.append(asked)
            return (200, {}, {"id": f"post-{asked}"}) if asked in self.delivered and asked not in self.forgets else (404, {}, None)
        self.at("asked")
        sent = json.loads(body)
        assert sent["type"] in ("weerklank.reply.v1", "weerklank.post.v1")
        assert sent["data"]["id"] == message_id
        self.posts.append(sent)
        answer = self.answers.pop(0) if self.answers else 202
        if answer == "refuse":
            return 0, {}, None
        if isinstance(answer, tuple | int):
            status, more = answer if isinstance(answer, tuple) else (answer, {})
            if not 200 <= status < 300:
                return status, more, None
        if not (self.keeps_ids and message_id in self.delivered):
            self.delivered[message_id] += 1
        self.came.set()
        self.at("taken")
        if answer == "lose":
            return 0, {}, None
        if answer == "hang":
            await self.release.wait()
        status = answer if isinstance(answer, int) else 200
        return status, {}, {"id": f"post-{message_id}"}


@asynccontextmanager
async def receiving(**more: Any) -> AsyncIterator[Receiver]:
    found = Receiver(**more)
    server = await asyncio.start_server(found.handle, "127.0.0.1", found.port)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        found.release.set()
        server.close()
