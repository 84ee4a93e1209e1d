"""How the mailboxes of a brand are, for whoever put them into its brand book. No mail is shown here, and none is kept."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from libs.common import http
from libs.common.auth import Principal, allow
from libs.common.errors import NotFound, Unavailable
from libs.common.http import Cursor, Page
from libs.common.mailserver import port_of
from libs.common.routes import Route
from libs.common.service import Reading, of
from services.ingest import mailbox, mailbox_store

router = APIRouter(prefix="/v1/brands/{brand}/mailboxes", tags=["ingest"], route_class=Route)

Keeper = Annotated[Principal, Depends(allow("admin", "lead"))]


class Mailbox(BaseModel):
    """A mailbox that the brand book names, and how it is. Times are UTC; what is not known yet is none."""

    account: str = Field(description="The channel's id in the brand book")
    host: str
    port: int
    folder: str
    since: date | None = Field(description="Mail of before we were is taken in as history from this day on")
    state: str = Field(
        description="starting | taking | idle | polling: it is read. waiting | login_refused | secret_missing | secret_refused | not_secure | "
        "out_of_reach | no_folder | too_many: it is not, and `why` says why"
    )
    why: str | None
    next_try_at: datetime | None
    behind: int = Field(description="Mails that wait in the mailbox, as far as they were counted")
    taken: int = Field(description="Mails that went to the log, again ones included")
    rejected: int
    uidvalidity: int | None
    last_uid: int | None
    last_mail_at: datetime | None = Field(description="When the last mail that was taken had arrived")
    last_ok_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    watched_by: str | None = Field(description="The instance of ingest that watches it")


class RejectedMail(BaseModel):
    """A mail that could not be taken in. It still lies in its mailbox, under this UID."""

    uidvalidity: int
    uid: int
    bytes: int
    arrived_at: datetime
    reason: str
    rejected_at: datetime


@router.get("")
async def mailboxes(
    brand: str,
    principal: Keeper,
    request: Request,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[Mailbox]:
    """The mailboxes of the brand book, in its order. None: it names none (`type: imap`)."""
    after = http.read_cursor(cursor, [int])
    first = max(after[0], 0) if after else 0
    books = of(request).books
    published = books.get(brand)
    if published is None and not books.read.is_set():
        raise Unavailable("The brand books have not been read yet. Try again.", retry_after_s=2)
    if published is None:
        raise NotFound("This brand has no brand book yet: apply one with `weerklank apply`.")
    rows = {(row["account"], row["identity"]): row for row in await mailbox_store.mailboxes(reading, brand)}
    named = mailbox.of(published.book)
    found = []
    for place, account in list(enumerate(named))[first : first + limit]:
        row = rows.get((account.id, mailbox.identity(account)))
        seen = row is not None and row["uidvalidity"] is not None
        found.append(
            Mailbox(
                account=account.id,
                host=account.host or "",
                port=port_of(account),
                folder=account.folder,
                since=account.since,
                state=row["state"] if row else "starting",
                last_uid=row["last_uid"] if row and seen else None,
                watched_by=row["leased_by"] if row else None,
                behind=row["behind"] if row else 0,
                taken=row["taken"] if row else 0,
                rejected=row["rejected"] if row else 0,
                **{name: row[name] if row else None for name in _AS_KEPT},
            )
        )
        if place >= mailbox.MOST_OF_A_BRAND:
            found[-1] = found[-1].model_copy(update={"state": "too_many", "why": _TOO_MANY, "next_try_at": None})
    return Page(items=found, next=http.cursor_of(first + limit) if len(named) > first + limit else None)


_TOO_MANY = f"Of a brand book's mailboxes the first {mailbox.MOST_OF_A_BRAND} are watched, and this is a later one: take out another, or move it up."
_AS_KEPT = ("why", "next_try_at", "uidvalidity", "last_mail_at", "last_ok_at", "last_error", "last_error_at")


@router.get("/{account}/rejects")
async def rejects(
    brand: str,
    account: str,
    principal: Keeper,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[RejectedMail]:
    """Mails of a mailbox that could not be taken in, the latest first. They are listed as long as the brand book keeps mentions."""
    rows = await mailbox_store.rejects(reading, brand, account, _after(cursor), limit + 1)
    following = http.cursor_of(rows[limit - 1]["rejected_at"].isoformat(), rows[limit - 1]["uid"]) if len(rows) > limit else None
    return Page(items=[RejectedMail(**row) for row in rows[:limit]], next=following)


def _after(cursor: str | None) -> tuple[datetime, int] | None:
    values = http.read_cursor(cursor, [str, int])
    return (http.moment(values[0]), values[1]) if values else None
