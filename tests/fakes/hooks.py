"""Receivers of webhooks on a real socket: a Standard Webhooks endpoint, and the incoming webhooks of Slack, Mattermost and Teams.

Each answers as its vendor documents it, and refuses what the vendor would refuse:
https://www.standardwebhooks.com, https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks,
https://docs.slack.dev/reference/block-kit/blocks, https://developers.mattermost.com/integrate/webhooks/incoming,
https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using, https://adaptivecards.io/explorer.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wrong(Exception):
    """What the vendor answers instead: status and body."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(status, body)
        self.status, self.body = status, body


# --- what each vendor takes -------------------------------------------------------------------------------------------------------------


def standard(request: Request) -> tuple[int, str]:
    message_id, at, signatures = (request.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, f"{message_id}.{at}.".encode() + request.body, hashlib.sha256).digest()).decode()
    if f"v1,{expected}" not in signatures.split(" "):
        raise Wrong(401, "signature")
    if not {"type", "timestamp", "data"} <= request.json.keys():
        raise Wrong(400, "payload")
    return 204, ""


def _need(is_so: bool, status: int, what: str) -> None:
    if not is_so:
        raise Wrong(status, what)


def slack(request: Request) -> tuple[int, str]:
    """`ok`, or one of Slack's words for what is wrong."""
    sent = request.json
    _need(bool(sent.get("text")) or bool(sent.get("blocks")), 400, "no_text")
    _need(len(sent.get("blocks", [])) <= 50, 400, "invalid_blocks")
    for block in sent.get("blocks", []):
        if block["type"] == "header":
            _need(block["text"]["type"] == "plain_text" and 1 <= len(block["text"]["text"]) <= 150, 400, "invalid_blocks")
        elif block["type"] == "section":
            _need(block["text"]["type"] in ("plain_text", "mrkdwn") and 1 <= len(block["text"]["text"]) <= 3000, 400, "invalid_blocks")
        elif block["type"] == "actions":
            _need(1 <= len(block["elements"]) <= 25, 400, "invalid_blocks")
            for element in block["elements"]:
                _need(element["type"] == "button" and element["text"]["type"] == "plain_text", 400, "invalid_blocks")
                _need(1 <= len(element["text"]["text"]) <= 75 and len(element.get("url", "")) <= 3000, 400, "invalid_blocks")
        else:
            raise Wrong(400, "invalid_blocks")
    return 200, "ok"


def mattermost(request: Request) -> tuple[int, str]:
    sent = request.json
    _need(bool(sent.get("text")) or bool(sent.get("attachments")), 400, "No text or attachments specified")
    for attachment in sent.get("attachments", []):
        _need(bool(attachment.get("fallback")), 400, "an attachment needs a fallback")
        _need(len(attachment.get("text", "")) <= 16_383, 400, "too long")
    return 200, "ok"


def teams(request: Request) -> tuple[int, str]:
    """A workflow answers 202 and nothing else."""
    _need(len(request.body) <= 28 * 1024, 413, "RequestEntityTooLarge")
    sent = request.json
    _need(sent.get("type") == "message" and len(sent.get("attachments", [])) >= 1, 400, "TriggerInputSchemaMismatch")
    for attachment in sent["attachments"]:
        _need(attachment["contentType"] == "application/vnd.microsoft.card.adaptive", 400, "TriggerInputSchemaMismatch")
        card = attachment["content"]
        _need(card["type"] == "AdaptiveCard" and card["version"] in ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5"), 400, "card")
        for part in card["body"]:
            _need(part["type"] in ("TextBlock", "RichTextBlock"), 400, "card")
            _need(all(run["type"] == "TextRun" and run["text"] for run in part.get("inlines", [])), 400, "card")
        _need(all(action["type"] == "Action.OpenUrl" and action["title"] and action["url"] for action in card["actions"]), 400, "card")
    return 202, ""


VENDORS: dict[str, Callable[[Request], tuple[int, str]]] = {
    "webhook": standard,
    "slack": slack,
    "mattermost": mattermost,
    "teams": teams,
}


# --- the server -------------------------------------------------------------------------------------------------------------------------


@dataclass
class Hooks:
    """`answers` of a path are given in turn before the vendor's own: a status, `(status, headers)`, `drop` (hang up unanswered), or `hang` (answer
    once `release` is set)."""

    port: int = 0
    received: list[Request] = field(default_factory=list)
    answers: dict[str, list[Any]] = field(default_factory=dict)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    hanging: int = 0
    most_at_once: int = 0
    open: int = 0

    def url(self, vendor: str, name: str = "") -> str:
        return f"http://127.0.0.1:{self.port}/{vendor}/{name}"

    def of(self, vendor: str) -> list[Request]:
        return [request for request in self.received if request.path.startswith(f"/{vendor}/")]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most_at_once = max(self.most_at_once, self.open)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            target = head[0].split(" ")[1]
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
            request = Request(urlsplit(target).path, headers, await reader.readexactly(int(headers["content-length"])))
            self.received.append(request)
            told = self.answers.get(request.path)
            answer = (told.pop(0) if len(told) > 1 else told[0]) if told else None
            if answer == "drop":
                writer.transport.abort()
                return
            if answer == "hang":
                self.hanging += 1
                await self.release.wait()
                answer = None
            more: dict[str, str] = {}
            if answer is None:
                try:
                    status, body = VENDORS[request.path.split("/")[1]](request)
                except Wrong as wrong:
                    status, body = wrong.status, wrong.body
            else:
                status, more = answer if isinstance(answer, tuple) else (answer, {})
                body = "told so"
            lines = [
                f"HTTP/1.1 {status} X",
                f"Content-Length: {len(body)}",
                *[f"{name}: {value}" for name, value in more.items()],
                "",
                body,
            ]
            writer.write("\r\n".join(lines).encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def serving(**more: Any) -> AsyncIterator[Hooks]:
    hooks = Hooks()
    server = await asyncio.start_server(hooks.handle, "127.0.0.1", 0, **more)
    hooks.port = server.sockets[0].getsockname()[1]
    try:
        yield hooks
    finally:
        hooks.release.set()
        server.close()
