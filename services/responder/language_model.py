"""A language model behind an OpenAI-compatible endpoint (`POST …/chat/completions`): a prompt comes in, a text and what it cost go out.

The address is the operator's (WEERKLANK_RESPONDER_MODEL_URL), and still looked at before it is dialled: https, the public network, or what
MODEL_NETWORKS adds; no redirect is followed. All of it ends within `Endpoint.within_s`, one further attempt after 429 or 5xx included. What answers is
not believed: its size and its shape are checked, and its words for an error are neither shown nor logged, since they may repeat what was sent.
https://platform.openai.com/docs/api-reference/chat/create
"""

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit

import httptools
import orjson
from pydantic import BaseModel, Field, ValidationError

from libs.common import certificate, webcall
from libs.common.mailserver import OutOfReach, Reach

MOST_ANSWER = 256 * 1024
"""Bytes of an answer; a longer one is not read."""
MOST_TEXT = 10_000
"""Characters of a draft, as of any reply."""
_AGAIN = frozenset({429, 500, 502, 503, 504})
_PAUSE_S = 0.5

Spent = Literal["nothing", "unknown"]
"""Of a call that failed: whether tokens may have been spent on it."""


class ModelFailed(Exception):
    """There is no draft. The text says what to do, and holds nothing that was sent or answered."""

    def __init__(self, kind: str, words: str, *, spent: Spent = "nothing", again: bool = False, after_s: float | None = None) -> None:
        super().__init__(words)
        self.kind, self.words, self.spent, self.again, self.after_s = kind, words, spent, again, after_s


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is and how long it may take, in all. `key_file` is read for each call: a new key needs no restart."""

    url: str
    model: str
    key: str = ""
    key_file: Path | None = None
    reach: Reach = field(default_factory=lambda: Reach(settings="WEERKLANK_RESPONDER_MODEL"))
    within_s: float = 20.0

    def __repr__(self) -> str:
        return f"Endpoint({self.url!r}, {self.model!r})"


@dataclass(frozen=True, slots=True)
class Said:
    """A model's text, and the tokens that it says it took; none where it does not say."""

    text: str
    prompt_tokens: int | None
    completion_tokens: int | None

    @property
    def tokens(self) -> int | None:
        return None if self.prompt_tokens is None or self.completion_tokens is None else self.prompt_tokens + self.completion_tokens


class _Message(BaseModel):
    content: str = Field(max_length=MOST_TEXT)


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = Field(ge=0, le=10_000_000)
    completion_tokens: int = Field(ge=0, le=10_000_000)


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1, max_length=10)
    usage: _Usage | None = None


def is_address(url: str) -> bool:
    """Whether a model can be asked there: http or https, a host, no name and password, no query."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    return (
        plain
        and parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and port != 0
        and not (parts.username or parts.query or parts.fragment)
    )


async def complete(endpoint: Endpoint, messages: Sequence[tuple[str, str]], *, max_tokens: int, temperature: float = 0.3) -> Said:
    """Ask for a completion of (role, content) messages. Raises `ModelFailed`."""
    body = orjson.dumps(
        {
            "model": endpoint.model,
            "messages": [{"role": role, "content": content} for role, content in messages],
            "max_tokens": max_tokens,
            "temperature": temperature,
            "n": 1,
            "stream": False,
        }
    )
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + endpoint.within_s
    written = False
    try:
        async with asyncio.timeout_at(ends_at):
            request = _request(urlsplit(endpoint.url), await _key(endpoint), body)
            try:
                written = True
                return await _once(endpoint, request, ends_at - loop.time())
            except ModelFailed as failed:
                wait = _PAUSE_S if failed.after_s is None else failed.after_s
                if not failed.again or loop.time() + wait + 1 > ends_at:
                    raise
                await asyncio.sleep(wait)
                return await _once(endpoint, request, ends_at - loop.time())
    except TimeoutError:
        words = f"The model did not answer within {endpoint.within_s:g} s. Try again, or write it yourself."
        raise ModelFailed("slow", words, spent="unknown" if written else "nothing") from None


async def _key(endpoint: Endpoint) -> str:
    if endpoint.key_file is None:
        return endpoint.key
    try:
        key = (await asyncio.to_thread(endpoint.key_file.read_text, "utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        words = f"WEERKLANK_RESPONDER_MODEL_KEY_FILE cannot be read ({type(error).__name__}): tell whoever runs Weerklank."
        raise ModelFailed("key", words) from None
    return key


def _request(where: SplitResult, key: str, body: bytes) -> bytes:
    if not (key.isascii() and key.isprintable()):
        raise ModelFailed("key", "The key of the model holds characters that no header may have: tell whoever runs Weerklank.")
    lines = [
        f"POST {where.path.rstrip('/')}/chat/completions HTTP/1.1",
        f"Host: {where.netloc}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "User-Agent: Weerklank",
        "Accept: application/json",
        "Accept-Encoding: identity",
        "Connection: close",
        *([f"Authorization: Bearer {key}"] if key else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


async def _once(endpoint: Endpoint, request: bytes, left_s: float) -> Said:
    writer: asyncio.StreamWriter | None = None
    try:
        try:
            reader, writer = await webcall.connect(urlsplit(endpoint.url), "WEERKLANK_RESPONDER_MODEL_URL", endpoint.reach, left_s)
        except OutOfReach as error:
            raise ModelFailed("outside", f"{error} Tell whoever runs Weerklank.") from None
        except TimeoutError:
            raise ModelFailed("reach", "The server of the model does not answer. Try again later, or write it yourself.") from None
        except (OSError, UnicodeError) as error:
            raise ModelFailed("reach", f"The server of the model is out of reach: {certificate.told(error)}.") from None
        return _read(await _exchange(reader, writer, request))
    finally:
        if writer is not None:
            writer.transport.abort()


class _Answer:
    """The final answer; interim ones (1xx) are passed over."""

    def __init__(self) -> None:
        self.status, self.retry_after, self.complete = 0, "", False
        self.body = bytearray()
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
        self.complete = bool(self.status)


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> _Answer:
    answer, seen = _Answer(), 0
    try:
        writer.write(request)
        with contextlib.suppress(ConnectionError):  # it may have answered, and hung up, before it read all of it
            await writer.drain()
        while not answer.complete and (read := await reader.read(16_384)):
            seen += len(read)
            if seen > MOST_ANSWER:
                raise ModelFailed("huge", f"The model answered with more than {MOST_ANSWER // 1024} KB. Try again.", spent="unknown")
            answer.parser.feed_data(read)
    except httptools.HttpParserError:
        if not answer.complete:
            raise ModelFailed("shape", "What answers at WEERKLANK_RESPONDER_MODEL_URL speaks no HTTP/1.1.", spent="unknown") from None
    except (ConnectionError, ssl.SSLError):
        raise ModelFailed("lost", "The connection to the model was lost before it answered. Try again.", spent="unknown") from None
    if not answer.status:
        raise ModelFailed("lost", "The server of the model hung up before it answered. Try again.", spent="unknown")
    return answer


def _read(answer: _Answer) -> Said:
    status = answer.status
    if status in (401, 403):
        words = (
            f"The model's server refuses our key ({status}). Whoever runs Weerklank sets WEERKLANK_RESPONDER_MODEL_KEY anew, or KEY_FILE."
        )
        raise ModelFailed("key", words)
    if status == 404:
        words = (
            "There is no such model at that address (404). WEERKLANK_RESPONDER_MODEL_URL ends before /chat/completions; MODEL is its name."
        )
        raise ModelFailed("model", words)
    if status in _AGAIN:
        wait = answer.retry_after
        after_s = min(3600.0, float(wait)) if wait.isascii() and wait.isdigit() else None
        what = "has too much to do" if status == 429 else "is out of order"
        raise ModelFailed(
            "busy", f"The model's server {what} ({status}). Try again later, or write it yourself.", again=True, after_s=after_s
        )
    if not 200 <= status < 300:
        raise ModelFailed("refused", f"The model's server refused the request ({status}). Tell whoever runs Weerklank.")
    try:
        found = _Completion.model_validate(orjson.loads(bytes(answer.body)))
    except (ValueError, ValidationError):
        words = "The model's server did not answer as the chat completions API does. Try again, or write it yourself."
        raise ModelFailed("shape", words, spent="unknown") from None
    usage = found.usage
    if not found.choices[0].message.content.strip():
        raise ModelFailed("empty", "The model had nothing to say. Ask it otherwise, or write it yourself.", spent="unknown")
    return Said(found.choices[0].message.content, usage.prompt_tokens if usage else None, usage.completion_tokens if usage else None)


class Breaker:
    """After failures one upon another nobody asks for a while: each further one makes the pause twice as long, a success ends it. `key`, `model` and
    what else no retry mends counts alike. Of one process; times are of a clock that only goes on."""

    FAILURES, FIRST_S, LONGEST_S = 3, 30.0, 600.0

    def __init__(self) -> None:
        self.failures = 0
        self.open_until = 0.0

    def waits_s(self, now_s: float) -> float:
        """Seconds until somebody may ask again; 0: now."""
        return max(0.0, self.open_until - now_s)

    def told(self, ok: bool, now_s: float) -> None:
        """What became of a call."""
        self.failures = 0 if ok else self.failures + 1
        over = self.failures - self.FAILURES
        self.open_until = now_s + min(self.LONGEST_S, self.FIRST_S * 2 ** min(over, 20)) if over >= 0 else 0.0
