"""What a reply promises: what is found in its text, and what people say of that.

A text, what was said by hand and a moment come in; the promises of the reply go out, each with an id that an edit of other words leaves as it is. What is
found is found anew whenever the reply changes, is read or is approved: "vandaag" and "binnen 24 uur" count from then, so that what was written on Friday
and is approved on Monday promises what its reader will read in it. From its approval on it stands. What a person set stands from when they set it.
Pure: no I/O, time passed in.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from libs.common.brandbook import BrandBook
from libs.common.errors import Unprocessable
from libs.common.events import Part, deterministic_id
from libs.common.hours import Calendar
from libs.common.reply_events import ReplyPromise
from services.responder import promise

MOST = 20
"""Promises of one reply that people can say something of."""


class ByHand(Part):
    """What a person says of a promise: of one that was found, or of one that they attach, which is `attached`."""

    id: UUID
    text: str = Field(description="Its words")
    none: bool = Field(default=False, description="It was found, and is no promise")
    attached: bool = Field(default=False, description="It was not found: a person attached it")
    due_at: datetime | None = Field(default=None, description="Null: as found; of an attached one: nothing that can be computed")
    renegotiates: UUID | None = Field(default=None, description="The promise in whose place it comes, which this reply tells the customer")


class Found(BaseModel):
    """A promise in a text that is not kept: its words, their place (code points, end exclusive), and when it would be due if that were sent now."""

    text: str
    start: int
    end: int
    due_at: datetime | None = Field(description="Null: nothing that can be computed was said")


_last: tuple[tuple[str, str, datetime], Calendar, tuple[Found, ...]] | None = None
_calendars: dict[str, tuple[object, Calendar]] = {}


def calendar_of(book: BrandBook) -> Calendar:
    """The book's calendar, made once for a version of its hours: only a brand's own next version takes its place."""
    hours = (book.hours, book.timezone)
    known = _calendars.get(book.brand)
    if known is None or known[0] != hours:
        known = _calendars[book.brand] = hours, Calendar.of(book)
    return known[1]


def found_in(text: str, language: str, book: BrandBook, at: datetime) -> list[Found]:
    """The promises of a text that belongs to no reply. None where it takes too long to read.

    The last text's are kept: the guard asks first, and who asked the guard asks next.
    """
    global _last
    asked, calendar, known = (text, language, at), calendar_of(book), _last
    if known is not None and known[0] == asked and known[1] is calendar:
        return list(known[2])
    try:
        promises = promise.found(text, calendar=calendar, now=at, language=language)
    except TimeoutError:
        return []
    told = [Found(text=one.text, start=one.start, end=one.end, due_at=one.due_at) for one in promises]
    _last = asked, calendar, tuple(told)
    return told


def promises(
    brand: str, reply_id: UUID, text: str, language: str, by_hand: Iterable[ByHand], book: BrandBook, at: datetime
) -> list[ReplyPromise]:
    """All that the reply promises, found ones in the order of the text, then what was attached. Raises `TimeoutError` like `promise.found`."""
    said = {one.id: one for one in by_hand}
    told: list[ReplyPromise] = []
    for one in _identified(brand, reply_id, text, language, book, at):
        hand = said.get(one.id)
        if hand is None:
            told.append(one)
        elif not hand.none:
            told.append(one.model_copy(update={"due_at": hand.due_at or one.due_at, "renegotiates": hand.renegotiates}))
    told += [
        ReplyPromise(id=hand.id, text=hand.text, due_at=hand.due_at, renegotiates=hand.renegotiates)
        for hand in said.values()
        if hand.attached
    ]
    return told


def still_said(
    by_hand: Iterable[ByHand], brand: str, reply_id: UUID, text: str, language: str, book: BrandBook, at: datetime
) -> list[ByHand]:
    """What people said of promises that a new text still holds; what they attached stays. Raises `TimeoutError` like `promise.found`."""
    said = list(by_hand)
    if all(hand.attached for hand in said):
        return said
    there = {one.id for one in _identified(brand, reply_id, text, language, book, at)}
    return [hand for hand in said if hand.attached or hand.id in there]


def _identified(brand: str, reply_id: UUID, text: str, language: str, book: BrandBook, at: datetime) -> list[ReplyPromise]:
    seen: Counter[str] = Counter()
    told = []
    for one in promise.found(text, calendar=calendar_of(book), now=at, language=language):
        words = " ".join(one.text.lower().split())
        seen[words] += 1
        id = deterministic_id(brand, "promise", str(reply_id), words, str(seen[words]))
        told.append(ReplyPromise(id=id, text=one.text, start=one.start, end=one.end, due_at=one.due_at))
    return told


class Said(BaseModel):
    """What a person asks for: `id` of a promise that the text holds, or without it one to attach."""

    id: UUID | None
    text: str | None
    due_at: datetime | None
    renegotiates: UUID | None


def by_hand(
    asked: Sequence[Said],
    none: Sequence[UUID],
    *,
    brand: str,
    reply_id: UUID,
    text: str,
    language: str,
    book: BrandBook,
    at: datetime,
) -> list[ByHand]:
    """What a person says of a reply's promises, all of it: what was said before and is not said again no longer holds.

    Raises `Unprocessable` for an id that is no promise of the text, for one that is named twice, and for a moment that has passed.
    """
    known = {one.id: one for one in _identified(brand, reply_id, text, language, book, at)}
    told: dict[UUID, ByHand] = {}

    def tell(hand: ByHand) -> None:
        if hand.id in told:
            raise Unprocessable(f"Promise {hand.id} is named twice. Say one thing of each.")
        told[hand.id] = hand

    for id in none:
        tell(ByHand(id=id, text=_known(known, id).text, none=True))
    for one in asked:
        if one.due_at is not None and one.due_at <= at:
            raise Unprocessable(f"due_at {one.due_at.isoformat()} has passed. Promise what can still be kept.")
        if one.id is not None:
            tell(ByHand(id=one.id, text=_known(known, one.id).text, due_at=one.due_at, renegotiates=one.renegotiates))
        elif one.text is None or not one.text.strip():
            raise Unprocessable("A promise to attach needs a text; one that was found is named by its id.")
        else:
            words = one.text.strip()
            id = deterministic_id(brand, "promise by hand", str(reply_id), words)
            tell(ByHand(id=id, text=words, attached=True, due_at=one.due_at, renegotiates=one.renegotiates))
    return list(told.values())


def _known(known: dict[UUID, ReplyPromise], id: UUID) -> ReplyPromise:
    if id not in known:
        raise Unprocessable(
            f"{id} is no promise that was found in this text. `promises` of the reply lists them; to attach another, leave the id out."
        )
    return known[id]
