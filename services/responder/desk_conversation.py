"""What the desk shows of one case: who wrote what in order, what colleagues know of it, the reply at hand with what the guard says, who may do what.

Rows come in, the values of a page go out. Nothing is decided here: whether this person may approve is asked of `clearance.approve`, what a text would be
judged as of `reply.edit`, without keeping what they answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request, Response

from libs.common import db
from libs.common.auth import Principal
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.errors import Conflict, Forbidden, NotFound, WeerklankError
from libs.common.events import Mention
from libs.common.masking import FULL, Mask
from libs.common.reply_events import ReplyPromise, Verdict
from services.responder import (
    case_told,
    circumstances,
    clearance,
    customer,
    delegation,
    hold,
    hold_store,
    lengths,
    reply,
    seen,
    shown,
    store,
)
from services.responder.case_told import Step
from services.responder.reply import Person, ReplyRow
from services.responder.reply_api import COLLEAGUES, WRITERS
from services.responder.seen import Seen
from services.responder.shown import ReplyDetail

OPEN = ("draft", "failed", "unconfirmed", "submitted", "approved", "sending")
"""States of a reply that there is something to do about, what its writer has to do first."""
EDITABLE = ("draft", "submitted", "failed")


@dataclass(frozen=True, slots=True)
class Line:
    """A message of the conversation: the customer's, or an answer that left. `text` none: it is not kept here."""

    at: datetime
    ours: bool
    who: str
    channel: str
    visibility: str
    title: str | None
    text: str | None
    answered: bool = False
    """It is the one that the reply at hand answers."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A verdict as it is shown: the words that it is about are quoted, with a few around them."""

    verdict: Verdict
    quoted: str | None
    before: str
    after: str

    @property
    def fixes(self) -> bool:
        return self.verdict.fix is not None and self.verdict.start is not None and self.verdict.end is not None


@dataclass(frozen=True, slots=True)
class Judged:
    """A text as the guard sees it. `length` none: it takes too long to count."""

    marks: Sequence[Mark]
    promises: Sequence[ReplyPromise]
    length: int | None
    limit: int | None

    def number(self, severity: str) -> int:
        return sum(mark.verdict.severity == severity for mark in self.marks)


@dataclass(frozen=True, slots=True)
class Approving:
    """What stands between this person and an approval. `refused`: another has to; `in_the_way`: nobody may, as it is. `asked` are verdicts to confirm,
    `overruled` those to send it against with a reason, where they may."""

    refused: str | None
    in_the_way: str | None
    asked: Sequence[Verdict]
    overruled: Sequence[Verdict]
    despite: UUID | None
    despite_reply: UUID | None


@dataclass(frozen=True, slots=True)
class Conversation:
    case: Case
    book: BrandBook
    now: datetime
    lines: Sequence[Line]
    more: int
    """Messages before those that are shown."""
    steps: Sequence[Step]
    replies: Sequence[ReplyRow]
    row: ReplyRow | None
    detail: ReplyDetail | None
    judged: Judged | None
    approving: Approving | None
    may_write: bool
    may_edit: bool
    may_begin: bool

    @property
    def clocks(self) -> list[Any]:
        return [clock for clock in self.case.clocks if clock.met_at is None]


async def of_reply(request: Request, connection: db.Connection, principal: Principal, book: BrandBook, row: ReplyRow) -> Conversation:
    """Raises `NotFound` where the case is none of the brand's."""
    case = await _case(connection, row.brand, row.case_id)
    return await _assembled(request, connection, principal, book, case, row)


async def of_case(request: Request, connection: db.Connection, principal: Principal, book: BrandBook, case_id: UUID) -> Conversation:
    """A case with the reply of it that this person would go on with. Raises `NotFound`."""
    case = await _case(connection, book.brand, case_id)
    rows = await store.page(connection, book.brand, state=None, case_id=case.id, before=None, limit=MOST_REPLIES)
    alive = [row for row in rows if row.state in OPEN]
    row = min(alive, key=lambda one: (one.writer != principal.subject, OPEN.index(one.state)), default=None)
    return await _assembled(request, connection, principal, book, case, row, rows)


MOST_REPLIES = 100


async def _case(connection: db.Connection, brand: str, case_id: UUID) -> Case:
    found = await store.case_by_now(connection, brand, case_id)
    if found is None or found.case is None:
        raise NotFound("There is no such case in this brand.")
    return found.case


async def _assembled(
    request: Request,
    connection: db.Connection,
    principal: Principal,
    book: BrandBook,
    case: Case,
    row: ReplyRow | None,
    rows: Sequence[ReplyRow] | None = None,
) -> Conversation:
    now = await store.database_time(connection)
    if rows is None:
        rows = await store.page(connection, book.brand, state=None, case_id=case.id, before=None, limit=MOST_REPLIES)
    known = await case_told.messages(connection, book.brand, [mention.id for mention in case.mentions])
    if case.latest is not None and case.latest.forgotten_at is None:
        known.setdefault(case.latest.id, case.latest)
    mask = mask_of(principal, book)
    detail = await shown.detail(request, Response(), connection, row) if row else None
    steps = [_masked(step, mask) for step in await case_told.steps(connection, book.brand, [case.id, *case.merged_cases])]
    may_write = principal.role in WRITERS
    return Conversation(
        case=case,
        book=book,
        now=now,
        lines=_lines(case, known, rows, row, mask),
        more=max(0, case.mentions_total - len(case.mentions)),
        steps=steps,
        replies=[other for other in rows if other.state not in ("sent", "discarded") and (row is None or other.id != row.id)],
        row=row,
        detail=detail,
        judged=_judged(row, detail.verdicts, detail.promises, book) if row and detail else None,
        approving=await _approving(connection, principal, book, case, row, now) if row and row.state == "submitted" else None,
        may_write=may_write,
        may_edit=may_write and row is not None and row.state in EDITABLE,
        may_begin=may_write and case.latest is not None and case.state not in ("merged", "withdrawn", "closed"),
    )


def mask_of(principal: Principal, book: BrandBook) -> Mask:
    """What this person sees of personal data, as everywhere else."""
    return Mask("agent" if principal.role in FULL else "spokesperson", book.languages[0])


def _masked(step: Step, mask: Mask) -> Step:
    body = {key: mask.text(value, "private") if isinstance(value, str) and key in _WRITTEN else value for key, value in step.body.items()}
    return Step(step.brand, step.case_id, step.what, step.id, step.at, mask.text(step.who, "private"), body)


_WRITTEN = ("text", "reason", "why", "how")


def _lines(case: Case, known: dict[UUID, Mention], rows: Sequence[ReplyRow], at_hand: ReplyRow | None, mask: Mask) -> list[Line]:
    lines = []
    for one in case.mentions:
        mention = known.get(one.id)
        text = mask.text(mention.text, one.visibility) if mention else None
        title = mask.text(mention.title, one.visibility) if mention and mention.title else None
        who = (mention.author.name or mention.author.identities[0].value) if mention and mention.author.identities else "?"
        answered = at_hand is not None and at_hand.mention_id == one.id
        lines.append(Line(one.received_at, False, who, one.channel, one.visibility, title, text, answered))
    for row in rows:
        if row.state == "sent" and row.sent_at is not None:
            lines.append(Line(row.sent_at, True, row.writer or "?", row.channel, row.visibility, None, row.text))
    return sorted(lines, key=lambda line: line.at)


# --- the text -----------------------------------------------------------------------------------------------------------------------


def judged(row: ReplyRow, text: str, person: Person, book: BrandBook, owner: str | None, around: Sequence[Verdict], at: datetime) -> Judged:
    """What would be said of this text, were it saved now. Raises `Conflict` for a reply that is not edited."""
    would_be = reply.edit(row, text, person, book, owner, at).row
    return _judged(would_be, [*would_be.verdicts, *around], would_be.promises, book)


_AROUND = 24
"""Characters around the words that a verdict is about."""


def _judged(row: ReplyRow, verdicts: Sequence[Verdict], promises: Sequence[ReplyPromise], book: BrandBook) -> Judged:
    try:
        length: int | None = lengths.length(row.channel, row.text, row.visibility)
    except TimeoutError:
        length = None
    order = {"block": 0, "confirm": 1}
    marks = sorted((_mark(verdict, row.text) for verdict in verdicts), key=lambda mark: order.get(mark.verdict.severity, 2))
    return Judged(marks, promises, length, lengths.limit(row.channel, book, row.visibility))


def _mark(verdict: Verdict, text: str) -> Mark:
    if verdict.start is None or verdict.end is None or verdict.start >= verdict.end:
        return Mark(verdict, None, "", "")
    start, end = verdict.start, verdict.end
    quoted = text[start:end]
    if len(quoted) > 160:
        quoted = f"{quoted[:159]}…"
    return Mark(verdict, quoted, text[max(0, start - _AROUND) : start], text[end : end + _AROUND])


# --- approving ----------------------------------------------------------------------------------------------------------------------


async def _approving(
    connection: db.Connection, principal: Principal, book: BrandBook, case: Case, row: ReplyRow, now: datetime
) -> Approving:
    """What an approval by this person would be answered, were it asked for now with all confirmed that can be."""
    person = Person(principal.subject, principal.role)
    if principal.role not in COLLEAGUES:
        return Approving(f"The role {principal.role} drafts, and others approve.", None, (), (), None, None)
    others = await store.others_to(connection, row.brand, row.mention_id) if row.mention_id else []
    _, holds = await hold_store.in_force(connection, row.brand)
    held = hold.verdict(row, case, book, holds)
    found = await shown.around(connection, row, book, holds)
    newer, sibling = customer.newer_mention(row, case), circumstances.answered_by(row, others, book.pilot)
    despite, despite_reply = newer.id if newer else None, sibling.id if sibling else None
    now_row = reply.weighed(row, book, case.owner, now)
    verdicts = [*now_row.verdicts, *found]
    asked = [verdict for verdict in verdicts if verdict.severity == "confirm"]
    blocking = [verdict for verdict in verdicts if verdict.severity == "block" and verdict.code != "hold"]
    overrides = {verdict.code: "?" for verdict in blocking} if seen.may_override(person.role, book) else {}
    try:
        clearance.approve(
            row,
            row.digest,
            person,
            book,
            case,
            now,
            others=others,
            despite=despite,
            despite_reply=despite_reply,
            seen=Seen([verdict.code for verdict in asked], overrides),
            held=held,
            instead_of=await delegation.instead_of(connection, row.brand, principal.subject),
        )
    except Forbidden as error:
        return Approving(error.detail, None, asked, (), despite, despite_reply)
    except Conflict as error:
        return Approving(None, error.detail, asked, (), despite, despite_reply)
    return Approving(None, None, asked, blocking, despite, despite_reply)


def told(error: WeerklankError) -> dict[str, Any]:
    """What a refusal says beside its sentence, for the page: what happened since, where that is why."""
    return {"changes": error.more.get("changes") or (), "state": error.more.get("state")}
