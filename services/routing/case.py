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

from libs.common.case_events import Case, CaseMention, Clock, Rounds
from libs.common.errors import Conflict
from libs.common.events import Mention, Part, TriagedMention, deterministic_id
from services.routing import customers, proposal, sla
from services.routing.route import URGENCIES, Route, facts, leads, owner, route
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


@dataclass(slots=True)
class File:
    """A case with what its events do not carry. `version` 0: not stored yet.

    `handled` is the newest message that people have handled, by a reply to it or by a resolution; none while they have handled nothing. `before` is set
    while a round runs that a later message began.
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

    def change(self, **values: Any) -> None:
        """A new version of the case with these values."""
        self.case = self.case.model_copy(update=values)
        self.version += 1


def opened(
    policy: Policy,
    brand: str,
    group_id: UUID,
    mentions: Sequence[TriagedMention],
    root_is_in: UUID | None,
    now: datetime,
    *,
    begun_by: UUID | None = None,
    follows: UUID | None = None,
    id: UUID | None = None,
) -> File:
    """The case of a group that nobody has opened yet. `mentions` is all that we know of it, at least one, removed ones included;
    `root_is_in` the case that its root mention is in, if that is another one by now. Of a follow-up, `begun_by` is the message that began it, after
    the case that it `follows` was over. `id`: of one that people take out of another."""
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
    file = File(case, version=0, book_version=policy.version)
    file.case = computed(policy, file, mentions, root_is_in, now)
    file.version = 1
    return file


def computed(policy: Policy, file: File, mentions: Sequence[TriagedMention], merged_into: UUID | None, now: datetime) -> Case:
    """The case as its mentions make it, and as long as no person has touched it, what its clocks have said by now. `merged_into`: the case that
    its root mention is in by now, if it is another one."""
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
    root = next((m for m in mentions if m.mention.id == root_of(case)), present[0])
    about = facts(present, policy.book)
    latest = present[-1].mention
    live = [m for m in present if not m.mention.historic]
    historic = not live
    opened_at = min(m.mention.posted_at for m in present) if historic else live[0].mention.received_at
    values: dict[str, Any] = {
        "customer_id": root.customer_id,
        "channel": latest.channel,
        "visibility": latest.visibility,
        "language": present[0].findings.language,
        "sentiment": about["sentiment"],
        "urgency": about["urgency"],
        "labels": list(dict.fromkeys(label.name for m in present for label in m.findings.labels)),
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
        "opened_at": opened_at,
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
        way = route(policy.book, about, chosen=proposal.chosen_department(policy.book, present), is_quiet=proposal.is_quiet(values))
        file.rule, file.tell = way.rule, way.tell
        values |= _untouched(policy, case.id, way, values)
        clocks = [] if historic else sla.start(policy, asked(policy, case, about, opened_at), opened_at)
        return _escalated(policy, file, case.model_copy(update=values | {"clocks": clocks}), now)
    return case.model_copy(update=values)


def asked(policy: Policy, case: Case, about: Mapping[str, object], opened_at: datetime) -> dict[str, object]:
    """What a target can ask about a case: what its messages tell, and what is known of its customer."""
    known = {"customer_group": case.customer_group, "contact": case.contact, "hours": sla.hours(policy, opened_at)}
    return {**known, **about}


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


def _untouched(policy: Policy, case_id: UUID, way: Route, values: dict[str, Any]) -> dict[str, Any]:
    """What the brand book decides as long as no person has."""
    return {
        "state": "closed" if values["historic"] else "new",
        "department": way.department,
        "priority": way.priority,
        "owner": owner(policy.book, way.department, values["language"], way.skills, case_id),
    }


def _escalated(policy: Policy, file: File, case: Case, now: datetime) -> Case:
    """The case with what its clocks have done so far. It follows from the clocks and from what they said, so that a mention that comes after an
    escalation finds the same case as one that came before."""
    clocks, said = sla.said(policy, case.clocks, file.fired, now)
    file.fired = [firing.name for firing in said]
    case = case.model_copy(update={"clocks": clocks})
    for firing in said:
        case = case.model_copy(update=escalated(case, firing.steps, leads(policy.book, case.department)).changes)
    return case


def assigned(file: File, *, to: str | None, department: str | None) -> None:
    """A person decided who owns it. Raises `Conflict` for a case that has no mentions left."""
    must_be_alive(file)
    state = "open" if file.case.state == "new" else file.case.state
    file.touched = True
    file.change(owner=to or file.case.owner, department=department or file.case.department, state=state)


def noted(file: File) -> None:
    """A person wrote something down about it: from here on it is a case that people work on."""
    file.touched = True
    file.change()


def must_be_alive(file: File) -> None:
    """Raises `Conflict` for a case that has no mentions left."""
    if file.case.state in EMPTY:
        where = f": it goes on as {file.case.merged_into}" if file.case.merged_into else ""
        raise Conflict(f"The case is {file.case.state}{where}.")


@dataclass(frozen=True, slots=True)
class Escalated:
    """What an escalation step did, and whom it tells."""

    did: list[str]
    told: list[str]
    changes: dict[str, Any]


def escalated(case: Case, steps: Sequence[str], the_leads: Sequence[str]) -> Escalated:
    """Carry out the steps of the brand book. After `return_to_queue` a lead owns the case until somebody takes it."""
    told: list[str] = []
    changes: dict[str, Any] = {}
    for step in steps:
        if step == "notify_owner" and case.owner:
            told.append(case.owner)
        elif step == "notify_lead":
            told += the_leads
        elif step == "raise_priority":
            changes["priority"] = {"low": "normal", "normal": "high"}.get(case.priority, "urgent")
        elif step == "return_to_queue" and the_leads and case.owner not in the_leads:
            changes["owner"] = the_leads[0]
    return Escalated(list(steps), list(dict.fromkeys(told)), changes)
