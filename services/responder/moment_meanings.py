"""What a phrase of time means, once it was found: which day, which part of it, how long from now. Pure: no I/O, time passed in."""

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, timedelta
from typing import Any

from services.responder.moment_names import DAY, MONTH, NUMBER, PART, SPOKEN, UNIT
from services.responder.moments import LAST, Clock, Phrase

Made = Callable[[Any, Clock], Phrase | None]
"""Reads a match; none where it is no moment after all."""


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else NUMBER[text]


def _phrase(found: Any, **what: Any) -> Phrase:
    groups = found.groupdict()
    return Phrase(found.start(), found.end(), firm=bool(groups.get("firm")), **what)


def elastic(found: Any, clock: Clock) -> Phrase:
    return _phrase(found, elastic=True)


def lasting(found: Any, clock: Clock) -> Phrase:
    """So long from now; of "2 à 3" the longer."""
    unit = " ".join(found["unit"].replace("-", " ").split())
    unit = "working day" if unit.endswith((" day", " days", "kday", "kdays")) else UNIT[unit]
    number = _number(found["most"] or found["number"]) if "number" in found.groupdict() else 1
    if unit in ("minute", "hour", "24 hours"):
        each = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "24 hours": timedelta(hours=24)}[unit]
        return _phrase(found, at=clock.now.astimezone(UTC) + number * each)
    if unit == "working day":
        return _phrase(found, day=clock.working_day(number))
    if unit == "month":
        first = clock.month(number)
        return _phrase(found, day=first.replace(day=min(clock.today.day, monthrange(first.year, first.month)[1])))
    return _phrase(found, day=clock.today + timedelta(days=number * (7 if unit == "week" else 1)))


def shortly_lasting(found: Any, clock: Clock) -> Phrase:
    said = found["short"]
    if "drie kwartier" in said or "three quarters" in said:
        return _phrase(found, at=clock.now.astimezone(UTC) + timedelta(minutes=45))
    minutes = 15 if "kwartier" in said or "quarter" in said else 90 if "anderhal" in said or "hour and a half" in said else 30
    return _phrase(found, at=clock.now.astimezone(UTC) + timedelta(minutes=minutes))


def dated(found: Any, clock: Clock) -> Phrase | None:
    """A date; without a year the next such."""
    groups = found.groupdict()
    month = MONTH[groups["name"]] if groups.get("name") else int(groups["month"]) if groups.get("month") else None
    number = int(groups["day"])
    try:
        if groups.get("year"):
            year = int(groups["year"])
            return _phrase(found, day=date(year + 2000 if year < 100 else year, month or 1, number))
        if month is None:  # the 12th: of this month, or of the next
            first = clock.month(0 if number >= clock.today.day else 1)
            return _phrase(found, day=first.replace(day=number))
        day = date(clock.today.year, month, number)
        return _phrase(found, day=day if day >= clock.today else date(clock.today.year + 1, month, number))
    except ValueError:
        return None


def ahead(found: Any, clock: Clock) -> Phrase:
    """A day by its name, and a part of it."""
    groups = found.groupdict()
    part = PART.get(groups.get("part") or "")
    name = " ".join(groups["name"].split())
    if name in DAY:
        following = groups.get("following") or groups.get("following_after")
        return _phrase(found, day=clock.of_week(DAY[name], 1) if following else clock.weekday(DAY[name]), part=part)
    days = {"vandaag": 0, "today": 0, "morgen": 1, "tomorrow": 1}.get(name, 2)
    return _phrase(found, day=clock.today + timedelta(days=days), part=part)


def this(found: Any, clock: Clock) -> Phrase:
    return _phrase(found, day=clock.today, part=PART[found["part"]])


def of_the_week(found: Any, clock: Clock) -> Phrase:
    groups = found.groupdict()
    weeks = 1 if groups.get("following") else 0
    which = (groups.get("which") or "").split(" ")[0]
    number = (
        1 if which in ("begin", "early", "beginning", "start") else 2 if which in ("midden", "medio", "halverwege", "mid", "middle") else 4
    )
    if not weeks and clock.today.weekday() > 4:
        number = 6
    return _phrase(found, day=clock.of_week(number, weeks))


def weekend(found: Any, clock: Clock) -> Phrase:
    groups = found.groupdict()
    if groups.get("over"):
        return _phrase(found, day=clock.weekday(0))
    return _phrase(found, day=clock.of_week(4 if groups.get("firm") else 6, 1 if groups.get("following") else 0))


def of_the_month(found: Any, clock: Clock) -> Phrase:
    groups = found.groupdict()
    months = (MONTH[groups["name"]] - clock.today.month) % 12 if groups.get("name") else int(bool(groups.get("following")))
    first = clock.month(months)
    which = groups.get("which") or ""
    if which.startswith(("begin", "early", "start")):
        return _phrase(found, elastic=True)
    middle = which.startswith(("mid", "medio", "halver"))
    return _phrase(found, day=first.replace(day=15 if middle else monthrange(first.year, first.month)[1]))


def end_of_day(found: Any, clock: Clock) -> Phrase:
    return _phrase(found, part="evening")


def part_of_day(found: Any, clock: Clock) -> Phrase:
    return _phrase(found, part=PART[found["part"]])


def same_day(found: Any, clock: Clock) -> Phrase:
    return _phrase(found, same=True)


def noon(found: Any, clock: Clock) -> Phrase:
    return _phrase(found, minute=LAST if "night" in found[0] or "nacht" in found[0] else 720)


def on_the_clock(found: Any, clock: Clock) -> Phrase | None:
    """A time of day; of "between 2 and 4 pm" the later."""
    groups = found.groupdict()
    hour, minutes = int(groups["hour"]), int(groups.get("minutes") or 0)
    noon = (groups.get("noon") or "").replace(".", "")
    if hour > 24 or minutes > 59 or (hour == 24 and minutes) or (noon and not 1 <= hour <= 12):
        return None
    after = (groups.get("before") or "").startswith(("na ", "after"))
    firm = not after and (groups.get("before") or "").strip() not in ("", "om", "rond", "at", "around", "about", "omstreeks")
    if noon:
        hour = hour % 12 + (12 if noon == "pm" else 0)
    half_day = not noon and 1 <= hour <= 12 and not groups["hour"].startswith("0") and not (hour == 12 and not minutes)
    minute = min(hour * 60 + minutes, LAST)
    return Phrase(found.start(), found.end(), minute=minute, half_day=half_day, after=after, firm=firm)


def spoken(found: Any, clock: Clock) -> Phrase | None:
    """Half drie, kwart voor 3, half past two, voor vijven."""
    groups = found.groupdict()
    hour = int(groups["hour"]) if groups["hour"].isdecimal() else SPOKEN[groups["hour"]]
    if not 1 <= hour <= 12:
        return None
    how = " ".join((groups.get("how") or "").split())
    minutes = {"half": -30, "half past": 30, "kwart over": 15, "quarter past": 15, "kwart voor": -15, "quarter to": -15}.get(how, 0)
    return _phrase(found, minute=(hour * 60 + minutes) % 720 or 720, half_day=bool(minutes) or hour != 12)
