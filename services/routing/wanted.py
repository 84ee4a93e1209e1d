"""Which cases are wanted: the filters that lists, saved views, searches and bulk actions share, as a condition on `case_line`. Pure.

Of one filter, any of its values; of all filters together, each. Values that many cases have and values that few have are looked up in the same index,
by keys that hold the brand and whether the case is open; `migrations/0017_finding.sql` makes them.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, Self, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from libs.common import http
from services.routing.case import ENDED, OPEN

State = Literal["new", "open", "waiting", "resolved", "closed", "merged", "withdrawn"]
Urgency = Literal["low", "normal", "high", "critical"]
Priority = Literal["low", "normal", "high", "urgent"]
Answer = Literal["reply", "ask_clarification", "no_reply", "hide"]
Sort = Literal["oldest", "newest", "due", "priority"]
SORTS: tuple[Sort, ...] = get_args(Sort)
ME = "@me"
"""In place of a team member's id: whoever reads the list."""
NOBODY = "@nobody"
_MOST_MONTHS = 24
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
_ONE_LINE = re.compile(http.ONE_LINE)


def _words(about: str) -> Any:
    return Field(default=(), max_length=20, description=about)


class Wanted(BaseModel):
    """Filters of a list of cases. An empty one wants all cases."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: tuple[State, ...] = _words("States")
    open: bool | None = Field(default=None, description="Only cases that are new, open or waiting; or only the others")
    department: tuple[str, ...] = _words("Departments")
    owner: tuple[str, ...] = _words(f"Team members; {ME}: whoever reads; {NOBODY}: cases without an owner")
    label: tuple[str, ...] = _words("Labels that triage gave")
    tag: tuple[str, ...] = _words("Tags that people gave")
    channel: tuple[str, ...] = _words("Channels of the newest message")
    visibility: tuple[Literal["public", "private"], ...] = _words("Of the newest message")
    urgency: tuple[Urgency, ...] = _words("How urgent")
    priority: tuple[Priority, ...] = _words("Priorities")
    risk: tuple[str, ...] = _words("Risks, such as press")
    sentiment: tuple[str, ...] = _words("Feelings")
    language: tuple[str, ...] = _words("Languages")
    intent: tuple[str, ...] = _words("What the customer wants")
    respond: tuple[Answer, ...] = _words("How they are to be answered, as proposed or chosen")
    watcher: tuple[str, ...] = _words(f"Team members who watch; {ME}: whoever reads")
    customer_id: UUID | None = Field(default=None, description="Only cases of this customer")
    customer_group: tuple[str, ...] = _words("Groups of customers")
    contact: tuple[Literal["first", "repeat"], ...] = _words("First or repeated contact")
    topic_id: UUID | None = Field(default=None, description="Only cases about this topic")
    promise: tuple[Literal["open", "broken"], ...] = _words("With a promise to the customer that is open, or broken")
    sample: bool | None = Field(
        default=None, description="Only cases with a proposal of no reply that people are asked to judge, or only the others"
    )
    field: tuple[str, ...] = Field(default=(), max_length=10, description="Custom fields, each as id=value; all of them hold")
    opened_from: datetime | None = Field(default=None, description="Opened at that moment or later")
    opened_before: datetime | None = Field(default=None, description="Opened before that moment")
    due_before: datetime | None = Field(default=None, description="A clock that runs, or a promise, is due before that moment")
    q: str | None = Field(default=None, min_length=1, max_length=500, description="Words that are searched for")

    @model_validator(mode="before")
    @classmethod
    def _one_may_stand_alone(cls, said: Any) -> Any:
        """One value need not be put into a list."""
        if not isinstance(said, dict):
            return said
        several = {name for name, about in cls.model_fields.items() if about.default == ()}
        return {name: (value,) if name in several and isinstance(value, str) else value for name, value in said.items()}

    @field_validator("opened_from", "opened_before", "due_before")
    @classmethod
    def _in_our_time(cls, at: datetime | None) -> datetime | None:
        """What no case can be on the other side of is as good as the end of time, and can be reckoned with."""
        if at is None:
            return None
        if at.tzinfo is None:
            raise ValueError("a moment has a time zone, such as 2026-11-02T09:00:00Z")
        return _FIRST if at.year < _FIRST.year else _LAST if at.year >= _LAST.year else at

    @model_validator(mode="after")
    def _can_be_looked_for(self) -> Self:
        for name, value in self:
            for one in value if isinstance(value, tuple) else ():
                if not one or len(one) > 250 or not _ONE_LINE.match(one):
                    raise ValueError(f"{name}: a value has 1 to 250 characters, all of them printable")
        if bad := [one for one in self.field if not one.partition("=")[0] or "=" not in one]:
            raise ValueError(f"field: {bad[0]!r} is not of the form id=value")
        return self

    def for_reader(self, member: str) -> Self:
        """With whoever reads in place of `@me`."""
        changed = {name: tuple(member if one == ME else one for one in getattr(self, name)) for name in ("owner", "watcher")}
        return self.model_copy(update=changed)

    def openness(self) -> tuple[str, ...]:
        """Whether only open cases are wanted, only others, or both."""
        kinds = {state in OPEN for state in self.state} if self.state else {True, False}
        if self.open is not None:
            kinds &= {self.open}
        return tuple(name for name, is_open in (("o", True), ("c", False)) if is_open in kinds)


class Arguments:
    """The numbered arguments of a statement, and what refers to them."""

    def __init__(self, *first: Any) -> None:
        self.values: list[Any] = list(first)

    def add(self, value: Any, kind: str) -> str:
        self.values.append(value)
        return f"${len(self.values)}::{kind}"


def condition(wanted: Wanted, brand: str, arguments: Arguments, *, line: str = "l") -> str:
    """The condition on `case_line`, beside its brand, that these filters make; without `q`. `true` where they want everything."""
    openness = wanted.openness()
    if not openness:
        return "false"
    keyed = list(_keys(wanted))
    # The keys say themselves that a case is open; said twice, the index of all that is open is read as well.
    is_said = len(openness) == 2 or (keyed and openness == ("o",))
    found = [] if is_said else [f"{line}.is_open" if openness == ("o",) else f"not {line}.is_open"]
    for keys in keyed:
        said = arguments.add([f"{brand}/{kind}/{key}" for kind in openness for key in keys], "text[]")
        has = f"{line}.keys && {said}"
        # Most cases of all are resolved or closed: looking that up takes longer than looking at the cases.
        found.append(f"coalesce({has}, false)" if {"state/resolved", "state/closed"} & set(keys) else has)
    if wanted.opened_from is not None:
        found.append(f"{line}.opened_at >= {arguments.add(wanted.opened_from, 'timestamptz')}")
    if wanted.opened_before is not None:
        found.append(f"{line}.opened_at < {arguments.add(wanted.opened_before, 'timestamptz')}")
    if wanted.due_before is not None:
        found.append(f"{line}.is_open and {line}.due_at < {arguments.add(wanted.due_before, 'timestamptz')}")
    if wanted.customer_id is not None:
        found.append(f"{line}.customer_id = {arguments.add(wanted.customer_id, 'uuid')}")
    return " and ".join(found) or "true"


_PLAIN: Sequence[tuple[str, str]] = (
    ("department", "department"),
    ("label", "label"),
    ("tag", "tag"),
    ("channel", "channel"),
    ("visibility", "visibility"),
    ("urgency", "urgency"),
    ("priority", "priority"),
    ("risk", "risk"),
    ("sentiment", "sentiment"),
    ("language", "language"),
    ("intent", "intent"),
    ("respond", "respond"),
    ("watcher", "watcher"),
    ("customer_group", "group"),
    ("contact", "contact"),
    ("promise", "promise"),
)
"""Filter → what its keys begin with."""


def _keys(wanted: Wanted) -> Iterable[list[str]]:
    """For each filter that is set, the keys of which a case has one."""
    if wanted.state and set(wanted.state) not in (set(OPEN), set(ENDED), {*OPEN, *ENDED}):
        yield [f"state/{state}" for state in wanted.state]
    if wanted.owner:
        yield [f"owner/{'' if owner == NOBODY else owner}" for owner in wanted.owner]
    for name, prefix in _PLAIN:
        if values := getattr(wanted, name):
            yield [f"{prefix}/{value}" for value in values]
    if wanted.topic_id is not None:
        yield [f"topic/{wanted.topic_id}"]
    if wanted.sample is not None:
        yield [f"sample/{'true' if wanted.sample else 'false'}"]
    for said in wanted.field:
        name, _, value = said.partition("=")
        yield [f"field/{name}={form}" for form in _forms(value)]
    if months := _months(wanted):
        yield [f"month/{month}" for month in months]


def _forms(value: str) -> list[str]:
    """How a value of a custom field may stand in a case: numbers have several ways."""
    forms = [value]
    try:
        number = float(value)
    except ValueError:
        return forms
    if number == number and abs(number) < 1e15:  # not NaN
        forms += [str(number), str(int(number))] if number == int(number) else [str(number)]
    return list(dict.fromkeys(forms))


def _months(wanted: Wanted) -> list[str]:
    """The months in which a case may have been opened; none where there are too many, or no end to them."""
    if wanted.opened_from is None or wanted.opened_before is None:
        return []
    first, last = wanted.opened_from.astimezone(UTC), wanted.opened_before.astimezone(UTC)
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    if not 0 < count <= _MOST_MONTHS:
        return []
    return [f"{first.year + (first.month - 1 + n) // 12:04}-{(first.month - 1 + n) % 12 + 1:02}" for n in range(count)]
