"""When something may leave without surprising anybody: `conduct.quiet_hours` of the brand book. Pure: no I/O, time passed in.

A post, and an update to many, come out of the blue: in quiet hours they wait. A reply that somebody approved for one conversation is what its customer
waits for; it waits only where the book says so.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from libs.common.bookquiet import QuietHours
from libs.common.brandbook import BrandBook
from libs.common.hours import WEEKDAYS, Block, Calendar
from libs.common.rules import channel_name
from services.responder.reply import ReplyRow

_LONGEST = timedelta(days=8)
"""Hours that are quiet for longer have no end: whatever waits for it is looked at again then."""


def ends(row: ReplyRow, book: BrandBook, at: datetime) -> datetime | None:
    """When the quiet is over that keeps it from leaving at `at` (UTC); none where none does."""
    surprises = row.kind == "post" or row.update_id is not None
    return _end(book.timezone, _rules(book, row.channel, row.visibility, surprises), at)


def of_post(channel: str, book: BrandBook, at: datetime) -> datetime | None:
    """The same, of a post that is planned."""
    return _end(book.timezone, _rules(book, channel, "public", True), at)


def due(row: ReplyRow, book: BrandBook, at: datetime) -> datetime:
    """When a post is to be published: at its moment; without one, at its approval, or at `at` where it has none, but not in quiet hours."""
    if row.publish_at is not None:
        return row.publish_at
    approved = row.approved_at or at
    return ends(row, book, approved) or approved


def _rules(book: BrandBook, channel: str, visibility: str, surprises: bool) -> list[QuietHours]:
    return [
        rule
        for rule in book.conduct.quiet_hours
        if (surprises or rule.replies)
        and rule.visibility in (None, visibility)
        and (not rule.channels or channel_name(channel) in {channel_name(name) for name in rule.channels})
    ]


def _end(zone: str, rules: Iterable[QuietHours], at: datetime) -> datetime | None:
    calendars = [_calendar(zone, rule.blocks, rule.days) for rule in rules]
    moment = at
    while moment - at < _LONGEST:
        later = max((end for calendar in calendars if (end := calendar.block_end(moment))), default=None)
        if later is None:
            break
        moment = later
    return moment if moment > at else None


@lru_cache(maxsize=256)
def _calendar(zone: str, blocks: tuple[Block, ...], days: tuple[str, ...]) -> Calendar:
    week = tuple(blocks if day in days else () for day in WEEKDAYS)
    return Calendar(ZoneInfo(zone), week, {}, holidays.HolidayBase(), closed_on_holidays=False)
