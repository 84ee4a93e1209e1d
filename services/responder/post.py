"""A post: what a brand says of its own accord, now or at a moment that was planned. The same life as a reply, and the same way out.

A post is a `ReplyRow` that answers nobody: it belongs to no case, and goes to the account that publishes it. What is the same for both stands in
`reply.py` and `clearance.py`; here is what is not. Pure: no I/O, time passed in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from libs.common.brandbook import BrandBook, Channel
from libs.common.errors import Conflict, Unprocessable
from libs.common.reply_events import ReplyEdited, Verdict
from services.responder import clearance, quiet, reply
from services.responder.account import carries
from services.responder.lengths import family
from services.responder.recipient import Recipient
from services.responder.reply import Change, Person, ReplyRow
from services.responder.seen import Seen

_FURTHEST = timedelta(days=400)


def account_and_channel(book: BrandBook, account_id: str, channel: str | None) -> tuple[Channel, str]:
    """Where a post goes. Raises `Unprocessable` for an account that publishes nothing, or not there."""
    takes = {account.id: account for account in book.channels if carries(account) - {"email"}}
    account = takes.get(account_id)
    if account is None:
        names = ", ".join(takes) or "none yet: give the book a channel of type webhook"
        raise Unprocessable(f"account: {account_id[:100]!r} publishes no posts. Accounts of the brand book that do: {names}.")
    named = [name for name in account.carries if name != "*"]
    if channel is None and len(named) != 1:
        raise Unprocessable(f"channel: the account {account.id} is for several channels; name one.")
    wanted = channel or named[0]
    if family(wanted) == "email":
        raise Unprocessable("channel: a post is not mailed; updates go to many by mail.")
    if family(wanted) not in carries(account) and "*" not in carries(account):
        raise Unprocessable(f"channel: the account {account.id} is for {', '.join(named)}, not {wanted[:50]!r}.")
    return account, wanted


def new(
    book: BrandBook,
    account: Channel,
    channel: str,
    *,
    id: UUID,
    text: str,
    language: str,
    labels: Sequence[str],
    topic_id: UUID | None,
    publish_at: datetime | None,
    person: Person,
    book_version: int,
    at: datetime,
    traceparent: str | None,
) -> ReplyRow:
    """A draft. Raises `Conflict` for a moment at which nothing is published, and `Unprocessable` for one that is too far away."""
    _plannable(book, channel, publish_at, at)
    row = ReplyRow(
        id=id,
        kind="post",
        brand=book.brand,
        case_id=id,
        channel=channel,
        visibility="public",
        state="draft",
        text=text,
        digest="",
        writer=person.id,
        writer_role=person.role,
        created_at=at,
        publish_at=publish_at,
        labels=list(dict.fromkeys(labels)),
        topic_id=topic_id,
        language=language,
        first_reply=False,
        recipient=Recipient(kind="account", value=account.id, name=account.account),
        book_version=book_version,
        traceparent=traceparent,
    )
    return reply.weighed(row.model_copy(update={"digest": reply.digest_of(row)}), book, None, at)


def edit(
    row: ReplyRow,
    text: str,
    publish_at: datetime | None,
    labels: Sequence[str],
    topic_id: UUID | None,
    person: Person,
    book: BrandBook,
    at: datetime,
) -> Change:
    """Another text, moment or subject, by `person`, who is its writer from now on. Whatever was submitted is a draft again. Raises `Conflict`."""
    reply.may_become(row, "draft", "edited")
    _plannable(book, row.channel, publish_at, at)
    planned = row.model_copy(update={"publish_at": publish_at, "labels": list(dict.fromkeys(labels)), "topic_id": topic_id})
    change = reply.edit(planned, text, person, book, None, at, split=False)
    return replace(change, event=ReplyEdited, detail={"publish_at": publish_at.isoformat() if publish_at else None})


def approve(
    row: ReplyRow,
    digest: str,
    person: Person,
    book: BrandBook,
    at: datetime,
    *,
    confirmed: Sequence[str] = (),
    held: Verdict | None = None,
    instead_of: Iterable[tuple[str, str]] = (),
) -> Change:
    """Let exactly this text be published by exactly this account at exactly this moment. Raises what `clearance.approve` does, and `Conflict` for a moment
    that has passed or is quiet."""
    reply.may_become(row, "approved", "approved")
    _plannable(book, row.channel, row.publish_at, at)
    change = clearance.approve(row, digest, person, book, None, at, seen=Seen(confirmed), held=held, instead_of=instead_of)
    if change.row.state != "approved" or row.publish_at is None:
        return change
    return replace(change, row=change.row.model_copy(update={"next_attempt_at": row.publish_at}))


def _plannable(book: BrandBook, channel: str, publish_at: datetime | None, at: datetime) -> None:
    if publish_at is None:
        return
    if publish_at <= at:
        raise Conflict(f"{publish_at.isoformat()} has passed. Give another moment (publish_at), or none: as soon as it is approved.")
    if publish_at > at + _FURTHEST:
        raise Unprocessable(f"publish_at: {publish_at.isoformat()} is more than {_FURTHEST.days} days away.")
    if until := quiet.of_post(channel, book, publish_at):
        raise Conflict(
            f"{publish_at.isoformat()} is quiet by the brand book (conduct.quiet_hours). Plan it for {until.isoformat()} or later, or not within them.",
            quiet_until=until.isoformat(),
        )
