"""What mail servers tell of replies that left: it changes how their delivery went, and nothing else."""

import itertools
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common import db
from libs.common.case_events import CaseOpened
from libs.common.delivery_events import DeliveryReported
from libs.common.record import Received
from libs.common.reply_events import ReplyBounced, ReplySent
from services.responder import attempts, consumer, store
from services.responder.attempts import Attempt
from services.responder.channels.contract import marker
from services.responder.delivery import about, reported
from services.responder.reply import Person, ReplyRow, confirm
from tests.integration.pools import pool_of
from tests.integration.responder.conftest import AT, case_of, mention
from tests.stack import Databases
from tests.unit.responder.test_smtp import row

SENT = "c7a9c1a2-6b1e-5f0e-9d53-2b8e3c1f4a5b@vaart.example"
OFFSETS = itertools.count()


def told(reply: ReplyRow, status: str = "failed", **more: Any) -> DeliveryReported:
    given = {"brand": reply.brand, "report_id": uuid4(), "reply_id": reply.id, "message_id": reply.external_id, "code": "5.1.1"}
    return DeliveryReported(**{**given, "status": status, "reported_at": AT, **more})


def left(**more: Any) -> ReplyRow:
    return row().model_copy(update={"state": "sent", "external_id": SENT, "sent_at": AT, **more})


def received(event: DeliveryReported) -> Received[DeliveryReported]:
    number = next(OFFSETS)
    return Received(event, f"e-{number}", str(event.report_id), 1, AT, None, "weerklank.deliveries.v1", 0, number, "k", AT)


@pytest.mark.parametrize("order", list(itertools.permutations(["delayed", "relayed", "failed", "delayed"])))
def test_in_whatever_order_reports_come_the_last_word_is_the_same(order: Sequence[str]) -> None:
    reply, events = left(), []
    for status in order:
        if (change := reported(reply, told(reply, status))) is not None:
            reply, event = change.row, change.outgoing()
            events += [event] if event else []
    assert (reply.state, reply.delivery, reply.delivery_code) == ("sent", "failed", "5.1.1")
    assert len(events) == 1, "it came back once"


@pytest.mark.parametrize(
    ("reply", "more"),
    [
        (left(brand="dijk"), {"brand": "vaart"}),
        (left(external_id="another@vaart.example"), {"message_id": SENT}),
        (left(), {"reply_id": uuid4()}),
        (left(), {"reply_id": None, "message_id": "another@vaart.example"}),
        (left(state="draft"), {}),
        (left(state="approved"), {}),
        (left(state="failed"), {}),
        (left(state="discarded"), {}),
        (left(sandbox=True), {}),
    ],
    ids=["another brand", "another text", "another reply", "another mail", "draft", "approved", "failed", "discarded", "sandbox"],
)
def test_a_report_of_what_did_not_leave_or_is_somebody_elses_changes_nothing(reply: ReplyRow, more: dict[str, Any]) -> None:
    assert about(told(reply, **more), [reply]) is None


def test_a_word_that_nobody_knows_changes_nothing() -> None:
    assert reported(left(), told(left(), "pondered")) is None


async def test_a_report_is_kept_once_with_its_line_of_history_and_its_event(postgres: Databases) -> None:
    async with pool_of("responder", postgres) as pool:
        case = case_of(mention("vaart", "sanne", "email"))
        reply = left(case_id=case.id, mention_id=case.mentions[0].id)
        async with pool.acquire() as connection, connection.transaction():
            opened = CaseOpened(brand="vaart", case=case, at=AT, rule="1")
            await store.insert_cases(connection, [store.CaseRow(case.id, "vaart", 1, "open", opened.case)])
            await store.put_replies(connection, [reply])
        by_id, by_mail = told(reply, "delayed"), told(reply, reply_id=None, reported_at=AT + timedelta(minutes=1))
        for events in ([by_id], [by_mail, by_id], [by_mail], [told(reply, brand="dijk")]):
            await handle(pool, [received(event) for event in events])
        kept = await pool.fetchrow("select state, delivery, delivery_code, delivery_at, version, text from reply")
        assert kept is not None
        assert tuple(kept) == ("sent", "failed", "5.1.1", AT + timedelta(minutes=1), 3, reply.text)
        lines = await pool.fetch("select what, who, detail from reply_history order by id")
        assert [(line["what"], line["who"], line["detail"]) for line in lines] == [
            ("delivery_delayed", "system", {"code": "5.1.1"}),
            ("bounced", "system", {"code": "5.1.1"}),
        ]


async def test_word_that_it_came_back_which_is_there_before_the_answer_is_told_once_it_is_sent(postgres: Databases) -> None:
    """A server can be faster than our own note of its answer; and an unconfirmed reply that came back did leave, as somebody then says."""
    async with pool_of("responder", postgres) as pool:
        case = case_of(mention("vaart", "sanne", "email"))
        more = {
            "approver": "mk",
            "approved_at": AT,
            "claimed_at": AT,
            "claimed_by": "r-0",
            "next_attempt_at": AT,
            "case_id": case.id,
            "mention_id": case.mentions[0].id,
        }
        attempt = Attempt(left(**more, state="sending", sent_at=None, attempt_id=uuid4(), transmitting=True, approved_digest=""), uuid4())
        attempt = Attempt(attempt.row, attempt.row.attempt_id or attempt.id)
        async with pool.acquire() as connection, connection.transaction():
            await store.insert_cases(connection, [store.CaseRow(case.id, "vaart", 1, "open", case)])
            await store.put_replies(connection, [attempt.row])
        await handle(pool, [received(told(attempt.row))])
        assert await pool.fetchval("select count(*) from outbox") == 0, "nobody knows yet that it was sent"
        async with pool.acquire() as connection, connection.transaction():
            assert await attempts.sent(connection, attempt, external_id=SENT)
        lines = await pool.fetch("select what, version from reply_history order by id")
        assert [tuple(line) for line in lines] == [("delivery_failed", 2), ("sent", 3), ("bounced", 4)]
        assert await pool.fetchval("select count(*) from outbox") == 2

    unconfirmed = left(**more, state="unconfirmed", delivery="failed", delivery_code="5.1.1", sent_at=None)
    change = confirm(unconfirmed, True, "it came back", Person("gs", "agent"), AT)
    assert [type(step.outgoing().event) for step in change.steps() if step.outgoing()] == [ReplySent, ReplyBounced]  # type: ignore[union-attr]
    assert change.row.version == unconfirmed.version + 2


async def handle(pool: db.Pool, events: Sequence[Received[DeliveryReported]]) -> None:
    """As the stream does: load, fold, save, in one transaction."""
    books: Any = {}
    made = consumer.build(books)
    async with pool.acquire() as connection, connection.transaction():
        work = await made.load(connection, events, None)
        for event in events:
            consumer.on_delivery(work, event)
        await made.save(connection, work)


def test_ids_are_of_the_form_that_ingest_looks_for() -> None:
    """A Message-ID of ours is a version 5 UUID, which ingest tells from those of mail programs."""
    assert UUID(str(marker(row()))).version == 5
