"""What a new brand book would change for the open cases of its brand, told before it is published. Nothing is written.

Open cases with their mentions come in, and the policies of the book that holds and of the one that may; counts leave. Two moments are told apart,
because that is what happens: a case whose owner or department is gone gets another one at once (`rehome.py`), and running clocks are set anew
(`retarget.py`); any other that no person has touched is computed anew when its customer's next message comes, and keeps until then the department, the
owner and the priority that it has. What people decided stays.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from libs.common import db
from libs.common.case_events import Case, Clock
from libs.common.events import TriagedMention
from services.routing import case as cases
from services.routing import orphan, store, turn
from services.routing.case import File
from services.routing.sla import Policy

MOST_CASES = 1000
MOST_MENTIONS = 5000
"""How many are looked at, the newest first: about a second of work, and the cases of a normal day."""
TIMEOUT_MS = 5000
_PAGE = 25
_EXAMPLES = 3

When = Literal["at once", "at the next message"]
FIELDS = ("department", "owner", "priority")


@dataclass(slots=True)
class Shift:
    """`cases` open cases for which one field changes alike. `why` says what is gone, where that is the cause."""

    when: When
    what: str
    before: str | None
    after: str | None
    why: str | None
    cases: int = 0
    examples: list[UUID] = field(default_factory=list)


@dataclass(slots=True)
class ClockShift:
    """Running clocks of one kind that would be due later or earlier; `breached` of them would have run out already."""

    when: When
    kind: str
    later: int = 0
    earlier: int = 0
    breached: int = 0


@dataclass(slots=True)
class Impact:
    """`open` cases has the brand, `looked_at` of them were computed: the newest, and none with more mentions than are listed in a case."""

    open: int = 0
    looked_at: int = 0
    shifts: dict[tuple[str | None, ...], Shift] = field(default_factory=dict)
    clocks: dict[tuple[str, str], ClockShift] = field(default_factory=dict)

    def add(self, when: When, before: Case, after: Case, why: str | None) -> None:
        for name in FIELDS:
            was, becomes = getattr(before, name), getattr(after, name)
            if was != becomes:
                key = (when, name, was, becomes, why)
                shift = self.shifts.setdefault(key, Shift(when, name, was, becomes, why))
                shift.cases += 1
                shift.examples += [before.id] if len(shift.examples) < _EXAMPLES else []

    def add_clocks(self, before: Case, after: Case, now: datetime) -> None:
        for old, new in _pairs(before.clocks, after.clocks):
            clock = self.clocks.setdefault(("at once", new.kind), ClockShift("at once", new.kind))
            clock.later += new.due_at > old.due_at
            clock.earlier += new.due_at < old.due_at
            clock.breached += new.due_at <= now < old.due_at


def _pairs(before: Iterable[Clock], after: Iterable[Clock]) -> Iterator[tuple[Clock, Clock]]:
    """The clocks that run before and after, and are due at another moment."""
    running = {clock.kind: clock for clock in before if clock.met_at is None}
    for clock in after:
        old = running.get(clock.kind)
        if old is not None and clock.met_at is None and clock.due_at != old.due_at:
            yield old, clock


def weigh(impact: Impact, old: Policy, new: Policy, file: File, mentions: Sequence[TriagedMention], now: datetime) -> None:
    """Add to `impact` what the new book means for one case. The case stays as it is."""
    impact.looked_at += 1
    if missing := orphan.gone(new.book, file.case, waits=file.given is not None):
        impact.add("at once", file.case, orphan.settled(new, _copy(file), mentions, now), "; ".join(missing))
    elif not file.touched:
        # Compared with what the book that holds would decide, not with what is stored, so that only this book's doing is told.
        before = cases.computed(old, _copy(file), mentions, None, now)
        impact.add("at the next message", before, cases.computed(new, _copy(file), mentions, None, now), None)
    set_anew = _copy(file)
    turn.retargeted(old, new, set_anew, mentions, now)
    impact.add_clocks(file.case, set_anew.case, now)


def _copy(file: File) -> File:
    return replace(file, fired=list(file.fired))


async def of(connection: db.Connection, old: Policy, new: Policy, now: datetime) -> Impact:
    """The impact on the brand's open cases, within bounds: of cases, of mentions, and of each statement's time."""
    brand = new.book.brand
    await connection.execute(f"set local statement_timeout = {TIMEOUT_MS}")
    impact = Impact(open=await store.count_open(connection, brand))
    before, mentions = None, 0
    while impact.looked_at < MOST_CASES and mentions < MOST_MENTIONS:
        page = await store.open_cases(connection, brand, before, cases.MAX_MENTIONS, _PAGE)
        copies = await store.copies_of(connection, [(brand, file.case.id) for _, file in page])
        said: dict[UUID, list[TriagedMention]] = {}
        for copy in copies.values():
            said.setdefault(copy.case_id, []).append(copy.triaged)
        for _, file in page:
            weigh(impact, old, new, file, said.get(file.case.id, []), now)
            await asyncio.sleep(0)  # the same process renews the brands' leases meanwhile
        mentions += len(copies)
        if len(page) < _PAGE:
            break
        before = page[-1][0]
    return impact
