"""How a scenario says when: words come in, moments in UTC go out.

+5m, +2h, +1d           so much after the step before, by an ordinary clock
14:30                   that time of the day that the step before is on
sat 10:00               the next Saturday at that time, today included if it is still to come
2026-03-29 01:30        that moment
2026-10-25 02:30+01:00  that moment by the clock of that offset: the second 02:30 of that night
(all in the brand's time zone; a time that a change to summer time skips counts as the same distance after it, one that occurs twice as the first)
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from libs.common.hours import WEEKDAYS

_AFTER = re.compile(r"\+\s*(\d{1,6})\s*([smhd])")
_TIME = re.compile(r"(?:(mon|tue|wed|thu|fri|sat|sun)\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?")
_MOMENT = re.compile(r"(\d{4})-(\d{2})-(\d{2})[T ](\d{1,2}):(\d{2})(?::(\d{2}))?([+-]\d{2}:\d{2})?")
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class NoTime(ValueError):
    """The text says what was written, and what can be."""


def start_of(text: str, zone: ZoneInfo) -> datetime:
    """The moment at which a scenario begins: a date and a time. Raises `NoTime`."""
    found = _MOMENT.fullmatch(str(text).strip())
    if found is None:
        raise NoTime(f"{text!r} is no moment; write one such as 2026-03-27 09:30")
    return _moment(found, zone)


def read(text: str, before: datetime, zone: ZoneInfo) -> datetime:
    """The moment that `text` means after `before`. Raises `NoTime`."""
    written = str(text).strip().lower()
    if found := _AFTER.fullmatch(written):
        try:
            return before + int(found[1]) * _UNITS[found[2]]
        except OverflowError as error:
            raise NoTime(f"{text!r} is after the end of the calendar") from error
    if found := _TIME.fullmatch(written):
        local = before.astimezone(zone)
        at = _at(local.replace(tzinfo=None), int(found[2]), int(found[3]), int(found[4] or 0), zone, text)
        if found[1] is None:
            return at
        ahead = (WEEKDAYS.index(found[1]) - local.weekday()) % 7
        day = local.replace(tzinfo=None) + timedelta(days=ahead if ahead or at >= before else 7)
        return _at(day, int(found[2]), int(found[3]), int(found[4] or 0), zone, text)
    if found := _MOMENT.fullmatch(str(text).strip()):
        return _moment(found, zone)
    raise NoTime(f"{text!r} is no time; write +5m, 14:30, sat 10:00 or 2026-03-29 01:30")


def shown(at: datetime, zone: ZoneInfo) -> str:
    """A moment as scenarios write it."""
    local = at.astimezone(zone)
    return f"{WEEKDAYS[local.weekday()]} {local:%Y-%m-%d %H:%M:%S}".removesuffix(":00")


def _at(day: datetime, hour: int, minute: int, second: int, zone: ZoneInfo, text: str) -> datetime:
    try:
        return day.replace(hour=hour, minute=minute, second=second, microsecond=0, tzinfo=zone).astimezone(UTC)
    except ValueError as error:
        raise NoTime(f"{text!r} is no time of a day") from error


def _moment(found: "re.Match[str]", zone: ZoneInfo) -> datetime:
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    try:
        offset = datetime.strptime(found[7], "%z").tzinfo if found[7] else zone
        return datetime(year, month, day, hour, minute, second, tzinfo=offset).astimezone(UTC)
    except ValueError as error:
        raise NoTime(f"{found[0]!r} is no moment: {error}") from error
