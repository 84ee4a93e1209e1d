"""A quick "we are on it" that says by when: a draft in the brand's own voice, with a promise that can be kept.

A moment within opening hours comes in; a script that says so goes out, and from there on it is a draft like any other. The words of the promise are such
that `promise.py` finds exactly that moment in them: what its reader is promised, what the ledger keeps and what was asked for are one.
Pure: no I/O, time passed in.
"""

from datetime import UTC, datetime, timedelta
from typing import Literal

from libs.common.bookscripts import Script
from libs.common.brandbook import BrandBook
from libs.common.errors import Unprocessable
from libs.common.hours import Calendar, HoursError, Span
from services.responder import promise

ID = "quick"
"""What a draft that was made so names as its script."""
FURTHEST = timedelta(days=60)
_STEP = timedelta(minutes=5)

Address = Literal["je", "u"]
Person = Literal["ik", "wij"]

_NL = {
    "ik": (
        "{{groet}}, dank {voor} bericht! Ik zoek het uit. {When} {hoor} {je} van mij hoe het ervoor staat. {{handtekening}}",
        "{{groet}}, ik ga er meteen mee aan de slag en laat {je} {when} weten hoe het ervoor staat. {{handtekening}}",
        "{{groet}}, goed dat {je} dit {meldt}. Ik duik erin en kom er {when} bij {je} op terug. {{handtekening}}",
        "{{groet}}, ik heb {jouw} bericht gelezen en ga het navragen. Ik laat {je} {when} weten wat eruit komt. {{handtekening}}",
    ),
    "wij": (
        "{{groet}}, dank {voor} bericht! We zoeken het uit. {When} {hoor} {je} van ons hoe het ervoor staat. {{handtekening}}",
        "{{groet}}, we gaan er meteen mee aan de slag en laten {je} {when} weten hoe het ervoor staat. {{handtekening}}",
        "{{groet}}, goed dat {je} dit {meldt}. We duiken erin en komen er {when} bij {je} op terug. {{handtekening}}",
        "{{groet}}, we hebben {jouw} bericht gelezen en gaan het navragen. We laten {je} {when} weten wat eruit komt. {{handtekening}}",
    ),
}
_EN = {
    "ik": (
        "{{groet}}, thanks for your message! I'm looking into it and will let you know {when} how things stand. {{handtekening}}",
        "{{groet}}, I'm on it right away, and I'll get back to you {when}. {{handtekening}}",
        "{{groet}}, thanks for telling us. I'll check this with my colleagues and will update you {when}. {{handtekening}}",
    ),
    "wij": (
        "{{groet}}, thanks for your message! We're looking into it and will let you know {when} how things stand. {{handtekening}}",
        "{{groet}}, we're on it right away, and we'll get back to you {when}. {{handtekening}}",
        "{{groet}}, thanks for telling us. We'll check this with our colleagues and will update you {when}. {{handtekening}}",
    ),
}
_FORMS: dict[Address, dict[str, str]] = {
    "je": {"je": "je", "jouw": "je", "voor": "voor je", "hoor": "hoor", "meldt": "meldt"},
    "u": {"je": "u", "jouw": "uw", "voor": "voor uw", "hoor": "hoort", "meldt": "meldt"},
}
_MONTHS = {
    "nl": ("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
}
_DAYS = {
    "nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def after(within: Span, calendar: Calendar, now: datetime) -> datetime:
    """The moment after so much opening time, on the next five minutes that are within opening hours (UTC). Raises `Unprocessable`."""
    try:
        due = calendar.add(now, within)
    except HoursError as error:
        raise Unprocessable(f"within: {error}.") from None
    late = due.timestamp() % _STEP.total_seconds()
    rounded = due + (_STEP - timedelta(seconds=late) if late else timedelta())
    return asked(rounded if _kept(rounded, calendar) else due.replace(second=0, microsecond=0), calendar, now)


def asked(due: datetime, calendar: Calendar, now: datetime) -> datetime:
    """The moment that was asked for (UTC). Raises `Unprocessable` for one that is no whole minute, has passed, is too far, or at which nobody is there."""
    if due > now + FURTHEST:
        raise Unprocessable(f"due_at: {FURTHEST.days} days ahead at most; who waits longer than that is owed an answer in between.")
    if due <= now:
        raise Unprocessable("due_at has passed. Promise what can still be kept.")
    due = due.astimezone(UTC)
    if due.second or due.microsecond:
        raise Unprocessable("due_at: give a whole minute; that is what can be said to people.")
    if not _kept(due, calendar):
        try:
            nearest = calendar.next_open(due).astimezone(calendar.zone).strftime("%Y-%m-%d %H:%M")
        except HoursError:
            nearest = "never"
        raise Unprocessable(f"due_at: nobody is there then to keep it. The next opening hours begin at {nearest}.")
    return due


def _kept(due: datetime, calendar: Calendar) -> bool:
    """Whether it is within opening hours, from opening to closing time."""
    return calendar.is_open(due) or calendar.is_open(due - timedelta(microseconds=1))


def script(book: BrandBook, language: str, due: datetime, calendar: Calendar, now: datetime) -> Script:
    """Its wordings in the customer's language; in English where we have none in that. Only those in whose words exactly this moment is found.

    Raises `Unprocessable` where no wording says it, as in the hour that summer time takes away.
    """
    name = "nl" if language == "nl" else "en"
    when = _when(name, due, calendar, now)
    forms = {**_FORMS[book.voice.address_form], "when": when, "When": when[0].upper() + when[1:]}
    worded = [text.format(**forms) for text in (_NL if name == "nl" else _EN)[book.voice.person]]
    true = [text for text in worded if _says(text, due, calendar, now, name)]
    if not true:
        raise Unprocessable("due_at: this moment cannot be said without doubt. Take another.")
    return Script(id=ID, language=name, text=true[0], variants=tuple(true[1:]), update_due=True)


def _says(text: str, due: datetime, calendar: Calendar, now: datetime, language: str) -> bool:
    return [one.due_at for one in promise.found(text, calendar=calendar, now=now, language=language)] == [due]


def _when(language: str, due: datetime, calendar: Calendar, now: datetime) -> str:
    """`vandaag voor 16:45 uur`, `morgen voor 10:15 uur`, `donderdag 5 maart voor 12:00 uur`."""
    local, today = due.astimezone(calendar.zone), now.astimezone(calendar.zone).date()
    ahead = (local.date() - today).days
    clock, named = local.strftime("%H:%M"), f"{_DAYS[language][local.weekday()]} {local.day} {_MONTHS[language][local.month - 1]}"
    if local.year != today.year:
        named += f" {local.year}"
    if language == "nl":
        day = {0: "vandaag", 1: "morgen"}.get(ahead, named)
        return f"{day} voor {clock} uur"
    if ahead <= 1:
        return f"{'today' if ahead == 0 else 'tomorrow'} before {clock}"
    return f"on {named}, before {clock}"
