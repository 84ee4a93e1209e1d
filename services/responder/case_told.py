"""What cases tell beside their state: what customers wrote, what colleagues and departments said, what was promised, what else was done.

Events of cases come in with the consumer, the conversation of a case goes out to the desk. It is kept as long as the case can still be worked on: until
it is closed, a message is taken back, or its texts are forgotten.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common import case_events as c
from libs.common import db
from libs.common.case_events import Case, CaseEvent
from libs.common.events import Mention, deterministic_id

MOST_MESSAGES, MOST_STEPS = 200, 200
"""Of one case that are shown: the newest."""
_BRING_MESSAGES = (c.CaseOpened, c.CaseJoined, c.CaseLeft, c.CaseRevised, c.CaseReopened, c.CaseMoveEvent)
"""The others tell of a newest message that is known."""
_DONE: Mapping[type[CaseEvent], str] = {
    c.CaseAssigned: "assigned",
    c.CaseHandedBack: "handed_back",
    c.CaseReturned: "returned",
    c.CaseEscalated: "escalated",
    c.CasePickedUp: "picked_up",
    c.CaseWaiting: "waiting",
    c.CaseResumed: "resumed",
    c.CaseResolved: "resolved",
    c.CaseReopened: "reopened",
    c.CaseMerged: "merged",
    c.CaseUnmerged: "unmerged",
    c.CaseSplit: "split",
    c.CaseRejoined: "rejoined",
    c.CasePrioritised: "prioritised",
    c.CaseCallbackAttempted: "called",
}
"""Steps of a case that whoever answers it has to know of."""
_WORDS = ("reason", "why", "how", "outcome")


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done about a case, or said among colleagues. `body` holds its words, by the names that the event has for them."""

    brand: str
    case_id: UUID
    what: str
    id: UUID
    at: datetime
    who: str
    body: Mapping[str, Any]


@dataclass(slots=True)
class Told:
    """What a batch of events tells, its last word on each thing."""

    messages: dict[UUID, Mention] = field(default_factory=dict)
    steps: dict[tuple[UUID, str, UUID], Step] = field(default_factory=dict)
    taken_back: dict[UUID, str] = field(default_factory=dict)
    """Messages that are gone → brand."""
    unsaid: dict[tuple[UUID, str, UUID], str] = field(default_factory=dict)
    over: dict[UUID, str] = field(default_factory=dict)
    """Cases of which nothing is kept any more → brand."""


def hear(told: Told, event: CaseEvent, version: int) -> None:
    """Take down what an event tells. `version` is the case's by then."""
    case = event.case
    if isinstance(event, c.CaseForgotten | c.CaseClosed | c.CaseTextsForgotten):
        _forget(told, case, all_of_it=not isinstance(event, c.CaseTextsForgotten))
        return
    if case.historic or case.state == "closed":
        return
    told.over.pop(case.id, None)
    if isinstance(event, c.CaseLeft) and event.why == "removed":
        told.messages.pop(event.mention_id, None)
        told.taken_back[event.mention_id] = case.brand
    if isinstance(event, _BRING_MESSAGES) and case.latest is not None and case.latest.forgotten_at is None:
        told.messages[case.latest.id] = case.latest
        told.taken_back.pop(case.latest.id, None)
    if isinstance(event, c.CaseNoteDeleted):
        told.steps.pop((case.id, "note", event.note_id), None)
        told.unsaid[case.id, "note", event.note_id] = case.brand
    elif (step := _step(event, version)) is not None:
        told.steps[step.case_id, step.what, step.id] = step


def _forget(told: Told, case: Case, *, all_of_it: bool) -> None:
    for mention in case.mentions:
        told.messages.pop(mention.id, None)
        told.taken_back[mention.id] = case.brand
    if all_of_it:
        told.over[case.id] = case.brand
        for key in [key for key in told.steps if key[0] == case.id]:
            del told.steps[key]


def _step(event: CaseEvent, version: int) -> Step | None:
    brand, case_id = event.case.brand, event.case.id
    if isinstance(event, c.CaseNoted | c.CaseNoteEdited):
        return Step(brand, case_id, "note", event.note_id, event.at, event.actor, {"text": event.note})
    if isinstance(event, c.CaseConsultationAnswered):
        body = {"text": event.answer, "verdict": event.verdict, "department": event.consultation.department, "late": event.late}
        return Step(brand, case_id, "answer", event.answer_id, event.at, event.sender or event.actor, body)
    if isinstance(event, c.CaseConsultationNoted):
        body = {"text": event.text, "department": event.consultation.department}
        return Step(brand, case_id, "remark", event.answer_id, event.at, event.sender or event.actor, body)
    if isinstance(consultation := getattr(event, "consultation", None), c.Consultation):
        body = {
            "text": consultation.question,
            "department": consultation.department,
            "state": consultation.state,
            "due_at": consultation.due_at.isoformat(),
        }
        return Step(brand, case_id, "question", consultation.id, consultation.asked_at, consultation.asked_by, body)
    if isinstance(promise := getattr(event, "promise", None), c.Promise):
        body = {
            "state": promise.state,
            "channel": promise.channel,
            "reply_id": str(promise.reply_id) if promise.reply_id else None,
            "due_at": promise.due_at.isoformat() if promise.due_at else None,
        }
        return Step(brand, case_id, "promise", promise.id, promise.given_at, promise.given_by, body)
    what = _DONE.get(type(event))
    if what is None:
        return None
    body = {name: said for name in _WORDS if isinstance(said := getattr(event, name, None), str)}
    if isinstance(event, c.CaseAssigned):
        body |= {"owner": event.case.owner, "department": event.case.department}
    if isinstance(event, c.CasePrioritised):
        body |= {"priority": event.case.priority}
    return Step(brand, case_id, what, deterministic_id(brand, "step", str(case_id), str(version)), event.at, event.actor, body)


async def keep(connection: db.Connection, told: Told) -> None:
    """Write what was told, then drop what is gone. Cases that it is about are locked by the caller."""
    if told.messages:
        found = [told.messages[id] for id in sorted(told.messages)]
        await connection.execute(
            "insert into case_message (mention_id, brand, received_at, mention) "
            "select i, b, r, m::jsonb from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[]) as u(i, b, r, m) "
            "on conflict (mention_id) do update set mention = excluded.mention, received_at = excluded.received_at "
            "where case_message.brand = excluded.brand and case_message.mention <> excluded.mention",
            [mention.id for mention in found],
            [mention.brand for mention in found],
            [mention.received_at for mention in found],
            [mention.model_dump_json() for mention in found],
        )
    if told.steps:
        steps = [told.steps[key] for key in sorted(told.steps)]
        await connection.execute(
            "insert into case_step (brand, case_id, what, id, at, who, body) select * from unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[], "
            "$5::timestamptz[], $6::text[], $7::jsonb[]) on conflict (case_id, what, id) do update set body = excluded.body "
            "where case_step.brand = excluded.brand",
            [step.brand for step in steps],
            [step.case_id for step in steps],
            [step.what for step in steps],
            [step.id for step in steps],
            [step.at for step in steps],
            [step.who for step in steps],
            [dict(step.body) for step in steps],
        )
    if told.taken_back:
        await connection.execute(
            "delete from case_message m using unnest($1::uuid[], $2::text[]) as u(i, b) where m.mention_id = u.i and m.brand = u.b",
            list(told.taken_back),
            list(told.taken_back.values()),
        )
    if told.unsaid:
        await connection.execute(
            "delete from case_step s using unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[]) as u(c, w, i, b) "
            "where s.case_id = u.c and s.what = u.w and s.id = u.i and s.brand = u.b",
            [key[0] for key in told.unsaid],
            [key[1] for key in told.unsaid],
            [key[2] for key in told.unsaid],
            list(told.unsaid.values()),
        )
    if told.over:
        await connection.execute(
            "delete from case_step s using unnest($1::uuid[], $2::text[]) as u(c, b) where s.case_id = u.c and s.brand = u.b",
            list(told.over),
            list(told.over.values()),
        )


async def messages(connection: db.Connection, brand: str, mention_ids: Collection[UUID]) -> dict[UUID, Mention]:
    """Those of these messages whose text is kept here."""
    rows = await connection.fetch(
        "select mention from case_message where brand = $1 and mention_id = any($2::uuid[])", brand, list(mention_ids)[-MOST_MESSAGES:]
    )
    found = [Mention.model_validate(row["mention"]) for row in rows]
    return {mention.id: mention for mention in found}


async def steps(connection: db.Connection, brand: str, case_ids: Collection[UUID]) -> list[Step]:
    """What was done about these cases, the newest first."""
    rows = await connection.fetch(
        "select brand, case_id, what, id, at, who, body from case_step where brand = $1 and case_id = any($2::uuid[]) "
        "order by at desc, id limit $3",
        brand,
        list(case_ids),
        MOST_STEPS,
    )
    return [Step(**dict(row)) for row in rows]
