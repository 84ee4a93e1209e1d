"""Cases for the rules of a brand book, as people write them (YAML): messages or findings, and what the book should make of them.

The text of a file comes in; a `RuleFile` leaves, or one ``CommandError`` with every problem and its line.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, ValidationError, model_validator

from cli.applying import read
from cli.errors import WRONG, CommandError
from libs.common import bookproblems
from libs.common.bookfile import load_book, read_yaml
from libs.common.bookproblems import BrandBookError, problems_of
from libs.common.bookvalues import BookPart, Id, Percent, Text
from libs.common.brandbook import BrandBook
from libs.common.hours import Span, parse_span
from libs.common.rules import INTENTS, RESPONSES, SENTIMENTS, URGENCIES


def _moment(value: object) -> datetime:
    try:
        return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"must be a moment such as 2026-03-02 10:00, not {value!r}") from None


def _span(value: object) -> Span:
    return parse_span(str(value))


Moment = Annotated[datetime, PlainValidator(_moment)]
Duration = Annotated[Span, PlainValidator(_span)]
OneOrMore = Annotated[tuple[str, ...], PlainValidator(lambda value: tuple(value) if isinstance(value, list | tuple) else (str(value),))]


class Writer(BookPart):
    """Who wrote it."""

    name: str | None = None
    handle: str | None = None
    email: str | None = None
    followers: int | None = Field(default=None, ge=0)


class Message(BookPart):
    """A message as it comes in."""

    text: str = ""
    """What it says. Without a text nothing is looked for in it: what is not `found` is as it is of a message that says nothing."""
    title: str | None = None
    """Subject of a mail, heading of a review."""
    channel: Text = "twitter"
    """Where it was written."""
    visibility: Literal["public", "private"] | None = None
    """Without it: private for mail, chat and direct messages."""
    author: Writer = Writer()
    """Who wrote it."""
    at: Moment | None = None
    """When it came in, in the brand's time zone unless it names another. Without it: an opening moment of January 2026."""


class Found(BookPart):
    """What is found in a message, as far as the file says so; the rest is what triage makes of its text."""

    language: str | None = None
    sentiment: Literal[SENTIMENTS] | None = None  # type: ignore[valid-type]
    intent: Literal[INTENTS] | None = None  # type: ignore[valid-type]
    labels: tuple[str, ...] | None = None
    urgency: Literal[URGENCIES] | None = None  # type: ignore[valid-type]
    respond: Literal[RESPONSES] | None = None  # type: ignore[valid-type]
    department: str | None = None
    risk: tuple[str, ...] | None = None
    pii: tuple[str, ...] | None = None


class Known(BookPart):
    """What is known of the customer and of the case."""

    customer_group: Id | None = None
    """As a person chose it. Without it: as the brand book has it of the author."""
    contact: Literal["first", "repeat"] = "first"
    """Whether the customer had another case of late."""
    tags: tuple[str, ...] = ()
    """What people call the case."""


class Targets(BookPart):
    """Within which time."""

    reaction: Duration | None = None
    resolution: Duration | None = None


class Due(BookPart):
    """When the clocks are due, in the brand's time zone unless it names another."""

    reaction: Moment | None = None
    resolution: Moment | None = None


class Step(BookPart):
    """A step of the escalation, as in the brand book."""

    at: Percent
    of: Literal["reaction", "resolution"] = "reaction"
    do: tuple[str, ...] = Field(min_length=1)


def _rule(value: int | str) -> int | str:
    if (isinstance(value, int) and value < 1) or (isinstance(value, str) and value not in ("proposed", "fallback")):
        raise ValueError(f"must be the number of a rule, proposed or fallback, not {value!r}")
    return value


class Expected(BookPart):
    """What the book should make of it; what is not named may be anything."""

    rule: Annotated[int | str, AfterValidator(_rule)] | None = None
    """Number of the rule that decides; `proposed`: none, and the department is the one that triage proposes; `fallback`."""
    department: str | None = None
    priority: Literal["low", "normal", "high", "urgent"] | None = None
    owner: OneOrMore | None = None
    """Who may get it: exactly these, in any order."""
    skills: tuple[str, ...] | None = None
    """What its owner must know, in any order."""
    labels: tuple[str, ...] | None = None
    """Labels that it has: at least these."""
    tell: tuple[str, ...] | None = None
    """Roles that are told, in any order."""
    customer_group: str | None = None
    contact: Literal["first", "repeat"] | None = None
    hours: Literal["open", "closed"] | None = None
    targets: Targets = Targets()
    due: Due = Due()
    escalation: tuple[Step, ...] | None = None
    """All steps that are for this case, in the order of the brand book."""


class RuleCase(BookPart):
    """One case. `message` or `found`, or both."""

    name: Text
    """For people."""
    message: Message | None = None
    found: Found = Found()
    known: Known = Known()
    expect: Expected

    @model_validator(mode="after")
    def _about_something(self) -> "RuleCase":
        if self.message is None and self.found == Found():
            raise ValueError("needs a message, or what is found in one")
        if not self.expect.model_fields_set:
            raise ValueError("expects nothing: name at least one thing under expect")
        return self


class RuleFile(BookPart):
    """A file of cases."""

    brandbook: str | None = None
    """The brand book, seen from the folder of the file. The command may name another."""
    cases: tuple[RuleCase, ...] = Field(min_length=1, max_length=10_000)


def load(path: Path, brandbook: Path | None) -> tuple[RuleFile, BrandBook]:
    """The cases and the brand book that they are for. Raises ``CommandError`` with every problem and its line."""
    lines: dict[bookproblems.Path, int] = {}
    data: dict[str, Any] = {}
    try:
        data = read_yaml(read(path), str(path), lines)
        found = RuleFile.model_validate(data)
    except ValidationError as error:
        raise CommandError(str(BrandBookError(problems_of(error, RuleFile, data, lines), str(path))), WRONG) from None
    except BrandBookError as error:
        raise CommandError(str(error), WRONG) from error
    if brandbook is None and found.brandbook is None:
        raise CommandError(f"{path} names no brand book. Write `brandbook: FILE` in it, or say --brandbook FILE.", WRONG)
    book_path = brandbook or path.parent / str(found.brandbook)
    try:
        return found, load_book(read(book_path), str(book_path))
    except BrandBookError as error:
        raise CommandError(str(error), WRONG) from error


def in_zone(at: datetime, book: BrandBook) -> datetime:
    """A moment of a file, in UTC."""
    from zoneinfo import ZoneInfo

    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(book.timezone))).astimezone(UTC)
