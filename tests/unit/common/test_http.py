"""What an error becomes over HTTP."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest
from fastapi import APIRouter, FastAPI, Response

from libs.common import http, ratelimit
from libs.common.errors import BadRequest
from libs.common.problems import PROBLEM_TYPE
from libs.common.ratelimit import RateLimits, network_of
from libs.common.routes import Route


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


async def test_whoever_asks_too_much_is_told_when_to_come_back_and_nobody_else_is() -> None:
    app = app_with(RateLimits(per_client=100, per_address=3))

    @app.get("/")
    async def fine() -> str:
        return "x" * 5000

    @app.get("/healthz")
    async def healthz() -> None:
        return None

    async with asking(app) as client:
        answers = [await client.get("/") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == '"address";q=3;w=60'
        assert [answer.headers["ratelimit"].split(";")[:2] for answer in answers] == [['"address"', f"r={left}"] for left in (2, 1, 0, 0)]
        assert 1 <= int(answers[3].headers["retry-after"]) <= 60
        assert answers[3].json()["type"] == PROBLEM_TYPE + "too-many-requests"
        assert {(await client.get("/healthz")).status_code for _ in range(9)} == {200}
    elsewhere = httpx.ASGITransport(app, client=("192.0.2.9", 1))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://here") as client:
        assert (await client.get("/")).status_code == 200


async def test_whoever_keeps_many_requests_open_leaves_connections_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "MOST_OPEN", 3)
    app, go_on, waiting = app_with(), asyncio.Event(), 0

    @app.get("/")
    async def slow() -> None:
        nonlocal waiting
        waiting += 1
        await go_on.wait()

    async with asking(app) as client:
        held = [asyncio.create_task(client.get("/")) for _ in range(3)]
        async with asyncio.timeout(10):
            while waiting < 3:
                await asyncio.sleep(0)
        refused = await client.get("/")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        go_on.set()
        elsewhere = httpx.ASGITransport(app, client=("192.0.2.9", 1))
        async with httpx.AsyncClient(transport=elsewhere, base_url="http://here") as other:
            assert (await other.get("/")).status_code == 200
        assert {answer.status_code for answer in await asyncio.gather(*held)} == {200}
        assert (await client.get("/")).status_code == 200
    assert not app.state.rate_limits._open


async def test_a_long_answer_is_compressed_for_those_who_can_read_it_under_a_name_of_its_own() -> None:
    app = app_with()

    @app.get("/")
    async def long() -> Response:
        return Response("x" * 5000, headers={"etag": '"7"'})

    async with asking(app) as client:
        compressed = await client.get("/", headers={"accept-encoding": "gzip"})
        plain = await client.get("/here/", headers={"accept-encoding": "identity"})
    assert (compressed.headers["content-encoding"], compressed.headers["etag"], compressed.text) == ("gzip", '"7-gzip"', plain.text)
    assert ("content-encoding" in plain.headers, plain.headers["etag"], plain.headers["vary"]) == (False, '"7"', "Accept-Encoding")


async def test_a_request_says_once_whom_it_is_for() -> None:
    async with asking(app_with()) as client:
        for headers, status in (([("host", "a")], 404), ([("host", "a"), ("host", "b")], 400), ([("host", "a"), ("host", "a")], 400)):
            assert (await client.get("/", headers=headers)).status_code == status


@pytest.mark.parametrize("values", [["a\0"], [2**63], [-(2**63) - 1], [True], ["a", "b"], {"a": 1}])
def test_a_cursor_that_no_column_can_be_compared_with_is_not_ours(values: object) -> None:
    kinds = [int] if values and isinstance(values, list) and isinstance(values[0], int) else [str]
    with pytest.raises(BadRequest):
        http.read_cursor(base64.urlsafe_b64encode(json.dumps(values).encode()).decode(), kinds)


async def test_a_route_that_asks_for_no_token_counts_those_who_send_one() -> None:
    app, router = app_with(RateLimits(0, 1)), APIRouter(route_class=Route)

    @router.get("/open")
    async def opened() -> None: ...

    app.include_router(router)
    async with asking(app) as client:
        answers = [await client.get("/open", headers={"authorization": "Basic x"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("unix", "unix", True),
    ],
)
def test_an_address_of_ipv6_counts_with_its_network_and_one_of_ipv4_by_itself(one: str, other: str, together: bool) -> None:
    assert (network_of(one) == network_of(other)) is together
