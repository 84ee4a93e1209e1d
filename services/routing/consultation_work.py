"""What happens to a question to a department is written and told in one transaction: its row, its timers, events and rows of the timeline of its case,
notices to the department, and notifications of those whom it concerns.

People (`consultation_api.py`), signed links (`consultation_links.py`), mailed answers (`consultation_stream.py`), the clock and whatever asks by itself
all pass here. The case is locked before the question.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.case_events import (
    CaseConsultationAnswered,
    CaseConsultationHandedOn,
    CaseConsultationNoted,
    CaseConsultationReminded,
    CaseConsultationReopened,
    CaseConsultationWithdrawn,
    CaseConsulted,
    CaseEvent,
    CaseResumed,
    CaseWaiting,
)
from libs.common.errors import NotFound
from services.routing import case as cases
from services.routing import consultation as consultations
from services.routing import consultation_notices, consultation_store, notice, of_case, record, store, timer, urgent, waiting
from services.routing.callback_work import and_leads
from services.routing.consultation import Answer, Consultation
from services.routing.consultation_kinds import REACTIONS
from services.routing.notice import Notice
from services.routing.sla import Policy
from services.routing.timer import Timer

KIND = "consultation"
"""Of its timers."""


@dataclass(slots=True)
class Change:
    """What one step made of a question and its case: stories in order, and who is told of the first of them, in these words."""

    consultation: Consultation
    stories: list[store.Story] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    what: str = ""

    def notifications(self) -> list[tuple[UUID, str, str, UUID, datetime, str]]:
        if not self.told or not self.stories:
            return []
        first = self.stories[0]
        return record.notifications(first, self.told, UUID(first.outgoing.subject), self.what)


# --- steps: what people, links, the clock and kinds of questions do --------------------------------------------------------------------------


async def ask(
    connection: db.Connection,
    policy: Policy,
    file: cases.File,
    department: str,
    question: str,
    by: str,
    now: datetime,
    *,
    id: UUID,
    kind: str = consultations.QUESTION,
    due_at: datetime | None = None,
    holds_case: bool = False,
    mention_ids: Sequence[UUID] = (),
    traceparent: str | None = None,
) -> Consultation:
    """Ask a department about a case, which is locked. An `id` that there is already is that question, and nothing happens: whoever asks by itself names
    it after what it asks (`deterministic_id`). A person's question makes it a case that people work on; `by` "system" does not, and the owner is told.

    Raises `Conflict` for a case that has ended or has too many open questions, `Unprocessable` for what is not in the book.
    """
    known = await consultation_store.of_case(connection, file.case.brand, file.case.id)
    there = next((one for one in known if one.id == id), None) or await consultation_store.one(connection, file.case.brand, id)
    if there is not None:
        return there
    made = consultations.asked(
        policy,
        file,
        id=id,
        department=department,
        question=question,
        by=by,
        now=now,
        kind=kind,
        due_at=due_at,
        holds_case=holds_case,
        mention_ids=mention_ids,
        known=known,
    )
    change = Change(made)
    if by == "system" and policy.book.member(file.case.owner or "") is not None:
        change.told, change.what = [file.case.owner or ""], f"{department} was asked"
    _tell(policy, file, change, CaseConsulted, "asked", at=now, actor=by, traceparent=traceparent, others=known)
    _wait(policy, file, change, at=now, actor=by, traceparent=traceparent)
    await _keep(connection, policy, file, change, now, "asked")
    return made


async def answer(
    connection: db.Connection, policy: Policy, file: cases.File, found: Consultation, said: Answer
) -> tuple[Consultation, Answer]:
    """The department said this; question and case are locked. The case goes on where it waited for nothing else. An id that there is already is the same
    answer, and nothing happens."""
    if not await consultation_store.add_answer(connection, consultations.with_answer(found, said)[1]):
        return found, said
    others = [one for one in await consultation_store.of_case(connection, found.brand, file.case.id) if one.id != found.id]
    change, kept = answered(policy, file, found, said, others, traceparent=None)
    await _keep(connection, policy, file, change, said.at, None)
    return change.consultation, kept


async def withdraw(
    connection: db.Connection, policy: Policy, file: cases.File, found: Consultation, reason: str, *, at: datetime, actor: str
) -> Consultation:
    """Nobody needs the answer any more: the department hears of it, and the case goes on where it waited for nothing else."""
    change = Change(consultations.withdrawn(found, at))
    others = [one for one in await consultation_store.of_case(connection, found.brand, file.case.id) if one.id != found.id]
    said = {"reason": reason}
    _tell(policy, file, change, CaseConsultationWithdrawn, "withdrawn", at=at, actor=actor, traceparent=None, said=said, others=others)
    _go_on(policy, file, change, others, f"the question to {found.department} was withdrawn", at=at, actor=actor, traceparent=None)
    await _keep(connection, policy, file, change, at, "withdrawn")
    return change.consultation


async def remind(
    connection: db.Connection, policy: Policy, file: cases.File, found: Consultation, *, at: datetime, actor: str
) -> Consultation:
    """A person reminds the department, by every way of it."""
    change = Change(consultations.reminded(found))
    _tell(policy, file, change, CaseConsultationReminded, at=at, actor=actor, traceparent=None)
    await _keep(connection, policy, file, change, at, f"by hand {change.consultation.reminded}")
    return change.consultation


async def hand_on(
    connection: db.Connection,
    policy: Policy,
    file: cases.File,
    found: Consultation,
    department: str,
    *,
    at: datetime,
    actor: str,
    due_at: datetime | None = None,
    reason: str | None = None,
) -> Consultation:
    """Another department has it from here on. The one that had it hears so; what it still answers is kept, and changes nothing."""
    change = Change(consultations.handed_on(policy, found, department, at, due_at))
    said = {"previous_department": found.department, "reason": reason}
    others = await consultation_store.of_case(connection, found.brand, file.case.id)
    _tell(policy, file, change, CaseConsultationHandedOn, "handed_on", at=at, actor=actor, traceparent=None, said=said, others=others)
    await notice.add(connection, consultation_notices.brief(policy, file, found, at, "handed on"), at)
    await _keep(connection, policy, file, change, at, "asked")
    return change.consultation


async def reopen(
    connection: db.Connection,
    policy: Policy,
    file: cases.File,
    found: Consultation,
    *,
    at: datetime,
    actor: str,
    due_at: datetime | None = None,
    reason: str | None = None,
) -> Consultation:
    """It is asked again: of the same department, with a new clock. The case waits for it again where it did before."""
    waiting.must_be_ours(file)
    change = Change(consultations.reopened(policy, found, at, due_at))
    others, said = await consultation_store.of_case(connection, found.brand, file.case.id), {"reason": reason}
    _tell(policy, file, change, CaseConsultationReopened, "reopened", at=at, actor=actor, traceparent=None, said=said, others=others)
    _wait(policy, file, change, at=at, actor=actor, traceparent=None)
    await _keep(connection, policy, file, change, at, "reopened")
    return change.consultation


async def locked(connection: db.Connection, brand: str, id: UUID) -> tuple[Consultation, cases.File]:
    """A question and the case that it goes on in, both locked, the case first. Raises `NotFound`."""
    seen = await consultation_store.one(connection, brand, id)
    file = await store.standing_file(connection, brand, seen.case_id, lock=True) if seen else None
    found = await consultation_store.one(connection, brand, id, lock=True) if file else None
    if found is None or file is None:
        raise NotFound("There is no such consultation in this brand.")
    return found, file


# --- its clock ----------------------------------------------------------------------------------------------------------------------------


async def went_off(connection: db.Connection, policy: Policy, timers: Sequence[Timer], now: datetime) -> None:
    """So much of each department's time has passed: it is reminded, and of what is overdue the case's owner and the leads hear too. What a case asked
    that has ended since is withdrawn instead."""
    known, files = await _locked_all(connection, policy, [due.subject for due in timers])
    reminded: list[tuple[Change, cases.File, str | None]] = []
    for due in timers:
        found = known.get(due.subject)
        file = files.get(found.case_id) if found is not None else None
        turn, _, share = due.name.partition(":")
        if found is None or file is None or found.state != "open" or found.turn != int(turn):
            continue
        if consultations.is_over(file):
            known[found.id] = await withdraw(connection, policy, file, found, f"the case is {file.case.state}", at=now, actor="system")
            continue
        change, is_reminded = _reminded(policy, file, found, int(share), now)
        known[found.id] = change.consultation
        reminded.append((change, file, f"at {share}" if is_reminded else None))
    await _keep_all(connection, policy, reminded, now)


async def _locked_all(
    connection: db.Connection, policy: Policy, ids: Sequence[UUID]
) -> tuple[dict[UUID, Consultation], dict[UUID, cases.File]]:
    """These questions, and the cases that they go on in by the questions' own `case_id`, locked."""
    asked = [(policy.book.brand, id) for id in sorted(set(ids))]
    seen = await consultation_store.some(connection, asked)
    files = await of_case.cases_of(connection, policy.book.brand, [one.case_id for one in seen])
    return {one.id: one for one in await consultation_store.some(connection, asked)}, files


def _reminded(policy: Policy, file: cases.File, found: Consultation, share: int, now: datetime) -> tuple[Change, bool]:
    """What the clock of a question says at this share, and whether the department is reminded of it."""
    department = policy.book.department(found.department)
    change = Change(found.changed())
    if share >= 100:
        owner = [file.case.owner] if file.case.owner and policy.book.member(file.case.owner) else []
        asked_by = [found.asked_by] if policy.book.member(found.asked_by) else []
        change.told, change.what = and_leads(policy, [*owner, *asked_by]), f"{found.department} overdue with an answer"
    said = {"share": share, "told": change.told}
    _tell(policy, file, change, CaseConsultationReminded, at=now, actor="system", traceparent=None, said=said)
    change.stories += record.breaches(file, at=now, actor="system", traceparent=None)
    return change, department is not None and share in department.remind_at


async def _keep_all(
    connection: db.Connection, policy: Policy, reminded: Sequence[tuple[Change, cases.File, str | None]], now: datetime
) -> None:
    """Write reminders: questions, what is told of their cases, and the notices to their departments. Their other timers stay."""
    await consultation_store.put(connection, [change.consultation for change, _, _ in reminded])
    changed = {file.case.id: file for _, file, _ in reminded}
    stories: dict[UUID, list[store.Story]] = {}
    for change, file, _ in reminded:
        stories.setdefault(file.case.id, []).extend(change.stories)
    await record.record_all(connection, [(policy, changed[case_id], told) for case_id, told in sorted(stories.items())])
    await urgent.notify(connection, lambda _: policy.book, [row for change, _, _ in reminded for row in change.notifications()])
    notices: list[Notice] = []
    for change, file, name in reminded:
        if name is not None:
            notices += await consultation_notices.whole(connection, policy, file, change.consultation, now, name)
    await notice.add(connection, notices, now)


# --- what a step makes of the case: pure ------------------------------------------------------------------------------------------------------


def answered(
    policy: Policy, file: cases.File, found: Consultation, said: Answer, others: Sequence[Consultation], *, traceparent: str | None
) -> tuple[Change, Answer]:
    """What an answer makes of a question and its case; `others` are the case's other ones."""
    after, kept = consultations.with_answer(found, said)
    change = Change(after, told=_concerned(policy, file, found, kept.by))
    about: dict[str, Any] = {"answer_id": kept.id, "sender": kept.by if kept.via == "mail" else None, "authenticated": kept.authenticated}
    unsure = " (sender not verified)" if kept.is_somebody_elses and kept.what != "undelivered" else ""
    if kept.what != "answer":
        change.what = f"{kept.department}: {_NOTED.get(kept.what, kept.what)}{unsure}"
        about |= {"what": kept.what, "text": kept.text}
        actor = kept.department if kept.what == "remark" else "system"
        _tell(policy, file, change, CaseConsultationNoted, at=kept.at, actor=actor, traceparent=traceparent, said=about)
        return change, kept
    change.what = f"{kept.department} answered" + (" late" if kept.late else "") + unsure
    about |= {"answer": kept.text, "via": kept.via, "verdict": kept.verdict}
    about |= {"outside": kept.outside, "late": kept.late, "attachments": list(kept.attachments)}
    actor = kept.by if kept.via == "api" else kept.department
    counts = None if kept.late else kept
    happened = "answered" if counts else ""
    _tell(
        policy,
        file,
        change,
        CaseConsultationAnswered,
        happened,
        at=kept.at,
        actor=actor,
        traceparent=traceparent,
        said=about,
        counts=counts,
        others=others,
    )
    if counts:
        _go_on(policy, file, change, others, f"{kept.department} answered", at=kept.at, actor=actor, traceparent=traceparent)
    return change, kept


_NOTED = {
    "remark": "wrote about a legal check without a verdict",
    "automatic": "automatic reply to a question",
    "undelivered": "a question was not delivered",
}


def _concerned(policy: Policy, file: cases.File, found: Consultation, but: str) -> list[str]:
    """Who waits for it: the case's owner, who asked, and who watches."""
    people = dict.fromkeys(filter(None, (file.case.owner, found.asked_by, *file.case.watchers)))
    return [id for id in people if id != but and policy.book.member(id) is not None]


def _tell(
    policy: Policy,
    file: cases.File,
    change: Change,
    kind: type[CaseEvent],
    happened: str = "",
    *,
    at: datetime,
    actor: str,
    traceparent: str | None,
    said: Mapping[str, Any] | None = None,
    counts: Answer | None = None,
    others: Sequence[Consultation] = (),
) -> None:
    """One event of the case, with what the kind of question does to it when this `happened`."""
    reaction = REACTIONS.get(change.consultation.kind) if happened else None
    values = reaction(policy, file, change.consultation, happened, counts, others) if reaction else {}
    file.book_version, file.touched = policy.version, file.touched or actor != "system"
    file.change(**values)
    told = {"consultation": change.consultation.told(), **(said or {})}
    story = record.story(file, kind, at=at, actor=actor, traceparent=traceparent, **told)
    change.stories.append(replace(story, detail=_row(change.consultation, happened, story.detail)))


_SHOWN = ("id", "kind", "state", "department", "due_at", "turn", "holds_case")


def _row(found: Consultation, happened: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    """The timeline's row: what people wrote stands beside what is about the question, so that it is masked like any words of theirs, and once."""
    about = {key: value for key, value in detail["consultation"].items() if key in _SHOWN}
    asks = {"question": found.question} if happened in ("asked", "handed_on", "reopened") else {}
    return {**detail, "consultation": about, **asks}


def _wait(policy: Policy, file: cases.File, change: Change, *, at: datetime, actor: str, traceparent: str | None) -> None:
    """The case waits for the department from here on, where the question is one that holds it."""
    found = change.consultation
    if not found.holds_case or (file.case.state == "waiting" and file.case.waiting_for == "department"):
        return
    reason = f"{found.department} was asked"
    waiting.for_department(policy, file, at, reason=reason)
    change.stories.append(record.story(file, CaseWaiting, at=at, actor=actor, traceparent=traceparent, reason=reason))


def _go_on(
    policy: Policy,
    file: cases.File,
    change: Change,
    others: Sequence[Consultation],
    why: str,
    *,
    at: datetime,
    actor: str,
    traceparent: str | None,
) -> None:
    """It is our turn again, where the case waited for a department and no open question holds it any more."""
    if file.case.state != "waiting" or file.case.waiting_for != "department" or consultations.holding([change.consultation, *others]):
        return
    waited_for = waiting.over(policy, file, at)
    change.stories.append(record.story(file, CaseResumed, at=at, actor=actor, traceparent=traceparent, waited_for=waited_for, why=why))


async def _keep(
    connection: db.Connection,
    policy: Policy,
    file: cases.File,
    change: Change,
    now: datetime,
    name: str | None,
) -> None:
    """Write a step: the question, its timers, what is told of the case, and the notices called `name` to the department, each of a turn once."""
    found = change.consultation
    await consultation_store.put(connection, [found])
    await set_timers(connection, policy, found)
    change.stories += record.breaches(file, at=now, actor="system", traceparent=None)
    await record.record(connection, policy, file, change.stories)
    await urgent.notify(connection, lambda _: policy.book, change.notifications())
    if name in ("withdrawn", "handed on"):
        await notice.add(connection, consultation_notices.brief(policy, file, found, now, name), now)
    elif name is not None:
        await notice.add(connection, await consultation_notices.whole(connection, policy, file, found, now, name), now)


async def set_timers(connection: db.Connection, policy: Policy, found: Consultation) -> None:
    """Its reminders, while it is open."""
    await timer.cancel(connection, found.brand, KIND, found.id)
    if found.state == "open":
        coming = [Timer(found.brand, KIND, found.id, f"{found.turn}:{share}", at) for share, at in consultations.moments(policy, found)]
        await timer.put(connection, coming)
