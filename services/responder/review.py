"""The review queue: whose approval a submitted reply waits for, and how soon it had better be given. Pure: no I/O, time passed in.

What is said here orders and finds work. Who may approve is asked anew when somebody does (`clearance.approve`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.rules import RuleError
from services.responder import approval, clearance
from services.responder.approval import Hat
from services.responder.reply import ReplyRow

UNHURRIED = timedelta(days=7)
"""After it was submitted: where no clock of the case says how soon, so that it comes up at last."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`roles`: whose approvals are missing, `self` for the writer's. `until`: when an approval that it has runs out, and all is to be asked again."""

    roles: tuple[str, ...]
    act_by: datetime
    until: datetime | None


def asked(row: ReplyRow, book: BrandBook, case: Case | None, at: datetime) -> Asked:
    """Where nobody knows who must approve, because a rule cannot be evaluated, a lead is asked: they can mend the book."""
    if case is None:
        return Asked((), _act_by(row, None), None)
    standing = clearance.standing_signatures(row, case, book, at)
    try:
        requirement = approval.required(book, row.writer_role, case.risk, facts=clearance.facts(row, book, case))
    except RuleError:
        return Asked(("lead",), _act_by(row, case), None)
    places = approval.open_places(requirement, standing, row.writer or "", row.submitted_by)
    roles = [role for place in places for role in (*place.roles, *((approval.SELF,) if place.by_writer else ()))]
    until = min((one.at for one in standing), default=None)
    return Asked(tuple(dict.fromkeys(roles)), _act_by(row, case), until + book.conduct.approval_expires.elapsed() if until else None)


def answers_to(hat: Hat) -> list[str]:
    """All that may be asked for and is met with this hat on."""
    return list(dict.fromkeys(name for role in hat.roles for name in (role, *approval.below(role))))


def _act_by(row: ReplyRow, case: Case | None) -> datetime:
    running = [clock.due_at for clock in case.clocks if clock.met_at is None and clock.paused_at is None] if case else []
    promised = [case.promise_due_at] if case and case.promise_due_at and (case.promise_open or case.promise_broken) else []
    return min(_soonest(running, promised), default=(row.submitted_at or row.created_at) + UNHURRIED)


def _soonest(*moments: Iterable[datetime]) -> list[datetime]:
    return [moment for several in moments for moment in several]
