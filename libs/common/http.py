"""How every service speaks HTTP: problem details (RFC 9457), cursor paging, body limits, request spans and metrics."""

import base64
import binascii
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, Generic, TypeVar

import asyncpg
import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from libs.common import db, telemetry
from libs.common.errors import BadRequest, TooLarge, Unavailable, Unprocessable, WeerklankError

log = logging.getLogger(__name__)

T = TypeVar("T")
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PROBLEM_TYPE = "https://weerklank.example/problems/"
_PROPAGATOR = TraceContextTextMapPropagator()


class Body(BaseModel):
    """Base of request bodies: a field that we do not know is an error, not a silence."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """RFC 9457. `type` is stable; `detail` says what was wrong with which value and what to do."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    detail: str


def problem_response(description: str = "A problem (RFC 9457)") -> dict[str, Any]:
    """How OpenAPI describes an error. Written out, because `model=` would promise `application/json`."""
    return {"description": description, "content": {"application/problem+json": {"schema": Problem.model_json_schema()}}}


class Page(BaseModel, Generic[T]):
    """One page of a list; ask for `next` as `cursor` to go on, until it is null."""

    items: list[T]
    next: str | None = Field(default=None, description="Cursor of the next page; null on the last")


def cursor_of(*values: str | int) -> str:
    """An opaque cursor that holds the sort key of the last row of a page."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def read_cursor(cursor: str | None, kinds: Sequence[type]) -> list[Any] | None:
    """The sort key in a cursor that `cursor_of` made. Raises `BadRequest` for anything else."""
    if cursor is None:
        return None
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise BadRequest("The cursor is not one that this list gave out. Leave it out to start again.") from error
    if not isinstance(values, list) or [type(value) for value in values] != list(kinds):
        raise BadRequest("The cursor is not one that this list gave out. Leave it out to start again.")
    return values


def answer(content: object, status: int, headers: Mapping[str, str] | None = None, media_type: str = "application/json") -> Response:
    """An answer that is JSON already in shape."""
    return Response(orjson.dumps(content), status, headers, media_type)


def problem(error: WeerklankError) -> Response:
    body = {
        "type": PROBLEM_TYPE + error.kind,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        **error.more,
    }
    headers = {"retry-after": str(error.retry_after_s)} if error.retry_after_s else {}
    if error.challenge:
        headers["www-authenticate"] = error.challenge
    return answer(body, error.status, headers, "application/problem+json")


class Front:
    """Around every request: a span in the caller's trace, a duration by route, and a limit on the body.

    Routes in `streams` read their body themselves, in bounded memory.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], *, max_body_bytes: int, streams: frozenset[str]) -> None:
        self._app, self._max_body_bytes, self._streams = app, max_body_bytes, streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 500
        carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with telemetry.tracer().start_as_current_span(scope["method"], context=_PROPAGATOR.extract(carrier), kind=SpanKind.SERVER) as span:
            try:
                await self._app(scope, self._limited(scope, receive), sending)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.response.status_code", status)
                telemetry.METRICS.requests.labels(scope["method"], route, status).observe(time.monotonic() - began)

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        if any(scope["path"].endswith(suffix) for suffix in self._streams):
            return receive
        seen = 0

        async def limited() -> MutableMapping[str, Any]:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_body_bytes:
                raise TooLarge(f"The body is larger than {self._max_body_bytes} bytes. Send less at once.")
            return message

        return limited


def install(app: FastAPI, *, max_body_bytes: int, streams: frozenset[str] = frozenset()) -> None:
    """Give an app our error answers and the `Front` around every request."""
    app.add_middleware(Front, max_body_bytes=max_body_bytes, streams=streams)

    @app.exception_handler(WeerklankError)
    async def ours(_: Request, error: WeerklankError) -> Response:
        return problem(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        found = [{"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"]} for item in error.errors()[:20]]
        if any(item["type"] == "json_invalid" for item in error.errors()):
            return problem(BadRequest(f"The body is not valid JSON: {found[0]['message']}."))
        said = "; ".join(f"{item['field']}: {item['message']}" for item in found[:3])
        return answer(
            {
                "type": PROBLEM_TYPE + "unprocessable",
                "title": "A value is wrong",
                "status": 422,
                "detail": said,
                "errors": found,
            },
            422,
            media_type="application/problem+json",
        )

    @app.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> Response:
        if isinstance(error.__cause__, WeerklankError):
            return problem(error.__cause__)  # raised while the framework read the body, which it calls a 400
        kind = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "http")
        return answer(
            {
                "type": PROBLEM_TYPE + kind,
                "title": str(error.detail),
                "status": error.status_code,
                "detail": str(error.detail),
            },
            error.status_code,
            dict(error.headers or {}),
            "application/problem+json",
        )

    @app.exception_handler(asyncpg.DataError)
    async def unstorable(_: Request, error: Exception) -> Response:
        return problem(
            Unprocessable(f"A value in this request cannot be in the database ({type(error).__name__}): out of range, or a NUL.")
        )

    async def gone(request: Request, error: Exception) -> Response:
        if isinstance(error, ValueError):  # asyncpg's own word for a value that no column can hold: asking again mends nothing
            return await unstorable(request, error)
        log.warning("Postgres does not answer", extra={"error": type(error).__name__})
        return problem(Unavailable("The database does not answer. Try again.", retry_after_s=5))

    for kind in db.TRANSIENT:
        app.add_exception_handler(kind, gone)

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> Response:
        return problem(WeerklankError("This is a fault of ours; the log has it under this request's trace id."))
