"""What people decide about replies, over HTTP: write, edit, submit, check, approve, discard, confirm.

A decision becomes a row, a line of history and an event in one transaction. Sending is not here: an approval is picked up by the sender.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, StrictBool, StrictFloat, StrictInt

from libs.common import conditions, db, http, idempotency, outbox, telemetry
from libs.common.auth import Principal, Role, allow
from libs.common.books import Published
from libs.common.bookscripts import Script
from libs.common.case_events import Case
from libs.common.conditions import Match
from libs.common.errors import Conflict, NotFound, Unavailable, Unprocessable
from libs.common.events import Mention
from libs.common.hours import HoursError, parse_span
from libs.common.problems import CONFLICT
from libs.common.reply_events import Verdict
from libs.common.routes import Route
from libs.common.service import Writing, of
from services.responder import (
    clearance,
    customer,
    delegation,
    drafting,
    hold,
    hold_store,
    overrides,
    promised,
    quick,
    reply,
    script_use,
    shelf,
    shown,
    statement,
    store,
)
from services.responder.promised import Said
from services.responder.reply import Change, Made, Person, ReplyRow
from services.responder.seen import Seen
from services.responder.shown import ReplyDetail

router = APIRouter(prefix="/v1/brands/{brand}", tags=["responder"], route_class=Route)
COLLEAGUES: tuple[Role, ...] = ("agent", "lead", "spokesperson")
WRITERS: tuple[Role, ...] = (*COLLEAGUES, "trainee")
Writer = Annotated[Principal, Depends(allow(*WRITERS))]
Colleague = Annotated[Principal, Depends(allow(*COLLEAGUES))]

Text = Annotated[str, Field(max_length=10_000)]
Note = Annotated[str, Field(min_length=1, max_length=1000)]
Code = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[a-z][a-z0-9_]*$")]
Reason = Annotated[str, Field(min_length=1, max_length=1000, pattern=http.ONE_LINE)]
Digest = Annotated[str, Field(max_length=200, description="Of the reply as it was read: what is said holds for exactly that")]


_UPDATE_DUE = "It says no more than that we are looking into it: its reader is listed until they were told the outcome"


_IN_PARTS = (
    "Where the channel does not take the text as one, send it in numbered parts: `parts` has them, and its approval is of exactly those"
)


_ANSWERS = (
    "In a case that people put together, the message that it answers: `answer_to` of `GET …/cases/{case_id}/recipients` in routing. "
    "Its author gets it, on that channel. Null: the case's newest message"
)


class NewReply(http.Body):
    """Either a text, or a script; neither: the script that suits the case."""

    text: Text | None = None
    script: str | None = Field(
        default=None, max_length=100, description="As `GET …/scripts` names it, or the id of a statement that is offered"
    )
    values: dict[Annotated[str, Field(max_length=100)], StrictBool | StrictInt | StrictFloat | Annotated[str, Field(max_length=300)]] = (
        Field(
            default={},
            max_length=30,
            description="What the script's variables are filled in with; what is missing stays open, and holds the text back",
        )
    )
    mention_id: UUID | None = Field(
        default=None,
        description=_ANSWERS,
    )
    update_due: StrictBool | None = Field(default=None, description=f"{_UPDATE_DUE}; none: as the script says, or not")
    in_parts: StrictBool = Field(default=False, description=_IN_PARTS)


class Quick(http.Body):
    """By when: after so much opening time, or at a moment."""

    within: str | None = Field(default=None, max_length=10, description="Opening time: 30m, 2h, 1d (the same time on the next open day)")
    due_at: http.Moment | None = Field(default=None, description="A whole minute within opening hours")
    mention_id: UUID | None = Field(default=None, description=_ANSWERS)


class Edited(http.Body):
    text: Text
    update_due: StrictBool | None = Field(default=None, description=f"{_UPDATE_DUE}; none: as it was")
    in_parts: StrictBool | None = Field(default=None, description=f"{_IN_PARTS}. None: as it was")


class PromiseSaid(http.Body):
    """Of one that was found: its `id`, with another moment or the promise that it renegotiates. Without an id: one to attach, with its words."""

    id: UUID | None = None
    text: Annotated[str, Field(min_length=1, max_length=300, pattern=http.ONE_LINE)] | None = Field(
        default=None, description="Of one to attach"
    )
    due_at: http.Moment | None = Field(default=None, description="Null: as found; of an attached one: nothing that can be computed")
    renegotiates: UUID | None = Field(
        default=None, description="A promise to this customer that is open: this reply tells them that this one comes in its place"
    )


class PromisesSaid(http.Body):
    """All that is said by hand of what the text promises. What was found and is not named stays as it was found."""

    promises: list[PromiseSaid] = Field(default=[], max_length=promised.MOST)
    none: list[UUID] = Field(default=[], max_length=promised.MOST, description="Of what was found: these are no promises")
    keeps: list[UUID] | None = Field(
        default=None,
        max_length=50,
        description="The open promises to this customer that it keeps. Null: whatever is open when it is sent; empty: none",
    )


class OverrideSaid(http.Body):
    code: Code
    reason: Reason


class Clearance(http.Body):
    """What whoever approves says of what the guard found."""

    confirmed: list[Code] = Field(default=[], max_length=50, description="Codes of verdicts of severity confirm that its approver has seen")
    overrides: list[OverrideSaid] = Field(
        default=[],
        max_length=50,
        description="Verdicts of severity block that it is sent against, each with the reason: by a role of `guard.override_by` in the brand book. It is "
        "told as an event, and some are looked at afterwards by a colleague",
    )

    def seen(self) -> Seen:
        return Seen(self.confirmed, {one.code: one.reason for one in self.overrides})


class Approval(Clearance):
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


@dataclass(frozen=True, slots=True)
class AtHand:
    """A reply, locked, as the caller has read it (`If-Match`), and where to answer. `siblings`: replies to the same message, locked too if asked for."""

    row: ReplyRow
    now: datetime
    siblings: Sequence[ReplyRow]
    writing: db.Connection
    request: Request
    response: Response

    @property
    def published(self) -> Published:
        return current_book(self.request, self.row.brand)

    async def case(self) -> Case:
        """The reply's case, or the one that it was merged into."""
        case_row = await store.case_by_now(self.writing, self.row.brand, self.row.case_id)
        case = case_row.case if case_row else None
        assert case is not None, "a reply is made from a copy of its case, which stays"
        return case

    async def held(self, case: Case) -> Verdict | None:
        """What a hold that stands means for it."""
        _, holds = await hold_store.in_force(self.writing, self.row.brand)
        return hold.verdict(self.row, case, self.published.book, holds)

    async def done(self, change: Change) -> ReplyDetail:
        await _keep(self.writing, [change])
        await overrides.keep(self.writing, [change], self.published.book)
        return await shown.detail(self.request, self.response, self.writing, change.row)


async def at_hand(brand: str, reply_id: UUID, match: Match, writing: Writing, request: Request, response: Response) -> AtHand:
    """Raises `PreconditionFailed` with what happened to the reply since it was read."""
    row = await found_reply(writing, brand, reply_id, lock=True)
    if not match.holds(row.version):
        read = match.read() or 0
        since = shown.entries(line for line in await store.history(writing, brand, [reply_id]) if line["version"] > read)
        raise conditions.stale("The reply", row.version, [entry.model_dump(mode="json") for entry in since], state=row.state)
    return AtHand(row, await store.database_time(writing), (), writing, request, response)


async def with_siblings(brand: str, reply_id: UUID, match: Match, writing: Writing, request: Request, response: Response) -> AtHand:
    """All replies to the message are locked in one order before this one is: of two that are approved at once, the second sees the first."""
    mention_id = (await found_reply(writing, brand, reply_id)).mention_id
    siblings = await store.replies_to(writing, brand, mention_id) if mention_id else []
    return replace(await at_hand(brand, reply_id, match, writing, request, response), siblings=siblings)


One = Annotated[AtHand, Depends(at_hand, scope="function")]
WithSiblings = Annotated[AtHand, Depends(with_siblings, scope="function")]


@router.post("/cases/{case_id}/replies", status_code=201, responses=CONFLICT)
@idempotency.once
async def write(
    brand: str, case_id: UUID, body: NewReply, request: Request, response: Response, principal: Writer, writing: Writing
) -> ReplyDetail:
    """A draft that answers the case's newest mention, or in a case that people put together the one that is named: it goes to that one's author, and to
    nobody else. A machine's draft for them that nobody has touched gives way to it."""
    return await begun(brand, case_id, body, request, response, principal, writing)


async def begun(
    brand: str, case_id: UUID, body: NewReply, request: Request, response: Response, principal: Principal, writing: db.Connection
) -> ReplyDetail:
    """What `write` does."""
    if body.text is not None and body.script is not None:
        raise Unprocessable("Give a text or a script, not both.")
    return await _written(body, brand, case_id, request, response, principal, writing)


@router.post("/cases/{case_id}/quick", status_code=201, responses=CONFLICT)
@idempotency.once
async def quick_reply(
    brand: str, case_id: UUID, body: Quick, request: Request, response: Response, principal: Writer, writing: Writing
) -> ReplyDetail:
    """A draft that says that we are on it, and by when its reader hears more: in the brand's voice, in turns of wording, to be approved like any other.
    The promise is found in its words at exactly that moment, and its reader is listed until they were told the outcome."""
    if (body.within is None) == (body.due_at is None):
        raise Unprocessable("Give within, such as 2h, or due_at.")
    return await _written(body, brand, case_id, request, response, principal, writing)


async def _written(
    body: NewReply | Quick, brand: str, case_id: UUID, request: Request, response: Response, principal: Principal, writing: Writing
) -> ReplyDetail:
    published = current_book(request, brand)
    case_row = await store.case(writing, brand, case_id, lock=True)
    if case_row is None or case_row.case is None:
        raise NotFound("There is no such case in this brand.")
    case = case_row.case
    if case.state in ("merged", "withdrawn"):
        raise Conflict(
            f"This case is {case.state}: there is nothing to answer in it.", merged_into=str(case.merged_into) if case.merged_into else None
        )
    whole, own = case, customer.as_for(case, body.mention_id)
    if own is None:
        raise Unprocessable(
            "mention_id: an answer is to the newest message of a thread of this case, and in a case that nobody has put together to its newest one. "
            "GET …/cases/{case_id}/recipients in routing lists them as answer_to."
        )
    case, mention = own, own.latest
    if mention is None:
        raise Conflict("This case has no message left to answer.")
    now = await store.database_time(writing)
    made: Made | None
    if isinstance(body, Quick):
        script = _quick_script(body, published, case, now)
        made = await _made(writing, script, published, case, mention, principal.subject, {})
        text, split, update_due = made.text, True, None
    else:
        text, made = await _text(writing, body, published, case, mention, principal.subject)
        split, update_due = body.in_parts, body.update_due
    says_no_more = update_due if update_due is not None else made is not None and made.script.update_due
    row = reply.new(
        case,
        published.book,
        id=uuid4(),
        text=text,
        script=made.script.id if made else None,
        writer=principal.subject,
        writer_role=principal.role,
        automatic=False,
        book_version=published.version,
        at=now,
        traceparent=case_row.traceparent or telemetry.current_traceparent(),
        update_due=says_no_more,
        made=made,
        split=split,
    )
    person = as_person(principal)
    known = await store.replies_of_cases(writing, [case_id])
    machine = [old for old in known if drafting.untouched(old) and customer.of_one_customer(whole, old.mention_id, mention.id)]
    changes = [*(reply.replaced(old, person, now) for old in machine), reply.drafted(row, person, now)]
    await _keep(writing, changes)
    return await shown.detail(request, response, writing, row)


@router.put("/replies/{reply_id}", responses=CONFLICT)
async def edit(body: Edited, principal: Writer, at: One) -> ReplyDetail:
    """Another text, by whoever edits it. A submitted reply is a draft again; an approved one is not edited."""
    owner = (await at.case()).owner
    return await at.done(
        reply.edit(
            at.row, body.text, as_person(principal), at.published.book, owner, at.now, update_due=body.update_due, split=body.in_parts
        )
    )


@router.put("/replies/{reply_id}/promises", responses=CONFLICT)
async def say_promises(body: PromisesSaid, principal: Writer, at: One) -> ReplyDetail:
    """What the text promises, where a person knows better than what was found, and which promises it keeps; instead of what was said before.

    As with another text, a submitted reply is a draft again: whoever approves it approves this too. `GET …/replies/{reply_id}` lists what was found.
    """
    owner = (await at.case()).owner
    asked = [Said(id=one.id, text=one.text, due_at=one.due_at, renegotiates=one.renegotiates) for one in body.promises]
    person = as_person(principal)
    return await at.done(reply.promise(at.row, asked, body.none, body.keeps, person, at.published.book, owner, at.now))


@router.post("/replies/{reply_id}/submit", responses=CONFLICT)
async def submit(principal: Writer, at: One) -> ReplyDetail:
    """Offer a draft for approval."""
    owner = (await at.case()).owner
    return await at.done(reply.submit(at.row, as_person(principal), at.published.book, owner, at.now))


@router.post("/replies/{reply_id}/legal-check", responses=CONFLICT)
async def legal_check(body: LegalCheck, principal: Writer, at: One) -> ReplyDetail:
    """Record that the legal department has read exactly this text; where it agreed with changes to an answer to the case, that the text has them.

    409 while it was asked about the case and has not agreed, and when it has refused (`legal_check`): it answers that question, in routing.
    """
    answer = (await at.case()).legal_check
    return await at.done(
        clearance.legal_check(at.row, body.digest, body.note, as_person(principal), at.published.book, at.now, answer=answer)
    )


@router.post("/replies/{reply_id}/approve", responses=CONFLICT)
async def approve(body: Approval, principal: Colleague, at: WithSiblings) -> ReplyDetail:
    """Let exactly this text be sent to exactly this recipient.

    409 when the text is another by now, when legal's check stands in the way (`legal_check`), and, with the `verdicts` that do, when the guard blocks it
    (`override` names what may be overruled) or asks about something that was not confirmed (`confirm`), when the customer has written again since
    (`newest`), and when another reply to the same message has been approved, is on its way, has been sent or may have been (`sibling`).
    """
    case = await at.case()
    change = clearance.approve(
        at.row,
        body.digest,
        as_person(principal),
        at.published.book,
        case,
        at.now,
        others=at.siblings,
        despite=body.despite,
        despite_reply=body.despite_reply,
        seen=body.seen(),
        held=await at.held(case),
        instead_of=await delegation.instead_of(at.writing, at.row.brand, principal.subject, lock=True),
    )
    return await at.done(change)


@router.post("/replies/{reply_id}/discard", responses=CONFLICT)
async def discard(body: Discard, principal: Writer, at: One) -> ReplyDetail:
    """Drop a reply that has not been sent. Not to reply is a decision, with a reason."""
    return await at.done(reply.discard(at.row, body.reason, as_person(principal), at.now))


@router.post("/replies/{reply_id}/confirm", responses=CONFLICT)
async def confirm(body: Confirmation, principal: Colleague, at: One) -> ReplyDetail:
    """After looking: an unconfirmed reply did reach the customer, or did not and is a draft again."""
    return await at.done(reply.confirm(at.row, body.sent, body.note, as_person(principal), at.now))


async def _text(
    writing: Writing, body: NewReply, published: Published, case: Case, mention: Mention, subject: str
) -> tuple[str, Made | None]:
    """The text to start from, and what it was made from where that is a script."""
    if body.text is not None:
        if body.values:
            raise Unprocessable("values: they are for a script's variables; a text is given as it is.")
        return body.text, None
    script = await _script(writing, body.script, published, case)
    made = await _made(writing, script, published, case, mention, subject, body.values)
    return made.text, made


async def _made(
    writing: Writing, script: Script, published: Published, case: Case, mention: Mention, subject: str, values: Mapping[str, Any]
) -> Made:
    """A first text from a script, in other words than what was said lately in this case and on its topic."""
    topics = await script_use.lately(writing, [(case.brand, case.topic_id)]) if case.topic_id else {}
    used = [*await script_use.in_case(writing, case.brand, case.id), *(one for found in topics.values() for one in found)]
    return reply.from_script(published.book, case, mention, script, subject, used=used, values=values)


def _quick_script(body: Quick, published: Published, case: Case, now: datetime) -> Script:
    """Raises `Unprocessable` for a moment that cannot be promised."""
    calendar = promised.calendar_of(published.book)
    if body.due_at is not None:
        due = quick.asked(body.due_at, calendar, now)
    else:
        try:
            span = parse_span(body.within or "")
        except HoursError as error:
            raise Unprocessable(f"within: {error}") from None
        due = quick.after(span, calendar, now)
    return quick.script(published.book, case.language, due, calendar, now)


async def _script(writing: Writing, named: str | None, published: Published, case: Case) -> Script:
    book = published.book
    if named is not None and named.startswith(statement.PREFIX):
        said = await statement.one(writing, case.brand, _incident(named))
        if said is None:
            raise Unprocessable("No statement of that incident is offered; `GET …/statements` lists those that are.")
        return statement.script(said, book, case.language).model_copy(update={"id": named, "update_due": True})
    if named is None:
        script = reply.suited_script(book, case, [one.named for one in await shelf.offered(writing, case.brand)])
        if script is None:
            raise Unprocessable("No script suits this case and its language. Give a text.")
    else:
        script = await shelf.find(writing, published, named)
        if script is None:
            raise Unprocessable(f"The brand has no script {named[:100]!r}; GET …/scripts lists them.")
    return script


def _incident(script: str) -> UUID:
    try:
        return UUID(script.removeprefix(statement.PREFIX))
    except ValueError:
        raise Unprocessable(f"script: {script[:100]!r} names no incident.") from None


def current_book(request: Request, brand: str) -> Published:
    """The newest book of the brand. Raises `Unavailable` while it may be an older one, whose rules no longer hold, and `Conflict` without any."""
    books = of(request).books
    if not books.read.is_set():
        raise Unavailable("The brand books have not been read to the end yet.", retry_after_s=1)
    published = books.get(brand)
    if published is None:
        raise Conflict("This brand has no brand book yet. `weerklank apply` publishes one.")
    return published


async def found_reply(connection: db.Connection, brand: str, reply_id: UUID, *, lock: bool = False) -> ReplyRow:
    """Raises `NotFound`."""
    row = await store.reply(connection, brand, reply_id, lock=lock)
    if row is None:
        raise NotFound("There is no such reply in this brand.")
    return row


async def _keep(writing: db.Connection, changes: Sequence[Change]) -> None:
    await store.put_replies(writing, [change.row for change in changes])
    await store.record(writing, changes)
    traceparent = telemetry.current_traceparent()
    told = [outgoing for change in changes for step in change.steps() if (outgoing := step.outgoing(traceparent))]
    await outbox.add(writing, "responder", told)


def as_person(principal: Principal) -> Person:
    return Person(principal.subject, principal.role)
