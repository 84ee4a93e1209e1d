"""``weerklank triage``: messages as JSON lines come in, what is found in each goes out as JSON lines, in their order. It needs no service.

The models see a few hundred messages at a time; what they make of one does not depend on what the others say. Where there are few, there is time to read
each with the whole encoder; of many only those whose purpose is doubtful are read so. A line that cannot be read is told on standard error, left out, and
makes the exit code 2.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import orjson

from cli.errors import WRONG
from cli.mention_lines import Brands, Unreadable, author_of, objects, quoted, said_in, text_of
from libs.common.brandbook import BrandBook
from libs.common.events import Findings
from libs.common.wordvectors import well_formed
from services.triage.classify import BrandView, Classifier, Depth
from services.triage.context import Context

AT_ONCE: Final = 512
FEW: Final = 1_000
"""Messages of which one can wait until each was read by the whole encoder: two seconds."""
PRIVATE_CHANNELS: Final = frozenset({"email", "whatsapp", "direct", "webform"})
"""Where a row that does not say who can see it is taken to be private."""


@dataclass(frozen=True, slots=True)
class Brand:
    """What the rows of one brand are looked at through, and who writes as the brand's own."""

    view: BrandView
    handles: frozenset[str]
    domains: frozenset[str]

    @classmethod
    def of(cls, book: BrandBook, classifier: Classifier) -> "Brand":
        handles = frozenset(handle.lstrip("@").lower() for handle in book.staff.handles)
        return cls(classifier.view(book), handles, frozenset(domain.lower().lstrip("@.") for domain in book.staff.domains))


@dataclass(frozen=True, slots=True)
class Row:
    """A line that can be read. `id` goes out as it came in, a text without what is no character."""

    id: Any
    text: str
    brand: Brand
    context: Context


def rows(file: IO[bytes], brands: Brands[Brand]) -> Iterator[tuple[int, Row | Unreadable]]:
    """Each line that is not empty, with its number."""
    for number, data in objects(file):
        try:
            yield number, data if isinstance(data, Unreadable) else _row(data, brands)
        except Unreadable as error:
            yield number, error


def _row(data: dict[str, Any], brands: Brands[Brand]) -> Row:
    identifier = data.get("id")
    if not isinstance(identifier, str | int) or isinstance(identifier, bool) or identifier == "":
        raise Unreadable(f"id is {quoted(identifier)}. Give each message a text of its own by which its findings are named.")
    if isinstance(identifier, int) and not -(2**63) <= identifier < 2**64:
        raise Unreadable(f"id is {quoted(identifier)}, more than a number can be here. Write it as a text.")
    text = said_in(data)
    brand = brands.of(text_of(data, "brand"))
    author = author_of(data)
    channel, visibility = text_of(data, "channel"), text_of(data, "visibility")
    if visibility not in (None, "public", "private"):
        raise Unreadable(f"visibility is {quoted(visibility)}. Write public or private, or leave it out.")
    followers = author.get("followers", data.get("followers"))
    if not isinstance(followers, int | None) or isinstance(followers, bool):
        raise Unreadable(f"followers is {quoted(followers)}. Write a number, or leave it out.")
    context = Context(channel, visibility, followers, _is_staff(author, brand))
    if visibility is None and context.known_channel is not None:
        visibility = "private" if context.known_channel in PRIVATE_CHANNELS else "public"
        context = Context(channel, visibility, followers, context.staff)
    return Row(well_formed(identifier) if isinstance(identifier, str) else identifier, text, brand, context)


def _is_staff(author: Any, brand: Brand) -> bool:
    handle, email = text_of(author, "handle", "author."), text_of(author, "email", "author.")
    return (handle or "").lstrip("@").lower() in brand.handles or (email or "").rpartition("@")[2].lower() in brand.domains


def written(row: Row, found: Findings) -> bytes:
    """One line of JSON."""
    answer = found.respond
    assert answer is not None
    return orjson.dumps(
        {
            "id": row.id,
            "language": found.language,
            "sentiment": {"label": found.sentiment, "score": found.sentiment_score},
            "intent": found.intent,
            "labels": [{"name": label.name, "score": label.score} for label in found.labels],
            "urgency": found.urgency,
            "respond": {"decision": answer.decision, "reason": answer.reason},
            "pii": [{"kind": one.kind, "start": one.start, "end": one.end} for one in found.pii],
            "go_private": found.go_private,
            "risk": found.risk,
            "department": found.department,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def triage(books: Sequence[Path], source: IO[bytes], out: IO[bytes], errors: IO[str], *, quick: bool = False) -> int:
    """Reads ``source`` and writes to ``out`` as it goes. Returns the exit code. Raises ``CommandError`` for a brand book that cannot be used."""
    classifier = Classifier.load()
    plain = Brand(classifier.empty, frozenset(), frozenset())
    brands = Brands(books, lambda book: Brand.of(book, classifier), default=lambda _: plain)
    waiting: list[Row] = []
    refused, at_once = 0, FEW

    def tell(depth: Depth) -> None:
        found = classifier.classify(
            [row.text for row in waiting],
            [row.brand.view for row in waiting],
            [row.context for row in waiting],
            depth="quick" if quick else depth,
        )
        out.write(b"".join(written(row, findings) for row, findings in zip(waiting, found, strict=True)))
        out.flush()
        waiting.clear()

    for number, row in rows(source, brands):
        if isinstance(row, Unreadable):
            refused += 1
            errors.write(f"line {number} is left out: {row}\n")
            continue
        waiting.append(row)
        if len(waiting) == at_once:
            tell("full")
            at_once = AT_ONCE
    tell("thorough" if at_once == FEW else "full")
    return WRONG if refused else 0
