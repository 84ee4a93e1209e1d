"""Whether a customer comes back: a first contact, or a repeated one. Pure.

A case is a repeated contact when another case of the same customer, with a message in it, was opened within `cases.repeat_within` before it. So it
follows from when the customer's cases were opened alone, and not from which of them was heard of first: a case that turns out to be older than
another makes that one a repeated contact, and a case that ends without a message no longer does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

Moment = tuple[datetime, UUID]
"""When a case was opened, and which it is: the order of a customer's cases."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a case's customer beside the case's own messages. `group` is one that a person chose, `group_by`; none: nobody did."""

    contact: str = "first"
    group: str | None = None
    group_by: str | None = None


def of(case_id: UUID, opened_at: datetime, opened: Mapping[UUID, datetime], within: timedelta) -> str:
    """`first` or `repeat`, given when the cases of its customer that have messages were opened; its own does not count."""
    since, this = opened_at - within, (opened_at, case_id)
    return "repeat" if any(since <= at and (at, id) < this for id, at in opened.items() if id != case_id) else "first"


def following(this: Moment, opened: Mapping[UUID, datetime]) -> UUID | None:
    """The customer's next case after this moment: the only one whose contact can change when a case comes or goes there. Any later one has that next
    case before it, which is closer."""
    later = [(at, id) for id, at in opened.items() if (at, id) > this]
    return min(later)[1] if later else None
