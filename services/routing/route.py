"""Which department a case goes to, and who owns it. Pure, and a function of the case alone: the order in which events arrived plays no part."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.events import TriagedMention
from libs.common.rules import RuleError, channel_name, matches
from services.routing import proposal, sla
from services.routing.sla import Policy

URGENCIES = ("low", "normal", "high", "critical")
PRIORITIES = ("low", "normal", "high", "urgent")
WORKERS = ("agent", "trainee", "lead")
"""Roles that own cases."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule of the book, by its number, that cannot be evaluated, and why not."""

    rule: int
    error: str


@dataclass(frozen=True, slots=True)
class Route:
    """Where a case goes. `rule` names what decided, for people to read; `number` is that of the book's rule, where one did. `owner` is named by the
    rule. `labels` come beside those that triage found."""

    department: str
    priority: str
    rule: str
    tell: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    owner: str | None = None
    labels: tuple[str, ...] = ()
    number: int | None = None
    failure: Failure | None = None


def facts(mentions: Iterable[TriagedMention], policy: Policy, case: Case) -> dict[str, object]:
    """What the conditions of a brand book can ask about a case: all of its mentions taken together, oldest first, and what `case` says of its customer,
    its tags and when it was opened. What was decided about it (priority, owner) is not among them: that follows from these."""
    found, book = list(mentions), policy.book
    latest, asks = found[-1], proposal.asking(found, None).findings
    labels = dict.fromkeys(name for m in found for label in m.findings.labels for name in book.label_path(label.name) or (label.name,))
    return {
        "urgency": max((m.findings.urgency for m in found), key=lambda value: URGENCIES.index(value) if value in URGENCIES else 1),
        "channel": latest.mention.channel,
        "language": found[0].findings.language,
        "sentiment": latest.findings.sentiment,
        "visibility": latest.mention.visibility,
        "labels": list(labels),
        "risk": list(dict.fromkeys(risk for m in found for risk in m.findings.risk)),
        "pii": list(dict.fromkeys(item.kind for m in found for item in m.findings.pii)),
        "intent": asks.intent,
        "respond": asks.respond.decision if asks.respond else None,
        "department": asks.department,
        "insight": None,
        "role": None,
        **_beside(policy, case),
    }


def facts_of(case: Case, policy: Policy) -> dict[str, object]:
    """What the conditions can ask where a case is at hand and its mentions are not: of an escalation, of an incident. Also which department and
    priority it has by now; not the kinds of personal data, which only mentions tell."""
    return {
        "urgency": case.urgency,
        "channel": case.channel,
        "language": case.language,
        "sentiment": case.sentiment,
        "visibility": case.visibility,
        "labels": list(dict.fromkeys(name for label in case.labels for name in policy.book.label_path(label) or (label,))),
        "risk": list(case.risk),
        "intent": case.intent,
        "respond": case.respond,
        "department": case.department,
        "priority": case.priority,
        "insight": None,
        "role": None,
        **_beside(policy, case),
    }


def _beside(policy: Policy, case: Case) -> dict[str, Any]:
    return {
        "customer_group": case.customer_group,
        "contact": case.contact,
        "hours": sla.hours(policy, case.opened_at),
        "tags": list(case.tags),
    }


def route(book: BrandBook, about: Mapping[str, object], *, chosen: str | None = None, is_quiet: bool = False) -> Route:
    """The first rule that matches; where none does, the department that triage proposes, if the book has it, else the fallback, and the fallback where
    a rule cannot be evaluated. `chosen` is a department that a person said it is for: that goes before all of them. `is_quiet`: see `quiet`."""
    way = _by_rules(book, about)
    way = quiet(way) if is_quiet else way
    if chosen is None:
        return way
    return replace(way, department=chosen, rule=f"corrected: {chosen}; {way.rule}", owner=way.owner if chosen == way.department else None)


def quiet(way: Route) -> Route:
    """The way of a case that asks nothing of anybody: it has a low priority, unless a rule raises it above the default."""
    return replace(way, priority="low") if way.priority == "normal" else way


def _by_rules(book: BrandBook, about: Mapping[str, object]) -> Route:
    urgent = {"critical": "urgent", "high": "high", "low": "low"}.get(str(about["urgency"]), "normal")
    number, rule = 0, None
    for number, candidate in enumerate(book.routing, 1):
        try:
            if matches(candidate.when, about):
                rule = candidate
                break
        except RuleError as error:
            return Route(book.fallback, urgent, f"fallback: rule {number}: {error}", failure=Failure(number, str(error)))
    if rule is None:
        proposed = str(about["department"])
        if book.department(proposed) is not None:
            return Route(proposed, urgent, f"proposed: {proposed}; no rule matches")
        return Route(book.fallback, urgent, "fallback: no rule matches")
    priority = max(rule.priority, urgent, key=PRIORITIES.index)
    said = f"rule {number}: {words(rule.when.conditions())}"
    said += f"; skills {' and '.join(rule.skills)}" if rule.skills else ""
    said += f"; owner {rule.owner}" if rule.owner else ""
    return Route(rule.department, priority, said, rule.tell, rule.skills, rule.owner, rule.labels, number)


def unreachable(book: BrandBook) -> list[tuple[int, int]]:
    """(A rule, an earlier one that holds whenever it would), by their numbers: the later one never decides anything. Only what follows from the
    conditions alone: an earlier rule has no other keys than the later one, and each of the later one's values satisfies it, as a label below another
    satisfies what asks for that."""
    found: list[tuple[int, int]] = []
    before: list[tuple[int, dict[str, set[str]]]] = []
    for number, rule in enumerate(book.routing, 1):
        asked = {key: _values(key, value) for key, value in rule.when.conditions().items()}
        hiding = [other for other, wider in before if all(_narrower(book, key, asked.get(key), values) for key, values in wider.items())]
        if hiding:
            found.append((number, hiding[0]))
        before.append((number, asked))
    return found


def _values(key: str, wanted: str | tuple[str, ...]) -> set[str]:
    values = [wanted] if isinstance(wanted, str) else wanted
    return {channel_name(value) if key == "channel" else value for value in values}


def _narrower(book: BrandBook, key: str, asked: set[str] | None, wider: set[str]) -> bool:
    if asked is None:
        return False
    return all(value in wider or (key == "labels_any" and not wider.isdisjoint(book.label_path(value))) for value in asked)


def broken(book: BrandBook) -> list[Failure]:
    """The rules that can never be evaluated, because they ask for what is not known when a case is routed: every case that gets as far as one of them
    goes to the fallback."""
    found = []
    for number, rule in enumerate(book.routing, 1):
        try:
            matches(rule.when, NOTHING)
        except RuleError as error:
            found.append(Failure(number, str(error)))
    return found


_LISTS = ("labels", "risk", "pii", "tags")
NOTHING: dict[str, object] = {
    **dict.fromkeys(
        ("urgency", "channel", "language", "sentiment", "visibility", "intent", "respond", "department", "insight", "role"),
    ),
    **dict.fromkeys(("customer_group", "contact", "hours")),
    **{name: [] for name in _LISTS},
}
"""The facts of a case by name, all of them absent."""


def words(conditions: Mapping[str, object]) -> str:
    said = [f"{key} {' or '.join(value) if isinstance(value, (list, tuple)) else value}" for key, value in conditions.items()]
    return " and ".join(said) or "always"


def works(member: Member) -> bool:
    """Whether cases are given to this colleague at all."""
    return member.role in WORKERS and member.capacity > 0


def able(book: BrandBook, department: str, language: str, skills: Collection[str]) -> list[Member]:
    """The members of the department who speak the language and have all of these skills; of the fallback where the department has nobody, and of the
    team where that has nobody either.

    Where nobody has all of that, the language weighs more than the skills: whoever has the case must be able to answer. Empty only in a team of which
    nobody works.
    """
    for candidates in (members(book, department), members(book, book.fallback), list(book.team)):
        working = [m for m in candidates if works(m)]
        speaking = [m for m in working if language in m.languages] or working
        if found := [m for m in speaking if set(skills) <= set(m.skills)] or speaking:
            return found
    return []


def owner(book: BrandBook, department: str, language: str, skills: Collection[str], case_id: UUID) -> str | None:
    """One of those who are `able`, the same one for the same case. By rendezvous hashing, weighted by nothing: cases spread evenly, and a member who
    comes or goes moves only their own share. None only in a team of which nobody works."""
    found = able(book, department, language, skills)
    return min(found, key=lambda m: drawn(case_id, m.id)).id if found else None


def drawn(case_id: UUID, member: str) -> bytes:
    """A lot that decides between those who are equal, the same on every machine."""
    return hashlib.blake2b(f"{case_id}/{member}".encode(), digest_size=8).digest()


def nobody_of(book: BrandBook, department: str) -> bool:
    """Whether no member of the department owns cases, so that those that go there are given to others."""
    return not any(map(works, members(book, department)))


def serves(book: BrandBook, member: str | None, department: str) -> bool:
    """Whether a case of the department may stay with this colleague: they are of it, or nobody of it owns cases."""
    return member is not None and (nobody_of(book, department) or any(m.id == member for m in members(book, department)))


def leads(book: BrandBook, department: str) -> list[str]:
    """Who is told when a clock runs out: the leads of the department, else all leads of the team."""
    mine = [m.id for m in members(book, department) if m.role == "lead"]
    return mine or [m.id for m in book.team if m.role == "lead"]


def members(book: BrandBook, department: str) -> list[Member]:
    """Everybody of the department who is in the team."""
    found = book.department(department)
    return [member for id in found.members if (member := book.member(id))] if found else []
