"""Tell everyone afterwards, over HTTP: who is owed the outcome, one update to all of them, its approval, and how far it is."""

import re
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field, StrictBool

from libs.common import conditions, db, http, idempotency, telemetry
from libs.common.auth import STAFF, Principal, allow
from libs.common.brandbook import BrandBook
from libs.common.conditions import Match
from libs.common.errors import Conflict, Forbidden, NotFound, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing, of
from services.responder import customer, promised, store, update, update_store
from services.responder.promised import Found
from services.responder.reply import Person
from services.responder.reply_api import Code, Digest, Note, Text, current_book
from services.responder.update import Item, Update
from services.responder.update_store import Asked

router = APIRouter(prefix="/v1/brands/{brand}", tags=["updates"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF))]
Writer = Annotated[Principal, Depends(allow("agent", "lead", "spokesperson"))]
Told = Literal["looking_into_it", "anything"]
_TOLD = "looking_into_it: those whose newest reply is marked so. anything: of a topic, also those who got any other reply"
_LANGUAGE = re.compile(r"[a-z]{2,3}")


class OwedOut(BaseModel):
    """A conversation that was told that we are looking into it, and heard nothing since."""

    case_id: UUID
    state: str
    owner: str | None
    department: str
    channel: str
    visibility: str
    language: str
    labels: list[str]
    topic_id: UUID | None
    told_by: UUID = Field(description="The reply that said so")
    told_at: datetime | None
    text: str = Field(description="What it said")
    wrote_since: bool = Field(description="The customer has written since: an update leaves them out, they are answered in person")


class Filter(http.Body):
    """Which of them; all where nothing is written."""

    topic_id: UUID | None = None
    label: str | None = Field(default=None, max_length=100, description="This label, or one of its children")
    since: http.Moment | None = Field(default=None, description="Only who was told so since then")
    case_ids: list[UUID] | None = Field(default=None, max_length=1000)
    told: Told = Field(default="looking_into_it", description=_TOLD)


class NewUpdate(http.Body):
    texts: dict[str, Text] = Field(
        min_length=1,
        max_length=10,
        description="Language → text, with {groet}, {naam}, {voornaam} and {handtekening}, which each conversation fills in for itself",
    )
    to: Filter = Filter()
    per_minute: int = Field(default=60, ge=1, le=600, description="How many replies are made in a minute")
    update_due: StrictBool = Field(default=False, description="This is not the outcome either: whoever gets it stays on the list")


class UpdateOut(Update):
    conversations: dict[str, int] = Field(
        description="How many are how: listed (not judged yet), ready, left_out, taken_out, stopped, made.approved, made.sent, made.failed, …"
    )


class ItemOut(Item):
    promises: list[Found] = Field(description="What its text promises, were it sent now")


class UpdateApproval(http.Body):
    digest: Digest
    confirmed: list[Code] = Field(
        default=[],
        max_length=50,
        description="Codes that the guard asks about in its texts (`asks.confirm` of …/conversations): its approver has seen them",
    )


class Stop(http.Body):
    reason: Note


@router.get("/aftermath")
async def aftermath(
    brand: str,
    request: Request,
    principal: Reader,
    reading: Reading,
    topic_id: Annotated[UUID | None, Query(description="Only what is about this topic")] = None,
    label: Annotated[str | None, Query(max_length=100, description="Only what has this label, or one of its children")] = None,
    since: Annotated[http.Moment | None, Query(description="Only who was told so since then")] = None,
    told: Annotated[Told, Query(description=_TOLD)] = "looking_into_it",
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[OwedOut]:
    """Open conversations that were told that we are looking into it, and that have not been told the outcome."""
    book = current_book(request, brand).book
    if label is not None and not _with_children(book, label):
        return Page(items=[], next=None)
    asked = _asked(book, Filter(topic_id=topic_id, label=label, since=since, told=told))
    after = http.read_cursor(cursor, [str])
    rows = await update_store.owed(reading, brand, asked, http.uuid(after[0]) if after else None, limit + 1)
    items = [
        OwedOut(
            case_id=row.case.id,
            state=row.case.state,
            owner=row.case.owner,
            department=row.case.department,
            channel=row.case.channel,
            visibility=row.case.visibility,
            language=row.case.language,
            labels=row.case.labels,
            topic_id=row.case.topic_id,
            told_by=row.told_by.id,
            told_at=row.told_by.sent_at,
            text=row.told_by.text,
            wrote_since=customer.newer_mention(row.told_by, row.case) is not None,
        )
        for row in rows[:limit]
    ]
    return Page(items=items, next=http.cursor_of(str(items[-1].case_id)) if len(rows) > limit else None)


@router.post("/updates", status_code=201, responses=CONFLICT)
@idempotency.once
async def write_update(brand: str, body: NewUpdate, request: Request, response: Response, principal: Writer, writing: Writing) -> UpdateOut:
    """One update to all of them. Each conversation's own text is made and judged first (`preparing`); then it waits for a person (`draft`)."""
    published = current_book(request, brand)
    for language, text in body.texts.items():
        if not _LANGUAGE.fullmatch(language):
            raise Unprocessable(f"{language[:20]!r} is no language: write nl, en, de, fr, …")
        if not text.strip():
            raise Unprocessable(f"The text in {language} is empty.")
    now = await store.database_time(writing)
    row = Update(
        id=uuid4(),
        brand=brand,
        texts=body.texts,
        asked=body.to.model_dump(mode="json", exclude_none=True),
        per_minute=body.per_minute,
        update_due=body.update_due,
        writer=principal.subject,
        writer_role=principal.role,
        created_at=now,
        changed_at=now,
        book_version=published.version,
        traceparent=telemetry.current_traceparent(),
    )
    listed = await update_store.add(writing, row, _asked(published.book, body.to), update.MOST)
    if not listed:
        raise Conflict("Nobody is owed an update by what was asked for. GET …/aftermath lists who is.")
    return await _out(response, writing, row)


@router.get("/updates")
async def updates(
    brand: str, principal: Reader, reading: Reading, cursor: Cursor = None, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> Page[UpdateOut]:
    """Updates of the brand, newest first."""
    read = http.read_cursor(cursor, [str, str])
    rows = await update_store.page(reading, brand, (http.moment(read[0]), http.uuid(read[1])) if read else None, limit + 1)
    counts = await update_store.counts(reading, brand, [row.id for row in rows[:limit]])
    items = [UpdateOut(**row.model_dump(), conversations=counts[row.id]) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].created_at.isoformat(), str(items[-1].id)) if len(rows) > limit else None)


@router.get("/updates/{update_id}")
async def one_update(brand: str, update_id: UUID, response: Response, principal: Reader, reading: Reading) -> UpdateOut:
    """An update and how far it is."""
    return await _out(response, reading, await _found(reading, brand, update_id))


@router.get("/updates/{update_id}/conversations")
async def conversations(
    brand: str,
    update_id: UUID,
    request: Request,
    principal: Reader,
    reading: Reading,
    state: Annotated[
        Literal["listed", "ready", "made", "left_out", "taken_out", "stopped"] | None, Query(description="Only those that are so")
    ] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[ItemOut]:
    """What each conversation gets, to the letter, and what that promises; or why it gets nothing."""
    found = await _found(reading, brand, update_id)
    after = http.read_cursor(cursor, [str])
    rows = await update_store.items_page(reading, brand, update_id, state, http.uuid(after[0]) if after else None, limit + 1)
    published, now = of(request).books.get(brand), await store.database_time(reading)
    language = next(iter(found.texts))
    items = [
        ItemOut(
            **row.model_dump(),
            promises=promised.found_in(row.text, language, published.book, now) if row.text and published else [],
        )
        for row in rows[:limit]
    ]
    return Page(items=items, next=http.cursor_of(str(rows[limit - 1].case_id)) if len(rows) > limit else None)


@router.post("/updates/{update_id}/approve", responses=CONFLICT)
async def approve_update(
    brand: str, update_id: UUID, body: UpdateApproval, response: Response, principal: Writer, match: Match, writing: Writing
) -> UpdateOut:
    """Let exactly these texts go to exactly these conversations. The digest stands for both.

    Where the brand book wants somebody else to approve what a conversation is answered, that one is left out; where it does for all of them, the answer
    is 403. 409 where the guard asks about something in the texts that was not confirmed (`confirm`). Each reply is judged once more when it is made.
    """
    row = await _at_hand(writing, brand, update_id, match)
    if row.state != "draft":
        raise Conflict(f"An update that is {row.state} cannot be approved.", state=row.state)
    if body.digest != row.digest:
        raise Conflict("The texts or the conversations are not what this digest stands for. Read the update again.", digest=row.digest)
    ready = await update_store.items(writing, row, "ready", update.MOST)
    if not ready:
        raise Conflict("No conversation of it is ready: `conversations` says why each was left out.")
    person = Person(principal.subject, principal.role)
    others = [item for item in ready if not update.asks_of(item).met_by(person, row)]
    if len(others) == len(ready):
        asked = [update.asks_of(item) for item in others]
        who = [f"another {role}" for role in sorted({role for asks in asked for role in asks.roles})]
        who += ["its writer"] if any(asks.by_writer for asks in asked) else []
        raise Forbidden(f"This update must be approved by {' or '.join(who) or 'somebody else'}.")
    if unseen := [code for code in update.to_confirm(item for item in ready if item not in others) if code not in body.confirmed]:
        raise Conflict(
            f"The guard asks about {', '.join(unseen)} in its texts: read them, then name what you have seen (`confirmed`).", confirm=unseen
        )
    await update_store.put_items(
        writing,
        [
            update.left_out(item, f"{' or '.join(update.asks_of(item).roles) or 'its writer'} must approve what it is answered")
            for item in others
        ],
    )
    now = await store.database_time(writing)
    changes = {
        "state": "approved",
        "approver": person.id,
        "approver_role": person.role,
        "confirmed": list(dict.fromkeys(body.confirmed)),
        "approved_at": now,
        "next_at": now,
        "reason": None,
    }
    return await _changed(response, writing, row, now, changes)


@router.post("/updates/{update_id}/stop", responses=CONFLICT)
async def stop(brand: str, update_id: UUID, body: Stop, response: Response, principal: Writer, match: Match, writing: Writing) -> UpdateOut:
    """Make no more of its replies. Those that were made go their way: a hold stops what has not left."""
    row = await _at_hand(writing, brand, update_id, match)
    if row.state in ("stopped", "done"):
        raise Conflict(f"This update is {row.state}.", state=row.state)
    for state in ("listed", "ready"):
        await update_store.move(writing, row, state, "stopped", body.reason)
    changes: dict[str, object] = {"state": "stopped", "reason": f"{principal.subject}: {body.reason}", "next_at": None, "waits": None}
    return await _changed(response, writing, row, await store.database_time(writing), changes)


async def _changed(response: Response, writing: Writing, row: Update, now: datetime, changes: dict[str, object]) -> UpdateOut:
    after = row.model_copy(update={**changes, "version": row.version + 1, "changed_at": now})
    await update_store.put(writing, after)
    return await _out(response, writing, after)


async def _found(connection: db.Connection, brand: str, update_id: UUID, *, lock: bool = False) -> Update:
    found = await update_store.one(connection, brand, update_id, lock=lock)
    if found is None:
        raise NotFound("There is no such update in this brand.")
    return found


async def _at_hand(writing: Writing, brand: str, update_id: UUID, match: Match) -> Update:
    row = await _found(writing, brand, update_id, lock=True)
    if not match.holds(row.version):
        raise conditions.stale(
            "The update", row.version, [row.model_dump(mode="json", include={"version", "changed_at", "state", "reason"})]
        )
    return row


async def _out(response: Response, connection: db.Connection, row: Update) -> UpdateOut:
    conditions.mark(response, row.version)
    counts = await update_store.counts(connection, row.brand, [row.id])
    return UpdateOut(**row.model_dump(), conversations=counts[row.id])


def _with_children(book: BrandBook, label: str) -> tuple[str, ...]:
    """The label and those below it; none where the book has not got it."""
    return tuple(known.name for known in book.labels if label in book.label_path(known.name))


def _asked(book: BrandBook, given: Filter) -> Asked:
    """Raises `Unprocessable` for a label that the book has not, and where any reply is to count without a topic."""
    if given.told == "anything" and given.topic_id is None:
        raise Unprocessable("`told: anything` needs a topic_id: else it would be everybody who was ever answered.")
    if given.since is not None and given.since.tzinfo is None:
        raise Unprocessable("`since` needs a time zone: 2026-03-02T18:00:00Z, or +01:00.")
    labels = None
    if given.label is not None:
        labels = _with_children(book, given.label)
        if not labels:
            raise Unprocessable(f"The brand book has no label {given.label[:100]!r}.")
    return Asked(
        sandbox=book.pilot,
        topic_id=given.topic_id,
        labels=labels,
        since=given.since,
        case_ids=tuple(given.case_ids) if given.case_ids is not None else None,
        any_reply=given.told == "anything",
    )
