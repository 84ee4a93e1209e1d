"""How the API shows a reply: what its events tell, its history, and why it waits."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, db
from libs.common.brandbook import BrandBook
from libs.common.reply_events import Reply, Verdict
from libs.common.service import of
from services.responder import circumstances, hold, hold_store, lease, reply, store
from services.responder.approval import Signature
from services.responder.hold import Known
from services.responder.promised import ByHand
from services.responder.recipient import Recipient
from services.responder.reply import ReplyRow, Returned
from services.responder.settings import Settings


class ReplyView(Reply):
    """A reply as the API shows it: what its events tell, and what the people who work on it need."""

    version: int
    recipient: Recipient
    language: str
    first_reply: bool
    automatic: bool = Field(description="Made by the machine from a script; nobody has touched it yet")
    writer_role: str
    legal_by: str | None
    submitted_by: str | None = Field(description="Who offered it for approval")
    submitted_at: datetime | None
    returned: Returned | None = Field(description="Who sent it back to its writer, and why; none once it is submitted again")
    signatures: list[Signature] = Field(description="Who approved it so far, or did; an edit makes them all void")
    approved_digest: str | None = Field(description="The `digest` that it was approved as")
    reason: str | None = Field(description="Why it was discarded")
    attempts: int
    next_attempt_at: datetime | None
    by_hand: list[ByHand] = Field(
        description="What people said of its promises: what was found and is none, is due at another moment, or was attached"
    )
    held_at: datetime | None = Field(description="Since when `held_by` keeps it, or kept it")


class Entry(BaseModel):
    """A line of a reply's history."""

    at: datetime
    what: str
    who: str
    version: int
    detail: dict[str, Any]


class ReplyDetail(ReplyView):
    waiting: list[str] = Field(
        description="Why an approved reply has not been sent yet, and when an unconfirmed one is looked for again; empty for the rest"
    )
    history: list[Entry]


def view(row: ReplyRow, book: BrandBook | None, now: datetime) -> ReplyView:
    """As it is now: what a draft promises counts from here."""
    return ReplyView.model_validate((reply.as_of(row, book, now) if book else row).model_dump())


def entries(lines: Iterable[Mapping[str, Any]]) -> list[Entry]:
    return [Entry.model_validate({name: line[name] for name in Entry.model_fields}) for line in lines]


async def around(connection: db.Connection, row: ReplyRow, book: BrandBook, holds: Sequence[Known]) -> list[Verdict]:
    """What has happened around a reply that may leave yet: verdicts that follow from no text. `holds` are those in force."""
    if row.state not in ("draft", "submitted", "approved"):
        return []
    case_row = await store.case_by_now(connection, row.brand, row.case_id)
    case = case_row.case if case_row else None
    held = hold.verdict(row, case, book, holds)
    found = []
    if row.state != "approved":
        others = await store.others_to(connection, row.brand, row.mention_id) if row.mention_id else []
        found = circumstances.verdicts(row, case, others, book)
    return [*found, *([held] if held else [])]


async def detail(request: Request, response: Response, connection: db.Connection, row: ReplyRow) -> ReplyDetail:
    """The reply in full; its ETag changes with what is told, not only with the reply."""
    service = of(request)
    assert isinstance(service.settings, Settings)
    published = service.books.get(row.brand)
    now = await store.database_time(connection)
    why = lease.waiting(
        row,
        (await store.leases(connection, [row.brand])).get(row.brand),
        holds=(await hold_store.by_id(connection, row.brand, [row.held_by])).values() if row.held_by else (),
        book_version=published.version if published else None,
        lease_s=service.settings.lease_s,
        now=now,
        expires=published.book.conduct.approval_expires.elapsed() if published else None,
    )
    lines = await store.history(connection, row.brand, [row.id])
    shown = view(row, published.book if published else None, now)
    beside = [*why, *(f"{one.id} {one.due_at}" for one in shown.promises)]
    if published:
        _, holds = await hold_store.in_force(connection, row.brand)
        happened = await around(connection, row, published.book, holds)
        shown = shown.model_copy(update={"verdicts": [*shown.verdicts, *happened]})
        beside += [f"{one.code} {one.message}" for one in happened]
    conditions.mark(response, row.version, hashlib.sha256("\n".join(beside).encode()).hexdigest()[:8] if beside else "")
    return ReplyDetail.model_validate({**shown.model_dump(), "waiting": why, "history": entries(lines)})
