"""What the consumer knows of the customers of a batch: when their cases were opened, which group people chose, and who helped them last.

Read and locked before the batch is decided, kept up as it is, and asked for each case that is computed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from libs.common import db
from libs.common.case_events import Case
from libs.common.errors import InvalidEvent
from libs.common.events import TriagedMention
from services.routing import case as cases
from services.routing import contact, customer_store
from services.routing.contact import Standing
from services.routing.customer_store import Customer, Help
from services.routing.policies import Policies
from services.routing.sla import Policy


@dataclass(slots=True)
class Circumstances:
    """`opened`: when the cases of a customer that have messages were opened. `groups`: (what a person chose, who)."""

    opened: dict[Customer, dict[UUID, datetime]] = field(default_factory=dict)
    groups: dict[Customer, tuple[str | None, str]] = field(default_factory=dict)
    helped: dict[Customer, list[Help]] = field(default_factory=dict)
    _places: dict[UUID, tuple[Customer, datetime]] = field(default_factory=dict)

    def of(self, policy: Policy, case_id: UUID, brand: str, root_id: UUID, mentions: Sequence[TriagedMention]) -> Standing | None:
        """The standing of a case with these mentions; none where all were taken back."""
        present = [m for m in mentions if not m.removed]
        if not present:
            return None
        customer = brand, cases.customer_of(root_id, mentions)
        group, by = self.groups.get(customer, (None, None))
        within = policy.book.cases.repeat_within.elapsed()
        return Standing(contact.of(case_id, cases.opened_at(present), self.opened.get(customer, {}), within), group, by)

    def helpers(self, policy: Policy, brand: str, root_id: UUID, mentions: Sequence[TriagedMention], now: datetime) -> dict[str, str]:
        """Who helped the customer of these mentions within `assignment.stick_within`, by department."""
        if all(m.removed for m in mentions):
            return {}
        since = now - policy.book.assignment.stick_within.elapsed()
        found = self.helped.get((brand, cases.customer_of(root_id, mentions)), [])
        return {help.department: help.member for help in found if help.at >= since}

    def put(self, changed: Sequence[Case]) -> list[UUID]:
        """These cases are as they are now. Return those whose contact may be another one by that: they themselves, where they came or moved, and each next
        case of the same customers."""
        places: list[tuple[Customer, contact.Moment]] = []
        maybe: dict[UUID, None] = {}
        for case in changed:
            new = None if case.state in cases.EMPTY else ((case.brand, case.customer_id), case.opened_at)
            old = self._places.pop(case.id, None)
            if old is not None:
                self.opened[old[0]].pop(case.id, None)
            if new is not None:
                self.opened.setdefault(new[0], {})[case.id] = new[1]
                self._places[case.id] = new
            if new != old:
                places += [(customer, (at, case.id)) for customer, at in filter(None, (old, new))]
                maybe |= {case.id: None} if new is not None else {}
        after = [contact.following(moment, self.opened.get(customer, {})) for customer, moment in places]
        return list(dict.fromkeys([*maybe, *(id for id in after if id is not None)]))


@dataclass(slots=True)
class Stretches:
    """From when to when the cases of a batch's customers may have been opened, or may be by its events."""

    of: dict[Customer, tuple[datetime, datetime]] = field(default_factory=dict)

    def add(self, customers: Iterable[Customer], moments: Sequence[datetime]) -> None:
        for customer in customers if moments else ():
            since, until = self.of.get(customer, (moments[0], moments[0]))
            self.of[customer] = min(since, *moments), max(until, *moments)

    def widened(self, policies: Policies) -> dict[Customer, tuple[datetime, datetime]]:
        """Those stretches, and what lies within `cases.repeat_within` of them."""
        found = {}
        for customer, (since, until) in self.of.items():
            within = _repeat_within(policies, customer[0])
            found[customer] = since - within, until + within
        return found


def _repeat_within(policies: Policies, brand: str) -> timedelta:
    try:
        return policies.of(brand).book.cases.repeat_within.elapsed()
    except InvalidEvent:  # without a book its events are set aside, each by itself
        return timedelta()


async def lock(connection: db.Connection, circumstances: Circumstances, customers: Iterable[Customer]) -> None:
    """Lock these customers, and keep what people chose for them."""
    for customer, row in (await customer_store.lock(connection, customers)).items():
        circumstances.groups[customer] = row["customer_group"], row["set_by"]


async def read(connection: db.Connection, circumstances: Circumstances, policies: Policies, stretches: Stretches) -> set[UUID]:
    """Read when the cases of these customers were opened. Return those that come after the beginning of their customer's stretch."""
    later = set()
    for place in await customer_store.places(connection, stretches.widened(policies)):
        customer = place.brand, place.customer_id
        circumstances.opened.setdefault(customer, {})[place.case_id] = place.opened_at
        if place.opened_at >= stretches.of[customer][0]:
            later.add(place.case_id)
    return later


def keep(circumstances: Circumstances, files: Mapping[UUID, cases.File]) -> None:
    """The cases that are locked stand as their rows say."""
    circumstances.put([file.case for file in files.values()])
