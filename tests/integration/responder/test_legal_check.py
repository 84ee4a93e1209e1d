"""The legal department is asked about a case in the moment in which a reply of it is approved, claimed or sent: on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from libs.common import db
from libs.common.books import BrandBooks, Published
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case, CaseEvent
from libs.common.errors import Conflict
from libs.common.migrate import migrate
from libs.common.outcome import NotBegun
from libs.common.record import Received
from services.responder import app, attempts, clearance, consumer, reply, store
from services.responder.attempts import Attempt
from services.responder.lease import Lease
from services.responder.reply import Person, ReplyRow
from tests.integration.responder.conftest import AT, brand_book, case_of, mention, opened
from tests.integration.responder.test_attempts import to_sandbox
from tests.stack import Databases
from tests.waiting import until

GUUS = Person("gs", "agent")
BOOK = BrandBook.from_json(brand_book("vaart", scripts=[]))
BOOKS = {"vaart": Published(BOOK, 1)}


class Known(BrandBooks):
    """The one book of this file, as read."""

    def __init__(self) -> None:
        self._found = BOOKS

    def get(self, brand: str) -> Published | None:
        return self._found.get(brand)


FOLLOWS = consumer.build(Known())


@pytest.fixture
async def pool(postgres: Databases) -> AsyncIterator[db.Pool]:
    url = postgres.login(postgres.database(), "responder")
    await migrate(url, "responder", Path(app.__file__).parent / "migrations")
    found = await db.open_pool(url, "responder")
    async with found.acquire() as connection:
        now = await store.database_time(connection)
        await store.put_leases(connection, [Lease("vaart", 1, now + timedelta(seconds=2), False, None, 1)])
    yield found
    await found.close()


def received(event: CaseEvent, version: int) -> Received[Any]:
    return Received(event, str(uuid4()), str(event.case.id), version, AT, None, "weerklank.cases.v1", 0, version, str(event.case.id), AT)


async def tells(connection: db.Connection, case: Case, version: int) -> consumer.ReplyWork:
    """The consumer's transaction about a case, as far as its locks."""
    events = [received(opened(case), version)]
    work = await FOLLOWS.load(connection, events, None)
    consumer.on_case(work, events[0])
    return work


async def told(pool: db.Pool, case: Case, version: int) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await FOLLOWS.save(connection, await tells(connection, case, version))


async def approves(connection: db.Connection, row: ReplyRow) -> None:
    """What the route does: the reply is locked, then its case is read."""
    found = await store.reply(connection, row.brand, row.id, lock=True)
    known = await store.case_by_now(connection, row.brand, row.case_id)
    assert found is not None
    assert known is not None
    assert known.case is not None
    change = clearance.approve(found, found.digest, GUUS, BOOK, known.case, await store.database_time(connection))
    await store.put_replies(connection, [change.row])
    await store.tell(connection, [change])


async def submitted(pool: db.Pool, **about: Any) -> tuple[Case, ReplyRow]:
    """A case that routing has told of, and a reply that was offered for approval."""
    case = case_of(mention("vaart", f"klant-{uuid4()}"), **about)
    draft = reply.new(
        case, BOOK, id=uuid4(), text="Hoi Sanne, ik kijk ernaar. ^gs", script=None, writer="gs", writer_role="agent",
        automatic=False, book_version=1, at=AT, traceparent=None,
    )  # fmt: skip
    row = reply.submit(draft, GUUS, BOOK, "gs", AT).row.model_copy(update={"sandbox": True})
    await told(pool, case, 1)
    async with pool.acquire() as connection:
        await store.put_replies(connection, [row])
    return case, row


async def approved(pool: db.Pool, **about: Any) -> tuple[Case, ReplyRow]:
    case, row = await submitted(pool, **about)
    async with pool.acquire() as connection, connection.transaction():
        await approves(connection, row)
    return case, row


async def now(pool: db.Pool, row: ReplyRow) -> ReplyRow:
    async with pool.acquire() as connection:
        found = await store.reply(connection, row.brand, row.id)
    assert found is not None
    return found


async def what_happened(pool: db.Pool, row: ReplyRow) -> list[str]:
    async with pool.acquire() as connection:
        return [line["what"] for line in await store.history(connection, row.brand, [row.id])]


async def claim(pool: db.Pool) -> list[Attempt]:
    async with pool.acquire() as connection, connection.transaction():
        return await attempts.claim(connection, by="test", books=BOOKS, limit=10, room={"vaart": 10}, lease_s=30)


def asked(case: Case, answer: str = "asked") -> Case:
    return case.model_copy(update={"legal_check": answer})


async def waits_for_a_lock(pool: db.Pool) -> None:
    async def waits() -> bool:
        async with pool.acquire() as connection:
            return bool(await connection.fetchval("select exists (select from pg_locks where not granted)"))

    await until(waits, "somebody waits for a lock", 5)


async def test_the_check_that_is_asked_while_a_reply_is_being_approved_takes_the_approval_back(pool: db.Pool) -> None:
    case, row = await submitted(pool)
    async with pool.acquire() as connection, connection.transaction():
        await approves(connection, row)
        asks = asyncio.create_task(told(pool, asked(case), 2))
        await waits_for_a_lock(pool)
    await asks
    assert (await now(pool, row)).state == "submitted"
    assert await what_happened(pool, row) == ["approved", "put_back"]


async def test_an_approval_that_comes_while_the_check_is_being_asked_is_refused(pool: db.Pool) -> None:
    case, row = await submitted(pool)

    async def approve() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await approves(connection, row)

    async with pool.acquire() as connection, connection.transaction():
        work = await tells(connection, asked(case), 2)
        late = asyncio.create_task(approve())
        await waits_for_a_lock(pool)
        await FOLLOWS.save(connection, work)
    with pytest.raises(Conflict, match="Legal was asked"):
        await late
    assert (await now(pool, row)).state == "submitted"


async def test_the_same_news_twice_and_older_news_after_newer_change_nothing(pool: db.Pool) -> None:
    case, row = await approved(pool)
    for answer, version in (("asked", 3), ("asked", 3), ("agreed", 2), ("asked", 3)):
        await told(pool, asked(case, answer), version)
    assert (await now(pool, row)).state == "submitted"
    assert await what_happened(pool, row) == ["approved", "put_back"]
    await told(pool, asked(case, "agreed"), 4)
    async with pool.acquire() as connection, connection.transaction():
        await approves(connection, row)
    for answer, version in (("asked", 3), ("refused", 1)):
        await told(pool, asked(case, answer), version)
    assert (await now(pool, row)).state == "approved", "legal agreed after it was asked"
    await told(pool, asked(case, "asked"), 5)
    assert (await now(pool, row)).state == "submitted", "it is asked again"


async def test_a_claimed_reply_that_has_not_begun_to_leave_is_taken_back(pool: db.Pool) -> None:
    case, row = await approved(pool)
    [attempt] = await claim(pool)
    await told(pool, asked(case), 2)
    assert (await now(pool, row)).state == "submitted"
    async with pool.acquire() as connection:
        assert not await attempts.begin_transmitting(connection, attempt, external_id="x", published=BOOKS["vaart"], lease_s=30)
        assert not await attempts.give_back(connection, attempt, "too late")
    assert await claim(pool) == []


async def unheard(pool: db.Pool, case: Case) -> None:
    """Routing's newest word on a case, which nobody has held against its replies: as for a reply that stands in a case that was merged into it."""
    async with pool.acquire() as connection, connection.transaction():
        known = await store.lock_cases(connection, [(case.id, case.brand)])
        row = store.CaseRow(case.id, case.brand, known[case.id].version + 1, case.state, case)
        await (store.update_cases if known[case.id].version else store.insert_cases)(connection, [row])


@pytest.mark.parametrize("answer", ["asked", "refused"])
async def test_no_claim_is_given_for_a_case_that_legal_has_not_agreed_to(pool: db.Pool, answer: str) -> None:
    case, row = await approved(pool)
    await unheard(pool, asked(case, answer))
    assert await claim(pool) == []
    found = await now(pool, row)
    assert (found.state, found.approver) == ("submitted", None)


async def test_no_transmission_begins_of_a_case_that_legal_was_asked_about_since_the_claim(pool: db.Pool) -> None:
    case, row = await approved(pool)
    [attempt] = await claim(pool)
    await unheard(pool, asked(case))
    async with pool.acquire() as connection:
        assert not await attempts.begin_transmitting(connection, attempt, external_id="x", published=BOOKS["vaart"], lease_s=30)
    assert await to_sandbox(pool, attempt, BOOKS["vaart"]) == NotBegun()
    assert (await now(pool, row)).state == "sending"
    async with pool.acquire() as connection:
        await attempts.give_back(connection, attempt, "legal was asked")
        await connection.execute("update reply set next_attempt_at = clock_timestamp()")
    assert await claim(pool) == []
    assert (await now(pool, row)).state == "submitted"


async def test_a_reply_of_a_merged_case_waits_for_the_word_on_the_case_that_it_goes_on_in(pool: db.Pool) -> None:
    case, row = await approved(pool)
    into = case_of(mention("vaart", "ander"), legal_check="asked", mentions=case.mentions, latest=case.latest)
    await told(pool, into, 1)
    await told(
        pool, case.model_copy(update={"state": "merged", "merged_into": into.id, "merged_by": "mk", "mentions": [], "latest": None}), 2
    )
    assert await claim(pool) == []
    assert (await now(pool, row)).state == "submitted"
    await told(pool, into.model_copy(update={"legal_check": "agreed"}), 2)
    async with pool.acquire() as connection, connection.transaction():
        await approves(connection, row)
    assert [attempt.row.id for attempt in await claim(pool)] == [row.id]


async def test_of_many_approvals_at_once_with_the_question_none_is_left_to_leave(pool: db.Pool) -> None:
    several = [await submitted(pool) for _ in range(12)]

    async def approve(row: ReplyRow) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await approves(connection, row)

    both: list[Awaitable[None]] = [step for case, row in several for step in (approve(row), told(pool, asked(case), 2))]
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert all(outcome is None or isinstance(outcome, Conflict) for outcome in outcomes), outcomes
    assert {(await now(pool, row)).state for _, row in several} == {"submitted"}
    assert await claim(pool) == []
