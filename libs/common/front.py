"""What stands around every request of every service: a span in the caller's trace, a duration by route, limits, and headers that all answers have.

A request reaches the routes only when its address can be read, its headers and its announced body are within limits, and a compressed body is
unpacked. What leaves says how long it took, what it was counted against, and that nobody keeps a copy of a brand's data.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote_to_bytes

from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from libs.common import ratelimit, telemetry
from libs.common.errors import BadRequest, HeadersTooLarge, TooLarge, UnsupportedMedia, WeerklankError
from libs.common.inflate import Receive, gunzipped
from libs.common.problems import problem
from libs.common.ratelimit import RateLimits

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024
HEAD = "weerklank.head"
"""In a request's scope: only the headers of the answer are wanted."""
_ENDLESS = b"text/event-stream; charset=utf-8"
_PROPAGATOR = TraceContextTextMapPropagator()


class Front:
    """Around every request. `name` is the service's: it answers under `/name/…` too, so that a proxy can put all five behind one host.

    Routes in `streams` read their body themselves, in bounded memory.
    """

    def __init__(
        self, app: Callable[..., Awaitable[None]], *, name: str, limits: RateLimits, max_body_bytes: int, streams: frozenset[str]
    ) -> None:
        self._app, self._prefix, self._limits = app, f"/{name}/", limits
        self._max_body_bytes, self._streams = max_body_bytes, streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, method, answered = time.monotonic(), 500, scope["method"], False
        took: float | None = None
        scope = {**scope, "method": "GET" if method == "HEAD" else method, HEAD: method == "HEAD"}
        if scope["path"].startswith(self._prefix):
            scope["path"] = scope["path"][len(self._prefix) - 1 :]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal status, answered, took
            if message["type"] == "http.response.start":
                status, answered = message["status"], True
                if (b"content-type", _ENDLESS) in message.get("headers", ()):
                    took = time.monotonic() - began  # how long it is read is no matter of ours
                message["headers"] = [*_own(scope, list(message.get("headers", ())))]
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        with telemetry.tracer().start_as_current_span(method, context=_PROPAGATOR.extract(headers), kind=SpanKind.SERVER) as span:
            try:
                try:
                    _readable(scope)
                    if headers.keys().isdisjoint(("authorization", "cookie")) and scope["path"] not in ratelimit.EXEMPT:
                        await self._limits.address(scope)
                    reading = self._body(scope, headers, receive)
                    await self._app(scope, reading, sending)
                except WeerklankError as error:
                    if answered:
                        raise
                    await problem(error)(scope, receive, sending)
            finally:
                self._limits.closed(scope)
                route = getattr(scope.get("route"), "path", "unmatched")
                span.update_name(f"{method} {route}")
                span.set_attribute("http.response.status_code", status)
                telemetry.METRICS.requests.labels(method, route, status).observe(time.monotonic() - began if took is None else took)

    def _body(self, scope: Scope, headers: dict[str, str], receive: Receive) -> Receive:
        """How the routes read the body: unpacked, and no more of it than they may be sent."""
        coding = headers.get("content-encoding", "identity").strip().lower()
        if coding not in ("identity", "gzip"):
            raise UnsupportedMedia("A body is read as it is, or with Content-Encoding: gzip.", headers={"accept-encoding": "gzip"})
        is_stream = any(scope["path"].endswith(suffix) for suffix in self._streams)
        announced = headers.get("content-length", "")
        too_large = f"The body is larger than {self._max_body_bytes} bytes. Send less at once."
        if not is_stream and announced.isdecimal() and int(announced) > self._max_body_bytes:
            raise TooLarge(too_large)
        if coding == "gzip":
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in (b"content-encoding", b"content-length")]
            receive = gunzipped(receive)
        if is_stream:
            return receive
        seen = 0

        async def limited() -> MutableMapping[str, Any]:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_body_bytes:
                raise TooLarge(too_large)
            return message

        return limited


def _readable(scope: Scope) -> None:
    """Raises `HeadersTooLarge` for more headers than a client has reason to send, and `BadRequest` for an address that is not UTF-8 or holds a NUL, and
    where it is not said once whom the request is for: of two names a proxy before us may mean the other."""
    if len(scope["headers"]) > MAX_HEADERS or sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
        raise HeadersTooLarge(f"At most {MAX_HEADERS} headers, and {MAX_HEADER_BYTES} bytes of them.")
    if scope["http_version"] == "1.1" and sum(name == b"host" for name, _ in scope["headers"]) != 1:
        raise BadRequest("A request of HTTP/1.1 has one Host header (RFC 9112, 3.2).")
    address: bytes = (scope.get("raw_path") or b"") + b"?" + scope.get("query_string", b"")
    if b"%" not in address:
        return
    try:
        if "\0" not in unquote_to_bytes(address).decode():
            return
    except UnicodeDecodeError:
        pass
    raise BadRequest("The path or the query holds a NUL, or percent-encoded bytes that are not UTF-8.")


def _own(scope: Scope, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, with those that all answers have."""
    found = dict(headers)
    if found.get(b"content-encoding") == b"gzip" and (tag := found.get(b"etag", b"")).endswith(b'"'):
        headers = [pair for pair in headers if pair[0] != b"etag"] + [(b"etag", tag[:-1] + b'-gzip"')]
    headers.append((b"x-content-type-options", b"nosniff"))
    if b"cache-control" not in found:
        headers.append((b"cache-control", b"no-store"))
    charge = ratelimit.charged(scope)
    return headers + (charge.headers() if charge else [])
