"""What a scenario's steps say of one another, looked at before anything is played: a name that no earlier step gives, somebody who is in no book of the
scenario, a form that nothing can be like. Each is told as `Wrong`, in words with the way out; whoever asks adds the file and the line.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cli.scenario import times
from libs.common.bookproblems import BrandBookError
from libs.common.brandbook import BrandBook

_ABOUT_A_MENTION = ("case", "timeline")
_FORMS = frozenset({"in", "not", "any", "none", "count", "contains"})


class Wrong(ValueError):
    """What is wrong, and what can be written instead."""


@dataclass(slots=True)
class Names:
    """What the steps so far have named, and who is in a book of the scenario."""

    book: dict[str, Any]
    mentions: dict[str, None] = field(default_factory=dict)
    replies: dict[str, None] = field(default_factory=dict)
    promises: dict[str, None] = field(default_factory=dict)
    members: dict[str, None] = field(default_factory=dict)
    departments: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.put(self.book)

    def put(self, fields: Mapping[str, Any]) -> None:
        """A new version of the book. Raises `Wrong` for one that nobody could apply."""
        self.book = {**self.book, **fields}
        try:
            read = BrandBook.from_json({"brand": "scenario", **self.book}, source="brand")
        except BrandBookError as error:
            raise Wrong("; ".join(str(error).splitlines())) from error
        self.members |= dict.fromkeys(member.id for member in read.team)
        self.departments |= dict.fromkeys(department.id for department in read.departments)


def known(kind: str, name: Any, names: Iterable[str]) -> None:
    """Raises `Wrong` for a name that no step before gives; what stands for something else is known when it is played."""
    there = list(names)
    if isinstance(name, str) and "$" not in name and name not in there:
        raise Wrong(f"there is no {kind} {name!r} so far; there {_are(there)}")


def new(kind: str, name: str, names: Iterable[str]) -> None:
    """Raises `Wrong` for a name that another has."""
    if name in names:
        raise Wrong(f"there is a {kind} {name!r} already: give this one another name")


def time(key: str, said: str | None, at: datetime, zone: ZoneInfo) -> None:
    """Raises `Wrong` for a text that is no time."""
    if said is not None:
        try:
            times.read(said, at, zone)
        except times.NoTime as error:
            raise Wrong(f"{key}: {error}") from error


def expectation(kind: str, item: Mapping[str, Any], names: Names) -> None:
    """Raises `Wrong` for one that could be met by nothing, or by anything."""
    about, wanted = item[kind], item.get("is", item.get("has"))
    if kind in ("same_case", "apart"):
        if not isinstance(about, list) or len(about) < 2:
            raise Wrong(f"{kind} takes a list of two messages or more, such as [m1, m2], not {about!r}")
        for name in about:
            known("message", name, names.mentions)
    elif kind == "cases":
        if isinstance(about, bool) or not (isinstance(about, int) or (isinstance(about, dict) and _FORMS & about.keys())):
            raise Wrong(f"cases takes a number, not {about!r}")
        form(about)
    elif kind in ("case", "timeline", "reply", "promise", "told", "unread", "get") and not isinstance(about, str):
        raise Wrong(f"{kind} takes a name in letters, not {about!r}; a number stands in quotes")
    if kind in _ABOUT_A_MENTION:
        known("message", about, names.mentions)
    elif kind == "reply":
        known("reply", about, names.replies)
    elif kind == "promise":
        known("promise", about, names.promises)
    elif kind in ("told", "unread"):
        _of_the_team(about, names)
    if kind == "case" and isinstance(wanted, dict):
        for key in ("department", "proposed_department"):
            if isinstance(said := wanted.get(key), str) and "$" not in said and said not in names.departments:
                raise Wrong(f"{key}: there is no department {said!r} in the book; there {_are(names.departments)}")
        if isinstance(said := wanted.get("owner"), str) and "$" not in said:
            _of_the_team(said, names)
    form(wanted)


def form(wanted: Any) -> None:
    """Raises `Wrong` for a form that has not what it needs."""
    if isinstance(wanted, list):
        for item in wanted:
            form(item)
    if not isinstance(wanted, dict):
        return
    if len(wanted) == 1:
        [(name, value)] = wanted.items()
        if name == "in" and not isinstance(value, list):
            raise Wrong(f"{{in: …}} takes a list, such as [open, waiting], not {value!r}")
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if name == "count" and not is_number and not (isinstance(value, dict) and _FORMS & value.keys()):
            raise Wrong(f"{{count: …}} takes a number, or a form such as {{in: [1, 2]}}, not {value!r}")
    for value in wanted.values():
        form(value)


def _of_the_team(member: str, names: Names) -> None:
    if "$" not in member and member not in names.members:
        raise Wrong(
            f"{member!r} is nobody of the team; there {_are(names.members)}. What the hub and departments are told is under notices"
        )


def _are(names: Iterable[str]) -> str:
    there = list(names)
    shown = ", ".join(there[:20])
    return f"{'is' if len(there) == 1 else 'are'} {shown or 'none'}{', …' if len(there) > 20 else ''}"
