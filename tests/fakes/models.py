"""A language model behind the chat completions API, on a real socket. It answers as the API's reference documents it, and refuses what that refuses:
https://platform.openai.com/docs/api-reference/chat/create, https://platform.openai.com/docs/guides/error-codes.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

KEY = "sk-test-0123456789abcdef"
MODEL = "small-model"


def completion(text: str | None, prompt_tokens: int = 400, completion_tokens: int = 40, **more: Any) -> dict[str, Any]:
    """The documented body of an answer."""
    return {
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        "object": "chat.completion",
        "created": 1741569952,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        },
        "service_tier": "default",
        **more,
    }


def error(message: str, kind: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def documented(headers: dict[str, str], sent: Any) -> tuple[int, Any]:
    """What the API answers to this request, without a text of its own: 200 and None, or an error."""
    if headers.get("authorization") != f"Bearer {KEY}":
        return 401, error(f"Incorrect API key provided: {headers.get('authorization')}.", "invalid_request_error", "invalid_api_key")
    if sent.get("model") != MODEL:
        return 404, error(f"The model {sent.get('model')!r} does not exist", "invalid_request_error", "model_not_found")
    roles = {message["role"] for message in sent.get("messages", [])}
    if not sent.get("messages") or not roles <= {"system", "user", "assistant", "developer"}:
        return 400, error("Invalid value for messages", "invalid_request_error")
    if not all(isinstance(message["content"], str) for message in sent["messages"]) or sent.get("stream"):
        return 400, error("Invalid type for messages", "invalid_request_error")
    return 200, None


@dataclass
class Model:
    """`says` makes a text of what was asked. `answers` are given in turn before that: a status with headers and body, raw bytes for a body, `drop`
    (hang up unanswered) or `hang` (answer once `release` is set)."""

    port: int = 0
    says: Callable[[str], str | None] = lambda asked: "Wat vervelend! Ik ben ermee bezig."
    received: list[Any] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def saw(self) -> str:
        """All that was ever sent here."""
        return json.dumps(self.received, ensure_ascii=False)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
            sent = json.loads(await reader.readexactly(int(headers["content-length"])))
            self.received.append(sent)
            told = self.answers.pop(0) if self.answers else None
            if told == "drop":
                writer.transport.abort()
                return
            if told == "hang":
                await self.release.wait()
                told = None
            more: dict[str, str] = {}
            body: Any
            if told is None:
                status, body = (404, error("no such path", "invalid_request_error"))
                if head[0].split(" ")[:2] == ["POST", "/v1/chat/completions"]:
                    status, body = documented(headers, sent)
                if body is None:
                    body = completion(self.says(sent["messages"][-1]["content"]))
            elif isinstance(told, bytes):
                status, body = 200, told
            else:
                status, more, body = told
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            lines = [
                f"HTTP/1.1 {status} X",
                "Content-Type: application/json",
                f"Content-Length: {len(raw)}",
                *[f"{name}: {value}" for name, value in more.items()],
                "",
                "",
            ]
            writer.write("\r\n".join(lines).encode() + raw)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving() -> AsyncIterator[Model]:
    model = Model()
    server = await asyncio.start_server(model.handle, "127.0.0.1", 0)
    model.port = server.sockets[0].getsockname()[1]
    try:
        yield model
    finally:
        model.release.set()
        server.close()
