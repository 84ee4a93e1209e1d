"""What a report was asked for: a period, and what to count by.

Query parameters reach this module; a `Question` leaves it, in which every value is one that the reports know. Pure: the moment of asking
and the brand's time zone are passed in.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from libs.common.errors import Unprocessable

DEFAULT_PERIOD = timedelta(days=30)
LONGEST_PERIOD = timedelta(days=400)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
MOST_DIMENSIONS = 2


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to and not including `end`, both UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """One report. `historic` none: imported history and live together. `time` is the column that places a mention in the period."""

    brand: str
    period: Period
    zone: ZoneInfo
    by: tuple[str, ...] = ()
    historic: bool | None = None
    channel: str | None = None
    time: str = "received_at"


def period(start: datetime | None, end: datetime | None, now: datetime) -> Period:
    """The period asked for; without `end` until `now`, without `start` the 30 days before `end`.

    Raises `Unprocessable` for moments without an offset, an end that is not after the start, or more than 400 days.
    """
    until = _utc("to", end) if end else now
    since = _utc("from", start) if start else until - DEFAULT_PERIOD
    if until <= since:
        raise Unprocessable(f"to ({until.isoformat()}) must be after from ({since.isoformat()}).")
    if until - since > LONGEST_PERIOD:
        raise Unprocessable(f"from and to are {(until - since).days} days apart; ask for at most {LONGEST_PERIOD.days} days at once.")
    return Period(since, until)


def _utc(name: str, value: datetime) -> datetime:
    if value.tzinfo is None:
        raise Unprocessable(f"{name} needs Z or an offset such as +02:00 (write + as %2B in an address).")
    try:
        moment = value.astimezone(UTC)
    except OverflowError as error:
        raise Unprocessable(f"{name} lies outside the calendar.") from error
    if moment < EARLIEST + LONGEST_PERIOD:
        raise Unprocessable(f"{name} must be in {EARLIEST.year + 2} or later.")
    return moment


def dimensions(by: str | None, allowed: Collection[str]) -> tuple[str, ...]:
    """What to count by, from a comma-separated list; none gives one row for all.

    Raises `Unprocessable`, naming the allowed ones, for a name that this report does not know, one that stands twice, or more than two.
    """
    names = tuple(part.strip() for part in by.split(",")) if by else ()
    for name in names:
        if name not in allowed:
            raise Unprocessable(f"by: {name[:40]!r} is not one of {', '.join(allowed)}.", allowed=list(allowed))
    if len(names) > MOST_DIMENSIONS or len(set(names)) < len(names):
        raise Unprocessable(f"by: name at most {MOST_DIMENSIONS} different ones of {', '.join(allowed)}.", allowed=list(allowed))
    return names


def key_of(dimension: str, value: object, zone: ZoneInfo) -> str | None:
    """How a dimension's value reads in an answer: an hour by its start with the brand's own offset (so that the hour that occurs twice
    when summer time ends is two hours), a day by its date there. None: the mention has no such thing (no case yet, no label)."""
    if isinstance(value, datetime):
        local = value.astimezone(zone)
        return local.date().isoformat() if dimension == "day" else local.isoformat(timespec="minutes")
    return None if value is None else str(value)
