"""When something is due that a text says will be done: "uiterlijk vrijdag", "binnen 2 werkdagen", "before 5pm tomorrow".

Phrases of time come in, as `moment_words.py` reads them from a text; of any number of them together the moment at which they are over goes out, in UTC.
`promise.py` says which of them are about something that we commit to.

The rules: no time given means the end of that day's opening hours, and 23:59 on a day on which nobody opens, or no more; morning is over at 12:00,
afternoon at 18:00, evening at closing; a weekday is the next such day after today; working days are Monday to Friday without public holidays, whatever the
opening hours; a week ends on Friday, a weekend on Sunday; hours and minutes run on an ordinary clock. "Zo snel mogelijk" and "shortly" can be computed by
nobody. Pure: no I/O, time passed in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from libs.common.hours import Calendar, HoursError

LAST = 23 * 60 + 59
_PARTS = {"morning": 12 * 60, "afternoon": 18 * 60}


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words about a time. One of `at` (a moment), `day`, `part`, `minute`, `same` or, for an elastic one, none of them; `firm` where they set a limit."""

    start: int
    end: int
    at: datetime | None = None
    day: date | None = None
    part: str | None = None
    minute: int | None = None
    """Minutes after midnight."""
    half_day: bool = False
    """Of `minute`: whether it may as well be twelve hours later."""
    after: bool = False
    """Of `minute`: not before, so some time that day."""
    same: bool = False
    """The day that was named before it: "that day"."""
    firm: bool = False
    elastic: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """A moment and the hours of who wrote then."""

    calendar: Calendar
    now: datetime

    @property
    def local(self) -> datetime:
        return self.now.astimezone(self.calendar.zone)

    @property
    def today(self) -> date:
        return self.local.date()

    def at(self, day: date, minute: int) -> datetime:
        return datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=self.calendar.zone).astimezone(UTC)

    def end(self, day: date) -> datetime:
        """The end of that day's opening hours, or of the day where it has none left."""
        last = self.at(day, LAST)
        try:
            closing = self.calendar.closing(self.at(day, 0))
        except HoursError:
            return last
        return closing if self.now < closing <= self.at(day + timedelta(days=1), 0) else last

    def working_day(self, after: int) -> date:
        """So many working days after today."""
        day = self.today
        while after > 0:
            day += timedelta(days=1)
            after -= day.weekday() < 5 and not self.calendar.is_holiday(day)
        return day

    def weekday(self, number: int) -> date:
        """The next such day after today; 0 is Monday."""
        return self.today + timedelta(days=(number - self.today.weekday() - 1) % 7 + 1)

    def of_week(self, number: int, weeks: int) -> date:
        """A day of this week (0) or of a later one."""
        return self.today + timedelta(days=number - self.today.weekday() + 7 * weeks)

    def month(self, months: int) -> date:
        """The first of this month (0) or of a later one."""
        years, month = divmod(self.today.month - 1 + months, 12)
        return date(self.today.year + years, month + 1, 1)


def due_at(phrases: Iterable[Phrase], clock: Clock) -> datetime | None:
    """When these are over that are about one thing; none where nothing in them can be computed."""
    told = list(phrases)
    moments = [phrase for phrase in told if phrase.at is not None]
    days = [phrase for phrase in told if phrase.day is not None]
    minutes = [phrase for phrase in told if phrase.minute is not None]
    parts = [phrase.part for phrase in told if phrase.part is not None]
    on_a_day: datetime | None = None
    if days or minutes or parts:
        firm_days = [phrase.day for phrase in days if phrase.firm] or [phrase.day for phrase in days]
        day = max((one for one in firm_days if one is not None), default=None)
        minute = next((phrase for phrase in reversed(minutes) if phrase.firm), minutes[-1] if minutes else None)
        on_a_day = _on(day, minute, parts[-1] if parts else None, clock)
    if on_a_day is None or (moments and not any(phrase.firm for phrase in (*days, *minutes))):
        return max([*(phrase.at for phrase in moments if phrase.at is not None), *([on_a_day] if on_a_day else [])], default=None)
    return on_a_day


def _on(day: date | None, minute: Phrase | None, part: str | None, clock: Clock) -> datetime:
    """A time of a day; without a day, of today, or of tomorrow once it has passed."""
    given = day or clock.today
    if minute is not None and minute.minute is not None and not minute.after:
        due = _of_the_clock(given, minute.minute, minute.half_day, part, clock)
    elif part in _PARTS and not (minute and minute.after):
        due = clock.at(given, _PARTS[part])
    else:
        due = clock.end(given)
    if day is None and due <= clock.now:
        return _on(given + timedelta(days=1), minute, part, clock)
    return due


def _of_the_clock(day: date, minute: int, half_day: bool, part: str | None, clock: Clock) -> datetime:
    """Of a time that may as well be twelve hours later: the one that is still to come, within opening hours where one is."""
    if not half_day:
        return clock.at(day, minute)
    early, late = clock.at(day, minute % 720), clock.at(day, minute % 720 + 720)
    if part is not None:
        return early if part == "morning" and minute < 720 else late
    to_come = [one for one in (early, late) if one > clock.now]
    if len(to_come) < 2:
        return to_come[0] if to_come else late
    open_then = [one for one in to_come if clock.calendar.is_open(one - timedelta(minutes=1))]
    if open_then:
        return open_then[0]
    return late if minute % 720 < 7 * 60 else early
