"""When a brand is open: the part `hours` of a brand book, as it is written.

What reaches this module: blocks a weekday under keys such as `mon-fri`, public holidays, exceptions. What leaves it:
an `Hours` with the blocks of every weekday. `libs.common.hours` makes a clock of it.
"""

import re
from collections.abc import Mapping
from datetime import date as Date
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, Self

import holidays
from pydantic import AfterValidator, BeforeValidator, ConfigDict, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from libs.common.bookvalues import BookPart, shown
from libs.common.hours import WEEKDAYS, Block, parse_block


def _block(value: object) -> Block:
    if isinstance(value, Block):
        return value
    if not isinstance(value, str):
        raise ValueError(f'must be a block of hours such as "09:00-17:30", not {shown(value)}')
    return parse_block(value)


def _apart(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    ordered = tuple(sorted(blocks))
    for earlier, later in pairwise(ordered):
        if later.start < earlier.end:
            raise ValueError(f"blocks overlap: {earlier} and {later}")
    return ordered


BlockText = Annotated[
    Block,
    PlainValidator(_block),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}$"}),
]
DayBlocks = Annotated[tuple[BlockText, ...], AfterValidator(_apart)]


def _day(value: object) -> object:
    # pydantic would take a number for a Unix time and a moment for its day
    if isinstance(value, Date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError(f"must be a date such as 2026-12-24, not {shown(value)}")
    return value


@lru_cache(maxsize=64)
def _regions(country: str) -> tuple[str, ...] | None:
    """The regions of a country with holidays of their own; none for a country that the package does not know.

    Asks for that country alone: the list of all countries costs every process half a second and 20 MB.
    """
    try:
        return tuple(holidays.country_holidays(country).subdivisions)
    except NotImplementedError:
        return None


def _country(value: str) -> str:
    if _regions(value) is None:
        hint = f"; did you mean {value.upper()}?" if _regions(value.upper()) is not None else ""
        raise ValueError(f"must be a country code whose holidays are known, such as NL, not {shown(value)}{hint}")
    return value


class PublicHolidays(BookPart):
    """Public holidays, on which clocks stand still."""

    country: Annotated[str, AfterValidator(_country)] = "NL"
    """Whose public holidays they are, by ISO 3166 code."""
    region: str | None = None
    """A part of the country with holidays of its own, by its ISO 3166-2 code without the country."""
    closed: bool = True
    """Whether the brand is closed on them."""

    @model_validator(mode="after")
    def _region_is_known(self) -> Self:
        if self.region is not None and self.region not in (_regions(self.country) or ()):
            raise ValueError(f"region {shown(self.region)} is not known for {self.country}")
        return self


class DayException(BookPart):
    """One day with hours of its own."""

    date: Annotated[Date, BeforeValidator(_day)]
    """The day."""
    blocks: DayBlocks = ()
    """Empty: closed that day. Also overrides a public holiday."""


def weekdays_of(key: object) -> tuple[str, ...]:
    """The weekdays that a key of `hours` names: `mon`, `mon-fri`, `fri-mon` or `mon,wed`; none when it is no such
    key."""
    days: list[str] = []
    for part in str(key).replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
            return ()
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        days += [WEEKDAYS[index % 7] for index in range(start, (end if end >= start else end + 7) + 1)]
    return tuple(days)


_WEEK = {"mon-fri": ("08:00-22:00",), "sat": ("09:00-13:00", "14:00-17:00")}
_DAY_KEYS = r"^(mon|tue|wed|thu|fri|sat|sun)(\s*[-,]\s*(mon|tue|wed|thu|fri|sat|sun))*$"


class Hours(BookPart):
    """Opening hours: blocks a weekday, closed where nothing stands. A key may name several days; a day by itself wins
    over a range."""

    model_config = ConfigDict(json_schema_extra={"patternProperties": {_DAY_KEYS: {"type": "array", "items": {"type": "string"}}}})

    mon: DayBlocks = ()
    """Blocks of Monday. A key may name several days: `mon-fri`, `sat,sun`."""
    tue: DayBlocks = ()
    """Blocks of Tuesday. A key may name several days: `mon-fri`, `sat,sun`."""
    wed: DayBlocks = ()
    """Blocks of Wednesday. A key may name several days: `mon-fri`, `sat,sun`."""
    thu: DayBlocks = ()
    """Blocks of Thursday. A key may name several days: `mon-fri`, `sat,sun`."""
    fri: DayBlocks = ()
    """Blocks of Friday. A key may name several days: `mon-fri`, `sat,sun`."""
    sat: DayBlocks = ()
    """Blocks of Saturday. A key may name several days: `mon-fri`, `sat,sun`."""
    sun: DayBlocks = ()
    """Blocks of Sunday. A key may name several days: `mon-fri`, `sat,sun`."""
    holidays: PublicHolidays = PublicHolidays()
    """Public holidays."""
    exceptions: tuple[DayException, ...] = ()
    """Days with other hours."""

    @classmethod
    def names(cls) -> list[str]:
        return [*super().names(), "mon-fri"]

    @model_validator(mode="before")
    @classmethod
    def _one_key_a_day(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        rest = {key: value for key, value in data.items() if not weekdays_of(key)}
        written = {key: value for key, value in data.items() if weekdays_of(key)} or _WEEK
        week: dict[str, object] = {}
        origin: dict[str, str] = {}
        for key, value in sorted(written.items(), key=lambda item: -len(weekdays_of(item[0]))):
            for day in weekdays_of(key):
                if day in origin and len(weekdays_of(key)) > 1:
                    raise ValueError(f"{day} stands in both {origin[day]!r} and {key!r}")
                week[day], origin[day] = value if value is not None else (), key
        return rest | week

    def week(self) -> tuple[tuple[Block, ...], ...]:
        """The blocks of Monday to Sunday."""
        return (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)
