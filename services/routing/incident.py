"""What an incident is, and what people and time do to it: pure decisions.

Everybody whom its scenario names is told at the same moment. Whoever does not acknowledge in time is followed by the next role of the ladder, until
nobody is missing or the ladder ends; nobody is told twice of the same round.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from libs.common.auth import Principal
from libs.common.bookteam import Notify
from libs.common.brandbook import BrandBook
from libs.common.errors import Conflict, NotFound, Unprocessable
from libs.common.incident_events import Decision, HubTask, Incident, Signature, Statement, Told

SEVERITIES = ("low", "medium", "high", "critical")
OPEN = ("raised", "acknowledged", "handled")
DECIDERS = ("spokesperson", "lead", "admin")
"""Roles that decide in a room."""
LISTED_CASES = 200
"""Cases that an incident's events list. An incident may have more; an event has a size."""
MOST = 200
"""Decisions, and tasks, of one incident, for the same reason."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be told: a member of the hub, of the team, or of both under one id."""

    id: str
    name: str
    roles: tuple[str, ...]
    ways: tuple[Notify, ...]
    in_team: bool


@dataclass(slots=True)
class File:
    """An incident with what its events do not carry. `revision` grows with what people change: what they decide is decided on that, so that signals
    which join meanwhile stand in nobody's way. `version` 0: not stored yet."""

    incident: Incident
    version: int = 0
    revision: int = 0
    number: int = 1
    book_version: int = 0

    def change(self, *, by_people: bool = True, **values: Any) -> None:
        """A new version of it with these values."""
        self.incident = self.incident.model_copy(update=values)
        self.version += 1
        self.revision += by_people


def everybody(book: BrandBook) -> list[Person]:
    """All members of the hub, then those of the team who are none, each once."""
    found: dict[str, Person] = {
        m.id: Person(m.id, m.name or m.id, tuple(m.roles), tuple(m.notify), in_team=False) for m in book.hub.members
    }
    for member in book.team:
        known = found.get(member.id)
        roles, ways = (known.roles, known.ways) if known else ((), ())
        more = tuple(way for way in member.notify if way not in ways)
        name = known.name if known else member.first_name
        found[member.id] = Person(member.id, name, tuple(dict.fromkeys((*roles, member.role))), (*ways, *more), in_team=True)
    return list(found.values())


def with_roles(book: BrandBook, roles: Collection[str]) -> list[Person]:
    """Whoever has one of these roles, in the hub or in the team."""
    return [person for person in everybody(book) if not set(roles).isdisjoint(person.roles)]


def the_hub(book: BrandBook) -> list[Person]:
    """All members of the hub; the spokespersons and leads of the team where it has none."""
    ids = {member.id for member in book.hub.members}
    return [person for person in everybody(book) if person.id in ids] or with_roles(book, ("spokesperson", "lead"))


def roles_of(book: BrandBook, principal: Principal) -> set[str]:
    """What somebody may sign as: the role of their token, and those that the book gives them."""
    return {principal.role, *roles_of_member(book, principal.subject)}


def roles_of_member(book: BrandBook, who: str) -> set[str]:
    return {role for person in everybody(book) if person.id == who for role in person.roles}


def must_run(file: File) -> None:
    """Raises `Conflict` for an incident that is closed."""
    if file.incident.state == "closed":
        raise Conflict("The incident is closed. Reopen it, or raise another.")


# --- who was told -----------------------------------------------------------------------------------------------------------------------


def tell(file: File, people: Iterable[Person], now: datetime) -> list[Person]:
    """Note that these are told now, at this step; those who were told in this round already are not. Returns whom to tell."""
    incident = file.incident
    known = {told.who for told in incident.told if told.round == incident.round}
    fresh = [person for person in people if person.id not in known]
    due_at = now + timedelta(seconds=incident.acknowledge_within_s)
    more = [
        Told(
            who=person.id,
            name=person.name,
            roles=list(person.roles),
            at=now,
            step=incident.step,
            round=incident.round,
            ways=len(person.ways),
            due_at=due_at,
        )
        for person in fresh
    ]
    file.incident = incident.model_copy(update={"told": [*incident.told, *more]})
    return fresh


def acknowledged(file: File, who: str, now: datetime) -> int | None:
    """Whoever was told says that they know. Seconds since they were told; none when they had said so. Raises `Conflict` for whoever was not told."""
    incident = file.incident
    mine = [told for told in incident.told if told.who == who]
    if not mine:
        raise Conflict(f"{who!r} was not told of this incident; its `told` lists who was.")
    newest = max(mine, key=lambda told: told.round)
    if newest.acknowledged_at is not None:
        return None
    must_run(file)
    told = [one.model_copy(update={"acknowledged_at": now}) if one is newest else one for one in incident.told]
    state = "acknowledged" if incident.state == "raised" else incident.state
    unanswered = incident.unanswered and any(one.acknowledged_at is None for one in told if one.round == incident.round)
    first = incident.acknowledged_at or now
    file.change(by_people=False, told=told, state=state, acknowledged_at=first, unanswered=unanswered)
    return max(0, int((now - newest.at).total_seconds()))


def missing(incident: Incident) -> list[Told]:
    """Who of those that were told last has not acknowledged."""
    return [told for told in incident.told if told.round == incident.round and told.step == incident.step and told.acknowledged_at is None]


# --- how it goes ------------------------------------------------------------------------------------------------------------------------


def handled(file: File, why: str, now: datetime) -> None:
    """Raises `Conflict` for one that is handled or closed."""
    if file.incident.state not in ("raised", "acknowledged"):
        raise Conflict(f"The incident is {file.incident.state} already.")
    file.change(state="handled", handled_at=now, outcome=why)


def closed(file: File, why: str, now: datetime) -> None:
    """Raises `Conflict` for one that is closed."""
    must_run(file)
    file.change(state="closed", closed_at=now, outcome=why, statement=_offered(file.incident.statement, is_offered=False))


def reopened(file: File) -> None:
    """It was not over: a new round, in which all are told again. Raises `Conflict` for one that runs."""
    incident = file.incident
    if incident.state not in ("handled", "closed"):
        raise Conflict(f"The incident is {incident.state}: it runs, and cannot be reopened.")
    statement = incident.statement
    is_offered = statement is not None and statement.approved_at is not None and not incident.drill
    file.change(
        state="raised",
        round=incident.round + 1,
        step=0,
        unanswered=False,
        acknowledged_at=None,
        handled_at=None,
        closed_at=None,
        outcome=None,
        statement=_offered(statement, is_offered=is_offered),
    )


def changed(file: File, severity: str | None, title: str | None) -> None:
    """Raises `Unprocessable` where nothing would change, and `Conflict` for one that is closed."""
    must_run(file)
    incident = file.incident
    severity, title = severity or incident.severity, title or incident.title
    if (severity, title) == (incident.severity, incident.title):
        raise Unprocessable("It has this severity and this title already.")
    file.change(severity=severity, title=title)


# --- decisions --------------------------------------------------------------------------------------------------------------------------


def decided(file: File, decision: Decision) -> None:
    """Raises `Conflict` where the incident is closed or has too many decisions, or what it supersedes was superseded already; `NotFound`."""
    must_run(file)
    decisions = list(file.incident.decisions)
    _room_for_more(decisions, "decisions")
    if decision.supersedes is not None:
        at = next((n for n, one in enumerate(decisions) if one.id == decision.supersedes), None)
        if at is None:
            raise NotFound(f"This incident has no decision {decision.supersedes}.")
        if decisions[at].superseded_by is not None:
            raise Conflict(f"That decision was superseded by {decisions[at].superseded_by}. Supersede that one.")
        decisions[at] = decisions[at].model_copy(update={"superseded_by": decision.id})
    file.change(decisions=[*decisions, decision])


def _room_for_more(things: Sequence[object], what: str) -> None:
    if len(things) >= MOST:
        raise Conflict(f"The incident has {MOST} {what}, and takes no more.")


# --- what is said meanwhile -------------------------------------------------------------------------------------------------------------


def digest_of(texts: Mapping[str, str]) -> str:
    return hashlib.sha256(orjson.dumps(dict(texts), option=orjson.OPT_SORT_KEYS)).hexdigest()


def drafted(file: File, book: BrandBook, texts: Mapping[str, str], by: str, now: datetime) -> list[Signature]:
    """Another text; the signatures that the one before had, and that are void. Raises `Conflict` for a closed incident, `Unprocessable` where the
    text is the same."""
    must_run(file)
    before, digest = file.incident.statement, digest_of(texts)
    if before is not None and before.digest == digest:
        raise Unprocessable("That is the text as it stands.")
    statement = Statement(texts=dict(texts), digest=digest, by=by, at=now, needed=signers(book, file.incident))
    file.change(statement=statement)
    return list(before.signed) if before else []


def signers(book: BrandBook, incident: Incident) -> list[str]:
    """Roles that must sign: those of the scenario or of whoever raised it; else the spokesperson, or where there is none a lead."""
    if incident.statement_by:
        return list(incident.statement_by)
    return ["spokesperson"] if with_roles(book, ("spokesperson",)) else ["lead"]


def signed(file: File, roles: Collection[str], digest: str, by: str, now: datetime) -> list[str]:
    """Sign exactly the text with that digest in each role that must and that the signer has; which those are, empty when all of them had been.
    With the last it is approved. Raises `Conflict` where there is no text, or another one; `Unprocessable` for somebody who need not sign."""
    must_run(file)
    statement = file.incident.statement
    if statement is None:
        raise Conflict("There is no holding statement to sign yet.")
    if statement.digest != digest:
        raise Conflict("The text is another one by now: read it, and sign that.", digest=statement.digest)
    mine = [role for role in statement.needed if role in roles]
    if not mine:
        raise Unprocessable(f"This text is signed by {' and '.join(statement.needed)}; none of these is a role of {by!r}.")
    known = {signature.role for signature in statement.signed}
    fresh = [role for role in mine if role not in known]
    if not fresh:
        return []
    all_of_them = [*statement.signed, *(Signature(role=role, by=by, at=now) for role in fresh)]
    is_approved = {signature.role for signature in all_of_them} >= set(statement.needed)
    values = {
        "signed": all_of_them,
        "approved_at": now if is_approved else None,
        "offered": is_approved and not file.incident.drill,
    }
    file.change(statement=statement.model_copy(update=values))
    return fresh


def _offered(statement: Statement | None, *, is_offered: bool) -> Statement | None:
    return statement.model_copy(update={"offered": is_offered}) if statement else None


# --- tasks ------------------------------------------------------------------------------------------------------------------------------


def given(file: File, task: HubTask) -> None:
    """Raises `Conflict` for a closed incident, and for one with too many tasks."""
    must_run(file)
    _room_for_more(file.incident.tasks, "tasks")
    file.change(tasks=[*file.incident.tasks, task])


def task_of(file: File, task_id: UUID) -> HubTask:
    """Raises `NotFound`."""
    found = next((task for task in file.incident.tasks if task.id == task_id), None)
    if found is None:
        raise NotFound("There is no such task in this incident.")
    return found


def set_task(file: File, task: HubTask, *, by_people: bool = True) -> None:
    """The task as it is from now on."""
    file.change(by_people=by_people, tasks=[task if one.id == task.id else one for one in file.incident.tasks])
