"""The stream of changes over HTTP: server-sent events (the HTML standard, 9.2), which go on where a client was cut off."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from libs.common import db, http
from libs.common.auth import STAFF, Principal, allow
from libs.common.errors import TooManyRequests, Unavailable
from libs.common.front import HEAD
from libs.common.routes import Route
from libs.common.service import of
from libs.common.uvicorn_protocol import CONNECTION, BoundedProtocol
from services.routing.feed import MOST_BEHIND, PAGE, Feed, Listener, Wanted, after, newest_place

router = APIRouter(prefix="/v1/brands/{brand}", tags=["stream"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]

HEARTBEAT_S = 15.0
SEND_S = 15.0
"""Who takes nothing for so long is cut off."""
MOST_OF_ONE = 12
"""Streams that one bearer has open in this instance: tabs of a browser."""
MOST_OF_ALL = 600
"""Of all bearers: a service has a thousand connections, and others need some."""


class Open:
    """How many streams are open here, and whose."""

    def __init__(self) -> None:
        self._of: Counter[str] = Counter()

    def check(self, who: str) -> None:
        """Raises `TooManyRequests`, or `Unavailable` where another instance may have room."""
        if self._of[who] >= MOST_OF_ONE:
            raise TooManyRequests(f"{MOST_OF_ONE} streams of yours are open here. Close one, or share it between tabs.", retry_after_s=5)
        if self._of.total() >= MOST_OF_ALL:
            raise Unavailable(f"{MOST_OF_ALL} streams are open here, which is as many as one instance has.", retry_after_s=5)

    def enter(self, who: str) -> None:
        """Raises what `check` does."""
        self.check(who)
        self._of[who] += 1

    def leave(self, who: str) -> None:
        self._of[who] -= 1
        if not self._of[who]:
            del self._of[who]


class EventStream(Response):
    """An answer without an end: what `parts` yields, each as soon as it does, until `listener` has ended or nobody reads."""

    media_type = "text/event-stream"

    def __init__(self, feed: Feed, opened: Open, who: str, listener: Listener, parts: AsyncGenerator[bytes]) -> None:
        super().__init__(headers={"cache-control": "no-store, no-transform", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._feed, self._opened, self._who, self._listener, self._parts = feed, opened, who, listener, parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        listener, connection = self._listener, scope.get(CONNECTION)
        self._opened.enter(self._who)
        gone = asyncio.create_task(_gone(receive, listener))
        try:
            if isinstance(connection, BoundedProtocol):
                connection.when_leaving(lambda: listener.end("stopping"))
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for part in self._parts:
                async with asyncio.timeout(SEND_S):
                    await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            listener.end("slow")
            if isinstance(connection, BoundedProtocol):
                connection.abort()
        finally:
            gone.cancel()
            self._feed.leave(listener)
            self._opened.leave(self._who)
            await self._parts.aclose()


async def _gone(receive: Receive, listener: Listener) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.end("left")


def event(kind: str, data: Any, place: int | None = None) -> bytes:
    head = b"" if place is None else b"id: %d\n" % place
    return head + b"event: %s\ndata: %s\n\n" % (kind.encode(), orjson.dumps(data))


@router.get(
    "/stream",
    status_code=200,
    response_class=EventStream,
    responses={
        200: {
            "content": {
                "text/event-stream": {
                    "schema": {
                        "type": ["object", "string"],
                        "description": "Events (WHATWG HTML, 9.2.6), each with the fields id, event and data; data is JSON",
                    },
                    "example": 'id: 4711\nevent: case\ndata: {"id":"…","version":7,"what":"assigned","actor":"gs","state":"open"}\n\n',
                }
            }
        }
    },
)
async def stream(
    brand: str,
    request: Request,
    principal: Reader,
    kinds: Annotated[
        str | None,
        Query(
            max_length=200,
            pattern=r"^[a-z][a-z_]{0,39}(,[a-z][a-z_]{0,39})*$",
            description="Only these kinds, with commas: case,presence,notification,…",
        ),
    ] = None,
    case_id: Annotated[UUID | None, Query(description="Of cases, only this one")] = None,
    mine: Annotated[bool, Query(description="Of cases, only those that the bearer owns or watches, or did until this change")] = False,
    department: Annotated[
        str | None, Query(max_length=100, pattern=http.ONE_LINE, description="Of cases, only those of this department")
    ] = None,
    follow: Annotated[bool, Query(description="No: the answer ends where the present begins")] = True,
    last_event_id: Annotated[
        str | None,
        Header(
            alias="Last-Event-ID",
            pattern=r"^[0-9]{0,18}$",
            description="The last `id` that was read: goes on after it, without a gap and nothing twice",
        ),
    ] = None,
) -> EventStream:
    """What changes, as it does: server-sent events, by which a screen stays as it should be.

    Begins with an event `ready` (read lists after it). `reset`: read them again, for more happened than is kept. `end` says why no more comes: connect
    again. A comment comes every 15 seconds when nothing else does.
    """
    feed: Feed = request.app.state.feed
    opened: Open = request.app.state.open_streams
    place = int(last_event_id) if last_event_id else None
    wanted = Wanted(
        member=None if principal.role == "analyst" else principal.subject,
        kinds=frozenset(kinds.split(",") if kinds else ()),
        case_id=case_id,
        person=principal.subject if mine else None,
        department=department,
    )
    if feed.place is None:
        raise Unavailable("The stream of changes is not ready yet.", retry_after_s=1)
    opened.check(principal.subject)
    listener = Listener(brand, wanted)
    if request.scope.get(HEAD) or not follow:
        listener.end("done")
    parts = _parts(of(request).pool, feed, listener, place, principal.expires_at)
    return EventStream(feed, opened, principal.subject, listener, parts)


async def _parts(pool: db.Pool, feed: Feed, listener: Listener, place: int | None, expires_at: float | None) -> AsyncGenerator[bytes]:
    """What a client is sent. Rows come in the order of their places, each once, and none is left out that is for it."""
    yield b"retry: %d\n\n" % random.randint(1000, 3000)  # noqa: S311  after a restart not all come at once
    if place is None:
        place = feed.listen(listener)
        yield event("ready", {"resumed": False}, place)
    else:
        try:
            async for part, to in _missed(pool, feed, listener, place):
                place = to
                yield part
        except db.TRANSIENT:
            listener.end("unavailable")
    while True:
        listener.wake.clear()
        if listener.rows:
            rows = [row for row in listener.rows if row.place > place]
            listener.rows.clear()
            if rows:
                place = rows[-1].place
                yield b"".join(row.sent for row in rows)
            continue
        if listener.ended is not None:
            break
        left = expires_at - time.time() if expires_at is not None else HEARTBEAT_S
        if left <= 0:
            listener.end("token_expired")
            continue
        try:
            await asyncio.wait_for(listener.wake.wait(), min(left, HEARTBEAT_S))
        except TimeoutError:
            if not listener.rows:
                assert feed.place is not None
                place = max(place, feed.place)  # what it was not sent was not for it
                yield b":\nid: %d\n\n" % place
    if listener.ended == "reset":
        yield event("reset", {}, feed.place)
    yield event("end", {"why": listener.ended})


async def _missed(pool: db.Pool, feed: Feed, listener: Listener, place: int) -> AsyncGenerator[tuple[bytes, int]]:
    """What happened after a place until the listener was handed what happens, and up to which place that was told."""
    async with pool.acquire(timeout=5) as connection:
        newest = await newest_place(connection)
        is_of_another = place > newest  # an id of another database, or of this one before it was put back to an earlier state
        read, upto = 0, None
        while True:
            to = max(newest, feed.place or 0) if upto is None else upto
            rows, is_gone = await after(connection, listener.brand, place, to, PAGE)
            read += len(rows)
            if is_gone or is_of_another or read > MOST_BEHIND:
                upto = feed.listen(listener) if upto is None else upto
                yield event("reset", {}, upto), upto
                return
            if rows:
                place = rows[-1].place
                yield b"".join(row.sent for row in rows if listener.wanted.fits(row)), place
            if len(rows) == PAGE:
                continue
            if upto is not None:
                yield event("ready", {"resumed": True}, max(place, upto)), max(place, upto)
                return
            upto = feed.listen(listener)
