"""The responder over HTTP: replies from draft to approval, the guard to try a text on, the sandbox, and a mention's trail.

What people decide becomes a row, a line of history and an event in one transaction. Sending is not here: an approval is picked up by the sender.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from math import nan
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from prometheus_client import Gauge
from pydantic import BaseModel, Field, StrictBool

from libs.common import conditions, db, http, idempotency, outbox, telemetry
from libs.common.auth import STAFF, Principal, allow
from libs.common.books import Published
from libs.common.conditions import Condition, Match
from libs.common.errors import Conflict, NotFound, Unavailable, Unprocessable
from libs.common.events import Case, Mention, Reply, Verdict
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing, of
from libs.common.trail import Step, Trail, trace_id_of
from services.responder import guard, lease, lengths, reply, store
from services.responder.reply import Change, Person, Recipient, ReplyRow
from services.responder.settings import Settings

router = APIRouter(prefix="/v1/brands/{brand}", tags=["responder"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF))]
Writer = Annotated[Principal, Depends(allow("agent", "trainee", "lead", "spokesperson"))]
Colleague = Annotated[Principal, Depends(allow("agent", "lead", "spokesperson"))]
Tracer = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]

_WAITING = Gauge("weerklank_replies_waiting", "Replies that have not come to an end", ["brand", "state"])
_OLDEST = Gauge(
    "weerklank_replies_oldest_approved_seconds", "How long the reply that was approved first waits to leave; 0: none", ["brand"]
)
_HELD = Gauge("weerklank_brand_held", "1 where all sending of a brand is held by a person", ["brand"])
_LEASE_AGE = Gauge("weerklank_sending_lease_age_seconds", "Age of the oldest sending lease of all brands; NaN before the first")


Text = Annotated[str, Field(max_length=10_000)]
Note = Annotated[str, Field(min_length=1, max_length=1000)]
Digest = Annotated[str, Field(max_length=200, description="Of the reply as it was read: what is said holds for exactly that")]
ReplyState = Literal["draft", "submitted", "approved", "sending", "sent", "failed", "unconfirmed", "discarded"]


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
    reason: str | None = Field(description="Why it was discarded")
    attempts: int
    next_attempt_at: datetime | None


class Entry(BaseModel):
    """A line of a reply's history."""

    at: datetime
    what: str
    who: str
    version: int
    detail: dict[str, Any]


class ReplyDetail(ReplyView):
    waiting: list[str] = Field(description="Why an approved reply has not been sent yet; empty for the rest")
    history: list[Entry]


class NewReply(http.Body):
    """Either a text, or a script of the brand book; neither: the script that suits the case."""

    text: Text | None = None
    script: str | None = Field(default=None, max_length=100)


class Edited(http.Body):
    text: Text


class Approval(http.Body):
    digest: Digest
    despite: UUID | None = Field(
        default=None, description="Id of the newest message, when the customer has written again since: its reader approves all the same"
    )
    despite_reply: UUID | None = Field(
        default=None, description="Id of the other reply to the same message that a 409 named: its reader sends this one too"
    )


class LegalCheck(http.Body):
    digest: Digest
    note: Note


class Discard(http.Body):
    reason: Note


class Confirmation(http.Body):
    sent: StrictBool
    note: Note


class Tried(http.Body):
    text: Text
    channel: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$")]
    visibility: Literal["public", "private"] = "public"
    first_reply: StrictBool = False
    member: str | None = Field(default=None, max_length=100, description="Team member's id; none: the token's subject")
    language: str | None = Field(default=None, max_length=35, description="None: the brand's first")


class Judged(BaseModel):
    """`length` and `limit` are in the channel's own way of counting; no limit: null."""

    verdicts: list[Verdict]
    length: int
    limit: int | None


class SandboxEntry(BaseModel):
    """A message that would have left the building."""

    id: int
    reply_id: UUID
    channel: str
    recipient: Recipient
    text: str
    sent_at: datetime


# --- reading ------------------------------------------------------------------------------------------------------------------------


@router.get("/replies")
async def replies(
    brand: str,
    principal: Reader,
    reading: Reading,
    state: Annotated[ReplyState | None, Query(description="Only replies in this state")] = None,
    case_id: Annotated[UUID | None, Query(description="Only replies of this case")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[ReplyView]:
    """Replies of the brand, newest first."""
    before = _before(cursor)
    rows = await store.page(reading, brand, state=state, case_id=case_id, before=before, limit=limit + 1)
    following = http.cursor_of(rows[limit - 1].created_at.isoformat(), str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=[_view(row) for row in rows[:limit]], next=following)


@router.get("/replies/{reply_id}")
async def one_reply(brand: str, reply_id: UUID, request: Request, response: Response, principal: Reader, reading: Reading) -> ReplyDetail:
    """A reply, its history, and why it waits."""
    return await _detail(request, response, reading, await _found(reading, brand, reply_id))


@router.get("/sandbox")
async def sandbox(
    brand: str,
    principal: Reader,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[SandboxEntry]:
    """What the sandbox holds of this brand, newest first."""
    before = http.read_cursor(cursor, [int])
    rows = await store.sandbox_page(reading, brand, before=before[0] if before else None, limit=limit + 1)
    items = [SandboxEntry(**row) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].id) if len(rows) > limit else None)


@router.get("/trace/{mention_id}")
async def trace(brand: str, mention_id: UUID, principal: Tracer, reading: Reading) -> Trail:
    """The way of a mention through here: the cases that hold it, and what happened to their replies."""
    cases = await store.cases_of_mention(reading, brand, mention_id)
    rows = {row.id: row for row in await store.replies_about(reading, brand, mention_id, [case.case_id for case in cases])}
    steps = [
        Step(
            at=case.told_at,
            what="case",
            trace_id=trace_id_of(case.traceparent),
            detail={"case_id": str(case.case_id), "state": case.state, "version": case.version},
        )
        for case in cases
        if case.told_at
    ]
    for line in await store.history(reading, brand, rows.keys()):
        row = rows[line["reply_id"]]
        detail = {"reply_id": str(row.id), "version": line["version"], "who": line["who"], "channel": row.channel, "sandbox": row.sandbox}
        steps.append(
            Step(
                at=line["at"],
                what=f"reply {line['what']}",
                event_id=str(line["event_id"]) if line["event_id"] else None,
                trace_id=trace_id_of(line["traceparent"]),
                detail=detail,
            )
        )
    case_ids = sorted({str(case.case_id) for case in cases} | {str(row.case_id) for row in rows.values()})
    return Trail(service="responder", steps=sorted(steps, key=lambda step: step.at), case_ids=case_ids)


@router.post("/guard")
async def try_guard(brand: str, body: Tried, request: Request, principal: Writer) -> Judged:
    """What the guard says of a text, without keeping it."""
    book = _book(request, brand).book
    member = book.member(body.member or principal.subject)
    if member is None:
        raise Unprocessable("Name a member of the brand's team: a text is judged with the signature of whoever sends it.")
    draft = guard.Draft(
        text=body.text,
        channel=body.channel,
        visibility=body.visibility,
        first_reply=body.first_reply,
        member=member,
        language=body.language or book.languages[0],
    )
    return Judged(
        verdicts=guard.check(draft, book),
        length=lengths.length(body.channel, body.text, body.visibility),
        limit=lengths.limit(body.channel, book, body.visibility),
    )


# --- writing ------------------------------------------------------------------------------------------------------------------------


@router.post("/cases/{case_id}/replies", status_code=201, responses=CONFLICT)
@idempotency.once
async def write(
    brand: str, case_id: UUID, body: NewReply, request: Request, response: Response, principal: Writer, writing: Writing
) -> ReplyDetail:
    """A draft that answers the case's newest mention. A machine's draft that nobody has touched gives way to it."""
    if body.text is not None and body.script is not None:
        raise Unprocessable("Give a text or a script, not both.")
    published = _book(request, brand)
    case_row = await store.case(writing, brand, case_id, lock=True)
    if case_row is None or case_row.case is None:
        raise NotFound("There is no such case in this brand.")
    case = case_row.case
    if case.state in ("merged", "withdrawn"):
        raise Conflict(f"This case is {case.state}: there is nothing to answer in it.", merged_into=_id(case.merged_into))
    mention = case.latest
    if mention is None:
        raise Conflict("This case has no message left to answer.")
    now = await store.database_time(writing)
    text, script = _text(body, published, case, mention, principal.subject)
    row = reply.new(
        case,
        published.book,
        id=uuid4(),
        text=text,
        script=script,
        writer=principal.subject,
        writer_role=principal.role,
        automatic=False,
        book_version=published.version,
        at=now,
        traceparent=case_row.traceparent or telemetry.current_traceparent(),
    )
    person = _person(principal)
    known = await store.replies_of_cases(writing, [case_id])
    machine = [old for old in known if old.automatic and old.state == "draft"]
    changes = [*(reply.replaced(old, person, now) for old in machine), reply.drafted(row, person, now)]
    await _keep(writing, changes)
    return await _detail(request, response, writing, row)


@router.put("/replies/{reply_id}", responses=CONFLICT)
async def edit(
    brand: str,
    reply_id: UUID,
    body: Edited,
    request: Request,
    response: Response,
    principal: Writer,
    match: Match,
    writing: Writing,
) -> ReplyDetail:
    """Another text, by whoever edits it. A submitted reply is a draft again; an approved one is not edited."""
    row, case, published, now = await _at_hand(request, writing, brand, reply_id, match)
    change = reply.edit(row, body.text, _person(principal), published.book, case.owner, now)
    return await _done(request, response, writing, change)


@router.post("/replies/{reply_id}/submit", responses=CONFLICT)
async def submit(
    brand: str,
    reply_id: UUID,
    request: Request,
    response: Response,
    principal: Writer,
    match: Match,
    writing: Writing,
) -> ReplyDetail:
    """Offer a draft for approval."""
    row, case, published, now = await _at_hand(request, writing, brand, reply_id, match)
    return await _done(request, response, writing, reply.submit(row, _person(principal), published.book, case.owner, now))


@router.post("/replies/{reply_id}/legal-check", responses=CONFLICT)
async def legal_check(
    brand: str,
    reply_id: UUID,
    body: LegalCheck,
    request: Request,
    response: Response,
    principal: Writer,
    match: Match,
    writing: Writing,
) -> ReplyDetail:
    """Record that the legal department has read exactly this text."""
    row, _, published, now = await _at_hand(request, writing, brand, reply_id, match)
    change = reply.legal_check(row, body.digest, body.note, _person(principal), published.book, now)
    return await _done(request, response, writing, change)


@router.post("/replies/{reply_id}/approve", responses=CONFLICT)
async def approve(
    brand: str,
    reply_id: UUID,
    body: Approval,
    request: Request,
    response: Response,
    principal: Colleague,
    match: Match,
    writing: Writing,
) -> ReplyDetail:
    """Let exactly this text be sent to exactly this recipient.

    409 when the text is another by now, when the guard or legal's check stands in the way, when the customer has written again since (`newest`), and
    when another reply to the same message has been approved, is on its way, has been sent or may have been (`sibling`).
    """
    mention_id = (await _found(writing, brand, reply_id)).mention_id
    others = await store.replies_to(writing, brand, mention_id) if mention_id else []
    row, case, published, now = await _at_hand(request, writing, brand, reply_id, match)
    change = reply.approve(
        row,
        body.digest,
        _person(principal),
        published.book,
        case,
        now,
        others=others,
        despite=body.despite,
        despite_reply=body.despite_reply,
    )
    return await _done(request, response, writing, change)


@router.post("/replies/{reply_id}/discard", responses=CONFLICT)
async def discard(
    brand: str,
    reply_id: UUID,
    body: Discard,
    request: Request,
    response: Response,
    principal: Writer,
    match: Match,
    writing: Writing,
) -> ReplyDetail:
    """Drop a reply that has not been sent. Not to reply is a decision, with a reason."""
    row = await _as_read(writing, brand, reply_id, match)
    now = await store.database_time(writing)
    return await _done(request, response, writing, reply.discard(row, body.reason, _person(principal), now))


@router.post("/replies/{reply_id}/confirm", responses=CONFLICT)
async def confirm(
    brand: str,
    reply_id: UUID,
    body: Confirmation,
    request: Request,
    response: Response,
    principal: Colleague,
    match: Match,
    writing: Writing,
) -> ReplyDetail:
    """After looking: an unconfirmed reply did reach the customer, or did not and is a draft again."""
    row = await _as_read(writing, brand, reply_id, match)
    now = await store.database_time(writing)
    return await _done(request, response, writing, reply.confirm(row, body.sent, body.note, _person(principal), now))


# --- small things -------------------------------------------------------------------------------------------------------------------


async def refresh_gauges(connection: db.Connection) -> None:
    """What waits to leave, and whether it may, at a scrape."""
    waiting, leases = await store.waiting_counts(connection), await store.lease_ages(connection)
    _WAITING.clear()
    for brand, state, number in waiting:
        _WAITING.labels(brand, state).set(number)
    _LEASE_AGE.set(max((found.age_s for found in leases), default=nan))
    for found in leases:
        _HELD.labels(found.brand).set(found.held)
        _OLDEST.labels(found.brand).set(found.oldest_approved_s)


def _text(body: NewReply, published: Published, case: Case, mention: Mention, subject: str) -> tuple[str, str | None]:
    """The text to start from, and the script that it came from."""
    if body.text is not None:
        return body.text, None
    book = published.book
    if body.script is None:
        script = reply.suited_script(book, case)
        if script is None:
            raise Unprocessable("No script of the brand book suits this case and its language. Give a text.")
    else:
        script = next((known for known in book.scripts if known.id == body.script), None)
        if script is None:
            raise Unprocessable(f"The brand book has no script {body.script[:100]!r}.")
    return reply.from_script(book, case, mention, script, subject), script.id


def _book(request: Request, brand: str) -> Published:
    """The newest book of the brand. Raises `Unavailable` while it may be an older one, whose rules no longer hold, and `Conflict` without any."""
    books = of(request).books
    if not books.read.is_set():
        raise Unavailable("The brand books have not been read to the end yet.", retry_after_s=1)
    published = books.get(brand)
    if published is None:
        raise Conflict("This brand has no brand book yet. `weerklank apply` publishes one.")
    return published


def _person(principal: Principal) -> Person:
    return Person(principal.subject, principal.role)


def _id(value: UUID | None) -> str | None:
    return str(value) if value else None


def _before(cursor: str | None) -> tuple[datetime, UUID] | None:
    values = http.read_cursor(cursor, [str, str])
    return (http.moment(values[0]), http.uuid(values[1])) if values else None


async def _found(connection: db.Connection, brand: str, reply_id: UUID, *, lock: bool = False) -> ReplyRow:
    row = await store.reply(connection, brand, reply_id, lock=lock)
    if row is None:
        raise NotFound("There is no such reply in this brand.")
    return row


async def _as_read(writing: db.Connection, brand: str, reply_id: UUID, match: Condition) -> ReplyRow:
    """The reply, locked, as the caller has read it. Raises `PreconditionFailed` with what happened to it since."""
    row = await _found(writing, brand, reply_id, lock=True)
    if match.holds(row.version):
        return row
    read = match.read()
    lines = await store.history(writing, brand, [reply_id])
    since = [Entry.model_validate({name: line[name] for name in Entry.model_fields}) for line in lines if line["version"] > (read or 0)]
    raise conditions.stale("The reply", row.version, [entry.model_dump(mode="json") for entry in since], state=row.state)


async def _at_hand(
    request: Request, writing: db.Connection, brand: str, reply_id: UUID, match: Condition
) -> tuple[ReplyRow, Case, Published, datetime]:
    """The reply, locked, as the caller has read it, and all that a decision about it depends on: the case is the one that its case was merged into,
    if it was."""
    row = await _as_read(writing, brand, reply_id, match)
    case_row = await store.case_by_now(writing, brand, row.case_id)
    case = case_row.case if case_row else None
    assert case is not None, "a reply is made from a copy of its case, which stays"
    return row, case, _book(request, brand), await store.database_time(writing)


async def _keep(writing: db.Connection, changes: Sequence[Change]) -> None:
    await store.put_replies(writing, [change.row for change in changes])
    await store.record(writing, changes)
    traceparent = telemetry.current_traceparent()
    told = [outgoing for outgoing in (change.outgoing(traceparent) for change in changes) if outgoing]
    await outbox.add(writing, "responder", told)


async def _done(request: Request, response: Response, writing: db.Connection, change: Change) -> ReplyDetail:
    await _keep(writing, [change])
    return await _detail(request, response, writing, change.row)


def _view(row: ReplyRow) -> ReplyView:
    return ReplyView.model_validate(row.model_dump())


async def _detail(request: Request, response: Response, connection: db.Connection, row: ReplyRow) -> ReplyDetail:
    service = of(request)
    assert isinstance(service.settings, Settings)
    published = service.books.get(row.brand)
    why = lease.waiting(
        row,
        (await store.leases(connection, [row.brand])).get(row.brand),
        book_version=published.version if published else None,
        lease_s=service.settings.lease_s,
        now=await store.database_time(connection),
    )
    lines = await store.history(connection, row.brand, [row.id])
    history = [Entry.model_validate({name: line[name] for name in Entry.model_fields}) for line in lines]
    conditions.mark(response, row.version, hashlib.sha256("\n".join(why).encode()).hexdigest()[:8] if why else "")
    return ReplyDetail.model_validate({**row.model_dump(), "waiting": why, "history": history})
