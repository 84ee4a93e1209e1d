"""Opening hours as a clock: when are people there, and when is something due that takes so much opening time.

What reaches this module: a brand book (hours, holidays, exceptions, time zone) and moments. What leaves it: moments
in UTC and durations. Every moment passed in must be aware; every moment returned is UTC. Nothing here reads the
clock.

Rules, in the order in which a day's blocks are decided: an exception for that date; else closed on a public holiday
of the brand's country (unless the book stays open on holidays); else the weekday's blocks. A block holds its start
and not its end. Wall-clock times that a change to summer time skips count as the same distance after the change
(02:30 is 03:30), times that occur twice as the first (RFC 5545, 3.3.5).
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Self
from zoneinfo import ZoneInfo

import holidays

if TYPE_CHECKING:  # the book's model uses Span and Block from here
    from libs.common.brandbook import BrandBook

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON_DAYS = 731
"""How far ahead is looked: two years. A book without an opening within that time is a mistake, not a holiday, and so is a target that takes longer."""

_CACHED_DAYS = 20_000
_SPAN = re.compile(r"([1-9]\d{0,6})([mhdy])", re.ASCII)
_MAX_SPAN_DAYS = 36_525
_BLOCK = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})", re.ASCII)


class HoursError(ValueError):
    """A moment, a span or a book with which no opening time can be told; the text says which and what to do."""


class _Opening(NamedTuple):
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """A duration as people write it: `30m`, `4h`, `2d`, `5y`. What a day is depends on who reads it: `Calendar.add`
    counts opening days."""

    amount: int
    unit: str

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"

    def elapsed(self) -> timedelta:
        """The same span on an ordinary clock (retention, polling): a day is 24 hours, a year 365 days."""
        return self.amount * _ELAPSED[self.unit]


_ELAPSED = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "y": timedelta(days=365)}


def parse_span(text: str, such_as: str = "30m, 4h, 2d or 5y") -> Span:
    """Read `30m`, `4h`, `2d` or `5y`: a whole number of at least 1 and a unit, a hundred years at most. Raises
    HoursError."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise HoursError(f"must be a duration such as {such_as}, not {text[:40]!r}")
    span = Span(int(found[1]), found[2])
    if span.elapsed() > timedelta(days=_MAX_SPAN_DAYS):
        raise HoursError(f"must be a duration of at most 100 years, not {text[:40]!r}")
    return span


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """A stretch of opening time within one local day, in minutes after midnight; `end` 1440 is the following
    midnight."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"


def parse_block(text: str) -> Block:
    """Read `09:00-17:30`; the end may be 24:00. Raises HoursError."""
    found = _BLOCK.fullmatch(text.strip())
    if found is None:
        raise HoursError(f"must be a block of hours such as 09:00-17:30, not {text[:40]!r}")
    first_h, first_m, last_h, last_m = (int(part) for part in found.groups())
    block = Block(first_h * 60 + first_m, last_h * 60 + last_m)
    if first_m > 59 or last_m > 59 or block.start >= 1440 or block.end > 1440:
        raise HoursError(f"must lie within 00:00-24:00, not {text[:40]!r}")
    if block.end <= block.start:
        raise HoursError(
            f"ends before it starts ({text[:40]!r}); hours over midnight are two blocks: until 24:00, and from 00:00 on the day after"
        )
    return block


class Calendar:
    """The opening hours of one brand. Make one per version of the book and keep it: the days that were asked for are
    remembered."""

    def __init__(
        self,
        zone: ZoneInfo,
        week: tuple[tuple[Block, ...], ...],
        exceptions: dict[date, tuple[Block, ...]],
        public_holidays: holidays.HolidayBase,
        closed_on_holidays: bool,
    ) -> None:
        self.zone = zone
        self._week = week
        self._exceptions = exceptions
        self._holidays = public_holidays
        self._closed_on_holidays = closed_on_holidays
        self._days: dict[date, tuple[_Opening, ...]] = {}

    @classmethod
    def of(cls, book: "BrandBook") -> Self:
        """The calendar of a book."""
        hours = book.hours
        return cls(
            zone=ZoneInfo(book.timezone),
            week=hours.week(),
            exceptions={exception.date: exception.blocks for exception in hours.exceptions},
            public_holidays=holidays.country_holidays(hours.holidays.country, subdiv=hours.holidays.region),
            closed_on_holidays=hours.holidays.closed,
        )

    def ever_opens(self, first: date) -> bool:
        """Whether it has any opening in the two years from `first`."""
        return any(self._openings(first + timedelta(days=ahead)) for ahead in range(HORIZON_DAYS))

    def is_holiday(self, day: date) -> bool:
        """Whether `day` is a public holiday in the brand's country, whatever the opening hours."""
        return day in self._holidays

    def is_open(self, at: datetime) -> bool:
        moment = _utc(at)
        return any(start <= moment < end for start, end in self._openings(self._local_date(moment)))

    def next_open(self, at: datetime) -> datetime:
        """`at` itself when it is open, else the start of the next block (UTC)."""
        moment = _utc(at)
        day = self._local_date(moment)
        for _ in range(HORIZON_DAYS):
            for start, end in self._openings(day):
                if moment < end:
                    return max(moment, start)
            day = _following(day)
        raise _never_open(moment)

    def block_end(self, at: datetime) -> datetime | None:
        """The end of the block that holds `at` (UTC); none when it is closed then."""
        moment = _utc(at)
        return next((end for start, end in self._openings(self._local_date(moment)) if start <= moment < end), None)

    def closing(self, at: datetime) -> datetime:
        """The end of today's last block, or of the next open day's once that has passed (UTC)."""
        moment = _utc(at)
        day = self._local_date(moment)
        for _ in range(HORIZON_DAYS):
            openings = self._openings(day)
            if openings and moment < openings[-1].end:
                return openings[-1].end
            day = _following(day)
        raise _never_open(moment)

    def add(self, start: datetime, span: Span) -> datetime:
        """When something that starts at `start` and may take `span` is due (UTC). A start outside hours counts from
        the next opening.

        Minutes and hours are opening time: 30m at 21:45, closing at 22:00, is due a quarter of an hour after the next
        opening; what ends exactly at closing time is due then. `Nd` is the same local time on the Nth open day after
        it, brought inside that day's hours: before the first block becomes its start, within a break the end of the
        break, after the last block its end. Years are an error, and so is what takes more than two years.
        """
        moment = self.next_open(start)
        if span.unit == "d":
            return self._add_days(moment, span)
        if span.unit == "y":
            raise HoursError(f"a target counts minutes, hours or opening days, not {span}")
        return self._advance(moment, span.elapsed(), span)

    def advance(self, start: datetime, taking: timedelta) -> datetime:
        """When `taking` of opening time, more than nothing, has passed since `start` (UTC), to the microsecond; at closing time where it ends there.
        What takes more than two years is an error."""
        return self._advance(self.next_open(start), taking, taking)

    def _advance(self, moment: datetime, left: timedelta, asked: Span | timedelta) -> datetime:
        day = self._local_date(moment)
        for _ in range(HORIZON_DAYS):
            for opens, closes in self._openings(day):
                if moment < closes:
                    begin = max(moment, opens)
                    if begin + left <= closes:
                        return begin + left
                    left -= closes - begin
            day = _following(day)
        raise _too_long(moment, asked)

    def between(self, a: datetime, b: datetime) -> timedelta:
        """The opening time from `a` to `b`; negative when `b` comes first, so that what is left until a due time goes
        below zero after it."""
        begin, end = _utc(a), _utc(b)
        if end < begin:
            return -self.between(end, begin)
        total = timedelta()
        day, last = self._local_date(begin), self._local_date(end)
        while True:
            for opens, closes in self._openings(day):
                if opens < end and begin < closes:
                    total += min(closes, end) - max(opens, begin)
            if day >= last:
                return total
            day = _following(day)

    def _add_days(self, moment: datetime, span: Span) -> datetime:
        local = moment.astimezone(self.zone)
        day, days = local.date(), span.amount
        for _ in range(HORIZON_DAYS):
            day = _following(day)
            days -= bool(self._openings(day))
            if not days:
                break
        else:
            raise _too_long(moment, span)
        wanted = datetime.combine(day, local.time(), self.zone).astimezone(UTC)
        openings = self._openings(day)
        for opens, closes in openings:
            if wanted <= closes:
                return max(wanted, opens)
        return openings[-1].end

    def _local_date(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _openings(self, day: date) -> tuple[_Opening, ...]:
        """The blocks of a local day as moments in UTC, in order and apart. Remembered: clocks ask for the same few
        days over and over."""
        known = self._days.get(day)
        if known is None:
            if len(self._days) >= _CACHED_DAYS:
                self._days.clear()
            known = self._days[day] = self._compute(day)
        return known

    def _compute(self, day: date) -> tuple[_Opening, ...]:
        blocks = self._exceptions.get(day)
        if blocks is None:
            closed = self._closed_on_holidays and day in self._holidays
            blocks = () if closed else self._week[day.weekday()]
        openings: list[_Opening] = []
        for block in sorted(blocks):
            start, end = self._moment(day, block.start), self._moment(day, block.end)
            if openings:  # a change to summer time inside a break can push a block's end past the next one's start
                start = max(start, openings[-1].end)
            if start < end:
                openings.append(_Opening(start, end))
        return tuple(openings)

    def _moment(self, day: date, minute: int) -> datetime:
        if minute == 1440:
            day, minute = _following(day), 0
        return datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=self.zone).astimezone(UTC)


def _following(day: date) -> date:
    try:
        return day + timedelta(days=1)
    except OverflowError as error:
        raise HoursError(f"no opening hours can be told after {day}") from error


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise HoursError(f"a moment needs a time zone, {at.isoformat()} has none")
    return at.astimezone(UTC)


def _too_long(moment: datetime, span: Span | timedelta) -> HoursError:
    return HoursError(f"{span} of opening time take more than the two years after {moment.date()}")


def _never_open(moment: datetime) -> HoursError:
    return HoursError(f"not open in the two years after {moment.date()}")
