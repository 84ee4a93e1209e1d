"""A case whose owner has left the team, or whose department is no longer in the brand book: what becomes of it. Pure.

A stored case and the policy of today come in; the case with an owner and a department that there are goes out. What people decided stays as far as
it can: only what is gone is decided anew.
"""

from collections.abc import Sequence
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


def gone(book: BrandBook, case: Case) -> list[str]:
    """What an open case refers to and the book does not have, in words. Empty: the case is where people see it."""
    if case.state in ENDED:
        return []
    found = []
    if case.owner is None:
        found += ["it has no owner"] if somebody_works(book) else []
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
    way = route(book, facts(present, book), chosen=proposal.chosen_department(book, present)) if present else None
    department = case.department
    if book.department(department) is None:
        department = way.department if way else book.fallback
    skills = way.skills if way and way.department == department else ()
    stays = case.owner is not None and book.member(case.owner) is not None
    return case.model_copy(
        update={"department": department, "owner": case.owner if stays else owner(book, department, case.language, skills, case.id)}
    )
