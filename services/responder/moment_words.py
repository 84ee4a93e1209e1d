"""The words by which a text says when, in Dutch and in English.

A text comes in, in lower case with plain apostrophes and blanks; the phrases of time in it go out with their places. When they are over says `moments.py`.
Pure: no I/O, time passed in.
"""

from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, timedelta
from functools import cache
from typing import Any

from services.responder.bounded import Pattern
from services.responder.moments import LAST, Clock, Phrase

_MONTHS_NL = ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"]
_MONTHS_EN = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
_SHORT = {
    "jan": 1,
    "feb": 2,
    "mrt": 3,
    "mar": 3,
    "apr": 4,
    "jun": 6,
    "jul": 7,
    "aug": 8,
    "sep": 9,
    "sept": 9,
    "okt": 10,
    "oct": 10,
    "nov": 11,
    "dec": 12,
}
_MONTH = {name: at for names in (_MONTHS_NL, _MONTHS_EN) for at, name in enumerate(names, 1)} | _SHORT
_DAYS_NL = ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"]
_DAYS_EN = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_DAY = {name: at for names in (_DAYS_NL, _DAYS_EN) for at, name in enumerate(names)}
_NUMBER = {
    **{
        word: at
        for at, word in enumerate(["een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien", "elf", "twaalf"], 1)
    },
    **{
        word: at
        for at, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], 1)
    },
    **{
        "één": 1,
        "veertien": 14,
        "twintig": 20,
        "dertig": 30,
        "achtenveertig": 48,
        "vierentwintig": 24,
        "a": 1,
        "an": 1,
        "the": 1,
        "het": 1,
        "'n": 1,
    },
    **{"fourteen": 14, "twenty": 20, "thirty": 30, "twenty-four": 24, "forty-eight": 48},
}
_PART = {
    **dict.fromkeys(("ochtend", "ochtends", "morgens", "voormiddag", "middaguur", "vroeg", "morning", "noon", "midday"), "morning"),
    **dict.fromkeys(("middag", "middags", "namiddag", "afternoon"), "afternoon"),
    **dict.fromkeys(("avond", "avonds", "evening", "night"), "evening"),
}
_UNIT = {
    **dict.fromkeys(("minuut", "minuten", "min", "minuutjes", "minute", "minutes", "mins"), "minute"),
    **dict.fromkeys(("uur", "uren", "uurtje", "u", "hour", "hours", "hrs", "hr"), "hour"),
    **dict.fromkeys(("werkdag", "werkdagen"), "working day"),
    **dict.fromkeys(("dag", "dagen", "day", "days"), "day"),
    **dict.fromkeys(("etmaal",), "24 hours"),
    **dict.fromkeys(("week", "weken", "weeks"), "week"),
    **dict.fromkeys(("maand", "maanden", "month", "months"), "month"),
}


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_NUMBERS = r"(?:\d{1,3}|" + _any(_NUMBER) + r")"
_LIMIT_NL = r"(?:(?P<firm>uiterlijk|voor|vóór|ten laatste|niet later dan|tegen) (?:aan )?)?"
_LIMIT_EN = (
    r"(?:(?P<firm>(?:by|before)(?: or before| or on)?|(?:by )?no later than|not later than|latest by|at the latest by|on or before) )?"
)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else _NUMBER[text]


Made = Callable[[Any, Clock], Phrase | None]


def _phrase(found: Any, **what: Any) -> Phrase:
    groups = found.groupdict()
    return Phrase(found.start(), found.end(), firm=bool(groups.get("firm")), **what)


def _elastic(found: Any, clock: Clock) -> Phrase:
    return _phrase(found, elastic=True)


def _lasting(found: Any, clock: Clock) -> Phrase:
    """So long from now; of "2 à 3" the longer."""
    unit = " ".join(found["unit"].replace("-", " ").split())
    unit = "working day" if unit.endswith((" day", " days", "kday", "kdays")) else _UNIT[unit]
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


def _shortly_lasting(found: Any, clock: Clock) -> Phrase:
    said = found["short"]
    minutes = 15 if "kwartier" in said or "quarter" in said else 90 if "anderhal" in said or "hour and a half" in said else 30
    return _phrase(found, at=clock.now.astimezone(UTC) + timedelta(minutes=minutes))


def _dated(found: Any, clock: Clock) -> Phrase | None:
    """A date; without a year the next such."""
    groups = found.groupdict()
    month = _MONTH[groups["name"]] if groups.get("name") else int(groups["month"]) if groups.get("month") else None
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


def _ahead(found: Any, clock: Clock) -> Phrase:
    """A day by its name, and a part of it."""
    groups = found.groupdict()
    part = _PART.get(groups.get("part") or "")
    name = " ".join(groups["name"].split())
    if name in _DAY:
        following = groups.get("following") or groups.get("following_after")
        return _phrase(found, day=clock.of_week(_DAY[name], 1) if following else clock.weekday(_DAY[name]), part=part)
    days = {"vandaag": 0, "today": 0, "morgen": 1, "tomorrow": 1}.get(name, 2)
    return _phrase(found, day=clock.today + timedelta(days=days), part=part)


def _this(found: Any, clock: Clock) -> Phrase:
    return _phrase(found, day=clock.today, part=_PART[found["part"]])


def _of_the_week(found: Any, clock: Clock) -> Phrase:
    groups = found.groupdict()
    weeks = 1 if groups.get("following") else 0
    which = (groups.get("which") or "").split(" ")[0]
    number = (
        1 if which in ("begin", "early", "beginning", "start") else 2 if which in ("midden", "medio", "halverwege", "mid", "middle") else 4
    )
    if not weeks and clock.today.weekday() > 4:
        number = 6
    return _phrase(found, day=clock.of_week(number, weeks))


def _weekend(found: Any, clock: Clock) -> Phrase:
    groups = found.groupdict()
    if groups.get("over"):
        return _phrase(found, day=clock.weekday(0))
    return _phrase(found, day=clock.of_week(4 if groups.get("firm") else 6, 1 if groups.get("following") else 0))


def _of_the_month(found: Any, clock: Clock) -> Phrase:
    groups = found.groupdict()
    months = (_MONTH[groups["name"]] - clock.today.month) % 12 if groups.get("name") else int(bool(groups.get("following")))
    first = clock.month(months)
    which = groups.get("which") or ""
    if which.startswith(("begin", "early", "start")):
        return _phrase(found, elastic=True)
    middle = which.startswith(("mid", "medio", "halver"))
    return _phrase(found, day=first.replace(day=15 if middle else monthrange(first.year, first.month)[1]))


def _end_of_day(found: Any, clock: Clock) -> Phrase:
    return _phrase(found, part="evening")


def _part_of_day(found: Any, clock: Clock) -> Phrase:
    return _phrase(found, part=_PART[found["part"]])


def _noon(found: Any, clock: Clock) -> Phrase:
    return _phrase(found, minute=LAST if "night" in found[0] or "nacht" in found[0] else 720)


def _on_the_clock(found: Any, clock: Clock) -> Phrase | None:
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


_SPOKEN = {
    **{
        word: at
        for at, word in enumerate(["een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien", "elf", "twaalf"], 1)
    },
    **{
        word: at
        for at, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], 1)
    },
    **{
        word: at
        for at, word in enumerate(
            ["enen", "tweeën", "drieën", "vieren", "vijven", "zessen", "zevenen", "achten", "negenen", "tienen", "elven", "twaalven"], 1
        )
    },
}


def _spoken(found: Any, clock: Clock) -> Phrase | None:
    """Half drie, kwart voor 3, half past two, voor vijven."""
    groups = found.groupdict()
    hour = int(groups["hour"]) if groups["hour"].isdecimal() else _SPOKEN[groups["hour"]]
    if not 1 <= hour <= 12:
        return None
    how = " ".join((groups.get("how") or "").split())
    minutes = {"half": -30, "half past": 30, "kwart over": 15, "quarter past": 15, "kwart voor": -15, "quarter to": -15}.get(how, 0)
    return _phrase(found, minute=(hour * 60 + minutes) % 720 or 720, half_day=bool(minutes) or hour != 12)


def _rows(*rows: tuple[str, Made]) -> tuple[tuple[Pattern, Made], ...]:
    """A blank in a row stands for any white space."""
    return tuple((Pattern(rf"(?<![\w-])(?:{pattern})(?![\w-])".replace(" ", r"\s+")), made) for pattern, made in rows)


_PARTS_NL = r"(?:ochtend|voormiddag|namiddag|middag|avond)"
_MONTHS = {"nl": _any([*_MONTHS_NL, *_SHORT]), "en": _any([*_MONTHS_EN, *_SHORT])}
_YEAR = r"(?:,? (?P<year>20\d\d))?"
_ISO = r"(?P<year>20\d\d)-(?P<month>\d{1,2})-(?P<day>\d{1,2})"


@cache
def _nl() -> tuple[tuple[Pattern, Made], ...]:
    day = rf"(?P<name>{'|'.join(_DAYS_NL)})"
    return _rows(
        (
            r"(?:zo (?:snel|spoedig|gauw|vlug) (?:mogelijk|als (?:ik|we|wij) kan|(?:ik|we) kan|als mogelijk)|z\.?s\.?m\.?|asap|(?:zeer "
            r"|heel )?binnenkort"
            r"|(?:zeer )?spoedig|met spoed|(?<!te\s)(?:heel |erg |weer )?snel|gauw|straks|zo(?= (?:terug|bij (?:je|u)|weer bij|op terug))"
            r"|zo\s?meteen|zo\s?dadelijk|dadelijk|eerdaags|te zijner tijd"
            r"|op (?:zeer )?korte termijn|binnen afzienbare tijd|(?:op )?een later moment|later(?! (?:vandaag|van|deze|dan|op de))"
            r"|(?:binnen|over) (?:enkele|een paar|een aantal) (?:minuten|minuutjes|uren|uur|uurtjes|dagen|werkdagen|weken)"
            r"|(?:in )?de (?:komende|eerstvolgende) (?:dagen|tijd|uren|weken|periode)|zo snel als mogelijk|de eerste gelegenheid)",
            _elastic,
        ),
        (
            r"(?P<firm>uiterlijk )?(?:binnen|over|tussen nu en|max(?:imaal|\.)?|hooguit|in(?: de)? komende|(?:de )?komende|na maximaal"
            r"|in) (?:nu en |de |komende |ongeveer |circa |ca\.? |max(?:imaal|\.)? |uiterlijk |hooguit |zo'n )*"
            rf"(?P<number>{_NUMBERS})(?:\s*(?:à|a|-|–|tot|of)\s*(?P<most>{_NUMBERS}))?\s*(?P<unit>werkdag(?:en)?|minu(?:ut|ten|utjes)|min|uur"
            rf"|uren|uurtje|u|dag(?:en)?|etmaal|week|weken|maand(?:en)?)"
            rf"(?: of (?P<most>{_NUMBERS})(?= ))?",
            _lasting,
        ),
        (_LIMIT_NL + r"(?:op )?(?:de )?(?:eerst)?volgende (?P<unit>werkdag)", _lasting),
        (r"(?:binnen|in) (?:het|de) (?:komende|eerstvolgende) (?P<unit>uur|dag|week|maand)", _lasting),
        (
            r"(?:binnen|over|in) (?:nu en )?(?:een )?(?P<short>half\s?uur(?:tje)?|halve? uur|kwartier(?:tje)?|anderhal(?:f|ve) uur)",
            _shortly_lasting,
        ),
        (_LIMIT_NL + rf"(?:op )?(?:(?:{'|'.join(_DAYS_NL)}) )?(?P<day>\d{{1,2}})e? (?P<name>{_MONTHS['nl']})\.?" + _YEAR, _dated),
        (_LIMIT_NL + r"(?:op )?" + _ISO, _dated),
        (_LIMIT_NL + r"(?:op )?(?P<day>\d{1,2})[-/](?P<month>0?[1-9]|1[0-2])(?:[-/](?P<year>(?:20)?\d\d))?", _dated),
        (_LIMIT_NL + r"(?:op )?de (?P<day>\d{1,2})(?:e|de|ste)", _dated),
        (
            _LIMIT_NL
            + rf"(?:op )?(?:(?:in de )?loop van |(?:het )?einde? van )?(?:(?P<following>volgende week) |(?:a\.?s\.?|aanstaande|aankomende"
            rf"|eerstvolgende|komende|volgende|deze|op) )*"
            rf"{day}(?P<following_after> volgende week)?(?:\s*(?P<part>{_PARTS_NL}))?",
            _ahead,
        ),
        (
            _LIMIT_NL + r"(?:(?:in de )?loop van |(?:aan )?(?:het )?einde? van )?(?:later )?(?P<name>vandaag|overmorgen"
            r"|morgen)(?: nog)?(?:\s*(?:in de )?(?P<part>ochtend|vroeg|middag|namiddag|avond))?",
            _ahead,
        ),
        (_LIMIT_NL + r"(?:later )?(?:van|deze )(?P<part>ochtend|middag|avond)(?: nog)?", _this),
        (
            _LIMIT_NL
            + r"(?P<which>begin|midden|medio|halverwege|einde?)?\s*(?:van )?(?:(?:in de )?loop van )?(?:later )?(?P<following>(?:de )?volgende week)",
            _of_the_week,
        ),
        (
            _LIMIT_NL + r"(?:in de )?(?:(?P<which>begin|midden|medio|halverwege|(?:het |aan het )?einde?|loop) (?:van )?(?:de |deze )week"
            r"|(?:later )?deze week(?: nog)?)",
            _of_the_week,
        ),
        (
            r"(?P<over>na) (?:het|dit) weekend|" + _LIMIT_NL + r"(?:in )?(?:het|dit|komend|aankomend|(?P<following>volgend)) weekend",
            _weekend,
        ),
        (
            _LIMIT_NL + rf"(?P<which>begin|midden|medio|halverwege|einde?|in de loop van|in) (?:van )?(?P<name>{'|'.join(_MONTHS_NL)})",
            _of_the_month,
        ),
        (
            _LIMIT_NL
            + r"(?P<which>begin|midden|medio|halverwege|(?:het )?einde?|in de loop van)?\s*(?:van )?(?:de(?:ze)?|(?P<following>volgende)) maand",
            _of_the_month,
        ),
        (
            _LIMIT_NL + r"(?:aan )?(?:in )?(?:het |de )?(?:einde?|loop) van de (?:werk)?dag|voor sluitingstijd|voor sluiting",
            _end_of_day,
        ),
        (
            _LIMIT_NL
            + r"(?:in |aan |het |de |einde? |loop |begin |van |later )*(?:in|van|einde?|'s)\s*(?:de )?(?P<part>ochtends?|morgens|middags?"
            r"|avonds?|namiddag)",
            _part_of_day,
        ),
        (r"(?P<firm>voor|vóór|rond) (?:het middaguur|de middag|middernacht)", _noon),
        (
            _LIMIT_NL + r"(?:om |rond )?(?P<how>half|kwart (?:voor|over)) (?P<hour>\d{1,2}|" + _any(list(_SPOKEN)[:12]) + r")(?: uur)?",
            _spoken,
        ),
        (r"(?P<firm>voor|vóór|na|rond|tegen) (?P<hour>" + _any(list(_SPOKEN)[24:]) + r")", _spoken),
        (r"(?P<firm>voor|vóór|om|rond|uiterlijk|tegen) (?:om )?(?P<hour>" + _any(list(_SPOKEN)[:12]) + r") uur", _spoken),
        (
            r"(?P<before>tussen) \d{1,2}(?:[:.]\d\d)?(?:\s*(?:uur|u))?(?: en |\s*[-–]\s*)(?P<hour>\d{1,2})"
            r"(?:[:.](?P<minutes>\d\d))?(?:\s*(?:uur|u|h)(?!\w))?",
            _on_the_clock,
        ),
        (
            r"(?P<before>(?:uiterlijk|voor|vóór|om|rond|tegen|na|omstreeks|rond de klok van) (?:om "
            r"|voor )?)(?P<hour>\d{1,2})(?:[:.](?P<minutes>\d\d)(?:\s*(?:uur|u|h)(?!\w))?|\s*(?:uur|u|h)(?!\w))",
            _on_the_clock,
        ),
        (r"(?:\d{1,2}[:.]\d\d\s*[-–]\s*)?(?P<hour>\d{1,2}):(?P<minutes>\d\d)(?:\s*(?:uur|u|h)(?!\w))?", _on_the_clock),
        (r"(?<=\x00,?\s)(?P<hour>\d{1,2})(?:\.(?P<minutes>\d\d))?\s*(?:uur|u)", _on_the_clock),
    )


@cache
def _en() -> tuple[tuple[Pattern, Made], ...]:
    day = rf"(?P<name>{'|'.join(_DAYS_EN)})"
    part = r"(?P<part>morning|afternoon|evening|night)"
    return _rows(
        (
            r"(?:(?:as|so) (?:soon|quickly|fast) as (?:possible|(?:i|we) (?:possibly )?can)|asap|(?:very |real )?(?<!as\s)(?<!how\s)soon"
            r"|shortly|in due course|quickly"
            r"|in a (?:bit|moment|minute|few (?:minutes|hours|days|weeks)|short while|while)|within (?:a few|a couple of|several) (?:minutes"
            r"|hours|days|business days|weeks)"
            r"|(?:in|over|within) the (?:coming|next few|near) (?:days|hours|weeks|future|minutes)|at (?:the|our|my) earliest (?:opportunity"
            r"|convenience)"
            r"|(?:at a )?later(?! (?:today|this|than|on the))|before long|momentarily|promptly)",
            _elastic,
        ),
        (
            r"(?P<firm>no later than )?(?:within|in|over|inside) (?:the next |the coming |about |around |approximately |max(?:imum)? |at most )*"
            rf"(?P<number>{_NUMBERS})(?:\s*(?:to|-|–|or)\s*(?P<most>{_NUMBERS}))?[\s-]*(?P<unit>(?:(?:working|business|work|week)[\s-]|week|work)days?"
            rf"|minutes?|mins?|hours?|hrs?|days?|weeks?|months?)(?:'s?)?(?: time)?",
            _lasting,
        ),
        (_LIMIT_EN + r"(?:on )?(?:the )?next (?P<unit>(?:working|business) day)", _lasting),
        (r"(?:within|in|over) (?:the )?(?:next|coming) (?P<unit>hour|day|week|month)", _lasting),
        (
            r"(?:within|in) (?P<short>half an hour|(?:a|the next) half(?: an)? hour|an? hour and a half|a quarter of an hour)",
            _shortly_lasting,
        ),
        (
            _LIMIT_EN
            + rf"(?:on )?(?:(?:{'|'.join(_DAYS_EN)}),? )?(?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<name>{_MONTHS['en']})\.?"
            + _YEAR,
            _dated,
        ),
        (
            _LIMIT_EN
            + rf"(?:on )?(?:(?:{'|'.join(_DAYS_EN)}),? )?(?P<name>{_MONTHS['en']})\.? (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)"
            + _YEAR,
            _dated,
        ),
        (_LIMIT_EN + r"(?:on )?" + _ISO, _dated),
        (_LIMIT_EN + r"(?:on )?(?P<day>\d{1,2})[-/](?P<month>0?[1-9]|1[0-2])(?:[-/](?P<year>(?:20)?\d\d))?", _dated),
        (_LIMIT_EN + r"(?:on )?the (?P<day>\d{1,2})(?:st|nd|rd|th)", _dated),
        (
            _LIMIT_EN + rf"(?:on )?(?:(?:the )?(?:end|course) of )?(?:(?:next|this|coming|the coming"
            rf"|upcoming) )?{day}(?P<following_after> next week)?(?: (?:in the )?{part})?",
            _ahead,
        ),
        (
            _LIMIT_EN
            + rf"(?:(?:the )?(?:end|course|close) of )?(?:later |earlier )?(?P<name>the day after tomorrow|day after tomorrow|today"
            rf"|tomorrow)(?: (?:in the )?{part})?",
            _ahead,
        ),
        (_LIMIT_EN + r"(?:later )?(?:to(?P<part>night)|(?:the end of )?this (?P<part>morning|afternoon|evening))", _this),
        (
            _LIMIT_EN + r"(?:(?P<which>early|(?:the )?beginning|(?:the )?start|(?:the )?middle|mid|late|later|(?:the )?end"
            r"|(?:in )?the course) )?(?:of )?(?P<following>next week)",
            _of_the_week,
        ),
        (
            _LIMIT_EN + r"(?:in the )?(?:(?P<which>(?:the )?end|course|middle) of (?:the|this) week|(?:later )?this week)",
            _of_the_week,
        ),
        (
            r"(?P<over>after) (?:the|this) weekend|" + _LIMIT_EN + r"(?:over |at |on )?(?:the|this|(?P<following>next)) weekend",
            _weekend,
        ),
        (
            _LIMIT_EN
            + rf"(?:in )?(?:(?:the )?(?P<which>early|mid|end|middle|beginning|start|late)[\s-]+(?:of )?)(?P<name>{'|'.join(_MONTHS_EN)})",
            _of_the_month,
        ),
        (
            _LIMIT_EN
            + r"(?:in the )?(?:(?:the )?(?P<which>end|middle|course|beginning|start) of )?(?:(?:the|this)|(?P<following>next)) month",
            _of_the_month,
        ),
        (
            _LIMIT_EN
            + r"(?:at )?(?:the )?(?:(?:end|close|course) of (?:the |my |our |your )?(?:(?:working |business )?day|business|play|shift)|eod"
            r"|cob|closing time|closing)",
            _end_of_day,
        ),
        (
            _LIMIT_EN
            + rf"(?:first thing )?(?:later )?(?:in|during|by) the (?:early |late |course of the )?{part}|"
            + _LIMIT_EN
            + rf"(?:the )?end of the {part}",
            _part_of_day,
        ),
        (_LIMIT_EN + r"(?:at )?(?:noon|midday|midnight)", _noon),
        (
            _LIMIT_EN + r"(?:at |around )?(?P<how>half past|quarter (?:past|to)) (?P<hour>\d{1,2}|" + _any(list(_SPOKEN)[12:24]) + r")",
            _spoken,
        ),
        (
            r"(?P<firm>by|before|at|around) (?P<hour>" + _any(list(_SPOKEN)[12:24]) + r")(?: o'clock)?(?=\s*(?:[.,!;)\n]|$|\x00))",
            _spoken,
        ),
        (
            r"(?P<before>between) \d{1,2}(?:[:.]\d\d)?\s*(?:[ap]\.?m\.?)?(?: and |\s*[-–]\s*)(?P<hour>\d{1,2})"
            r"(?:[:.](?P<minutes>\d\d))?(?:\s*(?P<noon>[ap]\.?m)(?!\w)\.?)?",
            _on_the_clock,
        ),
        (
            r"(?P<before>(?:by|before|at|around|about|no later than"
            r"|after) )?(?:at )?(?P<hour>\d{1,2})(?:[:.](?P<minutes>\d\d))?\s*(?P<noon>[ap]\.?m)(?!\w)\.?",
            _on_the_clock,
        ),
        (
            r"(?P<before>(?:by|before|at|around|about|no later than|after) )?(?P<hour>\d{1,2}):(?P<minutes>\d\d)(?:\s*(?:hrs|hours|h))?",
            _on_the_clock,
        ),
        (
            r"(?P<before>(?:by|before|at|around|no later than|after) )(?P<hour>\d{1,2})(?: o'clock)?(?=\s*(?:[.,!;)\n]|$|\x00))",
            _on_the_clock,
        ),
    )


_NOT_DUE: Mapping[str, Pattern] = {
    "nl": Pattern(
        r"(?<!\w)(?:sinds|vanaf|van|tot(?:\s+en\s+met)?|t/m|afgelopen|vorige|gister(?:en)?|d\.?d\.?|per|al|elke|iedere"
        r"|met\s+ingang\s+van)\s+(?:de\s+|het\s+|op\s+|uiterlijk\s+)?$"
    ),
    "en": Pattern(
        r"(?<!\w)(?:since|from|of|until|till|til|through|last|past|dated|every|each|to|as\s+of|yesterday|than)\s+(?:the\s+|on\s+)?$"
    ),
}
"""Before a phrase: it says since when, until when or of when, and not by when."""


def phrases(text: str, language: str, clock: Clock) -> list[Phrase]:
    """The phrases of time in a text, in its order, none over another. What says since when or until when is not among them."""
    found: list[Phrase] = []
    left = text
    for pattern, made in _nl() if language == "nl" else _en():
        for match in pattern.finditer(left):
            if match.start() == match.end() or (phrase := made(match, clock)) is None:
                continue
            left = left[: phrase.start] + "\x00" * (phrase.end - phrase.start) + left[phrase.end :]
            lead = len(match[0]) - len(match[0].lstrip())
            phrase = replace(phrase, start=phrase.start + lead)
            if not _NOT_DUE[language].search(text[max(0, phrase.start - 30) : phrase.start]):
                found.append(phrase)
    return sorted(found, key=lambda phrase: phrase.start)
