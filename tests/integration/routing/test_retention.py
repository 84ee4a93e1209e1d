"""What a brand no longer keeps is gone from everywhere, all of it or nothing, and never comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common import db
from libs.common.answer_events import ConsultationMailed
from libs.common.brandbook import Retention
from libs.common.case_events import Case, CaseForgotten, CaseTextsForgotten
from libs.common.events import Attachment, MentionRegrouped, MentionRemoved, MentionTriaged
from libs.common.record import Received
from services.routing import forgotten, move_store, record, reopening, retention, search_index, store, turn
from services.routing.case import assigned, case_id_of
from services.routing.move import Move
from tests.integration.pools import PoolAt
from tests.integration.routing.access_world import World
from tests.integration.routing.outbox import told_as
from tests.integration.routing.test_search import comes, desk, found, wrote
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_permutations import POLICIES, START, event, mention_id, reply_sent, revised, state

__all__ = ["desk"]
A, B, C = (case_id_of("vaart", mention_id(name)) for name in "ABC")
SECRET = "Quirinus Zeldzaam"
KEPT = Retention()
YOUNG, OLD_TEXTS, OVER = (START + timedelta(days=days) for days in (300, 500, 6 * 365))
PASSES = {"outbox", "feed", "feed_new", "search_queue"}
"""What holds ids for a day at most."""


KEEPS = {"migration", "position", "ledger", "emitted", "dead_letter", "dead_letter_window", "feed_purged"}
BY_TRIGGER = {"case_line", "search_text", "search_name", "search_queue"}


@pytest.fixture
async def pool(desk: World) -> db.Pool:
    emptied = [table for table in await tables_of(desk.pool) if table not in BY_TRIGGER]
    await desk.pool.execute(f"truncate {', '.join(emptied)} cascade")
    return desk.pool


async def tables_of(pool: db.Pool) -> list[str]:
    rows = await pool.fetch(
        "select table_name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE' order by 1"
    )
    return [row["table_name"] for row in rows if row["table_name"] not in KEEPS]


async def close(pool: db.Pool, *case_ids: UUID, at: datetime = START + timedelta(hours=1)) -> None:
    """People resolved these, and nobody wrote again."""
    for case_id in case_ids:
        async with PoolAt(pool, at).acquire() as connection, connection.transaction():
            file = await store.file(connection, "vaart", case_id, lock=True)
            assert file is not None
            assigned(file, to="gs", department=None)
            turn.resolved(file, at)
            reopening.closed(file)
            await record.record(connection, POLICIES.policy, file, [])


async def purged(pool: db.Pool, at: datetime, keeps: Retention = KEPT, brand: str = "vaart") -> None:
    await retention.purge(PoolAt(pool, at), brand, keeps)  # type: ignore[arg-type]
    while await search_index.tick(pool):
        pass


async def holding(pool: db.Pool, words: str) -> list[str]:
    """The tables of which a row holds this, in whatever column."""
    return [
        table
        for table in await tables_of(pool)
        if await pool.fetchval(f"select exists (select from {table} t where t::text like $1)", f"%{words}%")
    ]


async def case_of(pool: db.Pool, case_id: UUID) -> Case | None:
    found = await pool.fetchval("select state_json from care_case where id = $1", case_id)
    return Case.model_validate(found) if found else None


async def a_case_with_everything(pool: db.Pool) -> None:
    """A customer's case with a name, a number and a file, an answer, a note, and a row in each table that can have one about it."""
    said = wrote("A", f"Ik ben {SECRET}, bel 0612345678", who=SECRET, channel="twitter", title=SECRET, url=f"https://x.example/{SECRET}")
    mention = said.event.triaged.mention.model_copy(update={"attachments": [Attachment(name=SECRET, media_type="image/png", bytes=1)]})
    said = event(MentionTriaged, 1, said.event.triaged.model_copy(update={"mention": mention}))
    await comes(PoolAt(pool, START), said)  # type: ignore[arg-type]
    await comes(PoolAt(pool, START), wrote("B", "van een ander"))  # type: ignore[arg-type]
    answer = reply_sent(A, START + timedelta(minutes=5), "r1", answers=mention_id("A"))
    reply = answer.event.reply.model_copy(update={"text": f"Beste {SECRET}"})
    await comes(PoolAt(pool, START), with_event(answer, answer.event.model_copy(update={"reply": reply})))  # type: ignore[arg-type]
    async with PoolAt(pool, START).acquire() as connection:
        await store.add_note(connection, "vaart", A, uuid4(), START, "gs", "coulance besproken")
    await close(pool, A, B)


def with_event(received: Received[Any], event: Any) -> Received[Any]:
    return Received(event, *[getattr(received, name) for name in list(received.__dataclass_fields__)[1:]])


IDS = {name: uuid4() for name in ("callback_id", "consultation_id", "promise_id", "notice_id", "move_id", "bulk_id", "customer_id")}
OWN = {"callback": "callback_id", "consultation": "consultation_id", "promise": "promise_id", "notice": "notice_id"}
OWN |= {"case_move": "move_id", "bulk": "bulk_id"}
FIRST = ("bulk", "case_move", "callback", "consultation", "promise", "notice")
WORDS = {"about": "case", "state": "done", "kind": "legal_check", "key": "key"}


async def one_row_about(pool: db.Pool, brand: str, case_id: UUID, mention: UUID, ids: dict[str, UUID]) -> set[str]:
    """A row in each table that has a column for a case, a mention, or something that is about a case; which tables those are."""
    refers = {"case_id", "mention_id", "other_id", "from_id", "into_id", "subject", *(set(ids) - {"customer_id"})}
    rows = await pool.fetch(
        "select table_name, column_name, udt_name, is_identity from information_schema.columns where table_schema = current_schema() "
        "order by table_name, ordinal_position"
    )
    columns: dict[str, list[Any]] = {}
    for row in rows:
        columns.setdefault(row["table_name"], []).append(row)
    wanted = [t for t, of in columns.items() if t in FIRST or any(c["udt_name"] == "uuid" and c["column_name"] in refers for c in of)]
    wanted = [t for t in wanted if t not in PASSES | {"care_case", "mention_copy", "case_line", "search_text", "resting_case"}]
    for table in sorted(wanted, key=lambda t: (t not in FIRST, t)):
        made = {c["column_name"]: _value(table, c, brand, case_id, mention, ids) for c in columns[table] if c["is_identity"] == "NO"}
        places = ", ".join(f"${n}" for n in range(1, len(made) + 1))
        await pool.execute(f"insert into {table} ({', '.join(made)}) values ({places}) on conflict do nothing", *made.values())
    return set(wanted)


def _value(table: str, column: Any, brand: str, case_id: UUID, mention: UUID, ids: dict[str, UUID]) -> Any:
    name, kind = column["column_name"], column["udt_name"]
    if name == "id":
        return ids[OWN[table]] if table in OWN else uuid4()
    if kind == "uuid":
        if name in ("mention_id", "other_id"):
            return mention
        return case_id if name in ("case_id", "from_id", "into_id", "subject") else ids.get(name, uuid4())
    simple: dict[str, Any] = {"int4": 999, "int8": 999, "int2": 9, "bool": False, "jsonb": {}, "timestamptz": START, "bytea": case_id.bytes}
    return simple.get(kind, [] if kind.startswith("_") else {"brand": brand, "table": table, **WORDS}.get(name, "x"))


async def test_of_a_case_that_is_over_for_long_enough_no_table_has_a_row(pool: db.Pool) -> None:
    await a_case_with_everything(pool)
    tables = await one_row_about(pool, "vaart", A, mention_id("A"), IDS)
    assert {"note", "timeline", "notification", "notice", "promise", "callback_attempt", "bulk_item", "no_reply_sample", "timer"} <= tables
    await one_row_about(pool, "golfnet", golfnet := uuid4(), uuid4(), {name: uuid4() for name in IDS})
    of_the_other = set(await holding(pool, str(golfnet))) - PASSES
    await purged(pool, YOUNG)
    assert set(await holding(pool, str(A))) - PASSES >= {"care_case", "timeline", "said", "note"}
    await pool.execute("truncate outbox, feed_new")

    await purged(pool, OVER)

    assert set(await holding(pool, str(A))) - PASSES == {"forgotten"}, "a table with something about a case belongs into forgetting.py"
    assert set(await holding(pool, str(mention_id("A")))) - PASSES == {"forgotten"}
    for id in (*(IDS[name] for name in IDS if name not in ("customer_id", "bulk_id")), state("A", "A").customer_id):
        assert set(await holding(pool, str(id))) - PASSES == set()
    assert await holding(pool, SECRET) == []
    assert await holding(pool, "zeldzaam") == [], "nor is it found by a word or a name"
    assert set(await holding(pool, str(golfnet))) - PASSES == of_the_other, "another brand's are untouched"
    told = await told_as(pool, CaseForgotten)
    assert sorted(one.case.id for one in told) == sorted([A, B])


async def test_texts_go_first_and_what_happened_stays(pool: db.Pool, desk: World) -> None:
    await a_case_with_everything(pool)
    before = await case_of(pool, A)
    assert before is not None
    assert await found(pool, "zeldzaam") == ["A"]
    await purged(pool, YOUNG)
    assert SECRET in str(await case_of(pool, A))
    await pool.execute("truncate outbox")

    await purged(pool, OLD_TEXTS)
    await purged(pool, OLD_TEXTS + timedelta(days=1))

    assert await holding(pool, SECRET) == []
    assert await holding(pool, "0612345678") == []
    assert await found(pool, "zeldzaam") == []
    assert await found(pool, "coulance") == ["A"], "what colleagues wrote stays, and is found"
    case = await case_of(pool, A)
    assert case is not None
    assert case.latest is not None
    assert (case.latest.text, case.latest.forgotten_at) == ("", OLD_TEXTS)
    same = ("state", "owner", "department", "labels", "clocks", "opened_at", "resolved_at", "replied_at", "mentions", "customer_id")
    assert [getattr(case, name) for name in same] == [getattr(before, name) for name in same]
    [told] = [one for one in await told_as(pool, CaseTextsForgotten) if one.case.id == A]
    assert (told.mentions, told.replies, told.case) == (1, 1, case)
    assert await pool.fetchval("select since from resting_case where case_id = $1", A) == START + timedelta(hours=1), (
        "forgetting texts is no reason to keep the case for longer"
    )

    token = desk.token("lead")
    packet = (await desk.call("GET", f"/v1/brands/vaart/cases/{A}/packet", token)).json()
    assert [(asked["text"], asked["kept"], asked["customer"]) for asked in packet["asked"]] == [("", False, None)]
    assert [tried["kept"] for tried in packet["tried"] if tried["what"] == "reply"] == [False]
    assert packet["given"] == []
    page = (await desk.call("GET", f"/v1/brands/vaart/cases/{A}/packet?format=text", token)).text
    assert page.count("(niet meer bewaard)") == 2
    timeline = (await desk.call("GET", f"/v1/brands/vaart/cases/{A}/timeline", token)).json()
    assert timeline["items"][-1]["what"] == "texts-forgotten"
    history = (await desk.call("GET", f"/v1/brands/vaart/customers/{case.customer_id}/history", token)).json()
    assert [(one["asked"], one["kept"], one["case"]["kept"]) for one in history["items"]] == [(None, False, False)]
    hits = (await desk.call("GET", "/v1/brands/vaart/search?q=coulance", token)).json()
    assert [hit["case"]["kept"] for hit in hits["items"]] == [False]

    await purged(pool, OVER)
    assert await case_of(pool, A) is None


async def test_a_text_that_is_younger_stays_beside_one_that_is_not(pool: db.Pool) -> None:
    await comes(PoolAt(pool, START), wrote("A", "eerste"))  # type: ignore[arg-type]
    later = START + timedelta(days=200)
    await comes(PoolAt(pool, later), wrote("B", "tweede", group="A", received_at=later))  # type: ignore[arg-type]
    await close(pool, A, at=later + timedelta(hours=1))
    await purged(pool, START + timedelta(days=450))
    texts = {row["id"]: row["text"] for row in await pool.fetch("select id, triaged #>> '{mention,text}' as text from mention_copy")}
    assert texts == {mention_id("A"): "", mention_id("B"): "tweede"}
    await purged(pool, START + timedelta(days=650))
    assert await pool.fetchval("select count(*) from mention_copy where triaged #>> '{mention,text}' <> ''") == 0


async def test_a_case_that_is_not_over_keeps_everything(pool: db.Pool) -> None:
    await comes(PoolAt(pool, START), wrote("A", "nog steeds stuk"))  # type: ignore[arg-type]
    await purged(pool, OVER)
    case = await case_of(pool, A)
    assert case is not None
    assert case.latest is not None
    assert case.latest.text == "nog steeds stuk"


async def test_cases_that_were_merged_go_together_with_the_last_of_them(pool: db.Pool) -> None:
    await comes(PoolAt(pool, START), wrote("A", "a"), wrote("B", "b"))  # type: ignore[arg-type]
    late = START + timedelta(days=4 * 365)
    await comes(PoolAt(pool, START), event(MentionRegrouped, 2, wrote("B", "b", group="A").event.triaged))  # type: ignore[arg-type]
    await close(pool, A, at=late)
    await purged(pool, OVER)
    assert {await pool.fetchval("select state from care_case where id = $1", id) for id in (A, B)} == {"closed", "merged"}
    await purged(pool, late + timedelta(days=5 * 365 + 1))
    assert await pool.fetchval("select count(*) from care_case") == 0


async def test_what_people_took_apart_goes_together(pool: db.Pool) -> None:
    await comes(PoolAt(pool, START), wrote("A", "a"), wrote("B", "b"))  # type: ignore[arg-type]
    move = Move(
        id=uuid4(), brand="vaart", kind="split", from_id=A, into_id=B, at=START, actor="gs", reason="twee dingen", moved=(), into_version=1
    )
    async with pool.acquire() as connection:
        await move_store.add(connection, move)
    await close(pool, A)
    await purged(pool, OVER)
    assert await pool.fetchval("select count(*) from care_case") == 2, "the other one is open"
    await close(pool, B)
    await purged(pool, OVER + timedelta(days=2))
    assert await pool.fetchval("select count(*) from care_case") == 0


async def test_a_case_waits_for_its_follow_up(pool: db.Pool) -> None:
    await comes(PoolAt(pool, START), wrote("A", "a"))  # type: ignore[arg-type]
    await close(pool, A)
    year = START + timedelta(days=365)
    await comes(PoolAt(pool, year), wrote("B", "weer stuk", group="A", received_at=year))  # type: ignore[arg-type]
    follow_up = case_id_of("vaart", mention_id("A"), mention_id("B"))
    assert await case_of(pool, follow_up) is not None
    await purged(pool, OVER)
    assert await case_of(pool, A) is not None
    await close(pool, follow_up, at=year)
    later = year + timedelta(days=3 * 365)
    async with PoolAt(pool, later).acquire() as connection, connection.transaction():
        file = await store.file(connection, "vaart", A, lock=True)
        assert file is not None
        file.change(tags=["coulance"])
        await record.record(connection, POLICIES.policy, file, [])
    await purged(pool, year + timedelta(days=6 * 365))
    assert await pool.fetchval("select count(*) from care_case") == 2, "nor does a follow-up go before what it follows"
    await purged(pool, later + timedelta(days=6 * 365))
    assert await pool.fetchval("select count(*) from care_case") == 0
    assert await pool.fetchval("select count(*) from follow_up") == 0


HOLDS = {
    "callback": "insert into callback (id, brand, case_id, phone, state, next_at, due_at, created_at, created_by) "
    "values (gen_random_uuid(), 'vaart', $1, '06', 'open', $2, $2, $2, 'gs')",
    "consultation": "insert into consultation (id, brand, case_id, kind, state, department, question, asked_by, asked_at, since, due_at) "
    "values (gen_random_uuid(), 'vaart', $1, 'question', 'open', 'billing', '?', 'gs', $2, $2, $2)",
    "promise": "insert into promise (id, brand, case_id, channel, visibility, text, given_at, given_by, state) "
    "values (gen_random_uuid(), 'vaart', $1, 'phone', 'private', 'morgen', $2, 'gs', 'open')",
    "incident": "with i as (insert into incident (id, brand, version, revision, scenario, about, number, state, severity, drill, raised_at, state_json) "
    "values (gen_random_uuid(), 'vaart', 1, 1, '', '', 1, 'raised', 'high', false, $2, '{}') returning id) "
    "insert into incident_case (brand, incident_id, case_id, linked_at, linked_by) select 'vaart', id, $1, $2, 'gs' from i",
}


@pytest.mark.parametrize("what", HOLDS)
async def test_what_somebody_still_has_to_do_holds_a_case_with_its_texts_and_not_for_ever(pool: db.Pool, what: str) -> None:
    await a_case_with_everything(pool)
    await pool.execute(HOLDS[what], A, START)
    await purged(pool, OVER)
    case = await case_of(pool, A)
    assert case is not None
    assert SECRET in str(case)
    assert await case_of(pool, B) is None, "it holds no other"
    async with PoolAt(pool, OVER).acquire() as connection:
        await connection.execute(
            "insert into brand_book (brand, version, source, book, published_at, published_by) values ('vaart', 1, '', '{}', $1, 'gs')",
            START,
        )
        await retention.refresh_gauges(connection)
    assert gauge("weerklank_retention_held", brand="vaart") == 1
    assert gauge("weerklank_retention_overdue_seconds", brand="vaart", what="cases") == 0, "what is held on purpose is not late"
    for table in ("callback", "consultation", "promise"):
        await pool.execute(f"update {table} set state = 'done'")
    await pool.execute("update incident set state = 'closed'")
    await purged(pool, OVER + timedelta(hours=12))
    assert await case_of(pool, A) is not None, "it is looked at again a day later"
    await purged(pool, OVER + timedelta(days=2))
    assert await case_of(pool, A) is None


def gauge(name: str, **labels: str) -> float | None:
    from prometheus_client import REGISTRY

    return REGISTRY.get_sample_value(name, labels)


async def test_what_should_have_been_forgotten_shows(pool: db.Pool) -> None:
    await a_case_with_everything(pool)
    await pool.execute(
        "insert into brand_book (brand, version, source, book, published_at, published_by) "
        """values ('vaart', 1, '', '{"retention": {"mentions": "10d", "cases": "20d"}}', $1, 'gs')""",
        START,
    )
    async with PoolAt(pool, START + timedelta(days=15)).acquire() as connection:
        await retention.refresh_gauges(connection)
    assert gauge("weerklank_retention_overdue_seconds", brand="vaart", what="cases") == 0
    assert gauge("weerklank_retention_overdue_seconds", brand="vaart", what="texts") == timedelta(days=5).total_seconds()


# --- killed, at once, late --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [OLD_TEXTS, OVER], ids=["texts", "cases"])
async def test_one_that_is_killed_in_between_leaves_all_as_it_was(pool: db.Pool, monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    await a_case_with_everything(pool)
    tables = [table for table in await tables_of(pool) if table not in PASSES]
    before = {table: sorted(str(tuple(row)) for row in await pool.fetch(f"select * from {table}")) for table in tables}

    async def killed(*_: Any) -> None:
        raise db.Raced("killed")

    with monkeypatch.context() as patch:
        patch.setattr(store, "tell_story", killed)
        patch.setattr(forgotten, "put", killed)
        with pytest.raises(db.Raced):
            await purged(pool, at)
    assert {table: sorted(str(tuple(row)) for row in await pool.fetch(f"select * from {table}")) for table in tables} == before
    await purged(pool, at)
    assert SECRET not in str(await case_of(pool, A))


async def test_two_instances_at_once_forget_each_case_once(pool: db.Pool) -> None:
    await comes(PoolAt(pool, START), *(wrote(name, name) for name in "ABCDEF"))  # type: ignore[arg-type]
    await close(pool, *(case_id_of("vaart", mention_id(name)) for name in "ABCDEF"))
    await pool.execute("truncate outbox")
    await asyncio.gather(purged(pool, OVER), purged(pool, OVER))
    assert await pool.fetchval("select count(*) from care_case") == 0
    assert len(await told_as(pool, CaseForgotten)) == 6
    assert await pool.fetchval("select count(*) from forgotten") == 12


@asynccontextmanager
async def somebody_at(pool: db.Pool, statement: str, id: UUID) -> AsyncIterator[None]:
    async with pool.acquire() as connection, connection.transaction():
        await connection.fetch(f"{statement} for update", id)
        yield


@pytest.mark.parametrize("statement", ["select from care_case where id = $1", "select from mention_copy where case_id = $1"])
async def test_nobody_waits_where_somebody_is_at_a_case(pool: db.Pool, statement: str) -> None:
    await a_case_with_everything(pool)
    async with somebody_at(pool, statement, A), asyncio.timeout(5):
        await purged(pool, OVER)
        assert await case_of(pool, A) is not None
        assert await case_of(pool, B) is None
    await purged(pool, OVER)
    assert await case_of(pool, A) is None


def mailed() -> Received[Any]:
    said = ConsultationMailed(
        brand="vaart", consultation_id=IDS["consultation_id"], answer_id=uuid4(), department="billing", what="answer", sender="b@x.example", text="ja",
        received_at=OVER,
    )  # fmt: skip
    return with_event(event(MentionTriaged, 1, state("A", "A")), said)


LATE: dict[str, Any] = {
    "told again": lambda: event(MentionTriaged, 1, state("A", "A")),
    "a deeper look": lambda: revised(7, state("A", "A")),
    "regrouped": lambda: event(MentionRegrouped, 8, state("A", "B")),
    "taken back": lambda: event(MentionRemoved, 9, state("A", "A", removed=True)),
    "a reply": lambda: reply_sent(A, OVER, "late", answers=mention_id("A")),
    "a mail of a department": mailed,
}


@pytest.mark.parametrize("what", LATE)
async def test_what_is_told_late_of_a_forgotten_case_has_no_effect(pool: db.Pool, what: str) -> None:
    await a_case_with_everything(pool)
    await purged(pool, OVER)
    await pool.execute("truncate outbox, feed_new")
    await batch(PoolAt(pool, OVER), [LATE[what]()])  # type: ignore[arg-type]
    for table in ("care_case", "mention_copy", "notification", "timeline", "said", "sent_reply", "outbox", "consultation_answer"):
        assert await pool.fetchval(f"select count(*) from {table}") == 0, table


async def test_a_text_that_was_forgotten_does_not_come_back(pool: db.Pool) -> None:
    await a_case_with_everything(pool)
    await purged(pool, OLD_TEXTS)
    version = await pool.fetchval("select version from care_case where id = $1", A)
    for late in ("told again", "a deeper look", "taken back"):
        await batch(PoolAt(pool, OLD_TEXTS), [LATE[late]()])  # type: ignore[arg-type]
    assert await holding(pool, "text of A") == []
    assert await pool.fetchval("select version from care_case where id = $1", A) == version


async def test_what_is_new_in_a_forgotten_group_opens_a_case_of_another_id_once(pool: db.Pool) -> None:
    await a_case_with_everything(pool)
    await purged(pool, OVER)
    new = [event(MentionTriaged, 1, with_received(name)) for name in "CD"]
    await asyncio.gather(*(batch(PoolAt(pool, OVER), [one]) for one in new))  # type: ignore[arg-type]
    [row] = await pool.fetch("select id, state_json from care_case")
    case = Case.model_validate(row["state_json"])
    assert row["id"] in (case_id_of("vaart", mention_id("A"), mention_id(name)) for name in "CD"), "versions of an id never begin again"
    assert (case.state, case.follows, case.mentions_total) == ("new", A, 2)


def with_received(name: str) -> Any:
    """A message that came in after all was forgotten, in the group of A."""
    made = state(name, "A")
    return made.model_copy(update={"mention": made.mention.model_copy(update={"received_at": OVER, "posted_at": OVER})})


# --- beside cases -----------------------------------------------------------------------------------------------------------------------


async def test_what_grows_beside_cases_goes_too(pool: db.Pool) -> None:
    await one_row_about(pool, "vaart", uuid4(), uuid4(), {name: uuid4() for name in IDS})
    await pool.execute("update signal set incident_id = null")
    incident = await pool.fetchval(
        "insert into incident (id, brand, version, revision, scenario, about, number, state, severity, drill, raised_at, closed_at, state_json) "
        "values (gen_random_uuid(), 'vaart', 1, 1, 'storing', '', 1, 'closed', 'high', false, $1, $1, '{}') returning id",
        START,
    )
    for table in ("incident_timeline", "incident_message", "drill_mention"):
        await pool.execute(f"update {table} set incident_id = $1", incident)
    await pool.execute(
        "insert into incident_message (id, brand, incident_id, at, author, text) values ($1, 'vaart', $2, $3, 'gs', 'x')",
        uuid4(),
        incident,
        START,
    )
    await pool.execute("insert into link_use (brand, key, at, said) values ('vaart', 'x', $1, 'x')", START)
    await pool.execute("insert into mention_hour (brand, about, hour, mentions) values ('vaart', '', $1, 1)", START)
    await pool.execute(
        "insert into sending_hold (id, brand, version, laid_version, scope, everything, reason, by, since, released_at) "
        "values ($1, 'vaart', 1, 1, '{}', true, 'x', 'gs', $2, $2), ($3, 'vaart', 2, 2, '{}', true, 'x', 'gs', $2, null)",
        uuid4(), START, uuid4(),
    )  # fmt: skip
    gone = (
        "notification",
        "notice",
        "link_use",
        "signal",
        "incident",
        "incident_message",
        "bulk",
        "bulk_item",
        "failed_rule",
        "mention_hour",
    )
    await purged(pool, YOUNG)
    assert await pool.fetchval("select count(*) from bulk") == 1
    assert await pool.fetchval("select count(*) from notification") == 0, "read long ago"
    await purged(pool, OVER)
    assert {table: await pool.fetchval(f"select count(*) from {table}") for table in gone} == dict.fromkeys(gone, 0)
    assert await pool.fetchval("select count(*) from sending_hold") == 1, "one that stands is kept"
    assert await pool.fetchval("select count(*) from forgotten where id = $1", incident) == 1, "no other incident gets its id"
