"""A clock tells the truth about what it waits for, whenever somebody looks at it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from libs.common.brandbook import BrandBook
from libs.common.case_events import CaseClockBreached, Clock, Rounds
from libs.common.hours import Calendar
from services.routing import record, sla
from services.routing.case import File
from services.routing.case_work import CaseWork
from services.routing.consumer import on_mention, on_reply_sent
from services.routing.turn import reopened, resolved
from tests.unit.routing.test_permutations import BOOK, POLICIES, START, tick
from tests.unit.routing.test_turns import A1, C1, A, heard, sent

DUE = START + timedelta(minutes=30)
"""When the reaction clock of A runs out."""


def reaction(file: File) -> Clock:
    return next(clock for clock in file.case.clocks if clock.kind == "reaction")


def breaches(work: CaseWork) -> list[str]:
    return [outgoing.event.clock for outgoing in work.outgoing if isinstance(outgoing.event, CaseClockBreached)]


@pytest.mark.parametrize(("minutes", "breached_at"), [(29, None), (30, None), (31, DUE)])
@pytest.mark.parametrize("looked_at_before", [False, True])
def test_a_reply_is_late_by_when_it_was_sent_not_by_when_we_heard_of_it(
    minutes: int, breached_at: datetime | None, looked_at_before: bool
) -> None:
    work = heard([A1])
    if looked_at_before:
        tick(work, DUE + timedelta(seconds=1))
        assert reaction(work.files[A]).breached_at == DUE
    on_reply_sent(work, sent("A", minutes=minutes))
    clock = reaction(work.files[A])
    assert (clock.met_at, clock.breached_at) == (START + timedelta(minutes=minutes), breached_at)
    assert breaches(work) == (["reaction"] if breached_at and not looked_at_before else []), "told with the reply unless it was told before"
    tick(work, DUE + timedelta(minutes=5))
    assert reaction(work.files[A]) == clock


def test_a_resolution_tells_each_clock_that_it_stops_too_late() -> None:
    file = heard([A1]).files[A]
    resolved(file, START + timedelta(days=9))
    at = START + timedelta(days=9)
    told: list[Any] = [story.outgoing.event for story in record.breaches(file, at=at, actor="system", traceparent=None)]
    assert [one.clock for one in told] == ["reaction", "resolution"]
    assert record.breaches(file, at=at, actor="system", traceparent=None) == []


def test_a_breach_stays_counted_when_the_customer_writes_again_and_when_a_person_reopens() -> None:
    work = heard([A1])
    on_reply_sent(work, sent("A", minutes=31))
    on_mention(work, C1)
    file = work.files[A]
    assert file.case.earlier == [Rounds(kind="reaction", met=0, breached=1)]
    assert reaction(file).breached_at is None
    resolved(file, START + timedelta(minutes=10))
    reopened(POLICIES.of("vaart"), file, work.mentions_of(A), START + timedelta(minutes=20))
    assert file.case.earlier == [Rounds(kind="reaction", met=1, breached=1)], "the resolution clock goes on"


def test_a_round_that_ended_before_its_clock_ran_out_was_no_breach_although_the_clock_spoke() -> None:
    """We heard of the message late: the clock ran out in the meantime."""
    clocks = [Clock(kind="resolution", started_at=START, due_at=DUE, breached_at=DUE)]
    assert sla.counted([], sla.ended(clocks, DUE - timedelta(seconds=1))) == []
    assert sla.counted([], sla.ended(clocks, DUE + timedelta(seconds=1))) == [Rounds(kind="resolution", breached=1)]


def test_when_a_season_is_over_the_clocks_are_ordinary_ones() -> None:
    hours = {"mon": [], "exceptions": [{"date": "2026-03-01", "blocks": ["09:00-17:00"]}]}
    targets = [{"reaction": "4h", "resolution": "2d"}]
    book = BrandBook.model_validate(BOOK.model_dump(mode="json", by_alias=True) | {"hours": hours, "targets": targets})
    policy = sla.Policy(book, Calendar.of(book), 1)
    after = datetime(2026, 3, 2, 10, tzinfo=UTC)
    clocks = sla.start(policy, {}, after)
    assert [clock.due_at - after for clock in clocks] == [timedelta(hours=4), timedelta(days=2)]
    assert all(after < firing.at <= clock.due_at for clock in clocks for firing in sla.firings(policy, [clock], []))
