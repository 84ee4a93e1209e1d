"""A brand's book over HTTP, with its history; and what a new one does to the cases that are open."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from libs.common import db, http
from libs.common.bookfile import load_book
from libs.common.books import BrandBooks
from libs.common.events import BrandBookPublished
from libs.common.hours import Calendar
from libs.common.ratelimit import RateLimits
from libs.common.tokens import Verifier, platform
from services.routing import book_api, rehome, retell
from services.routing.case import case_id_of
from services.routing.checks import judge_known
from services.routing.sla import Policy
from tests.integration.routing.test_simultaneous import batch, triaged
from tests.system import ROOT
from tests.tokens import Issuer
from tests.unit.routing.test_impact import policy, without
from tests.unit.routing.test_permutations import BOOK, mention_id

FIRST = """# our first book
brand: vaart
name: Vaart
languages: [nl]
team: [{id: gs, first_name: Guus, initials: gs}]
"""
SECOND = FIRST.replace("name: Vaart", "name: Vaart Thuis").replace("first book", "second book")


@pytest.fixture
async def client(pool: db.Pool, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator of vaart at routing's routes for books."""
    issuer = Issuer(tmp_path)
    app = FastAPI()
    verifier = Verifier([platform(str(issuer.jwks), "weerklank-local", "weerklank")])
    books = BrandBooks("127.0.0.1:1", "test")
    app.state.service = SimpleNamespace(pool=pool, relay=SimpleNamespace(poke=lambda: None), after_write=[], verifier=verifier, books=books)
    app.include_router(book_api.router)
    http.install(app, name="routing", limits=RateLimits(0, 0), max_body_bytes=1 << 20)
    headers = {"authorization": f"Bearer {issuer.token('admin', ['vaart'], 'beheer')}", "content-type": "application/yaml"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://routing/v1/brands/vaart", headers=headers) as made:
        yield made


async def put(client: httpx.AsyncClient, source: str, **params: Any) -> dict[str, Any]:
    known = (await client.get("/book")).headers.get("etag")
    condition = {"if-match": known} if known else {"if-none-match": "*"}
    answer = await client.put("/book", content=source.encode(), params=params, headers=condition)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def rows(pool: db.Pool) -> tuple[int, int]:
    return await pool.fetchval("select count(*) from brand_book"), await pool.fetchval("select count(*) from outbox")


async def test_history_names_every_version_and_keeps_its_source(client: httpx.AsyncClient) -> None:
    await put(client, FIRST)
    await put(client, SECOND, note="the new name")
    await put(client, FIRST, note="back to version 1")
    listed = (await client.get("/book/versions")).json()
    assert [(item["version"], item["published_by"], item["fields"], item["note"]) for item in listed["items"]] == [
        (3, "beheer", ["name"], "back to version 1"),
        (2, "beheer", ["name"], "the new name"),
        (1, "beheer", sorted(BOOK.model_dump()), None),
    ]
    assert [(await client.get(f"/book/versions/{n}")).json()["source"] for n in (1, 2, 3)] == [FIRST, SECOND, FIRST]
    assert (await client.get("/book")).json()["book"]["name"] == "Vaart"
    missing = await client.get("/book/versions/4")
    assert (missing.status_code, "no version 4" in missing.json()["detail"]) == (404, True)


@pytest.mark.parametrize("note", ["twee\nregels", "\x1b[2Jweg", "\x9b2J", "om\u202egekeerd"])
async def test_a_note_is_one_line_that_tells_a_terminal_nothing(client: httpx.AsyncClient, pool: db.Pool, note: str) -> None:
    answer = await client.put("/book", content=FIRST.encode(), params={"note": note}, headers={"if-none-match": "*"})
    assert answer.status_code == 422, answer.text
    assert await rows(pool) == (0, 0)


async def test_the_history_comes_in_pages(client: httpx.AsyncClient) -> None:
    for name in "abcde":
        await put(client, FIRST.replace("name: Vaart", f"name: {name}"))
    found, cursor = [], None
    while True:
        page = (await client.get("/book/versions", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        found.append([item["version"] for item in page["items"]])
        if (cursor := page["next"]) is None:
            break
    assert found == [[5, 4], [3, 2], [1]]


async def test_a_cursor_that_the_list_did_not_give_out_finds_nothing(client: httpx.AsyncClient) -> None:
    await put(client, FIRST)
    answer = await client.get("/book/versions", params={"cursor": http.cursor_of(-(2**63))})
    assert (answer.status_code, answer.json()["items"]) == (200, [])


async def test_who_sends_slowly_keeps_the_database_from_nobody(client: httpx.AsyncClient, pool: db.Pool) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for piece in FIRST.splitlines(keepends=True):
            assert pool.get_idle_size() == pool.get_size()
            yield piece.encode()

    assert (await client.put("/book", content=slowly(), headers={"if-none-match": "*"})).status_code == 200


async def test_a_dry_run_tells_everything_and_changes_nothing(client: httpx.AsyncClient, pool: db.Pool) -> None:
    first = await put(client, FIRST, dry_run=True)
    assert (first["changed"], first["version"], first["changes"], first["cases"]) == (True, 0, [], None)
    assert await rows(pool) == (0, 0)
    await put(client, FIRST)
    await batch(pool, [triaged("A", "A")])
    before = await rows(pool), await pool.fetch("select * from care_case")
    found = await put(client, SECOND.replace("id: gs", "id: jd"), dry_run=True)
    assert (await rows(pool), await pool.fetch("select * from care_case")) == before
    assert found["version"] == 1
    assert [(change["path"], change["kind"]) for change in found["changes"]] == [
        (["name"], "changed"),
        (["departments", "webcare", "members", "gs"], "removed"),
        (["departments", "webcare", "members", "jd"], "added"),
        (["team", "gs"], "removed"),
        (["team", "jd"], "added"),
    ]
    assert (found["cases"]["open"], found["cases"]["looked_at"]) == (1, 1)
    assert {(s["when"], s["what"], s["after"]) for s in found["cases"]["shifts"]} >= {("at once", "owner", "jd")}
    comment = await put(client, FIRST + "# and a remark\n", dry_run=True)
    assert (comment["changed"], comment["changes"], comment["cases"]) == (False, [], None)


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        ('goals: ["a\\0b"]', 422, "6: goals[0]: holds U+0000"),
        ('goals: ["a\\uD83D\\uDE00b"]', 422, "6: goals[0]: holds U+D83D"),
        ("conduct: {limits: {twitter: 99999999999999999999}}", 422, "6: conduct.limits.twitter: "),
        (f"goals: [&long {'x' * 100_000}, {', '.join(['*long'] * 50)}]", 413, "an event may have"),
    ],
)
async def test_what_cannot_be_published_is_no_valid_dry_run(
    client: httpx.AsyncClient, pool: db.Pool, more: str, status: int, said: str
) -> None:
    for dry_run in (True, False):
        answer = await client.put("/book", content=f"{FIRST}{more}\n".encode(), params={"dry_run": dry_run}, headers={"if-none-match": "*"})
        assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text
    assert await rows(pool) == (0, 0)


async def test_what_the_dry_run_tells_is_what_becomes_of_the_cases(client: httpx.AsyncClient, pool: db.Pool) -> None:
    await put(client, json.dumps(BOOK.model_dump(mode="json", by_alias=True)))
    await batch(pool, [triaged(name, name) for name in "ABCDEF"])
    owners = dict(await pool.fetch("select id, owner from care_case"))
    leaver = owners[case_id_of("vaart", mention_id("A"))]
    new = policy(**without(leaver))
    told = (await put(client, json.dumps(new.book.model_dump(mode="json", by_alias=True)), dry_run=True))["cases"]
    assert await rehome.tick(pool, new) == sum(owner == leaver for owner in owners.values())
    became = dict(await pool.fetch("select id, owner from care_case"))
    moved = [(owners[case_id], owner) for case_id, owner in became.items() if owner != owners[case_id]]
    shifts = [shift for shift in told["shifts"] if (shift["when"], shift["what"]) == ("at once", "owner")]
    assert sorted((s["before"], s["after"]) for s in shifts for _ in range(s["cases"])) == sorted(moved)
    assert moved
    assert await rehome.tick(pool, new) == 0, "whoever has an owner again is left alone"


async def test_a_colleague_who_gets_a_leavers_case_is_told_and_the_timeline_says_why(pool: db.Pool) -> None:
    await batch(pool, [triaged("A", "A")])
    await pool.execute("update care_case set touched = true, owner = 'gs', state_json = jsonb_set(state_json, '{owner}', '\"gs\"')")
    assert await rehome.tick(pool, policy(**without("gs"))) == 1
    owner = await pool.fetchval("select owner from care_case")
    assert [dict(row) for row in await pool.fetch("select member, what from notification")] == [{"member": owner, "what": "assigned"}]
    told = await pool.fetchrow("select actor, detail from timeline order by version desc limit 1")
    assert (told["actor"], told["detail"]["why"], told["detail"]["previous_owner"]) == ("system", "gs is not in the team", "gs")


async def told(pool: db.Pool) -> list[int]:
    """The versions of the book that the outbox holds."""
    return [json.loads(row["value"])["version"] for row in await pool.fetch("select value from outbox order by id")]


async def know(client: httpx.AsyncClient, version: int, source: str) -> None:
    """The services know this version from the topic."""
    book = load_book(source).model_dump(mode="json", by_alias=True)
    published = BrandBookPublished(brand="vaart", version=version, book=book, published_at=datetime.now(UTC), published_by="gs")
    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    await transport.app.state.service.books.put(published)  # type: ignore[attr-defined]


async def test_after_a_restore_a_book_gets_a_number_above_the_one_that_the_services_know(client: httpx.AsyncClient, pool: db.Pool) -> None:
    await put(client, FIRST)
    await know(client, 8, SECOND)
    assert await put(client, FIRST, dry_run=True) | {"changes": []} == {
        "brand": "vaart", "version": 1, "changed": True, "fields": [], "changes": [], "cases": None,
    }  # fmt: skip
    assert (await put(client, FIRST))["version"] == 9, "the same as here, and not what the services go by"
    assert await told(pool) == [1, 9]
    assert judge_known("vaart", 1, 8)[0].status == "error"


async def test_a_topic_made_anew_is_told_the_books_at_the_start_and_by_applying_again(client: httpx.AsyncClient, pool: db.Pool) -> None:
    await put(client, FIRST)
    books = BrandBooks("127.0.0.1:1", "test")
    assert await retell.lacking(pool, books) == 1
    assert (await put(client, FIRST))["changed"] is False
    assert await told(pool) == [1, 1, 1]
    await know(client, 1, FIRST)
    assert (await put(client, FIRST))["changed"] is False
    await books.put(BrandBookPublished.model_validate_json(await pool.fetchval("select value from outbox limit 1")))
    assert await retell.lacking(pool, books) == 0
    assert await told(pool) == [1, 1, 1]


async def test_a_case_that_cannot_be_settled_keeps_no_other_waiting(
    pool: db.Pool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await batch(pool, [triaged(name, name) for name in "ABC"])
    await pool.execute("update care_case set owner = 'gone'")
    settled, broken = rehome.orphan.settled, case_id_of("vaart", mention_id("A"))

    def settle(policy: Policy, file: Any, *rest: Any) -> Any:
        if file.case.id == broken:
            raise ValueError("nobody thought of this")
        return settled(policy, file, *rest)

    monkeypatch.setattr(rehome.orphan, "settled", settle)
    assert await rehome.tick(pool, policy()) == 2
    assert await pool.fetch("select id from care_case where owner = 'gone'") == [(broken,)]
    assert str(broken) in str([record.__dict__.get("case_id") for record in caplog.records])
    assert await rehome.tick(pool, policy()) == 0


async def test_an_instance_with_an_older_book_leaves_newer_decisions_alone(pool: db.Pool) -> None:
    await batch(pool, [triaged("A", "A")])
    await pool.execute("update care_case set owner = 'newcomer', book_version = 3")
    older = policy(**without("gs"))
    assert await rehome.tick(pool, older) == 0
    assert await rehome.tick(pool, Policy(older.book, Calendar.of(older.book), 3)) == 1


async def test_a_dry_run_looks_at_a_bounded_number_of_cases(
    client: httpx.AsyncClient, pool: db.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.routing.impact.MOST_CASES", 2)
    monkeypatch.setattr("services.routing.impact._PAGE", 2)
    await put(client, FIRST)
    await batch(pool, [triaged(name, name) for name in "ABCDE"])
    found = (await put(client, SECOND, dry_run=True))["cases"]
    assert (found["open"], found["looked_at"]) == (5, 2)


async def test_a_dry_run_that_takes_too_long_still_tells_what_changes(
    client: httpx.AsyncClient, pool: db.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(connection: db.Connection, brand: str) -> int:
        await connection.execute("select pg_sleep(60)")
        return 0

    monkeypatch.setattr("services.routing.impact.TIMEOUT_MS", 20)
    monkeypatch.setattr("services.routing.store.count_open", slow)
    await put(client, FIRST)
    found = await put(client, SECOND, dry_run=True)
    assert (found["fields"], len(found["changes"]), found["cases"]) == (["name"], 1, None)


async def test_versions_from_before_there_was_a_history_know_what_they_changed(pool: db.Pool) -> None:
    await pool.execute("alter table brand_book drop column note, drop column fields")
    for brand, version, book in (
        ("vaart", 1, {"name": "Vaart", "pilot": True}),
        ("vaart", 2, {"name": "Vaart", "pilot": False, "goals": ["a"]}),
        ("golf", 2, {"name": "Golf"}),
    ):
        await pool.execute("insert into brand_book values ($1, $2, '', $3, now(), 'x')", brand, version, book)
    await pool.execute((ROOT / "services/routing/migrations/0006_book_history.sql").read_text())
    rows = await pool.fetch("select brand, version, fields, note from brand_book order by brand, version")
    assert [tuple(row) for row in rows] == [
        ("golf", 2, ["name"], None),
        ("vaart", 1, ["name", "pilot"], None),
        ("vaart", 2, ["goals", "pilot"], None),
    ]
