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

from cli.applying import read as read_book
from cli.errors import WRONG, CommandError
from libs.common.bookfile import load_book
from libs.common.bookproblems import BrandBookError
from services.triage.duplicates import Judged, judge
from services.triage.features import encoder, well_formed
from services.triage.pair import Evidence
from services.triage.shown import PLAIN, UNKNOWN, Lens, Seen, seen
from services.triage.words import folded

MAX_LINE_BYTES: Final = 1024 * 1024
AT_ONCE: Final = 1024
"""Mentions whose meanings are computed together."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Unreadable(ValueError):
    """A line is no mention. The text names the field and the remedy."""


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


class Brands:
    """The brands of the books that were given, by slug and by name, in any spelling; a brand without a book is read with defaults."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Raises ``CommandError`` for a book that cannot be used, and for two of one brand."""
        self._known: dict[str, Brand] = {}
        self._only: Brand | None = None
        for path in paths:
            try:
                book = load_book(read_book(path), str(path))
            except BrandBookError as error:
                raise CommandError(str(error), WRONG) from error
            brand = Brand(book.brand, Lens.of(book), ZoneInfo(book.timezone))
            if _spelled(book.brand) in self._known:
                raise CommandError(f"{path} is a second brand book of {book.brand}. Give one for each brand.", WRONG)
            self._only = brand if not self._known else None
            self._known[_spelled(book.brand)] = brand
            self._known.setdefault(_spelled(book.name), brand)

    def of(self, named: str | None) -> Brand:
        """Of a row that names none: the only book's, where one was given."""
        if named is None and self._only is not None:
            return self._only
        spelled = _spelled(named or "")
        return self._known.setdefault(spelled, Brand(spelled, PLAIN, UTC))


def _spelled(name: str) -> str:
    return "".join(filter(str.isalnum, folded(name)))


def rows(file: IO[bytes], brands: Brands) -> Iterator[tuple[int, Row | Unreadable]]:
    """Each line that is not empty, with its number."""
    known: dict[str, int] = {}
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            row = _row(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, brands)
            if (before := known.setdefault(row.id, number)) != number:
                raise Unreadable(f"its id, {row.id!r}, is that of line {before}. Give each mention one of its own.")
            yield number, row
        except Unreadable as error:
            yield number, error


def _row(line: bytes, brands: Brands) -> Row:
    if len(line) > MAX_LINE_BYTES:
        raise Unreadable(f"it has more than {MAX_LINE_BYTES} bytes. Shorten its text.")
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is no JSON ({error}). Write one mention, as an object, on each line.") from error
    if not isinstance(data, dict):
        raise Unreadable(f"it is {_shown(data)}, not an object. Write one mention, as an object, on each line.")
    author = data.get("author")
    if isinstance(author, str):
        author = {"handle": author}
    if not isinstance(author, dict | None):
        raise Unreadable(f"author is {_shown(author)}. Write an object with handle, name and email.")
    author = author or {}
    identifier = data.get("id")
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)
    if not isinstance(identifier, str) or not identifier:
        raise Unreadable(f"id is {_shown(identifier)}. Give each mention a text of its own by which it is named in pairs.")
    text = data.get("text")
    if not isinstance(text, str):
        raise Unreadable(f"text is {_shown(text)}. Write what the mention says as a text.")
    title = _text(data, "title")
    brand = brands.of(_text(data, "brand"))
    return Row(
        well_formed(identifier),
        brand,
        _text(data, "channel") or UNKNOWN,
        well_formed(f"{title}\n{text}" if title else text),
        _text(author, "handle", "author."),
        _text(author, "name", "author."),
        _text(author, "email", "author."),
        _text(author, "phone", "author."),
        _moment(_text(data, "posted_at"), brand.zone),
        _text(data, "in_reply_to"),
    )


def _text(data: Mapping[str, Any], field: str, within: str = "") -> str | None:
    value = data.get(field)
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise Unreadable(f"{within}{field} is {_shown(value)}. Write a text, or leave it out.")
    return well_formed(value)


def _moment(written: str | None, zone: tzinfo) -> datetime | None:
    if written is None:
        return None
    try:
        at = datetime.fromisoformat(written)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unreadable(
            f"posted_at is {_shown(written)}. Write a date and a time (ISO 8601), such as 2026-10-19T07:20:00+02:00."
        ) from error


def _shown(value: object) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return written if len(written) <= 60 else written[:57] + "…"


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
    brands = Brands(books)
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
