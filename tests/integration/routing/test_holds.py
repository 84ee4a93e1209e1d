"""Holds over HTTP on a real PostgreSQL: what stands, what the leases say of it, and who is told."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from libs.common import db, http
from libs.common.events import SendingLease
from libs.common.ratelimit import RateLimits
from libs.common.tokens import Verifier, platform
from services.routing import book_api, hold, hold_api, timer
from services.routing.due import DUE
from tests.tokens import Issuer

BOOK = """brand: vaart
name: Vaart
languages: [nl]
team:
  - {id: gs, first_name: Guus, initials: gs}
  - {id: mk, first_name: Mila, initials: mk, role: lead}
  - {id: wv, first_name: Wout, initials: wv, role: spokesperson}
"""
Call = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def call(pool: db.Pool, tmp_path: Path) -> AsyncIterator[Call]:
    issuer = Issuer(tmp_path)
    app = FastAPI()
    verifier = Verifier([platform(str(issuer.jwks), "weerklank-local", "weerklank")])
    app.state.service = SimpleNamespace(pool=pool, relay=SimpleNamespace(poke=lambda: None), after_write=[], verifier=verifier)
    app.include_router(book_api.router)
    app.include_router(hold_api.router)
    http.install(app, name="routing", limits=RateLimits(0, 0), max_body_bytes=1 << 20)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://routing/v1/brands") as client:

        async def ask(
            method: str, path: str, *, role: str = "lead", subject: str = "mk", brand: str = "vaart", match: object = "*", **more: Any
        ) -> httpx.Response:
            headers = {
                "authorization": f"Bearer {issuer.token(role, [brand], subject)}",
                "if-match": match if match == "*" else f'"{match}"',
                "idempotency-key": str(uuid4()),
                **more.pop("headers", {}),
            }
            return await client.request(method, f"/{brand}{path}", headers=headers, **more)

        async with pool.acquire() as connection:
            for brand in ("vaart", "other"):
                await connection.execute(
                    "insert into brand_book (brand, version, source, book, published_at, published_by, fields) "
                    "values ($1, 3, '', $2, now(), 'test', '{}')",
                    brand,
                    {
                        "brand": brand,
                        "team": [
                            {"id": "gs", "role": "agent"},
                            {"id": "mk", "role": "lead"},
                            {"id": "wv", "role": "spokesperson", "notify": [{"email": "wout@vaart.example"}]},
                        ],
                    },
                )
        yield ask


async def laid(call: Call, what: object = "all", **more: Any) -> dict[str, Any]:
    answer = await call("POST", "/holds", json={"what": what, "reason": "storing in Utrecht", **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def lease(pool: db.Pool, brand: str = "vaart") -> SendingLease:
    async with pool.acquire() as connection:
        return next(found for found in await hold.leases(connection) if found.brand == brand)


async def told(pool: db.Pool) -> list[dict[str, Any]]:
    rows = await pool.fetch("select topic, key, lane, headers, value from outbox order by id")
    return [{**dict(row), "type": json.loads(row["headers"])["ce_type"], "value": json.loads(row["value"])} for row in rows]


async def test_several_holds_stand_at_once_and_end_one_by_one(call: Call, pool: db.Pool) -> None:
    everything = await laid(call)
    some = await laid(call, {"when": {"channel": "email", "labels_any": ["storing"]}})
    assert (everything["version"], some["version"], some["laid_version"], some["by"]) == (1, 2, 2, "mk")
    found = await lease(pool)
    assert (found.held, found.hold_version, found.reason) == (True, 2, "storing in Utrecht")
    assert [(known.id, known.scope.everything) for known in found.holds] == [(UUID(everything["id"]), True), (UUID(some["id"]), False)]
    assert (await call("POST", f"/holds/{everything['id']}/release", match=9)).status_code == 412
    ended = (await call("POST", f"/holds/{everything['id']}/release", match=1, subject="wv", role="spokesperson")).json()
    assert (ended["version"], ended["released_by"], ended["laid_version"]) == (3, "wv", 1)
    found = await lease(pool)
    assert (found.held, found.hold_version, found.reason) == (False, 3, None)
    assert [known.released_at is None for known in found.holds] == [True, False]
    assert (await call("POST", f"/holds/{everything['id']}/release")).status_code == 409
    assert [item["id"] for item in (await call("GET", "/holds?stands=true")).json()["items"]] == [some["id"]]
    page = (await call("GET", "/holds?limit=1", role="agent")).json()
    assert page["items"][0]["id"] == some["id"]
    assert [item["id"] for item in (await call("GET", f"/holds?cursor={page['next']}")).json()["items"]] == [everything["id"]]


async def test_every_hold_and_release_is_an_event_ahead_of_all_others_and_the_leads_hear_of_it(call: Call, pool: db.Pool) -> None:
    found = await laid(call)
    await call("POST", f"/holds/{found['id']}/release")
    events = await told(pool)
    assert [(event["type"], event["topic"], event["key"], event["lane"]) for event in events] == [
        ("weerklank.sending.held.v1", "weerklank.holds.v1", "vaart", 1),
        ("weerklank.sending.released.v1", "weerklank.holds.v1", "vaart", 1),
    ]
    assert [(event["value"]["held"], event["value"]["hold_version"], event["value"]["actor"]) for event in events] == [
        (True, 1, "mk"),
        (False, 2, "mk"),
    ]
    assert [[known["id"] for known in event["value"]["holds"]] for event in events] == [[found["id"]]] * 2
    rows = await pool.fetch("select member, what, case_id from notification order by seq")
    assert [tuple(row) for row in rows] == [("wv", "sending_held", None), ("wv", "sending_released", None)]
    notices = await pool.fetch("select recipient, about, subject, title from notice order by title")
    assert [tuple(row) for row in notices] == [
        ("wv", "hold", UUID(found["id"]), "Sending held: vaart"),
        ("wv", "hold", UUID(found["id"]), "Sending released: vaart"),
    ]


async def test_all_are_released_only_by_who_has_seen_all(call: Call, pool: db.Pool) -> None:
    await laid(call)
    read = (await call("GET", "/hold")).headers["etag"].strip('"')
    await laid(call, {"when": {"channel": "email"}})
    stale = await call("POST", "/hold-releases", match=read)
    assert (stale.status_code, len(stale.json()["changes"])) == (412, 2)
    done = (await call("POST", "/hold-releases", match=2)).json()
    assert (len(done["items"]), done["hold_version"]) == (2, 4)
    assert not (await lease(pool)).held
    assert (await call("GET", "/holds?stands=true")).json()["items"] == []


async def test_a_hold_with_an_end_is_released_then_by_itself_and_once(call: Call, pool: db.Pool) -> None:
    until = datetime.now(UTC) + timedelta(hours=2)
    found = await laid(call, until=until.isoformat())
    other = await laid(call, {"when": {"channel": "email"}}, until=until.isoformat())
    await call("POST", f"/holds/{other['id']}/release")
    assert await pool.fetchval("select count(*) from timer") == 1
    policies: Any = SimpleNamespace(versions=lambda: [("vaart", 3)], of=lambda brand: None)
    await pool.execute("update timer set at = now()")
    assert [await timer.tick(pool, policies, DUE) for _ in range(2)] == [1, 0]
    ended = (await call("GET", f"/holds/{found['id']}")).json()
    assert (ended["released_by"], ended["version"]) == ("system", 4)
    assert not (await lease(pool)).held


async def test_the_one_switch_holds_all_and_leaves_holds_of_what_matches_alone(call: Call, pool: db.Pool) -> None:
    await laid(call, {"when": {"channel": "email"}})
    first = (await call("PUT", "/hold", json={"held": True, "reason": "een"}, match=1)).json()
    assert (first["held"], first["reason"], first["changed_by"]) == (True, "een", "mk")
    again = (await call("PUT", "/hold", json={"held": True, "reason": "twee"}, match=first["hold_version"])).json()
    assert (again["held"], again["reason"]) == (True, "twee")
    assert (await lease(pool)).held
    assert (await call("PUT", "/hold", json={"held": False}, match=1)).status_code == 412
    last = (await call("PUT", "/hold", json={"held": False})).json()
    assert (last["held"], last["reason"]) == (False, None)
    assert [known.scope.when for known in (await lease(pool)).holds if known.released_at is None] == [{"channel": ["email"]}]


async def test_what_could_not_be_told_of_a_reply_is_refused(call: Call) -> None:
    case_id = str(uuid4())
    for what, said in (
        ({}, "everything"),
        ({"when": {"insight": "spike"}}, "insight"),
        ({"when": {"hours": "open"}}, "hours"),
        ({"case_ids": [case_id]}, case_id),
    ):
        answer = await call("POST", "/holds", json={"what": what, "reason": "x"})
        assert (answer.status_code, said in answer.json()["detail"]) == (422, True), answer.text
    for body in (
        {"what": "all", "reason": ""},
        {"what": "all", "reason": "a\nb"},
        {"what": "all", "reason": "x", "until": "2020-01-01T00:00:00Z"},
        {"what": "all", "reason": "x", "until": "2120-01-01T00:00:00Z"},
        {"what": {"case_ids": [case_id] * 101}, "reason": "x"},
        {"what": {"when": {"urgency": "very"}}, "reason": "x"},
    ):
        assert (await call("POST", "/holds", json=body)).status_code == 422, body


async def test_who_may_hold_and_that_brands_are_apart(call: Call, pool: db.Pool) -> None:
    for role in ("agent", "trainee", "analyst"):
        assert (await call("POST", "/holds", json={"what": "all", "reason": "x"}, role=role)).status_code == 403
    found = await laid(call)
    assert (await call("GET", f"/holds/{found['id']}", brand="other")).status_code == 404
    assert (await call("POST", f"/holds/{found['id']}/release", brand="other")).status_code == 404
    assert (await call("GET", "/holds", brand="other")).json()["items"] == []
    assert not (await lease(pool, "other")).held
    assert (await call("POST", "/holds", brand="third", json={"what": "all", "reason": "x"})).status_code == 404


async def test_only_so_many_stand_at_once(call: Call) -> None:
    for _ in range(20):
        last = await laid(call, {"when": {"channel": "email"}})
    assert (await call("POST", "/holds", json={"what": "all", "reason": "x"})).status_code == 409
    await call("POST", f"/holds/{last['id']}/release")
    await laid(call)
