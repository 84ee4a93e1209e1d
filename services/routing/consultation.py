"""Questions to departments that stay with a case: who has one, until when, and what ends it. Pure decisions.

    open ──▶ answered | withdrawn ──▶ open (reopened)

A question has a clock of its own, in opening time. Our own clocks run on meanwhile: the customer waits for all of us.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common.bookteam import Department
from libs.common.brandbook import BrandBook
from libs.common.case_events import Consultation as Told
from libs.common.errors import Conflict, Unprocessable
from libs.common.hours import HoursError
from services.routing import waiting
from services.routing.callback import due
from services.routing.case import ENDED, File
from services.routing.sla import Policy

QUESTION, LEGAL_CHECK = "question", "legal_check"
VERDICTS = ("agreed", "agreed_with_changes", "refused")
MOST_OPEN = 20
"""Questions of one case that are open at the same time."""
MOST_REMINDERS = 10
"""How often people remind a department in one turn."""


@dataclass(frozen=True, slots=True)
class Consultation:
    """A row of `consultation`. `case_id`: the case that it was asked in; it goes on where that one does. `since`: this department has it since then, in
    this `turn`. `reminded`: how often a person reminded it in this turn."""

    id: UUID
    brand: str
    case_id: UUID
    kind: str
    state: str
    department: str
    question: str
    mention_ids: tuple[UUID, ...]
    holds_case: bool
    asked_by: str
    asked_at: datetime
    since: datetime
    due_at: datetime
    turn: int = 1
    reminded: int = 0
    verdict: str | None = None
    ended_at: datetime | None = None
    version: int = 1

    def changed(self, **values: object) -> "Consultation":
        return replace(self, version=self.version + 1, **values)  # type: ignore[arg-type]

    def told(self) -> Told:
        """As events tell it."""
        values = {name: getattr(self, name) for name in Told.model_fields if name != "mention_ids"}
        return Told(**values, mention_ids=list(self.mention_ids))


@dataclass(frozen=True, slots=True)
class Answer:
    """A row of `consultation_answer`: what came back. `what`: answer | remark | automatic | undelivered; `via`: api | link | mail. `department`: that
    it was asked of. `late`: it changed nothing, because the question had ended or was another department's by then. `authenticated`: of a mail, whether it
    is from its address (pass | fail | unknown)."""

    id: UUID
    brand: str
    consultation_id: UUID
    department: str
    at: datetime
    what: str
    via: str
    by: str
    text: str
    verdict: str | None = None
    outside: bool = False
    late: bool = False
    attachments: tuple[str, ...] = ()
    authenticated: str | None = None

    @property
    def is_somebody_elses(self) -> bool:
        """Whether a server found that it is not from the address that it says."""
        return self.authenticated == "fail"


Reaction = Callable[[Policy, File, Consultation, str, Answer | None, Sequence[Consultation]], Mapping[str, Any]]
"""What a kind of question does to its case: policy, case, question, what happened (asked | answered | withdrawn | handed_on | reopened), the answer, where
it is one that counts, and the other questions of the case. Returns fields of the case that change with it, in the same version of the case; it changes
nothing itself."""


def department_of(book: BrandBook, id: str) -> Department:
    """Raises `Unprocessable` for one that the book does not have."""
    found = book.department(id)
    if found is None:
        known = ", ".join(item.id for item in book.departments)
        raise Unprocessable(f"There is no department {id!r}; this brand has {known}.")
    return found


def asked(
    policy: Policy,
    file: File,
    *,
    id: UUID,
    department: str,
    question: str,
    by: str,
    now: datetime,
    kind: str = QUESTION,
    due_at: datetime | None = None,
    holds_case: bool = False,
    mention_ids: Sequence[UUID] = (),
    known: Sequence[Consultation] = (),
) -> Consultation:
    """A new question. `due_at` none: within the opening time that the book gives the department. Raises `Conflict` for a case that has ended or has too
    many open (`known` are the case's), `Unprocessable` for a department that is not there and a moment that has passed."""
    waiting.must_be_ours(file)
    asking = department_of(policy.book, department)
    if sum(one.state == "open" for one in known) >= MOST_OPEN:
        raise Conflict(f"{MOST_OPEN} questions of this case are open already. Withdraw some, or wait for answers.")
    return Consultation(
        id=id,
        brand=file.case.brand,
        case_id=file.case.id,
        kind=kind,
        state="open",
        department=department,
        question=question,
        mention_ids=tuple(dict.fromkeys(mention_ids)),
        holds_case=holds_case,
        asked_by=by,
        asked_at=now,
        since=now,
        due_at=_due(policy, asking, now, due_at),
    )


def handed_on(policy: Policy, found: Consultation, department: str, now: datetime, due_at: datetime | None = None) -> Consultation:
    """Another department has it, with a clock of its own. Raises `Conflict`, `Unprocessable`."""
    must_be_open(found)
    asking = department_of(policy.book, department)
    if department == found.department:
        raise Conflict(f"Department {department!r} has it already. Remind it instead.")
    return found.changed(department=department, since=now, due_at=_due(policy, asking, now, due_at), turn=found.turn + 1, reminded=0)


def reopened(policy: Policy, found: Consultation, now: datetime, due_at: datetime | None = None) -> Consultation:
    """It is asked again, with a new clock. Raises `Conflict`, `Unprocessable`."""
    if found.state == "open":
        raise Conflict("The question is open: it waits for an answer.")
    asking = department_of(policy.book, found.department)
    return found.changed(
        state="open", verdict=None, ended_at=None, since=now, due_at=_due(policy, asking, now, due_at), turn=found.turn + 1, reminded=0
    )


def withdrawn(found: Consultation, now: datetime) -> Consultation:
    must_be_open(found)
    return found.changed(state="withdrawn", ended_at=now)


def reminded(found: Consultation) -> Consultation:
    """A person reminds the department. Raises `Conflict`."""
    must_be_open(found)
    if found.reminded >= MOST_REMINDERS:
        raise Conflict(f"The department was reminded {MOST_REMINDERS} times by hand already. Call them, or hand the question on.")
    return found.changed(reminded=found.reminded + 1)


def with_answer(found: Consultation, answer: Answer) -> tuple[Consultation, Answer]:
    """What an answer makes of a question. One that is late, or no answer at all, is kept and ends nothing; so is what is said about a legal check
    without a verdict, from an address that nobody knows, or by a sender who is not who they say."""
    if answer.what != "answer":
        return found, answer
    if found.kind == LEGAL_CHECK and (answer.verdict is None or answer.outside or answer.is_somebody_elses):
        return found, replace(answer, what="remark", verdict=None)
    if found.state != "open" or answer.department != found.department:
        return found, replace(answer, late=True)
    return found.changed(state="answered", verdict=answer.verdict, ended_at=answer.at), answer


_VERDICTS = {
    "agreed": ("agreed", "agree", "approved", "akkoord"),
    "agreed_with_changes": ("agreed with changes", "akkoord met wijzigingen", "akkoord met aanpassingen"),
    "refused": ("refused", "not agreed", "rejected", "niet akkoord", "geen akkoord", "afgekeurd"),
}


def verdict_in(text: str) -> str | None:
    """The verdict that stands alone on the first line of a mail; none where anything else does: nobody guesses what a lawyer means."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    said = " ".join(first.strip(" .!,*").lower().split())
    return next((verdict for verdict, words in _VERDICTS.items() if said in words), None)


def must_be_open(found: Consultation) -> None:
    if found.state != "open":
        raise Conflict(f"The question is {found.state}. Reopen it first.")


def _due(policy: Policy, department: Department, now: datetime, due_at: datetime | None) -> datetime:
    if due_at is None:
        return due(policy, now, department.consult_within)
    if due_at <= now:
        raise Unprocessable(f"due_at: {due_at.isoformat()} has passed. Name a moment to come.")
    return due_at


# --- its clock ----------------------------------------------------------------------------------------------------------------------------


def moments(policy: Policy, found: Consultation) -> list[tuple[int, datetime]]:
    """(share, moment) of every reminder of this turn, and of being overdue, which is told whatever the book says of reminders."""
    department = policy.book.department(found.department)
    shares = {100, *(department.remind_at if department else ())}
    return [(share, _moment(policy, found, share)) for share in sorted(shares)]


def _moment(policy: Policy, found: Consultation, share: int) -> datetime:
    whole = policy.calendar.between(found.since, found.due_at)
    if share == 100:
        return found.due_at
    if not whole:  # a moment that somebody chose, before the next opening
        whole = found.due_at - found.since
        return found.since + whole * share / 100
    try:
        return policy.calendar.advance(found.since, whole * share / 100)
    except HoursError:
        return found.since + whole * share / 100


def gone(policy: Policy, found: Consultation, now: datetime) -> int:
    """Per cent of its time that has passed, in opening time; more than 100 where it is overdue."""
    end = found.ended_at or now
    whole = policy.calendar.between(found.since, found.due_at)
    if whole:
        return int(policy.calendar.between(found.since, end) / whole * 100)
    whole = found.due_at - found.since
    return int((end - found.since) / whole * 100) if whole else 100


# --- its case -----------------------------------------------------------------------------------------------------------------------------


def holding(known: Iterable[Consultation]) -> list[Consultation]:
    """Those that a case waits for."""
    return [one for one in known if one.state == "open" and one.holds_case]


def is_over(file: File) -> bool:
    """Whether the case has ended: nobody needs an answer there."""
    return file.case.state in ENDED


def from_outside(book: BrandBook, department: str, address: str) -> bool:
    """Whether a mail address is neither of a domain of the addresses that the book has for the department, nor of one of its staff's. Where the book has
    none of both nobody can tell, and it is."""
    found = book.department(department)
    known = [found.email, *(way.email for way in found.notify)] if found else []
    domains = {str(one).rpartition("@")[2].lower() for one in known if one} | {domain.lower() for domain in book.staff.domains}
    return address.rpartition("@")[2].lower() not in domains
