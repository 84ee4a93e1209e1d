"""What a case is, given its mentions and what people did: pure decisions.

Until a person has touched a case, all of it follows from its mentions alone, so that every order in which events of different customers may
arrive ends in the same cases. What the clocks did comes on top of that, and is nobody's decision. From then on department and owner are people's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic import Field

from libs.common.case_events import Case, CaseMention, Clock, Rounds
from libs.common.errors import Conflict
from libs.common.events import Mention, Part, TriagedMention, deterministic_id
from services.routing import customer_group, customers, ladder, proposal, sla
from services.routing.contact import Standing
from services.routing.presence import There
from services.routing.route import URGENCIES, Failure, Route, able, facts, leads, owner, quiet, route, serves, works
from services.routing.sla import Policy

OPEN = ("new", "open", "waiting")
ENDED = ("resolved", "closed", "merged", "withdrawn")
EMPTY = ("merged", "withdrawn")
NOT_WAITING: dict[str, Any] = {"waiting_for": None, "waiting_until": None, "waiting_reason": None}
MAX_MENTIONS = 200
"""Mentions that a case's events list. A case may have more; an event has a size."""

Key = tuple[datetime, UUID]
"""The place of a message in the order in which we received them."""


def root_of(case: Case) -> UUID:
    """The message that a case is named by: the group's root, or the one that began a follow-up."""
    return case.begun_by or case.group_id


def key_of(mention: Mention) -> Key:
    return mention.received_at, mention.id


@lru_cache(maxsize=10_000)
def case_id_of(brand: str, group_id: UUID, begun_by: UUID | None = None) -> UUID:
    """The case of a group of mentions: named by the group's root mention, and a follow-up by the message that began it, too."""
    return deterministic_id(brand, "case", str(group_id), *([str(begun_by)] if begun_by else []))


class Turn(Part):
    """What a case was before a message began another round: what it is again should that message be taken back. `by` is the message, received at
    `since`; not known of rounds that began before this was kept."""

    state: str
    waiting_for: str | None = None
    waiting_until: datetime | None = None
    waiting_reason: str | None = None
    resolved_at: datetime | None
    unanswered: bool = False
    clocks: list[Clock]
    earlier: list[Rounds]
    fired: list[str]
    by: UUID | None = None
    since: datetime | None = None

    def of_case(self) -> dict[str, Any]:
        """The fields that are the case's own."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in Case.model_fields}


class Given(Part):
    """Who gets a case, as the system or whoever gave it back decided at one moment. It stands until a person decides, for as long as the case stays in
    this department. `owner` none: it waits in the queue. `declined`: those who gave it back, and do not get it again by themselves."""

    owner: str | None
    department: str
    why: str
    declined: list[str] = Field(default=[])
    escalated: bool = False
    """A clock put it into that department, whatever the rules say."""


@dataclass(slots=True)
class File:
    """A case with what its events do not carry. `version` 0: not stored yet.

    `handled` is the newest message that people have handled, by a reply to it or by a resolution; none while they have handled nothing. `before` is set
    while a round runs that a later message began. `helpers` says who helped its customer last, by department, as it was when the case was opened, and
    `skills` what its owner must know. `failure` is of the newest computing, and not stored.
    """

    case: Case
    version: int = 0
    fired: list[str] = field(default_factory=list)
    touched: bool = False
    handled: Key | None = None
    before: Turn | None = None
    book_version: int = 0
    rule: str = ""
    tell: tuple[str, ...] = ()
    helpers: dict[str, str] = field(default_factory=dict)
    given: Given | None = None
    skills: tuple[str, ...] = ()
    failure: Failure | None = None

    def change(self, **values: Any) -> None:
        """A new version of the case with these values."""
        self.case = self.case.model_copy(update=values)
        self.version += 1


def given_to(file: File, owner: str | None, why: str) -> Given:
    """It was given to a colleague, or waits in the queue, where it is. Who gave it back stays known, and so does that a clock put it there."""
    before = file.given or Given(owner=None, department=file.case.department, why="")
    return before.model_copy(update={"owner": owner, "department": file.case.department, "why": why})


def opened(
    policy: Policy,
    brand: str,
    group_id: UUID,
    mentions: Sequence[TriagedMention],
    root_is_in: UUID | None,
    now: datetime,
    standing: Standing | None = None,
    helpers: Mapping[str, str] | None = None,
    *,
    begun_by: UUID | None = None,
    follows: UUID | None = None,
    id: UUID | None = None,
) -> File:
    """The case of a group that nobody has opened yet. `mentions` is all that we know of it, at least one, removed ones included;
    `root_is_in` the case that its root mention is in, if that is another one by now. `helpers`: who helped its customer last, by department. Of a
    follow-up, `begun_by` is the message that began it, after the case that it `follows` was over. `id`: of one that people take out of another."""
    first = mentions[0]
    case = Case(
        id=id or case_id_of(brand, group_id, begun_by),
        begun_by=begun_by,
        follows=follows,
        brand=brand,
        customer_id=first.customer_id,
        group_id=group_id,
        state="new",
        department=policy.book.fallback,
        channel=first.mention.channel,
        language=first.findings.language,
        sentiment=first.findings.sentiment,
        urgency=first.findings.urgency,
        opened_at=first.mention.received_at,
    )
    file = File(case, version=0, book_version=policy.version, helpers=dict(helpers or {}))
    file.case = computed(policy, file, mentions, root_is_in, now, standing)
    file.version = 1
    return file


def customer_of(root_id: UUID, mentions: Sequence[TriagedMention]) -> UUID:
    """Whose case it is: that of the message that it is named by; of the first that is there, where that one is elsewhere. Of mentions in the order in
    which we received them, at least one of which was not taken back."""
    return _root(root_id, mentions, [m for m in mentions if not m.removed]).customer_id


def opened_at(present: Sequence[TriagedMention]) -> datetime:
    """When a case with these mentions, at least one, was opened: when we received the first live one; of history, when it was written."""
    live = [m.mention.received_at for m in present if not m.mention.historic]
    return min(live) if live else min(m.mention.posted_at for m in present)


def _root(root_id: UUID, mentions: Sequence[TriagedMention], present: Sequence[TriagedMention]) -> TriagedMention:
    return next((m for m in mentions if m.mention.id == root_id), present[0])


def computed(
    policy: Policy,
    file: File,
    mentions: Sequence[TriagedMention],
    merged_into: UUID | None,
    now: datetime,
    standing: Standing | None = None,
) -> Case:
    """The case as its mentions make it, and as long as no person has touched it, what its clocks have said by now. `merged_into`: the case that
    its root mention is in by now, if it is another one. `standing` is its customer's; none: what the case says of it already."""
    present = sorted((m for m in mentions if not m.removed), key=lambda m: key_of(m.mention))
    case = file.case
    if not present:
        state = "merged" if merged_into else "withdrawn"
        return case.model_copy(
            update={
                "state": state,
                "merged_into": merged_into,
                **NOT_WAITING,
                "mentions": [],
                "mentions_total": 0,
                "latest": None,
                "unanswered": False,
                "clocks": [],
                "labels": [],
                "risk": [],
                "customers": [],
                **proposal.NOTHING,
            }
        )
    standing = standing or Standing(case.contact, case.customer_group, case.customer_group_by)
    case = case.model_copy(update={"opened_at": opened_at(present), "contact": standing.contact, **_group(policy, present, standing)})
    about = facts(present, policy, case)
    latest = present[-1].mention
    historic = all(m.mention.historic for m in present)
    way = route(policy.book, about, chosen=proposal.chosen_department(policy.book, present))
    file.failure = way.failure
    values: dict[str, Any] = {
        "customer_id": _root(root_of(case), mentions, present).customer_id,
        "channel": latest.channel,
        "visibility": latest.visibility,
        "language": present[0].findings.language,
        "sentiment": about["sentiment"],
        "urgency": about["urgency"],
        "labels": list(dict.fromkeys([*(label.name for m in present for label in m.findings.labels), *way.labels])),
        "risk": about["risk"],
        "mentions": [
            CaseMention(
                id=m.mention.id,
                channel=m.mention.channel,
                visibility=m.mention.visibility,
                received_at=m.mention.received_at,
                customer_id=m.customer_id if case.merged_cases else None,
            )
            for m in present[-MAX_MENTIONS:]
        ],
        "mentions_total": len(present),
        "latest": latest,
        "historic": historic,
        "merged_into": None,
        "merged_by": None,
        "follows": case.follows
        if case.begun_by
        else next((case_id_of(case.brand, m.follows) for m in present if m.follows is not None), None),
        "customers": customers.known(case.customers, present) if case.merged_cases else [],
        **proposal.fields(policy.book, present, file.handled),
    }
    if file.touched and case.state in EMPTY:
        values["state"] = "closed"  # until a live message wakes it
    if not file.touched:
        way = quiet(way) if proposal.is_quiet(values) else way
        values |= _untouched(policy, file, way, values)
        file.rule, file.tell, file.skills = values["decided"], way.tell, tuple(sorted(way.skills))
        clocks = [] if historic else sla.start(policy, about, case.opened_at)
        return _escalated(policy, file, case.model_copy(update=values | {"clocks": clocks}), now)
    return case.model_copy(update=values)


def proposed(policy: Policy, file: File, mentions: Sequence[TriagedMention]) -> Case:
    """The case with what is proposed of the mentions that are open by now, after people handled one or no longer have."""
    present = sorted((m for m in mentions if not m.removed), key=lambda m: key_of(m.mention))
    return file.case.model_copy(update=proposal.fields(policy.book, present, file.handled)) if present else file.case


def worse(before: Case, after: Case) -> str:
    """In which way a case turned out to be worse than it was taken for, in few words; empty: in none."""
    rank = {urgency: place for place, urgency in enumerate(URGENCIES)}
    rises = rank.get(after.urgency, 0) > rank.get(before.urgency, 0)
    risks = [f"risk {risk}" for risk in after.risk if risk not in before.risk]
    return ", ".join([f"urgency {after.urgency}", *risks] if rises else risks)


def _group(policy: Policy, present: Sequence[TriagedMention], standing: Standing) -> dict[str, Any]:
    """The customer's group: a person's choice for as long as the book has it, else the book's."""
    if standing.group_by is not None and (standing.group is None or customer_group.known(policy.book, standing.group)):
        return {"customer_group": standing.group, "customer_group_by": standing.group_by}
    return {"customer_group": customer_group.of(policy.book, present), "customer_group_by": None}


def _untouched(policy: Policy, file: File, way: Route, values: dict[str, Any]) -> dict[str, Any]:
    """What the brand book decides as long as no person has."""
    found, why = _owner(policy, file, way, values["language"])
    return {
        "state": "closed" if values["historic"] else "new",
        "department": way.department,
        "priority": way.priority,
        "owner": found,
        "decided": f"{way.rule}; {why}" if why else way.rule,
    }


def _owner(policy: Policy, file: File, way: Route, language: str) -> tuple[str | None, str]:
    """Who gets a case that no person has touched, and what decided that beside the rule. What was decided at one moment stands; then whom the rule names,
    then whoever helped its customer there last, then one of those who are able. None: it waits in the queue."""
    book, given = policy.book, file.given
    if (
        given is not None
        and not given.escalated
        and given.department == way.department
        and (given.owner is None or may_own(policy, given.owner))
    ):
        return given.owner, given.why
    if way.owner is not None and may_own(policy, way.owner):
        return way.owner, ""
    if book.assignment.give != "at_once":
        return None, ""
    helper = file.helpers.get(way.department)
    if helper is not None and any(member.id == helper for member in able(book, way.department, language, way.skills)):
        return helper, f"{helper} helped this customer last"
    return owner(book, way.department, language, way.skills, file.case.id), ""


def may_own(policy: Policy, member: str) -> bool:
    """Whether it is somebody of the team who owns cases."""
    found = policy.book.member(member)
    return found is not None and works(found)


def _escalated(policy: Policy, file: File, case: Case, now: datetime) -> Case:
    """The case with what its clocks have done so far. It follows from the clocks and from what they said, so that a mention that comes after an
    escalation finds the same case as one that came before. Whoever was told stays told; what was done to the case too early is undone, and done again
    when its time comes."""
    clocks, said = sla.said(policy, case.clocks, file.fired, now)
    rightly = {firing.said_as for firing in said}
    file.fired = [name for name in sla.kept(clocks, file.fired, said) if ladder.tells(name) or name in rightly]
    if file.given is not None and file.given.escalated and not any(firing.do == "reassign" for firing in said):
        file.given = None
    case = case.model_copy(update={"clocks": clocks})
    for firing in said:
        case = case.model_copy(update=_again(policy, file, case, firing))
    return case


def _again(policy: Policy, file: File, case: Case, firing: sla.Firing) -> dict[str, Any]:
    """What a step that was taken makes of the case."""
    had_it = file.case.owner in leads(policy.book, case.department) and ladder.gave_it_to_its_owner(file.case)
    if firing.do == "return_to_queue" and had_it and case.owner != file.case.owner:
        return {"owner": file.case.owner, "decided": file.case.decided}  # the lead who was there then
    if firing.do != "reassign":
        return ladder.climb(policy, case, [firing]).changes
    book, given = policy.book, file.given
    if given is None or not given.escalated or book.department(given.department) is None:
        return {}  # it could not be done, or there is no such department any more
    to = given.owner
    if to is not None and not may_own(policy, to):
        to = owner(book, given.department, case.language, file.skills, case.id) if book.assignment.give == "at_once" else None
    return {"department": given.department, "owner": to, "decided": given.why}


def escalated(policy: Policy, file: File, firings: Sequence[sla.Firing], there: There | None = None) -> ladder.Climbed:
    """Carry out steps that are due. Nobody has decided anything by that."""
    declined = file.given.declined if file.given else []
    done = ladder.climb(policy, file.case, firings, ladder.Who(file.skills, declined, file.helpers, there))
    file.fired += [firing.name for firing in firings]
    if done.goes is not None:
        file.given = Given(
            owner=done.goes.owner,
            department=done.goes.department,
            why=done.goes.why,
            declined=list(dict.fromkeys([*declined, *done.goes.not_to])),
            escalated=True,
        )
    file.change(**done.changes)
    return done


def assigned(file: File, *, to: str | None, department: str | None, why: str | None = None, waits: bool = False) -> None:
    """A person decided who owns it, or that it `waits` in the queue of the department; `why` says who and how, for people to read. Raises `Conflict` for
    a case that has no mentions left."""
    must_be_alive(file)
    case, department = file.case, department or file.case.department
    state = "open" if case.state == "new" else case.state
    file.touched = True
    if to is not None or waits:
        file.given = Given(owner=None, department=department, why=why or "") if waits else None
    file.change(owner=None if waits else to or case.owner, department=department, state=state, decided=why or case.decided)


def assigned_to(policy: Policy, file: File, *, to: str | None, department: str | None, why: str) -> None:
    """A person gave it to a colleague, or to a department: to whoever of that is next, unless its owner belongs there too. Raises `Conflict` for a case
    that has no mentions left."""
    book, before = policy.book, file.case
    waits = False
    if to is None and department is not None and not serves(book, before.owner, department):
        to = owner(book, department, before.language, (), before.id) if book.assignment.give == "at_once" else None
        waits = to is None
    assigned(file, to=to, department=department, why=why, waits=waits)


def handed_back(file: File, *, by: str, reason: str) -> None:
    """Its owner, or a lead, gave it back to the queue of its department, and it does not come back to that owner by itself. Raises `Conflict` for a
    case that has ended, or that nobody has."""
    must_be_alive(file)
    case = file.case
    if case.state in ENDED:
        raise Conflict(f"The case is {case.state}: there is nothing to give back.")
    if case.owner is None:
        raise Conflict("Nobody has the case: it waits in the queue.")
    declined = [*(file.given.declined if file.given else []), case.owner]
    why = f"{by} gave it back: {reason}"
    file.touched, file.given = True, Given(owner=None, department=case.department, why=why, declined=list(dict.fromkeys(declined)))
    file.change(owner=None, decided=why)


def noted(file: File) -> None:
    """A person wrote something down about it: from here on it is a case that people work on."""
    file.touched = True
    file.change()


def must_be_alive(file: File) -> None:
    """Raises `Conflict` for a case that has no mentions left."""
    if file.case.state in EMPTY:
        where = f": it goes on as {file.case.merged_into}" if file.case.merged_into else ""
        raise Conflict(f"The case is {file.case.state}{where}.")
