"""What an error becomes over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from libs.common import http
from libs.common.problems import PROBLEM_TYPE
from libs.common.ratelimit import RateLimits


def app_with(limits: RateLimits | None = None, max_body_bytes: int = 1024) -> FastAPI:
    app = FastAPI()
    http.install(app, name="here", limits=limits or RateLimits(0, 0), max_body_bytes=max_body_bytes)
    return app


@asynccontextmanager
async def asking(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        yield client


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        # A value that no column holds is refused where it comes in. One that gets as far as a statement is a fault of ours, and looks like one.
        (asyncpg.exceptions._base.DataError("invalid input for query argument $1"), 500, "internal"),
        (asyncpg.NumericValueOutOfRangeError("out of range"), 500, "internal"),
        (FileNotFoundError("models"), 500, "internal"),
        (ZeroDivisionError(), 500, "internal"),
        (asyncpg.InterfaceError("connection is closed"), 503, "unavailable"),
        (ConnectionRefusedError(), 503, "unavailable"),
        (TimeoutError(), 503, "unavailable"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_only_a_database_that_is_away_is_a_503_and_a_fault_of_ours_stays_one(error: Exception, status: int, kind: str) -> None:
    app = app_with()

    @app.get("/")
    async def fails() -> None:
        raise error

    async with asking(app) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.json()["type"]) == (status, PROBLEM_TYPE + kind)
