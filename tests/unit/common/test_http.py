"""What an error becomes over HTTP."""

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from libs.common import http


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        # What asyncpg raises for an argument that no column can hold, before it asks the server: both an interface error and a value error.
        (asyncpg.exceptions._base.DataError("invalid input for query argument $1"), 422, "unprocessable"),
        (asyncpg.NumericValueOutOfRangeError("out of range"), 422, "unprocessable"),
        (asyncpg.InterfaceError("connection is closed"), 503, "unavailable"),
        (ConnectionRefusedError(), 503, "unavailable"),
        (ZeroDivisionError(), 500, "internal"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_a_value_that_no_column_holds_is_the_senders_and_a_database_that_is_away_is_ours(
    error: Exception, status: int, kind: str
) -> None:
    app = FastAPI()
    http.install(app, max_body_bytes=1024, streams=frozenset())

    @app.get("/")
    async def fails() -> None:
        raise error

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.json()["type"]) == (status, http.PROBLEM_TYPE + kind)
