"""What a writer fills in for a script's variables: checked by type, and written as the reader's language writes it.

Values as they came over HTTP and a script come in; texts by variable go out. An error names the variable and what it must be, never the value: that may be
about a person, and errors are logged. Pure: no I/O.
"""

import re
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from libs.common import http
from libs.common.bookscripts import FILLED_IN, VARIABLE, Script, ScriptVariable
from libs.common.errors import Unprocessable

_LONGEST = 300
_ONE_LINE = re.compile(http.ONE_LINE)
_URL = re.compile(r"https?://[^\s/<>\"'{}]+(?:/[^\s<>\"'{}]*)?")
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,6})?")
_DAYS = {
    "nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS = {
    "nl": ("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
}
_PLAIN = ScriptVariable()


def of(script: Script) -> dict[str, ScriptVariable]:
    """Every variable that a writer can fill in, in the order of the wordings; one that the script does not describe is a text."""
    names = [name for text in script.wordings for name in VARIABLE.findall(text) if name.lower() not in FILLED_IN]
    return {name: script.variables.get(name, _PLAIN) for name in names}


def written(script: Script, values: Mapping[str, Any], language: str) -> dict[str, str]:
    """The text of each variable that is filled in or has a default. One that is missing stays open in the draft, where the guard holds it back.

    Raises `Unprocessable`, which names the variable, for a value that is not of its type and for a variable that the script has not.
    """
    known = of(script)
    for name in values:
        if name not in known:
            has = ", ".join(known) or "none"
            raise Unprocessable(f"values: the script has no variable {name[:100]!r}; it has {has}.", variable=name[:100])
    found = {name: one.default for name, one in known.items() if one.default is not None}
    for name, value in values.items():
        try:
            found[name] = _written(known[name], value, language)
        except ValueError as error:
            raise Unprocessable(f"values: {{{name}}} {error}", variable=name) from None
    return found


def _written(variable: ScriptVariable, value: Any, language: str) -> str:
    """Raises `ValueError` with what the value must be."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be a text or a number.")
    text = str(value).strip()
    if not text or len(text) > _LONGEST or not _ONE_LINE.fullmatch(text):
        raise ValueError(f"must be 1 to {_LONGEST} characters on one line.")
    if variable.type == "date":
        return _date(text, language)
    if variable.type == "time":
        if not re.fullmatch(r"\d\d:\d\d", text):
            raise ValueError("must be a time of day such as 17:30.")
        try:
            return time.fromisoformat(text).strftime("%H:%M")
        except ValueError:
            raise ValueError("must be a time of day such as 17:30.") from None
    if variable.type in ("number", "amount"):
        number = _number(text)
        return _amount(number, language) if variable.type == "amount" else _decimal(number, language)
    if variable.type == "url" and not _URL.fullmatch(text):
        raise ValueError("must be an address that starts with https:// or http://.")
    if variable.type == "choice" and text not in variable.choices:
        raise ValueError(f"must be one of {', '.join(map(repr, variable.choices))}.")
    return text


def _date(text: str, language: str) -> str:
    """`vrijdag 6 maart`, without the year, as people write to one another."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError("must be a date such as 2026-03-06.")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a date that exists, such as 2026-03-06.") from None
    name = language if language in _DAYS else "en"
    return f"{_DAYS[name][day.weekday()]} {day.day} {_MONTHS[name][day.month - 1]}"


def _number(text: str) -> Decimal:
    """A point or a comma before the decimals, and nothing between thousands: what 1.250 means is a guess in Dutch."""
    plain = text.replace(",", ".")
    if not _NUMBER.fullmatch(plain) or re.fullmatch(r"[+-]?\d{1,3}\.\d{3}", plain):
        raise ValueError("must be a number such as 12 or 12.50, without thousands marks.")
    try:
        return Decimal(plain)
    except InvalidOperation:
        raise ValueError("must be a number such as 12 or 12.50.") from None


def _decimal(number: Decimal, language: str) -> str:
    return str(number) if language == "en" else str(number).replace(".", ",")


def _amount(number: Decimal, language: str) -> str:
    """`€ 12,50` in Dutch and elsewhere, `€12.50` in English; whole euros without decimals."""
    rounded = number.quantize(Decimal("0.01"))
    if rounded != number:
        raise ValueError("must have at most two decimals.")
    shown = str(int(number)) if number == int(number) else str(rounded)
    return f"€{shown}" if language == "en" else f"€ {shown.replace('.', ',')}"
