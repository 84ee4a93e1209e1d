"""``weerklank duplicates``: mentions as JSON lines come in, pairs that are or may be one issue and topics go out as JSON lines. It needs no service.

What stands in one line has to be judged against all others, so nothing is printed before the last line was read. A line that cannot be read is told on
standard error, left out, and makes the exit code 2: the pairs of the others are right without it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

from cli.errors import WRONG
from cli.mention_lines import Brands, Unreadable, author_of, objects, quoted, said_in, text_of
from libs.common.wordvectors import well_formed
from services.triage.duplicates import Judged, judge
from services.triage.features import encoder
from services.triage.pair import Evidence
from services.triage.shown import PLAIN, UNKNOWN, Lens, Seen, seen

AT_ONCE: Final = 1024
"""Mentions whose meanings are computed together."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Brand:
    """What the rows of one brand are read with."""

    slug: str
    lens: Lens
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Row:
    """A line that can be read. `at` is none where it does not say when it was posted."""

    id: str
    brand: Brand
    channel: str
    text: str
    handle: str | None
    called: str | None
    email: str | None
    phone: str | None
    at: datetime | None
    answers: str | None


def brands_of(paths: Sequence[Path]) -> Brands[Brand]:
    """What the rows of each brand are read with. Raises ``CommandError`` for a book that cannot be used."""
    return Brands(
        paths, lambda book: Brand(book.brand, Lens.of(book), ZoneInfo(book.timezone)), default=lambda slug: Brand(slug, PLAIN, UTC)
    )


def rows(file: IO[bytes], brands: Brands[Brand]) -> Iterator[tuple[int, Row | Unreadable]]:
    """Each line that is not empty, with its number."""
    known: dict[str, int] = {}
    for number, data in objects(file):
        if isinstance(data, Unreadable):
            yield number, data
            continue
        try:
            row = _row(data, brands)
            if (before := known.setdefault(row.id, number)) != number:
                raise Unreadable(f"its id, {row.id!r}, is that of line {before}. Give each mention one of its own.")
            yield number, row
        except Unreadable as error:
            yield number, error


def _row(data: Mapping[str, Any], brands: Brands[Brand]) -> Row:
    author = author_of(data)
    identifier = data.get("id")
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)
    if not isinstance(identifier, str) or not identifier:
        raise Unreadable(f"id is {quoted(identifier)}. Give each mention a text of its own by which it is named in pairs.")
    brand = brands.of(text_of(data, "brand"))
    return Row(
        well_formed(identifier),
        brand,
        text_of(data, "channel") or UNKNOWN,
        said_in(data),
        text_of(author, "handle", "author."),
        text_of(author, "name", "author."),
        text_of(author, "email", "author."),
        text_of(author, "phone", "author."),
        _moment(text_of(data, "posted_at"), brand.zone),
        text_of(data, "in_reply_to"),
    )


def _moment(written: str | None, zone: tzinfo) -> datetime | None:
    if written is None:
        return None
    try:
        at = datetime.fromisoformat(written)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unreadable(
            f"posted_at is {quoted(written)}. Write a date and a time (ISO 8601), such as 2026-10-19T07:20:00+02:00."
        ) from error


def shown(read: Sequence[Row]) -> list[Seen]:
    """What the rows show. One that does not say when it was posted is taken to be as old as the row before it, the first ones as the next."""
    at = next((row.at for row in read if row.at is not None), EPOCH)
    found = []
    for first in range(0, len(read), AT_ONCE):
        block = read[first : first + AT_ONCE]
        meanings = encoder().encode([row.text for row in block]).static
        for row, meaning in zip(block, meanings, strict=True):
            at = row.at or at
            found.append(
                seen(
                    id=row.id,
                    brand=row.brand.slug,
                    at=at,
                    channel=row.channel,
                    text=row.text,
                    handle=row.handle,
                    called=row.called,
                    email=row.email,
                    phone=row.phone,
                    answers=row.answers,
                    lens=row.brand.lens,
                    meaning=meaning,
                )
            )
    return found


def written(judged: Judged) -> Iterator[str]:
    """A line for each pair, then one for each topic."""
    for pair in judged.pairs:
        evidence = [_of(reason) for reason in pair.evidence]
        yield json.dumps(
            {"a": pair.a, "b": pair.b, "decision": pair.decision, "score": round(pair.score, 3), "evidence": evidence}, ensure_ascii=False
        )
    for topic in judged.topics:
        yield json.dumps({"topic": list(topic.mentions), "why": topic.why}, ensure_ascii=False)


def _of(reason: Evidence) -> dict[str, object]:
    return {"kind": reason.kind, "said": reason.said} | ({"against": True} if reason.against else {})


def duplicates(books: Sequence[Path], source: IO[bytes], out: IO[str], errors: IO[str]) -> int:
    """Reads all of ``source`` and writes to ``out``. Returns the exit code. Raises ``CommandError`` for a brand book that cannot be used."""
    brands = brands_of(books)
    read: list[Row] = []
    refused = 0
    for number, row in rows(source, brands):
        if isinstance(row, Row):
            read.append(row)
        else:
            refused += 1
            errors.write(f"line {number} is left out: {row}\n")
    for line in written(judge(shown(read))):
        out.write(line + "\n")
    return WRONG if refused else 0
