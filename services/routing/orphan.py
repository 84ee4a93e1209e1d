"""A case whose owner has left the team, or whose department is no longer in the brand book: what becomes of it. Pure.

A stored case and the policy of today come in; the case with an owner and a department that there are goes out. What people decided stays as far as
it can: only what is gone is decided anew.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.events import TriagedMention
from services.routing import case as cases
from services.routing import proposal
from services.routing.case import ENDED, File
from services.routing.route import facts, owner, route
from services.routing.sla import Policy

_NOBODY = UUID(int=0)


def somebody_works(book: BrandBook) -> bool:
    """Whether a case of this book can have an owner at all."""
    return owner(book, book.fallback, "", (), _NOBODY) is not None


def gives_at_once(book: BrandBook) -> bool:
    """Whether each case of this book has an owner from the start."""
    return book.assignment.give == "at_once" and somebody_works(book)


def gone(book: BrandBook, case: Case, *, waits: bool = False) -> list[str]:
    """What an open case refers to and the book does not have, in words. Empty: the case is where people see it, which is the queue too where it `waits`
    there because it was decided so."""
    if case.state in ENDED:
        return []
    found = []
    if case.owner is None:
        found += ["it has no owner"] if gives_at_once(book) and not waits else []
    elif book.member(case.owner) is None:
        found.append(f"{case.owner} is not in the team")
    if book.department(case.department) is None:
        found.append(f"there is no department {case.department}")
    return found


def settled(policy: Policy, file: File, mentions: Sequence[TriagedMention], now: datetime) -> Case:
    """The case with what `gone` says is gone decided anew. One that no person has touched is computed whole, as its next mention would; it may
    change what its clocks have said (`file.fired`)."""
    if not file.touched:
        return cases.computed(policy, file, mentions, None, now)
    case, book = file.case, policy.book
    present = [m for m in mentions if not m.removed]
    way = route(book, facts(present, policy, case), chosen=proposal.chosen_department(book, present)) if present else None
    department = case.department
    if book.department(department) is None:
        department = way.department if way else book.fallback
    skills = way.skills if way and way.department == department else ()
    file.skills = tuple(sorted(skills)) if department != case.department else file.skills
    decided = "; ".join(gone(book, case, waits=file.given is not None))
    return case.model_copy(update={"department": department, "owner": _next_owner(book, file, department, skills), "decided": decided})


def _next_owner(book: BrandBook, file: File, department: str, skills: Collection[str]) -> str | None:
    """Whoever has it, where they are still there; else the next, or the queue where it waits for somebody."""
    case = file.case
    if case.owner is not None and book.member(case.owner) is not None:
        return case.owner
    if not gives_at_once(book) or (case.owner is None and file.given is not None):
        return None
    return owner(book, department, case.language, skills, case.id)
