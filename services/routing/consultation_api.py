"""Questions to departments over HTTP: asked, answered, reminded of, handed on, withdrawn, asked again; and who holds a case."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http, idempotency, telemetry
from libs.common.auth import STAFF, Principal, allow
from libs.common.conditions import Condition, Match
from libs.common.errors import Forbidden, NotFound, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.masking import Mask
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import case as cases
from services.routing import consultation as consultations
from services.routing import consultation_store, consultation_work, holding, shown, store
from services.routing.api import policy_of
from services.routing.consultation import LEGAL_CHECK, Answer, Consultation
from services.routing.holding import Holder
from services.routing.sla import Policy

router = APIRouter(prefix="/v1/brands/{brand}", tags=["consultations"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]
Writer = Annotated[Principal, Depends(allow(*STAFF))]
LONGEST = timedelta(days=366)
"""How far ahead an answer can be due."""

DepartmentId = Annotated[str, Field(min_length=1, max_length=100, pattern=http.ONE_LINE, description="Id of the department")]
Reason = Annotated[
    str | None, Field(default=None, min_length=1, max_length=1000, pattern=r"\S", description="For a colleague who looks back")
]
DueAt = Annotated[
    http.Moment | None, Field(default=None, description="By when; none: within the opening time that the brand book gives the department")
]
Verdict = Literal["agreed", "agreed_with_changes", "refused"]


class NewConsultation(http.Body):
    department: DepartmentId
    question: str = Field(
        min_length=1,
        max_length=10_000,
        pattern=r"\S",
        description="Goes to the department as it is written here; what customers wrote goes masked",
    )
    mention_ids: list[UUID] = Field(
        default=[], max_length=20, description="Messages of the case that it is about; none: the case as a whole"
    )
    due_at: DueAt
    holds_case: bool = Field(default=False, description="The case waits for the department. Our own clocks run on: we wait for ourselves")


class AnswerBody(http.Body):
    answer: str = Field(min_length=1, max_length=10_000, pattern=r"\S")
    verdict: Verdict | None = Field(
        default=None, description="Of a legal check, which needs one; of a question where it is one of yes or no"
    )


class HandOnBody(http.Body):
    department: DepartmentId
    due_at: DueAt
    reason: Reason


class ReopenBody(http.Body):
    due_at: DueAt
    reason: Reason


class WithdrawBody(http.Body):
    reason: str = Field(min_length=1, max_length=1000, pattern=r"\S", description="For a colleague who looks back")


class AnswerOut(BaseModel):
    """What came back on a question."""

    id: UUID
    at: datetime
    what: str = Field(
        description="answer | remark (on a legal check, without a verdict) | automatic (an automatic reply) | undelivered (our mail did not arrive)"
    )
    department: str = Field(description="That it was asked of")
    via: str = Field(description="api | link | mail")
    by: str = Field(description="Who: team member or token's subject; of a link the department; of a mail its sender's address")
    text: str
    verdict: str | None
    outside: bool = Field(description="By mail, from an address that is not of the department's domain: look at whether it is theirs")
    authenticated: str | None = Field(
        description="Of a mail: pass | fail | unknown, as the mailbox's own server found. fail: show it as \"sender not verified\"; it may be anybody's"
    )
    late: bool = Field(description="It came after the question had ended or had gone to another department, and changed nothing")
    attachments: list[str] = Field(description="Names of the files that came with a mail, and stay in the mailbox")


class ConsultationOut(BaseModel):
    """A question to a department. `version` is its ETag too."""

    id: UUID
    case_id: UUID = Field(description="The case that it was asked in; it goes on where that one does")
    kind: str = Field(description="question | legal_check")
    state: str = Field(description="open | answered | withdrawn")
    department: str
    question: str
    mention_ids: list[UUID]
    holds_case: bool
    asked_by: str
    asked_at: datetime
    since: datetime = Field(description="Since when this department has it")
    due_at: datetime
    gone: int = Field(description="Per cent of its time that has passed, in opening time; more than 100: overdue")
    turn: int
    verdict: str | None
    ended_at: datetime | None
    version: int


class ConsultationWithAnswers(ConsultationOut):
    answers: list[AnswerOut] = Field(description="What came back, oldest first; the one that counts is the last that is not late")


@router.get("/consultations")
async def list_consultations(
    brand: str,
    request: Request,
    principal: Reader,
    reading: Reading,
    department: Annotated[str | None, Query(max_length=100, description="Only what this department has")] = None,
    kind: Annotated[Literal["question", "legal_check"] | None, Query()] = None,
    overdue: Annotated[bool, Query(description="Only what should have been answered by now")] = False,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[ConsultationOut]:
    """The open questions of all cases, what is due first in front: a department's list of work."""
    after, now = http.read_cursor(cursor, [str, str]), await store.now(reading)
    rows = await consultation_store.page(
        reading,
        brand,
        department=department,
        kind=kind,
        overdue_at=now if overdue else None,
        after=(http.moment(after[0]), http.uuid(after[1])) if after else None,
        limit=limit + 1,
    )
    policy = policy_of(request, brand)
    items = [_out(policy, principal, found, now) for found in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].due_at.isoformat(), str(items[-1].id)) if len(rows) > limit else None)


@router.get("/cases/{case_id}/consultations")
async def consultations_of_case(
    brand: str, case_id: UUID, request: Request, principal: Reader, reading: Reading
) -> Page[ConsultationWithAnswers]:
    """Every question that was asked about a case, and about those that go on in it, oldest first, with what came back."""
    if await store.file(reading, brand, case_id) is None:
        raise NotFound("There is no such case in this brand.")
    policy, now = policy_of(request, brand), await store.now(reading)
    found = await consultation_store.of_case(reading, brand, case_id)
    came = await consultation_store.answers(reading, brand, [one.id for one in found])
    return Page(items=[_whole(policy, principal, one, [said for said in came if said.consultation_id == one.id], now) for one in found])


@router.post("/cases/{case_id}/consultations", status_code=201, responses=CONFLICT)
@idempotency.once
async def consult(
    brand: str, case_id: UUID, body: NewConsultation, request: Request, response: Response, principal: Writer, writing: Writing
) -> ConsultationOut:
    """Ask a department. It is told by mail and by every way of it in the brand book, with the story so far, and can answer without logging in."""
    file = await store.file(writing, brand, case_id, lock=True)
    if file is None:
        raise NotFound("There is no such case in this brand.")
    policy, now = policy_of(request, brand), await store.now(writing)
    await _must_be_of_case(writing, file, body.mention_ids)
    made = await consultation_work.ask(
        writing,
        policy,
        file,
        body.department,
        body.question,
        principal.subject,
        now,
        id=uuid4(),
        due_at=_due(body.due_at, now),
        holds_case=body.holds_case,
        mention_ids=body.mention_ids,
        traceparent=telemetry.current_traceparent(),
    )
    conditions.mark(response, made.version)
    return _out(policy, principal, made, now)


@router.get("/cases/{case_id}/holders")
async def holders(brand: str, case_id: UUID, request: Request, principal: Reader, reading: Reading) -> list[Holder]:
    """Who holds a case, since when, and how much of their time is gone: first whoever it waits for, then every department that has an open question
    about it."""
    file = await store.standing_file(reading, brand, case_id)
    if file is None:
        raise NotFound("There is no such case in this brand.")
    policy, now = policy_of(request, brand), await store.now(reading)
    return await holding.holders(reading, policy, file, now)


@router.get("/consultations/{consultation_id}")
async def one_consultation(
    brand: str, consultation_id: UUID, request: Request, response: Response, principal: Reader, reading: Reading
) -> ConsultationWithAnswers:
    """A question, with all that came back on it."""
    found = await consultation_store.one(reading, brand, consultation_id)
    if found is None:
        raise NotFound("There is no such consultation in this brand.")
    conditions.mark(response, found.version)
    came = await consultation_store.answers(reading, brand, [found.id])
    return _whole(policy_of(request, brand), principal, found, came, await store.now(reading))


@router.post("/consultations/{consultation_id}/answer", status_code=201, responses=CONFLICT)
@idempotency.once
async def answer_consultation(
    brand: str, consultation_id: UUID, body: AnswerBody, request: Request, response: Response, principal: Writer, writing: Writing
) -> ConsultationWithAnswers:
    """Answer a question: as a member of the department, or for it, after a call. A legal check is answered by its department alone. An answer to one that
    has been answered or withdrawn is kept, and changes nothing."""
    found, file = await consultation_work.locked(writing, brand, consultation_id)
    policy, now = policy_of(request, brand), await store.now(writing)
    _may_answer(policy, principal, found, body.verdict)
    said = Answer(
        id=uuid4(),
        brand=brand,
        consultation_id=found.id,
        department=found.department,
        at=now,
        what="answer",
        via="api",
        by=principal.subject,
        text=body.answer.replace("\0", ""),
        verdict=body.verdict,
    )
    after, _ = await consultation_work.answer(writing, policy, file, found, said)
    conditions.mark(response, after.version)
    return _whole(policy, principal, after, await consultation_store.answers(writing, brand, [found.id]), now)


@router.post("/consultations/{consultation_id}/remind", responses=CONFLICT)
async def remind_department(
    brand: str, consultation_id: UUID, request: Request, response: Response, principal: Writer, match: Match, writing: Writing
) -> ConsultationOut:
    """Remind the department now, beside the reminders of the brand book."""
    found, file = await _consultation_at_hand(writing, brand, consultation_id, match)
    policy, now = policy_of(request, brand), await store.now(writing)
    after = await consultation_work.remind(writing, policy, file, found, at=now, actor=principal.subject)
    return _done(policy, principal, response, after, now)


@router.post("/consultations/{consultation_id}/hand-on", responses=CONFLICT)
async def hand_on_consultation(
    brand: str,
    consultation_id: UUID,
    body: HandOnBody,
    request: Request,
    response: Response,
    principal: Writer,
    match: Match,
    writing: Writing,
) -> ConsultationOut:
    """Ask another department instead, with a clock of its own. The one that had it hears that there is nothing to answer any more."""
    found, file = await _consultation_at_hand(writing, brand, consultation_id, match)
    policy, now = policy_of(request, brand), await store.now(writing)
    _may_end(policy, principal, found)
    due_at = _due(body.due_at, now)
    after = await consultation_work.hand_on(
        writing, policy, file, found, body.department, at=now, actor=principal.subject, due_at=due_at, reason=body.reason
    )
    return _done(policy, principal, response, after, now)


@router.post("/consultations/{consultation_id}/withdraw", responses=CONFLICT)
async def withdraw_consultation(
    brand: str,
    consultation_id: UUID,
    body: WithdrawBody,
    request: Request,
    response: Response,
    principal: Writer,
    match: Match,
    writing: Writing,
) -> ConsultationOut:
    """Nobody needs the answer any more: the department hears so."""
    found, file = await _consultation_at_hand(writing, brand, consultation_id, match)
    policy, now = policy_of(request, brand), await store.now(writing)
    _may_end(policy, principal, found)
    after = await consultation_work.withdraw(writing, policy, file, found, body.reason, at=now, actor=principal.subject)
    return _done(policy, principal, response, after, now)


@router.post("/consultations/{consultation_id}/reopen", responses=CONFLICT)
async def reopen_consultation(
    brand: str,
    consultation_id: UUID,
    body: ReopenBody,
    request: Request,
    response: Response,
    principal: Writer,
    match: Match,
    writing: Writing,
) -> ConsultationOut:
    """Ask the same department again, with a new clock: the answer was not enough, or is needed after all."""
    found, file = await _consultation_at_hand(writing, brand, consultation_id, match)
    policy, now = policy_of(request, brand), await store.now(writing)
    due_at = _due(body.due_at, now)
    after = await consultation_work.reopen(writing, policy, file, found, at=now, actor=principal.subject, due_at=due_at, reason=body.reason)
    return _done(policy, principal, response, after, now)


async def _consultation_at_hand(writing: Writing, brand: str, consultation_id: UUID, match: Condition) -> tuple[Consultation, cases.File]:
    """The question and its case, locked, as the caller has read it. Raises `PreconditionFailed`."""
    found, file = await consultation_work.locked(writing, brand, consultation_id)
    if not match.holds(found.version):
        raise conditions.stale("The consultation", found.version, [])
    return found, file


async def _must_be_of_case(writing: Writing, file: cases.File, mention_ids: list[UUID]) -> None:
    """Raises `Unprocessable` for messages that are not in the case."""
    if not mention_ids:
        return
    there = {m.mention.id for m in await store.case_mentions(writing, file.case.brand, file.case.id) if not m.removed}
    if missing := [id for id in mention_ids if id not in there]:
        raise Unprocessable(f"mention_ids: there is no message {missing[0]} in this case.")


def _due(due_at: datetime | None, now: datetime) -> datetime | None:
    if due_at is not None and due_at > now + LONGEST:
        raise Unprocessable(f"due_at: {due_at.isoformat()} is more than {LONGEST.days} days ahead. Name a moment before that.")
    return due_at


def _may_answer(policy: Policy, principal: Principal, found: Consultation, verdict: str | None) -> None:
    """Raises `Forbidden` for who is not of the department that checks, `Unprocessable` for a check without a verdict."""
    if found.kind != LEGAL_CHECK:
        return
    if not _is_of(policy, principal, found.department):
        raise Forbidden(
            f"A legal check is answered by department {found.department!r}: by its members in the brand book, or by its mail or link."
        )
    if verdict is None:
        raise Unprocessable(f"verdict: a legal check needs one of {', '.join(consultations.VERDICTS)}.")


def _may_end(policy: Policy, principal: Principal, found: Consultation) -> None:
    """Whoever waits for a legal check does not do away with it, nor puts it to somebody who agrees. Raises `Forbidden`."""
    if found.kind == LEGAL_CHECK and principal.role not in ("lead", "admin") and not _is_of(policy, principal, found.department):
        raise Forbidden(f"A legal check is withdrawn or handed on by a lead, or by department {found.department!r}.")


def _is_of(policy: Policy, principal: Principal, department: str) -> bool:
    """Whether it is a person of that department."""
    of = policy.book.department(department)
    return of is not None and not principal.machine and principal.subject in of.members


def _done(policy: Policy, principal: Principal, response: Response, found: Consultation, now: datetime) -> ConsultationOut:
    conditions.mark(response, found.version)
    return _out(policy, principal, found, now)


def _out(policy: Policy, principal: Principal, found: Consultation, now: datetime) -> ConsultationOut:
    values = {name: getattr(found, name) for name in ConsultationOut.model_fields if name not in ("gone", "mention_ids", "question")}
    question = _mask(principal).text(found.question, "private")
    return ConsultationOut(**values, gone=consultations.gone(policy, found, now), mention_ids=list(found.mention_ids), question=question)


def _whole(policy: Policy, principal: Principal, found: Consultation, came: list[Answer], now: datetime) -> ConsultationWithAnswers:
    mask = _mask(principal)
    answers = [
        AnswerOut(
            **{name: getattr(said, name) for name in AnswerOut.model_fields if name not in ("attachments", "text")},
            text=mask.text(said.text, "private"),
            attachments=list(said.attachments),
        )
        for said in came
    ]
    return ConsultationWithAnswers(**_out(policy, principal, found, now).model_dump(), answers=answers)


def _mask(principal: Principal) -> Mask:
    return Mask(shown.audience(principal))
