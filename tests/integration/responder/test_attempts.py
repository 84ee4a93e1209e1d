"""The statements between approved and sent, by themselves on a real PostgreSQL: what a claim asks for, and who owns an attempt."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from libs.common import db
from libs.common.books import BrandBooks, Published
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.migrate import migrate
from libs.common.outbox import Relay
from libs.common.outcome import Accepted, NotBegun, Outcome
from services.responder import app, attempts, store
from services.responder.account import SANDBOX
from services.responder.attempts import Attempt
from services.responder.channels import sandbox
from services.responder.lease import Lease
from services.responder.recipient import Recipient
from services.responder.reply import ReplyRow
from services.responder.sender import Sender
from services.responder.settings import Settings
from tests.integration.responder.conftest import brand_book, case_of, mention
from tests.stack import Databases
from tests.waiting import until

Pool = db.Pool
PUBLISHED = Published(BrandBook.from_json(brand_book("vaart")), 1)


AT = datetime.now(UTC) - timedelta(hours=1)
"""An approval from then holds still."""


async def to_sandbox(pool: Pool, attempt: Attempt, published: Published = PUBLISHED) -> Outcome:
    """Hand it to the sandbox, as the sender does."""
    sender = Sender(pool, BrandBooks("nowhere", "test"), Relay("", "responder", "nowhere"), Settings(database_url="", jwks="keys.json"))
    return await sandbox.send(attempt.row, sender.sending(attempt, published, SANDBOX))


@pytest.fixture
async def pool(postgres: Databases) -> AsyncIterator[Pool]:
    url = postgres.login(postgres.database(), "responder")
    await migrate(url, "responder", Path(app.__file__).parent / "migrations")
    found = await db.open_pool(url, "responder")
    yield found
    await found.close()


async def approved(pool: Pool, brand: str = "vaart", **more: object) -> ReplyRow:
    about = mention(brand, f"klant-{uuid4()}")
    case = case_of(about)
    row = ReplyRow(
        id=uuid4(),
        brand=brand,
        case_id=case.id,
        mention_id=about.id,
        channel="twitter",
        visibility="public",
        state="approved",
        text="Hoi. ^gs",
        digest="d",
        approved_digest="d",
        writer="gs",
        approver="gs",
        created_at=AT,
        approved_at=AT,
        next_attempt_at=AT,
        language="nl",
        first_reply=True,
        recipient=Recipient(kind="handle", value="sanne"),
        sandbox=True,
    ).model_copy(update=more)
    async with pool.acquire() as connection:
        await store.put_replies(connection, [row])
    await tell(pool, case)
    return row


async def tell(pool: Pool, case: Case) -> None:
    """Routing's newest word on a case, which nobody has looked at yet."""
    row = store.CaseRow(case.id, case.brand, 1, case.state, case, None, AT)
    async with pool.acquire() as connection:
        await connection.execute("delete from case_copy where case_id = $1", case.id)
        await store.insert_cases(connection, [row])


async def lease(pool: Pool, brand: str = "vaart", seconds_ago: float = 0.0, held: bool = False, book_version: int = 1) -> None:
    async with pool.acquire() as connection:
        await connection.execute("delete from brand_lease where brand = $1", brand)
        now = await store.database_time(connection)
        await store.put_leases(connection, [Lease(brand, 1, now - timedelta(seconds=seconds_ago), held, None, book_version)])


async def claim(pool: Pool, *brands: str, limit: int = 10, room: int = 3, pilot: bool = True) -> list[Attempt]:
    books = {brand: Published(BrandBook.from_json(brand_book(brand, pilot=pilot)), 1) for brand in brands or ("vaart",)}
    async with pool.acquire() as connection, connection.transaction():
        return await attempts.claim(connection, by="test", books=books, limit=limit, room=dict.fromkeys(books, room), lease_s=3)


async def state(pool: Pool, row: ReplyRow) -> str:
    async with pool.acquire() as connection:
        found = await store.reply(connection, row.brand, row.id)
    assert found is not None
    return found.state


@pytest.mark.parametrize(
    ("seconds_ago", "held", "book_version", "claimed"),
    [
        (None, False, 1, 0),
        (0, False, 1, 1),
        (0, False, 0, 1),
        (0, False, 2, 0),
        (2, False, 1, 1),
        (3.1, False, 1, 0),
        (3600, False, 1, 0),
        (-5, False, 1, 0),
        (0, True, 1, 0),
    ],
)
async def test_a_claim_needs_a_fresh_lease_no_hold_and_the_brand_book_of_the_lease(
    pool: Pool, seconds_ago: float | None, held: bool, book_version: int, claimed: int
) -> None:
    row = await approved(pool)
    if seconds_ago is not None:
        await lease(pool, seconds_ago=seconds_ago, held=held, book_version=book_version)
    assert len(await claim(pool)) == claimed
    assert await state(pool, row) == ("sending" if claimed else "approved")


@pytest.mark.parametrize(
    ("seconds_ago", "held", "book_version", "begins"),
    [(0, False, 1, True), (0, False, 2, False), (3.1, False, 1, False), (-5, False, 1, False), (0, True, 1, False)],
)
async def test_what_cannot_be_undone_asks_for_the_lease_again(
    pool: Pool, seconds_ago: float, held: bool, book_version: int, begins: bool
) -> None:
    await approved(pool)
    await lease(pool)
    [attempt] = await claim(pool)
    await lease(pool, seconds_ago=seconds_ago, held=held, book_version=book_version)
    async with pool.acquire() as connection:
        assert (
            await attempts.begin_transmitting(connection, attempt, external_id="1@vaart.example", published=PUBLISHED, lease_s=3) == begins
        )


async def test_only_approved_replies_of_the_brands_asked_for_are_claimed_oldest_first_and_shared(pool: Pool) -> None:
    for brand in ("vaart", "golf", "other"):
        await lease(pool, brand)
    first, second = [await approved(pool, "vaart", approved_at=AT.replace(minute=minute)) for minute in (1, 2)]
    third, busy = [await approved(pool, "vaart", approved_at=AT.replace(minute=minute)) for minute in (3, 4)]
    late = await approved(pool, "golf", approved_at=AT.replace(hour=23))
    await approved(pool, "other")
    await approved(pool, next_attempt_at=AT.replace(year=2100))
    for waiting in ("draft", "submitted", "sending", "sent", "failed", "unconfirmed", "discarded"):
        await approved(pool, state=waiting)
    assert {attempt.row.id for attempt in await claim(pool, "vaart", "golf")} == {first.id, second.id, third.id, late.id}
    assert {attempt.row.id for attempt in await claim(pool, "vaart", "golf")} == {busy.id}


async def test_a_sender_waits_until_every_brand_book_has_been_read(pool: Pool) -> None:
    """Until then the book that it has may be an old one."""
    row = await approved(pool)
    await lease(pool)
    books = BrandBooks("nowhere", "test")
    books._books["vaart"] = Published(BrandBook.from_json(brand_book("vaart")), 1)
    settings = Settings(database_url="", jwks="keys.json", send_poll_s=0.01, lease_s=60)
    sending = asyncio.create_task(Sender(pool, books, Relay("", "responder", "nowhere"), settings).run())
    try:
        # It looks a hundred times a second: a claim would show.
        await asyncio.wait([sending], timeout=0.3)
        assert await state(pool, row) == "approved"
        books.read.set()

        async def sent() -> bool:
            return await state(pool, row) == "sent"

        await until(sent, "the reply is sent")
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def test_one_brand_has_three_replies_on_their_way_at_once(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(8):
        await approved(pool)
    await lease(pool)
    books = BrandBooks("nowhere", "test")
    books._books["vaart"] = Published(BrandBook.from_json(brand_book("vaart")), 1)
    answered = asyncio.Semaphore(0)

    async def slow(*_: object) -> Outcome:
        await answered.acquire()
        return NotBegun()

    monkeypatch.setattr(sandbox, "send", slow)
    sender = Sender(pool, books, Relay("", "responder", "nowhere"), Settings(database_url="", jwks="keys.json", send_slots=8))
    assert [await sender.claim() for _ in range(2)] == [3, 0]
    answered.release()
    await until(lambda: len(sender._sending) == 2, "one has been answered")
    assert [await sender.claim() for _ in range(2)] == [1, 0]
    for _ in range(3):
        answered.release()
    await sender.idle()


async def test_what_the_customer_has_written_on_is_put_back_at_the_claim(pool: Pool) -> None:
    """Where nobody else would look: what was refused while they wrote, and what was approved in a case that has been merged since."""
    first, second = mention("vaart", "sanne"), mention("vaart", "sanne-2")
    both = case_of(first, second)
    stale, read, in_time = [await approved(pool, mention_id=first.id, case_id=both.id) for _ in range(3)]
    merged = case_of(mention("vaart", "piet"))
    moved = await approved(pool, mention_id=first.id, case_id=merged.id)
    lost = await approved(pool, case_id=uuid4())
    await tell(pool, both)
    await tell(pool, merged.model_copy(update={"state": "merged", "merged_into": both.id, "mentions": [], "latest": None}))
    async with pool.acquire() as connection:
        await connection.execute("update reply set despite = $1 where id = $2", second.id, read.id)
        await connection.execute("update reply set mention_id = $1 where id = $2", second.id, in_time.id)
    await lease(pool)
    assert {attempt.row.id for attempt in await claim(pool, room=9)} == {read.id, in_time.id}
    for row in (stale, moved, lost):
        assert await state(pool, row) == "submitted"
    async with pool.acquire() as connection:
        history = await connection.fetch("select what, detail->>'why' as why from reply_history where reply_id = $1", stale.id)
        told = await connection.fetch("select convert_from(headers, 'UTF8')::jsonb->>'ce_type' as kind from outbox order by id")
    assert [(line["what"], line["why"]) for line in history] == [("put_back", "a newer message has come in since it was approved")]
    assert [row["kind"] for row in told] == ["weerklank.reply.submitted.v1"] * 3
    assert await claim(pool, room=9) == []


@pytest.mark.parametrize("pilot", [True, False])
async def test_what_was_approved_for_the_other_way_out_is_put_back(pool: Pool, pilot: bool) -> None:
    practice, real = await approved(pool, sandbox=True), await approved(pool, sandbox=False)
    await lease(pool)
    [attempt] = await claim(pool, pilot=pilot)
    assert attempt.row.id == (practice if pilot else real).id
    assert await state(pool, real if pilot else practice) == "submitted"
    assert await claim(pool, pilot=not pilot) == []


async def test_what_was_taken_back_altogether_is_answered_no_more(pool: Pool) -> None:
    case = case_of(mention("vaart", "sanne"))
    row = await approved(pool, case_id=case.id)
    await tell(pool, case.model_copy(update={"state": "withdrawn", "mentions": [], "latest": None}))
    await lease(pool)
    assert await claim(pool) == []
    assert await state(pool, row) == "discarded"


async def test_an_attempt_that_was_given_to_another_can_say_nothing_any_more(pool: Pool) -> None:
    row = await approved(pool)
    await lease(pool)
    [dead] = await claim(pool)
    async with pool.acquire() as connection, connection.transaction():
        assert await attempts.sweep(connection, older_than_s=0, attempts=5) == 1
    async with pool.acquire() as connection:
        assert not await attempts.begin_transmitting(connection, dead, external_id="1@vaart.example", published=PUBLISHED, lease_s=3), (
            "it is not even claimed"
        )
    [alive] = await claim(pool)
    async with pool.acquire() as connection:
        assert not await attempts.begin_transmitting(connection, dead, external_id="1@vaart.example", published=PUBLISHED, lease_s=3)
    assert await to_sandbox(pool, dead) == NotBegun()
    for outcome in (attempts.failed, attempts.unconfirmed):
        async with pool.acquire() as connection, connection.transaction():
            assert not await outcome(connection, dead, "x")
    assert await state(pool, row) == "sending"
    assert await to_sandbox(pool, alive) == Accepted(f"sandbox:{row.id}")
    async with pool.acquire() as connection:
        assert await connection.fetchval("select count(*) from sandbox_outbox") == 1


async def test_a_claim_that_grew_old_leaves_nothing_in_the_sandbox(pool: Pool) -> None:
    row = await approved(pool)
    await lease(pool)
    [attempt] = await claim(pool)
    await lease(pool, seconds_ago=3.1)
    assert await to_sandbox(pool, attempt) == NotBegun()
    async with pool.acquire() as connection:
        assert await connection.fetchval("select count(*) from sandbox_outbox") == 0
        async with connection.transaction():
            assert await attempts.give_back(connection, attempt, "too slow")
    assert await state(pool, row) == "approved"


async def test_what_had_begun_is_unconfirmed_once_and_a_late_success_still_counts_until_a_person_decides(pool: Pool) -> None:
    rows = [await approved(pool) for _ in range(2)]
    await lease(pool)
    found = {attempt.row.id: attempt for attempt in await claim(pool)}
    for attempt in found.values():
        async with pool.acquire() as connection:
            assert await attempts.begin_transmitting(connection, attempt, external_id="1@vaart.example", published=PUBLISHED, lease_s=3)
    for expected in (2, 0):
        async with pool.acquire() as connection, connection.transaction():
            assert await attempts.sweep(connection, older_than_s=0, attempts=5) == expected
    assert await claim(pool) == []
    late, decided = rows
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("update reply set state = 'draft', attempt_id = null where id = $1", decided.id)
        for row, counts in ((late, True), (decided, False)):
            assert await attempts.sent(connection, found[row.id], external_id="<1@vaart.example>") == counts
        assert await attempts.sent(connection, found[late.id], external_id="<1@vaart.example>"), "saying it twice is no harm"
        await attempts.note_late_answer(connection, found[decided.id])
    assert (await state(pool, late), await state(pool, decided)) == ("sent", "draft")
    async with pool.acquire() as connection:
        assert await connection.fetchval("select count(*) from reply_history where what = 'sent'") == 1
        assert await connection.fetchval("select count(*) from reply_history where what = 'accepted_late'") == 1
        kinds = [
            row["kind"]
            for row in await connection.fetch("select convert_from(headers, 'UTF8')::jsonb->>'ce_type' as kind from outbox order by id")
        ]
    assert [kind.split(".")[2] for kind in kinds] == ["unconfirmed", "unconfirmed", "sent"]


@pytest.mark.parametrize(
    ("outcome", "becomes", "told"),
    [
        (lambda c, a: attempts.failed(c, a, "554"), "failed", ["unconfirmed", "failed"]),
        (lambda c, a: attempts.retry(c, a, "451", after_s=0), "approved", ["unconfirmed", "approved"]),
        (lambda c, a: attempts.give_back(c, a, "too slow"), "approved", ["unconfirmed", "approved"]),
    ],
)
async def test_what_its_sender_knows_comes_before_what_the_sweep_took_for_lost(
    pool: Pool, outcome: Callable[[db.Connection, Attempt], Awaitable[bool]], becomes: str, told: list[str]
) -> None:
    rows = [await approved(pool) for _ in range(2)]
    await lease(pool)
    found = {attempt.row.id: attempt for attempt in await claim(pool)}
    late, decided = (found[row.id] for row in rows)
    async with pool.acquire() as connection, connection.transaction():
        for attempt in (late, decided):
            assert await attempts.begin_transmitting(connection, attempt, external_id="1@vaart.example", published=PUBLISHED, lease_s=3)
        await attempts.sweep(connection, older_than_s=-1, attempts=5)
        assert not await attempts.renew(connection, late), "what the sweep took is not renewed"
        await connection.execute("update reply set state = 'draft', attempt_id = null where id = $1", decided.row.id)
        assert await outcome(connection, late)
        assert not await outcome(connection, decided), "a person has decided"
        await connection.execute("delete from outbox where convert_from(value, 'UTF8') like '%' || $1 || '%'", str(decided.row.id))
        kinds = await connection.fetch("select convert_from(headers, 'UTF8')::jsonb->>'ce_type' as kind from outbox order by id")
        assert await connection.fetchval("select external_id from reply where id = $1", late.row.id) is None
    assert (await state(pool, late.row), await state(pool, decided.row)) == (becomes, "draft")
    assert [row["kind"].split(".")[2] for row in kinds] == told


async def test_a_claim_that_is_lost_at_its_last_attempt_has_failed(pool: Pool) -> None:
    row = await approved(pool, attempts=4)
    await lease(pool)
    await claim(pool)
    async with pool.acquire() as connection, connection.transaction():
        await attempts.sweep(connection, older_than_s=0, attempts=5)
    assert await state(pool, row) == "failed"
