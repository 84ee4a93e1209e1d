"""``weerklank guard``: drafts as JSON lines come in, what the guard says of each and what it promises goes out as JSON lines, in their order.

It needs no service. A line that cannot be read is told on standard error, left out, and makes the exit code 2.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

import orjson

from cli.errors import WRONG
from cli.mention_lines import Brands, Unreadable, objects, quoted, text_of
from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook
from libs.common.reply_events import Verdict
from services.responder import guard, languages, promised
from services.responder.promised import Found
from services.responder.verdicts.draft import Draft

PRIVATE: Final = frozenset({"email", "e-mail", "mail", "imap", "whatsapp", "direct", "dm", "sms", "chat", "webform"})
"""Where a row that does not say who can see it is taken to be private."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line that can be read. `id` goes out as it came in."""

    id: Any
    draft: Draft
    book: BrandBook


def rows(file: IO[bytes], brands: Brands[BrandBook]) -> Iterator[tuple[int, Row | Unreadable]]:
    """Each line that is not empty, with its number."""
    for number, data in objects(file):
        try:
            yield number, data if isinstance(data, Unreadable) else _row(data, brands)
        except Unreadable as error:
            yield number, error


def _row(data: Mapping[str, Any], brands: Brands[BrandBook]) -> Row:
    identifier = data.get("id")
    if not isinstance(identifier, str | int) or isinstance(identifier, bool) or identifier == "":
        raise Unreadable(f"id is {quoted(identifier)}. Give each draft a text of its own by which its verdicts are named.")
    text = data.get("draft")
    if not isinstance(text, str):
        raise Unreadable(f"draft is {quoted(text)}. Write the reply's text.")
    book = brands.of(text_of(data, "brand"))
    channel = text_of(data, "channel") or "forum"
    visibility = text_of(data, "visibility") or ("private" if channel.strip().lower() in PRIVATE else "public")
    if visibility not in ("public", "private"):
        raise Unreadable(f"visibility is {quoted(visibility)}. Write public or private, or leave it out.")
    first = data.get("first_reply", False)
    if not isinstance(first, bool | None):
        raise Unreadable(f"first_reply is {quoted(first)}. Write true or false, or leave it out.")
    incoming = text_of(data, "incoming")
    customer = _part(data, "customer")
    member = _member(_part(data, "agent"), book)
    draft = Draft(
        text=text,
        channel=channel,
        visibility=visibility,
        first_reply=bool(first),
        member=member,
        role=member.role,
        language=languages.of_customer(incoming, text, book),
        incoming=incoming,
        customer_name=text_of(customer, "name", "customer."),
        now=_moment(text_of(data, "now"), ZoneInfo(book.timezone)),
    )
    return Row(identifier, draft, book)


def _part(data: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = data.get(field)
    if isinstance(value, str):
        return {"name": value}
    if not isinstance(value, dict | None):
        raise Unreadable(f"{field} is {quoted(value)}. Write an object with a name, or leave it out.")
    return value or {}


def _member(agent: Mapping[str, Any], book: BrandBook) -> Member:
    """Who writes it: of the book's team by id, initials or name where they are there, else as the row says."""
    id, initials, name = (text_of(agent, field, "agent.") for field in ("id", "initials", "name"))
    known = book.member(id) if id else None
    known = known or next((one for one in book.team if initials and one.initials.lower() == initials.lower()), None)
    if known is not None and (name is None or known.first_name.lower() == name.split()[0].lower()):
        return known
    first = (name or "").split()[0] if name else known.first_name if known else "?"
    try:
        return Member(id=known.id if known else "agent", first_name=first, initials=(initials or first[:2]).lower().lstrip("^"))
    except ValueError as error:
        raise Unreadable(f"agent is {quoted(dict(agent))}. Write an object with name and initials.") from error


def _moment(value: str | None, zone: ZoneInfo) -> datetime:
    """Aware; a time without an offset is the brand's."""
    if value is None:
        return datetime.now(UTC)
    try:
        told = datetime.fromisoformat(value)
    except ValueError as error:
        raise Unreadable(f"now is {quoted(value)}. Write a time such as 2026-11-26T14:05.") from error
    return told if told.tzinfo else told.replace(tzinfo=zone)


def written(row: Row, verdicts: Sequence[Verdict], promises: Sequence[Found]) -> bytes:
    """One line of JSON. Promises are due in the brand's own time."""
    zone = ZoneInfo(row.book.timezone)
    return orjson.dumps(
        {
            "id": row.id,
            "violations": [
                {
                    "code": one.code,
                    "severity": one.severity,
                    "start": one.start,
                    "end": one.end,
                    "fix": one.fix,
                    "rule": one.rule,
                    "message": one.message,
                }
                for one in verdicts
            ],
            "promises": [
                {
                    "text": one.text,
                    "due_at": one.due_at.astimezone(zone).replace(tzinfo=None).isoformat(timespec="minutes") if one.due_at else None,
                }
                for one in promises
            ],
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def judge(books: Sequence[Path], source: IO[bytes], out: IO[bytes], errors: IO[str]) -> int:
    """Reads ``source`` and writes to ``out`` as it goes. Returns the exit code. Raises ``CommandError`` for a brand book that cannot be used."""
    brands = Brands(
        books, lambda book: book, default=lambda name: BrandBook(brand=name[:60] or "brand", name=name or "brand", languages=("nl", "en"))
    )
    refused = 0
    for number, row in rows(source, brands):
        if isinstance(row, Unreadable):
            refused += 1
            errors.write(f"line {number} is left out: {row}\n")
            continue
        verdicts = guard.check(row.draft, row.book)
        assert row.draft.now is not None, "a row is judged at a time"
        promises = promised.found_in(row.draft.text, row.draft.language, row.book, row.draft.now)
        out.write(written(row, verdicts, promises))
        out.flush()
    return WRONG if refused else 0
