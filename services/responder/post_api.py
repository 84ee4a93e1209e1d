"""Posts over HTTP: what the brand says of its own accord, written, planned, approved and looked at as a calendar.

As with replies, a decision becomes a row, a line of history and an event in one transaction, and sending is not here.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, StrictBool

from libs.common import conditions, db, http, idempotency, telemetry
from libs.common.auth import STAFF, Principal, allow
from libs.common.books import Published
from libs.common.brandbook import BrandBook
from libs.common.conditions import Match
from libs.common.errors import NotFound, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.post_events import Post
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing, of
from services.responder import clearance, delegation, hold, hold_store, lease, post, post_store, reply, shown, store
from services.responder.api import ReplyState
from services.responder.approval import Signature
from services.responder.hold import Known
from services.responder.reply import Change, ReplyRow, Returned
from services.responder.reply_api import Code, Colleague, Digest, LegalCheck, Note, Text, Writer, as_person, current_book
from services.responder.settings import Settings
from services.responder.shown import Entry

router = APIRouter(prefix="/v1/brands/{brand}", tags=["posts"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF))]
Account = Annotated[str, Field(min_length=1, max_length=100, pattern=http.ONE_LINE)]
Label = Annotated[str, Field(min_length=1, max_length=100, pattern=http.ONE_LINE)]


class Written(http.Body):
    text: Annotated[Text, Field(min_length=1)]
    publish_at: http.Moment | None = Field(
        default=None, description="When it is published, at most 400 days from now; null: as soon as it is approved"
    )
    labels: list[Label] = Field(default=[], max_length=20, description="What it is about: a hold on one of these stops it")
    topic_id: UUID | None = Field(default=None, description="The topic that it is about. Null: a hold on any topic stops it")


class NewPost(Written):
    account: Account = Field(description="Id of the account of the brand book that publishes it")
    channel: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$",
        description="Where; null: the one that the account is for",
    )
    language: str | None = Field(default=None, max_length=35, description="One of the brand's. Null: its first")


class Approval(http.Body):
    digest: Digest
    confirmed: list[Code] = Field(default=[], max_length=50, description="Codes of verdicts of severity confirm that its approver has seen")


class SentBack(http.Body):
    note: Note


class Discard(http.Body):
    reason: Note


class Confirmation(http.Body):
    sent: StrictBool = Field(description="Whether it stands there")
    note: Note


class PostView(Post):
    """A post as the API shows it: what its events tell, and what the people who work on it need."""

    version: int
    writer_role: str
    submitted_by: str | None = Field(description="Who offered it for approval")
    submitted_at: datetime | None
    returned: Returned | None = Field(description="Who sent it back to its writer, and why; none once it is submitted again")
    signatures: list[Signature] = Field(description="Who approved it so far, or did; an edit makes them all void")
    legal_by: str | None = Field(description="Who recorded that legal has read exactly this text")
    reason: str | None = Field(description="Why it was discarded")
    attempts: int
    next_attempt_at: datetime | None
    held_at: datetime | None = Field(description="Since when `held_by` keeps it, or kept it")


class PostDetail(PostView):
    waiting: list[str] = Field(description="Why an approved post has not been published yet; empty for the rest")
    history: list[Entry]


@dataclass(frozen=True, slots=True)
class AtHand:
    """A post, locked, as the caller has read it (`If-Match`), and where to answer."""

    row: ReplyRow
    now: datetime
    writing: db.Connection
    request: Request
    response: Response

    @property
    def published(self) -> Published:
        return current_book(self.request, self.row.brand)

    @property
    def book(self) -> BrandBook:
        return self.published.book

    async def done(self, change: Change) -> PostDetail:
        await store.put_replies(self.writing, [change.row])
        await store.tell(self.writing, [change])
        return await _detail(self.request, self.response, self.writing, change.row)


async def at_hand(brand: str, post_id: UUID, match: Match, writing: Writing, request: Request, response: Response) -> AtHand:
    """Raises `PreconditionFailed` with what happened to the post since it was read."""
    row = await _found(writing, brand, post_id, lock=True)
    if not match.holds(row.version):
        read = match.read() or 0
        since = shown.entries(line for line in await store.history(writing, brand, [post_id]) if line["version"] > read)
        raise conditions.stale("The post", row.version, [entry.model_dump(mode="json") for entry in since], state=row.state)
    return AtHand(row, await store.database_time(writing), writing, request, response)


One = Annotated[AtHand, Depends(at_hand, scope="function")]


@router.post("/posts", status_code=201, responses=CONFLICT)
@idempotency.once
async def write_post(brand: str, body: NewPost, request: Request, response: Response, principal: Writer, writing: Writing) -> PostDetail:
    """A draft of a post for one account. What is said by several accounts at once is a post of each."""
    published = current_book(request, brand)
    book = published.book
    account, channel = post.account_and_channel(book, body.account, body.channel)
    language = body.language or book.languages[0]
    if language not in book.languages:
        raise Unprocessable(f"language: the brand's languages are {', '.join(book.languages)}.")
    _known_labels(body.labels, book)
    person, now = as_person(principal), await store.database_time(writing)
    row = post.new(
        book,
        account,
        channel,
        id=uuid4(),
        text=body.text,
        language=language,
        labels=body.labels,
        topic_id=body.topic_id,
        publish_at=body.publish_at,
        person=person,
        book_version=published.version,
        at=now,
        traceparent=telemetry.current_traceparent(),
    )
    return await AtHand(row, now, writing, request, response).done(reply.drafted(row, person, now))


@router.get("/posts")
async def posts(
    brand: str,
    principal: Reader,
    reading: Reading,
    since: Annotated[http.Moment | None, Query(alias="from", description="Only posts of this moment or later")] = None,
    until: Annotated[http.Moment | None, Query(alias="to", description="Only posts before this moment")] = None,
    state: Annotated[ReplyState | None, Query(description="Only posts in this state")] = None,
    account: Annotated[str | None, Query(max_length=100, pattern=http.ONE_LINE, description="Only posts of this account")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[PostView]:
    """The calendar: posts in the order of their moments. One that is published as soon as it is approved stands at the moment at which it was written."""
    read = http.read_cursor(cursor, [str, str])
    after = (http.moment(read[0]), http.uuid(read[1])) if read else None
    rows = await post_store.page(reading, brand, since=since, until=until, state=state, account=account, after=after, limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    following = http.cursor_of((last.publish_at or last.created_at).isoformat(), str(last.id)) if last else None
    return Page(items=[_view(row) for row in rows[:limit]], next=following)


@router.get("/posts/{post_id}")
async def one_post(brand: str, post_id: UUID, request: Request, response: Response, principal: Reader, reading: Reading) -> PostDetail:
    """A post, its history, and why it waits."""
    return await _detail(request, response, reading, await _found(reading, brand, post_id))


@router.put("/posts/{post_id}", responses=CONFLICT)
async def edit_post(body: Written, principal: Writer, at: One) -> PostDetail:
    """Another text, moment or subject, by whoever edits it. A submitted post is a draft again; an approved one is not edited."""
    _known_labels(body.labels, at.book)
    return await at.done(post.edit(at.row, body.text, body.publish_at, body.labels, body.topic_id, as_person(principal), at.book, at.now))


@router.post("/posts/{post_id}/submit", responses=CONFLICT)
async def submit_post(principal: Writer, at: One) -> PostDetail:
    """Offer a draft for approval."""
    return await at.done(reply.submit(at.row, as_person(principal), at.book, None, at.now))


@router.post("/posts/{post_id}/return", responses=CONFLICT)
async def send_back_post(body: SentBack, principal: Colleague, at: One) -> PostDetail:
    """Send a submitted post back to its writer, who sees the note. Whatever approvals it had are void."""
    return await at.done(reply.send_back(at.row, body.note, as_person(principal), at.now))


@router.post("/posts/{post_id}/legal-check", responses=CONFLICT)
async def legal_check_post(body: LegalCheck, principal: Writer, at: One) -> PostDetail:
    """Record that the legal department has read exactly this text."""
    return await at.done(clearance.legal_check(at.row, body.digest, body.note, as_person(principal), at.book, at.now))


@router.post("/posts/{post_id}/approve", responses=CONFLICT)
async def approve_post(body: Approval, principal: Colleague, at: One) -> PostDetail:
    """Let exactly this text be published by exactly this account at exactly this moment. Somebody else than its writer does, but where the brand book says
    otherwise of posts.

    409 when the text, account or moment is another by now, when its moment has passed or is quiet by the brand book, when the guard blocks it or asks
    about something that was not confirmed (`verdicts`, `confirm`), and when legal's check stands in the way. A verdict that blocks is not overruled for
    a post: edit the text.
    """
    _, holds = await hold_store.in_force(at.writing, at.row.brand)
    change = post.approve(
        at.row,
        body.digest,
        as_person(principal),
        at.book,
        at.now,
        confirmed=body.confirmed,
        held=hold.verdict(at.row, None, at.book, holds),
        instead_of=await delegation.instead_of(at.writing, at.row.brand, principal.subject, lock=True),
    )
    return await at.done(change)


@router.post("/posts/{post_id}/discard", responses=CONFLICT)
async def discard_post(body: Discard, principal: Writer, at: One) -> PostDetail:
    """Drop a post that has not been published, also one that was approved: that takes it back."""
    return await at.done(reply.discard(at.row, body.reason, as_person(principal), at.now))


@router.post("/posts/{post_id}/confirm", responses=CONFLICT)
async def confirm_post(body: Confirmation, principal: Colleague, at: One) -> PostDetail:
    """After looking: an unconfirmed post does stand there, or does not and is a draft again."""
    return await at.done(reply.confirm(at.row, body.sent, body.note, as_person(principal), at.now))


def _known_labels(labels: Sequence[str], book: BrandBook) -> None:
    """A label that no hold can name would be no protection. Raises `Unprocessable`."""
    if unknown := [label for label in labels if book.label(label) is None]:
        raise Unprocessable(f"labels: {unknown[0][:100]!r} is none of the brand's; GET …/brandbook lists them.")


async def _found(connection: db.Connection, brand: str, post_id: UUID, *, lock: bool = False) -> ReplyRow:
    """Raises `NotFound`."""
    row = await post_store.one(connection, brand, post_id, lock=lock)
    if row is None:
        raise NotFound("There is no such post in this brand.")
    return row


def _view(row: ReplyRow) -> PostView:
    return PostView.model_validate({**row.model_dump(), "account": row.recipient.value})


async def _detail(request: Request, response: Response, connection: db.Connection, row: ReplyRow) -> PostDetail:
    """The post in full; its ETag changes with what is told, not only with the post."""
    service = of(request)
    assert isinstance(service.settings, Settings)
    published, now = service.books.get(row.brand), await store.database_time(connection)
    kept: Sequence[Known] = list((await hold_store.by_id(connection, row.brand, [row.held_by])).values()) if row.held_by else []
    why = lease.waiting(
        row,
        (await store.leases(connection, [row.brand])).get(row.brand),
        holds=kept,
        book_version=published.version if published else None,
        lease_s=service.settings.lease_s,
        now=now,
    )
    shown_now = _view(row)
    beside = [*why]
    if published and row.state in ("draft", "submitted", "approved"):
        _, holds = await hold_store.in_force(connection, row.brand)
        if held := hold.verdict(row, None, published.book, holds):
            shown_now = shown_now.model_copy(update={"verdicts": [*shown_now.verdicts, held]})
            beside.append(held.message)
    conditions.mark(response, row.version, hashlib.sha256("\n".join(beside).encode()).hexdigest()[:8] if beside else "")
    lines = await store.history(connection, row.brand, [row.id])
    return PostDetail.model_validate({**shown_now.model_dump(), "waiting": why, "history": shown.entries(lines)})
