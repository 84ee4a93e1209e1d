"""Departments' answers by mail, as ingest tells of them: each has its effect once, whatever is told again. Pure, on what a batch has loaded."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from libs.common import db
from libs.common.answer_events import ConsultationMailed
from libs.common.record import Received
from services.routing import case as cases
from services.routing import consultation, consultation_store, consultation_work
from services.routing.consultation import Answer, Consultation

if TYPE_CHECKING:  # it calls us
    from services.routing.case_work import CaseWork

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Loaded:
    """The questions that a batch's mails answer, those beside them in their cases, and the answers that we have already."""

    questions: dict[UUID, Consultation] = field(default_factory=dict)
    beside: dict[UUID, list[UUID]] = field(default_factory=dict)
    """Case → its questions, those of cases that go on in it included."""
    known: set[UUID] = field(default_factory=set)
    changed: set[UUID] = field(default_factory=set)
    answers: list[Answer] = field(default_factory=list)


async def cases_of(connection: db.Connection, events: Sequence[Received[Any]]) -> set[UUID]:
    """The cases that these mails are about, to be locked."""
    asked = sorted({(one.event.brand, one.event.consultation_id) for one in events if isinstance(one.event, ConsultationMailed)})
    return {found.case_id for found in await consultation_store.some(connection, asked)} if asked else set()


async def load(connection: db.Connection, work: "CaseWork", events: Sequence[Received[Any]]) -> None:
    """Read the questions, whose cases are locked by now."""
    came = [one.event for one in events if isinstance(one.event, ConsultationMailed)]
    if not came:
        return
    loaded = work.consultations
    loaded.known = await consultation_store.known_answers(
        connection, sorted({event.brand for event in came}), [event.answer_id for event in came]
    )
    for found in await consultation_store.some(connection, sorted({(event.brand, event.consultation_id) for event in came})):
        loaded.questions[found.id] = found
        file = _standing(work, found)
        if file is not None and file.case.id not in loaded.beside:
            beside = await consultation_store.of_case(connection, found.brand, file.case.id)
            loaded.beside[file.case.id] = [one.id for one in beside]
            loaded.questions |= {one.id: one for one in beside}


def mailed(work: "CaseWork", received: Received[ConsultationMailed]) -> None:
    """A department wrote: its answer, or something that says of itself that it is none."""
    event, loaded = received.event, work.consultations
    found = loaded.questions.get(event.consultation_id)
    file = _standing(work, found) if found else None
    if event.answer_id in loaded.known or found is None or file is None or found.brand != event.brand:
        if found is None:
            log.warning("a mail answers a question that is not here", extra={"consultation": str(event.consultation_id)})
        work.repeat(received)
        return
    policy = work.policies.of(event.brand)
    outside = event.what != "undelivered" and consultation.from_outside(policy.book, event.department, event.sender)
    said = Answer(
        id=event.answer_id,
        brand=event.brand,
        consultation_id=found.id,
        department=event.department,
        at=work.now,
        what=event.what,
        via="mail",
        by=event.sender,
        text=event.text.replace("\0", ""),
        verdict=None if outside or event.authenticated == "fail" or event.what != "answer" else consultation.verdict_in(event.text),
        outside=outside,
        attachments=tuple(event.attachments),
        authenticated=event.authenticated,
    )
    others = [loaded.questions[id] for id in loaded.beside.get(file.case.id, []) if id != found.id]
    change, kept = consultation_work.answered(policy, file, found, said, others, traceparent=received.traceparent)
    work.keep(file, change.stories)
    work.tell_breaches(received, file)
    work.notifications += change.notifications()
    loaded.questions[found.id] = change.consultation
    loaded.changed.add(found.id)
    loaded.known.add(kept.id)
    loaded.answers.append(kept)


async def save(connection: db.Connection, work: "CaseWork") -> None:
    loaded = work.consultations
    for id in sorted(loaded.changed):
        found = loaded.questions[id]
        await consultation_store.put(connection, [found])
        await consultation_work.set_timers(connection, work.policies.of(found.brand), found)
    for answer in loaded.answers:
        await consultation_store.add_answer(connection, answer)


def _standing(work: "CaseWork", found: Consultation) -> cases.File | None:
    """The case that a question goes on in."""
    file = work.files.get(found.case_id)
    while file is not None and file.case.merged_into is not None and file.case.merged_into in work.files:
        file = work.files[file.case.merged_into]
    return file
