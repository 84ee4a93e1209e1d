"""Notes: whom a text calls upon, and for how long its author may put it right. Pure decisions.

`@gs` and `@Guus` are colleagues by id or first name, `@billing` is a department. An address of a mail (`guus@vaart.example`), an account of a network
(`@vaart@social.example`), what stands in backticks, and a name that the brand book does not have are text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.common.brandbook import BrandBook

EDITABLE = timedelta(minutes=15)
"""For so long its author may put a note right. What has been read for longer is history."""


@dataclass(frozen=True, slots=True)
class Called:
    """Whom a text calls upon: colleagues by id, departments included with all of their members, and the departments themselves."""

    members: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()


def called(book: BrandBook, text: str) -> Called:
    """Whom a text calls upon, in that order. A name that is one colleague's id is theirs alone; a first name is all who bear it; departments come last."""
    names = _names(book)
    if not names or "@" not in text:
        return Called()
    longest_first = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w@./+-])@({longest_first})(?![\w@-]|\.\w)", re.IGNORECASE)
    found = [names[match[1].casefold()] for part in _prose(text) for match in pattern.finditer(part) if match[1].casefold() in names]
    members = [id for one in found for id in one.members]
    return Called(tuple(dict.fromkeys(members)), tuple(dict.fromkeys(id for one in found for id in one.departments)))


def _names(book: BrandBook) -> dict[str, Called]:
    """What each name stands for."""
    names: dict[str, Called] = {}
    for department in reversed(book.departments):
        there = tuple(id for id in department.members if book.member(id))
        for name in filter(None, (department.name, department.id)):
            names[name.casefold()] = Called(there, (department.id,))
    first_names: dict[str, list[str]] = {}
    for member in book.team:
        first_names.setdefault(member.first_name.casefold(), []).append(member.id)
    names |= {name: Called(tuple(ids)) for name, ids in first_names.items()}
    return names | {member.id.casefold(): Called((member.id,)) for member in book.team}


def _prose(text: str) -> Iterator[str]:
    """The text without what stands between two equal rows of backticks, as Markdown has code. One row that has no second is text."""
    parts = re.split(r"(`+)", text)
    following: dict[str, int] = {}
    closes: dict[int, int] = {}
    for place in range(len(parts) - 2, 0, -2):
        if parts[place] in following:
            closes[place] = following[parts[place]]
        following[parts[place]] = place
    place = 0
    while place < len(parts):
        if place % 2 == 0:
            yield parts[place]
        place = closes.get(place, place) + 1


def newly(before: Iterable[str], after: Iterable[str]) -> list[str]:
    """Those who are called upon now and were not before."""
    known = set(before)
    return [member for member in after if member not in known]


def may_edit(author: str, who: str, at: datetime, now: datetime) -> bool:
    return author == who and now - at <= EDITABLE
