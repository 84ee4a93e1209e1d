"""Which department a case goes to, and who owns it. Pure, and a function of the case alone: the order in which events arrived plays no part."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook
from libs.common.events import TriagedMention
from libs.common.rules import RuleError, first_match
from services.routing import proposal

URGENCIES = ("low", "normal", "high", "critical")
PRIORITIES = ("low", "normal", "high", "urgent")
WORKERS = ("agent", "trainee", "lead")
"""Roles that own cases."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a case goes. `rule` names what decided, for people to read."""

    department: str
    priority: str
    rule: str
    tell: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()


def facts(mentions: Iterable[TriagedMention], book: BrandBook) -> dict[str, object]:
    """What the conditions of a brand book can ask about a case: all of its mentions taken together, oldest first."""
    found = list(mentions)
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
    }


def route(book: BrandBook, about: Mapping[str, object], *, chosen: str | None = None, is_quiet: bool = False) -> Route:
    """The first rule that matches; where none does, the department that triage proposes, if the book has it, else the fallback, and the fallback where
    a rule cannot be evaluated. `chosen` is a department that a person said it is for: that goes before all of them. `is_quiet`: it has a low priority
    unless a rule raises it above the default."""
    way = _by_rules(book, about)
    if is_quiet and way.priority == "normal":
        way = replace(way, priority="low")
    return way if chosen is None else replace(way, department=chosen, rule=f"corrected: {chosen}; {way.rule}")


def _by_rules(book: BrandBook, about: Mapping[str, object]) -> Route:
    urgent = {"critical": "urgent", "high": "high", "low": "low"}.get(str(about["urgency"]), "normal")
    try:
        rule = first_match(book.routing, about)
    except RuleError as error:
        return Route(book.fallback, urgent, f"fallback: {error}")
    if rule is None:
        proposed = str(about["department"])
        if book.department(proposed) is not None:
            return Route(proposed, urgent, f"proposed: {proposed}; no rule matches")
        return Route(book.fallback, urgent, "fallback: no rule matches")
    priority = max(rule.priority, urgent, key=PRIORITIES.index)
    number = list(book.routing).index(rule) + 1
    said = f"rule {number}: {_words(rule.when.conditions())}" + (f"; skills {' and '.join(rule.skills)}" if rule.skills else "")
    return Route(rule.department, priority, said, tuple(rule.tell), tuple(rule.skills))


def _words(conditions: Mapping[str, object]) -> str:
    said = [f"{key} {' or '.join(value) if isinstance(value, (list, tuple)) else value}" for key, value in conditions.items()]
    return " and ".join(said) or "always"


def works(member: Member) -> bool:
    """Whether cases are given to this colleague at all."""
    return member.role in WORKERS and member.capacity > 0


def owner(book: BrandBook, department: str, language: str, skills: Collection[str], case_id: UUID) -> str | None:
    """One member of the department who speaks the language and has all of these skills, the same one for the same case; of the fallback where the
    department has nobody.

    Where nobody has all of that, the language weighs more than the skills: whoever has the case must be able to answer. By rendezvous hashing,
    weighted by nothing: cases spread evenly, and a member who comes or goes moves only their own share. None only in a team of which nobody works.
    """
    for candidates in (_members(book, department), _members(book, book.fallback), list(book.team)):
        working = [m for m in candidates if works(m)]
        speaking = [m for m in working if language in m.languages] or working
        able = [m for m in speaking if set(skills) <= set(m.skills)] or speaking
        if able:
            return min(able, key=lambda m: hashlib.blake2b(f"{case_id}/{m.id}".encode(), digest_size=8).digest()).id
    return None


def nobody_of(book: BrandBook, department: str) -> bool:
    """Whether no member of the department owns cases, so that those that go there are given to others."""
    return not any(map(works, _members(book, department)))


def leads(book: BrandBook, department: str) -> list[str]:
    """Who is told when a clock runs out: the leads of the department, else all leads of the team."""
    mine = [m.id for m in _members(book, department) if m.role == "lead"]
    return mine or [m.id for m in book.team if m.role == "lead"]


def _members(book: BrandBook, department: str) -> list[Member]:
    found = book.department(department)
    return [member for id in found.members if (member := book.member(id))] if found else []
