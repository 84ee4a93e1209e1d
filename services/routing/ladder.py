"""The ladder of escalation: what is done as a case's clocks run, whom that tells, and what is done instead of what cannot be. Pure.

The steps whose time has come and whose conditions hold come in (`coming`); what they make of the case, who is told and what could not be done go out.
A step whose condition holds only later is taken then. What cannot be done is said, and the next one who could do something hears of it instead, as far
as the whole department: no clock runs in silence.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case, NotDone
from libs.common.rules import RuleError, When, matches
from services.routing import incident, presence, sla
from services.routing.presence import There
from services.routing.route import NOTHING, able, drawn, facts_of, leads, members, nobody_of
from services.routing.sla import Firing, Policy

FURTHER = {
    "notify_owner": "notify_lead",
    "reassign": "notify_lead",
    "return_to_queue": "notify_lead",
    "notify_lead": "inform_hub",
    "inform_hub": "notify_team",
}
"""What is done instead of a step that cannot be done. `notify_team`: everybody who may have the case."""
_TELLS = ("notify_owner", "notify_lead", "inform_hub")
_KNOWN: dict[str, object] = {name: value for name, value in NOTHING.items() if name != "pii"} | {"priority": None}
_HIGHER = {"low": "normal", "normal": "high", "high": "urgent"}


@dataclass(frozen=True, slots=True)
class Goes:
    """To whom a case goes; owner none: it waits in the queue of the department. It does not go to `not_to` by itself."""

    owner: str | None
    department: str
    why: str
    not_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Who:
    """What decides who gets a case, beside its department and language: the skills that it asks for, who gave it back, who helped its customer last, by
    department, and who is `there`; none: that is not asked."""

    skills: Collection[str] = ()
    declined: Collection[str] = ()
    helpers: Mapping[str, str] = field(default_factory=dict)
    there: There | None = None


ANYBODY = Who()


@dataclass(slots=True)
class Climbed:
    """What steps did: their names, in the order in which they were taken; the members who are told of the clock; the one to whom the case was given;
    what could not be done; and how the case is changed. `informs`: the hub is to be told."""

    did: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    not_done: list[NotDone] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    goes: Goes | None = None
    informs: bool = False


def tells(name: str) -> bool:
    """Whether the step that a kept name stands for changes nothing of the case."""
    return [*name.split(":"), "", ""][2] in _TELLS


def coming(policy: Policy, case: Case, fired: Sequence[str]) -> list[Firing]:
    """What the running clocks of a case still have to say as it is now, earliest first."""
    about: dict[str, object] = {}
    found = []
    for firing in sla.firings(policy, case.clocks, fired):
        if any(when.conditions() for when in firing.asks):
            about = about or facts_of(case, policy)
            if not any(holds(when, about) for when in firing.asks):
                continue
        found.append(firing)
    return found


def holds(when: When, about: Mapping[str, object]) -> bool:
    """Whether a step is for a case. One that cannot be evaluated is: too many hear of it then, and not nobody."""
    try:
        return matches(when, about)
    except RuleError:
        return True


def broken(book: BrandBook) -> list[tuple[int, str]]:
    """The steps, by their number in the book, that ask for what is not known of a case when a clock speaks, and why: they are taken for every case."""
    found = []
    for number, step in enumerate(book.escalation, 1):
        try:
            matches(step.when, _KNOWN)
        except RuleError as error:
            found.append((number, str(error)))
    return found


def moves(book: BrandBook) -> Collection[str]:
    """The steps of the ladder that give cases to somebody else: who is there matters for them."""
    return {do for step in book.escalation for do in step.do if do in ("reassign", "return_to_queue")}


def climb(policy: Policy, case: Case, firings: Sequence[Firing], who: Who = ANYBODY) -> Climbed:
    """Take these steps, of one clock at one share. After `return_to_queue` a lead owns the case until somebody takes it; where there is no lead, it
    waits in the queue."""
    done = Climbed()
    for firing in firings:
        if firing.do:
            _take(policy, case, done, firing.do, firing, who)
    done.told = list(dict.fromkeys(done.told))
    return done


def _take(policy: Policy, case: Case, done: Climbed, do: str, firing: Firing, who: Who) -> None:
    if do in done.did or any(failed.step == do for failed in done.not_done):
        return
    case = case.model_copy(update=done.changes)
    why_not = _STEPS[do](policy, case, done, firing, who)
    if why_not is None:
        done.did.append(do)
        return
    done.not_done.append(NotDone(step=do, why=why_not))
    if do in FURTHER:
        _take(policy, case, done, FURTHER[do], firing, who)


def _notify_owner(policy: Policy, case: Case, done: Climbed, *_: object) -> str | None:
    if case.owner is None:
        return "nobody owns it"
    if policy.book.member(case.owner) is None:
        return f"{case.owner} is not in the team any more"
    done.told.append(case.owner)
    return None


def _notify_lead(policy: Policy, case: Case, done: Climbed, *_: object) -> str | None:
    found = leads(policy.book, case.department)
    done.told += found
    return None if found else "the team has no lead"


def _notify_team(policy: Policy, case: Case, done: Climbed, *_: object) -> str | None:
    book = policy.book
    found = [member.id for member in [*members(book, case.department)] or book.team]
    done.told += found
    return None if found else "the team has nobody"


def _raise_priority(policy: Policy, case: Case, done: Climbed, *_: object) -> str | None:
    higher = _HIGHER.get(case.priority)
    if higher is None:
        return f"its priority is {case.priority} already"
    done.changes["priority"] = higher
    return None


def _inform_hub(policy: Policy, case: Case, done: Climbed, *_: object) -> str | None:
    if not incident.the_hub(policy.book):
        return "the hub has nobody"
    done.informs = True
    return None


def _return_to_queue(policy: Policy, case: Case, done: Climbed, firing: Firing, who: Who) -> str | None:
    """To a lead: one who is there before one of whom nobody knows, and to one who is not where no other is."""
    found = leads(policy.book, case.department)
    if not found:
        return "the team has no lead to have it until somebody takes it"
    if case.owner in found:
        return None  # a lead has it
    lead, is_away = _lead(policy.book, case, found, who.there)
    away = ", who is not there, as no lead is" if is_away else ""
    done.changes |= {"owner": lead, "decided": f"{_has_it(lead)}{away}"}
    done.told.append(lead)
    done.goes = None
    return None


def _has_it(lead: str) -> str:
    return f"a clock ran: {lead} has it until somebody takes it"


def gave_it_to_its_owner(case: Case) -> bool:
    """Whether a clock put the case back, to a lead who owns it by that."""
    return case.owner is not None and (case.decided or "").startswith(_has_it(case.owner))


def _lead(book: BrandBook, case: Case, found: Sequence[str], there: There | None) -> tuple[str, bool]:
    if there is None:
        return found[0], False
    team = [member for id in found if (member := book.member(id))]
    free = presence.best(case.id, [m for m in team if there.is_free(m, case.channel)], there.loads, None)
    if free is not None:
        return free.id, False
    here = [m.id for m in team if there.states.get(m.id) == "available"] or [m.id for m in team if there.is_unknown(m)]
    return (here or found)[0], not here


def _reassign(policy: Policy, case: Case, done: Climbed, firing: Firing, who: Who) -> str | None:
    """To a colleague of whoever has it, one of those who are able, as the brand book gives cases; to the queue where those who are there take theirs, and
    where it goes to another department in which nobody is there."""
    book, department = policy.book, firing.to or case.department
    if department != case.department and not book.department(department):
        return f"there is no department {department}"
    if department != case.department and nobody_of(book, department):
        return f"nobody in {department} owns cases"
    not_to = {*who.declined, *([case.owner] if case.owner else [])}
    others = [m for m in able(book, department, case.language, who.skills) if m.id not in not_to]
    if not others:
        return f"nobody else in {department} can have it"
    owner, why = _colleague(case, others, who, department) if book.assignment.give == "at_once" else (None, "")
    if why and owner is None:
        if department == case.department:
            return f"nobody else in {department} {_NOT_THERE}"
        done.told += leads(book, department)
    away = f"from {case.owner} " if case.owner else ""
    why = f"{firing.clock} clock at {firing.share}%: {away}to {owner or f'the queue of {department}'}{why}"
    done.goes = Goes(owner, department, why, (case.owner,) if case.owner else ())
    done.changes |= {"owner": owner, "department": department, "decided": why}
    return None


_NOT_THERE = "who can have it is there and has room"


def _colleague(case: Case, others: Sequence[Member], who: Who, department: str) -> tuple[str | None, str]:
    """One of those who are there and have room, as cases are given from the queue; where none of them is, one of whom nobody knows whether they are there,
    as cases are given at once. And what is to be said of that."""
    there = who.there
    if there is None:
        return min(others, key=lambda m: drawn(case.id, m.id)).id, ""
    free = presence.best(case.id, [m for m in others if there.is_free(m, case.channel)], there.loads, who.helpers.get(department))
    if free is not None:
        load = there.loads[free.id]
        why = f", who is there and has room: {load.cases} of {free.capacity}"
        load.add(case.channel)
        return free.id, why
    unknown = [m for m in others if there.is_unknown(m)]
    if unknown:
        return min(unknown, key=lambda m: drawn(case.id, m.id)).id, ""
    return None, f": nobody {_NOT_THERE}"


_Take = Callable[[Policy, Case, Climbed, Firing, Who], str | None]
_STEPS: Mapping[str, _Take] = {
    "notify_owner": _notify_owner,
    "raise_priority": _raise_priority,
    "notify_lead": _notify_lead,
    "return_to_queue": _return_to_queue,
    "reassign": _reassign,
    "inform_hub": _inform_hub,
    "notify_team": _notify_team,
}
