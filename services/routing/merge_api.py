"""Which case messages are in, as people decide it, over HTTP: merge, split, both taken back, and who is to be answered in what they put together."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http, idempotency, outbox, telemetry
from libs.common.auth import Principal
from libs.common.case_events import Case, CaseCustomerLeft
from libs.common.conditions import Match
from libs.common.errors import Conflict, NotFound, Unavailable, Unprocessable
from libs.common.events import TriagedMention
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import (
    callback_store,
    callback_stream,
    case_work,
    customers,
    decide,
    merge,
    move_store,
    placement,
    promise_store,
    promise_stream,
    record,
    store,
    tag,
)
from services.routing import case as cases
from services.routing import move as moves
from services.routing.api import Judge, Reader, _at_hand, _found, policy_of
from services.routing.case_work import CaseWork
from services.routing.move import Done, Move, Said
from services.routing.sla import Policy

router = APIRouter(prefix="/v1/brands/{brand}", tags=["merging"], route_class=Route)
_TRIES = 10

Reason = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S", description="Why, for a colleague who looks back")]
Version = Annotated[
    int | None, Field(default=None, ge=1, le=2**31 - 1, description="ETag of the other case as it was read; null: whatever it is now")
]


class MergeBody(http.Body):
    case_id: UUID = Field(description="The case that goes on in this one")
    version: Version
    reason: Reason


class UnmergeBody(http.Body):
    case_id: UUID = Field(description="The case that was put into this one")
    reason: Reason


class SplitBody(http.Body):
    mention_ids: list[UUID] = Field(min_length=1, max_length=200, description="Messages of this case that are another issue")
    into: UUID | None = Field(default=None, description="An existing case that they go into; null: a new one")
    version: Version
    reason: Reason


class UnsplitBody(http.Body):
    move_id: UUID | None = Field(default=None, description="Which of the splits into this case; null: the newest")
    reason: Reason


class LeaveBody(http.Body):
    customer_id: UUID
    reason: Reason


class Moved(BaseModel):
    """Both cases after it. The ETag is that of `case`, the one that was asked about."""

    move_id: UUID
    case: Case
    version: int
    other: Case
    other_version: int


class MoveShown(BaseModel):
    """What a person decided about which messages are in a case, and whether it was taken back."""

    id: UUID
    kind: str = Field(description="merge | split")
    from_id: UUID
    into_id: UUID
    mention_ids: list[UUID] = Field(description="The messages that it moved")
    at: datetime
    actor: str
    reason: str
    undone_at: datetime | None
    undone_by: str | None
    undone_reason: str | None


class Recipient(BaseModel):
    """One customer on one channel and thread: where an answer to them goes, and what they wait for."""

    customer_id: UUID
    name: str | None = Field(description="What they call themselves")
    channel: str
    visibility: str
    thread: str | None
    answer_to: UUID = Field(description="Their newest message there: what a reply in the responder names as `mention_id`")
    unanswered: list[UUID] = Field(
        description="Their messages there without an answer, oldest first, 200 at most; empty: answered, or deliberately not"
    )
    unanswered_total: int
    latest_at: datetime
    replied_at: datetime | None = Field(description="First reply to this customer, on whichever channel")


@router.post("/cases/{case_id}/merge", responses=CONFLICT)
async def merge_case(
    brand: str, case_id: UUID, body: MergeBody, request: Request, response: Response, principal: Judge, match: Match, writing: Writing
) -> Moved:
    """Put another case into this one, whoever its customer is. Customers stay who they are: each is answered on their own channel, and sees nothing of the
    other's. Owner and department stay this one's, unless people have only worked on the other one. `unmerge` takes it back at any time."""
    if body.case_id == case_id:
        raise Unprocessable("case_id is this case itself. Name another one.")
    policy = policy_of(request, brand)
    work = await _desk(request, writing, brand, [case_id, body.case_id])
    await _as_read(writing, work, brand, case_id, match, body.case_id, body.version)
    sides = work.mentions_of(case_id), work.mentions_of(body.case_id)
    move = _new(brand, "merge", body.case_id, case_id, work, principal, body.reason)
    done = moves.merge_into(work, policy, move, telemetry.current_traceparent())
    await _save(writing, work, done)
    await move_store.add(writing, done.move)
    await placement.place(writing, brand, move.id, done.placed)
    await _teach(writing, policy, *sides, same=True, principal=principal, reason=body.reason)
    return _shown(response, work, move, case_id)


@router.post("/cases/{case_id}/unmerge", responses=CONFLICT)
async def unmerge_case(
    brand: str, case_id: UUID, body: UnmergeBody, request: Request, response: Response, principal: Judge, match: Match, writing: Writing
) -> Moved:
    """Take a merge back: the other case is as it would be now without it. Messages that have come since go with the case whose thread they are in."""
    policy = policy_of(request, brand)
    await _found(writing, brand, body.case_id)
    work = await _desk(request, writing, brand, [case_id, body.case_id])
    await _as_read(writing, work, brand, case_id, match, body.case_id, None)
    move = await move_store.merge_of(writing, brand, body.case_id)
    if move is None or move.into_id != case_id:
        where = f" It goes on in {move.into_id}: take it out there." if move else ""
        raise Conflict(f"Nobody has put that case into this one, or it was taken back.{where}")
    happened = await _happened(writing, work, move)
    said = Said(work.now, principal.subject, body.reason, telemetry.current_traceparent())
    known, worked = await move_store.known_at(writing, move), await move_store.worked_since(writing, move)
    done = moves.unmerge(work, policy, move, said, known, happened, worked=worked)
    await _save(writing, work, done)
    await move_store.undone(writing, move, said)
    await move_store.without(writing, brand, done.others)
    both = work.mentions_of(case_id), work.mentions_of(body.case_id)
    await _teach(writing, policy, *both, same=False, principal=principal, reason=body.reason)
    return _shown(response, work, move, case_id)


@router.post("/cases/{case_id}/split", status_code=201, responses=CONFLICT)
@idempotency.once
async def split_case(
    brand: str, case_id: UUID, body: SplitBody, request: Request, response: Response, principal: Judge, match: Match, writing: Writing
) -> Moved:
    """Take messages that are another issue out of this case, into a new one or one that there is. What their author writes on in that thread goes with
    them. `unsplit` of the case that they went into takes it back."""
    if body.into == case_id:
        raise Unprocessable("into is this case itself. Name another one, or none for a new case.")
    policy, move_id = policy_of(request, brand), uuid4()
    into = body.into or moves.split_case_id(brand, move_id)
    await _found(writing, brand, case_id)
    if body.into is not None:
        await _found(writing, brand, body.into)
    work = await _desk(request, writing, brand, [case_id, into])
    await _as_read(writing, work, brand, case_id, match, body.into, body.version)
    move = _new(brand, "split", case_id, into, work, principal, body.reason, id=move_id)
    replies = await move_store.replies_since(writing, brand, body.mention_ids, None)
    done = moves.split(work, policy, move, set(body.mention_ids), replies, telemetry.current_traceparent())
    await _save(writing, work, done)
    await move_store.add(writing, done.move)
    await placement.place(writing, brand, move.id, done.placed)
    both = work.mentions_of(case_id), work.mentions_of(into)
    await _teach(writing, policy, *both, same=False, principal=principal, reason=body.reason)
    return _shown(response, work, move, case_id)


@router.post("/cases/{case_id}/unsplit", responses=CONFLICT)
async def unsplit_case(
    brand: str, case_id: UUID, body: UnsplitBody, request: Request, response: Response, principal: Judge, match: Match, writing: Writing
) -> Moved:
    """Take a split into this case back: the messages return to where they were taken out, with what has come to their thread since."""
    policy = policy_of(request, brand)
    await _found(writing, brand, case_id)
    move = await move_store.split_into(writing, brand, case_id, body.move_id)
    if move is None:
        raise Conflict("Nobody has split messages into this case, or that was taken back.")
    work = await _desk(request, writing, brand, [case_id, move.from_id])
    await _as_read(writing, work, brand, case_id, match, None, None)
    if await move_store.split_into(writing, brand, case_id, move.id) is None:
        raise Conflict("Somebody has taken that split back this very moment. Read the case again.")
    sides = work.mentions_of(case_id), work.mentions_of(move.from_id)
    known, worked = await move_store.known_at(writing, move), await move_store.worked_since(writing, move)
    happened = await _happened(writing, work, move)
    await placement.take_back(writing, brand, move.id)
    await _read_overlay(writing, work, brand)
    if further := {work.case_of(m) for m in work.mentions_of(case_id)} - work.files.keys():
        work = await _desk(request, writing, brand, [*work.files, *further])
    said = Said(work.now, principal.subject, body.reason, telemetry.current_traceparent())
    done = moves.unsplit(work, policy, move, said, known, happened, worked=worked)
    await _save(writing, work, done)
    await move_store.undone(writing, move, said)
    await move_store.without(writing, brand, done.others)
    await _teach(writing, policy, *sides, same=True, principal=principal, reason=body.reason)
    return _shown(response, work, move, case_id)


@router.get("/cases/{case_id}/moves")
async def list_moves(
    brand: str,
    case_id: UUID,
    principal: Reader,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[MoveShown]:
    """The merges and splits of a case that people decided, those that were taken back included, newest first."""
    await _found(reading, brand, case_id)
    before = http.read_cursor(cursor, [str, str])
    rows = await move_store.page(reading, brand, case_id, (http.moment(before[0]), http.uuid(before[1])) if before else None, limit + 1)
    items = [MoveShown(**{("mention_ids" if name == "moved" else name): value for name, value in row.items()}) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].at.isoformat(), str(items[-1].id)) if len(rows) > limit else None)


@router.get("/cases/{case_id}/recipients")
async def recipients(brand: str, case_id: UUID, principal: Reader, reading: Reading) -> Page[Recipient]:
    """Whom an answer in this case can go to: one row for each customer on each of their channels and threads, the longest waiting first. A reply goes to
    the author of the message that it answers, and to nobody else."""
    file = await _found(reading, brand, case_id)
    mentions = [m for m in await store.case_mentions(reading, brand, case_id) if not m.removed]
    waiting = {m.mention.id for m in merge.waiting(file, mentions)}
    replied = {one.customer_id: one.replied_at for one in file.case.customers}
    threads: dict[tuple[UUID, Any], list[TriagedMention]] = {}
    for triaged in mentions:
        threads.setdefault((triaged.customer_id, customers.thread_of(triaged.mention)), []).append(triaged)
    rows = [_recipient(messages, waiting, replied.get(customer_id, file.case.replied_at)) for (customer_id, _), messages in threads.items()]
    first = {row.answer_to: min((m.mention.received_at for m in mentions if m.mention.id in row.unanswered), default=None) for row in rows}
    rows.sort(key=lambda row: (first[row.answer_to] is None, first[row.answer_to] or row.latest_at, str(row.answer_to)))
    return Page(items=rows, next=None)


def _recipient(messages: Sequence[TriagedMention], waiting: Collection[UUID], replied_at: datetime | None) -> Recipient:
    latest = messages[-1].mention
    open_ones = [m.mention.id for m in messages if m.mention.id in waiting]
    return Recipient(
        customer_id=messages[-1].customer_id,
        name=latest.author.name,
        channel=latest.channel,
        visibility=latest.visibility,
        thread=latest.thread.id if latest.thread else None,
        answer_to=latest.id,
        unanswered=open_ones[:200],
        unanswered_total=len(open_ones),
        latest_at=latest.received_at,
        replied_at=replied_at,
    )


@router.post("/cases/{case_id}/recipients/no-reply", responses=CONFLICT)
async def leave_customer(
    brand: str, case_id: UUID, body: LeaveBody, request: Request, response: Response, principal: Judge, match: Match, writing: Writing
) -> Moved:
    """Deliberately no reply to one of the customers of a case that people put together: the others are all that is left to answer. A case of one customer
    has `no-reply`."""
    policy = policy_of(request, brand)
    work = await _desk(request, writing, brand, [case_id])
    await _as_read(writing, work, brand, case_id, match, None, None)
    file = work.files[case_id]
    cases.must_be_alive(file)
    customer = next((one for one in file.case.customers if one.customer_id == body.customer_id), None)
    if customer is None:
        raise Unprocessable("customer_id: that is none of the customers of a case that people put together; GET …/recipients lists them.")
    if not customer.unanswered:
        raise Conflict("Nothing of this customer waits for an answer.")
    mentions = work.mentions_of(case_id)
    merge.leave(policy, file, mentions, body.customer_id, work.now)
    file.version += 1
    file.book_version, traceparent = policy.version, telemetry.current_traceparent()
    told = record.story(
        file,
        CaseCustomerLeft,
        at=work.now,
        actor=principal.subject,
        traceparent=traceparent,
        customer_id=body.customer_id,
        reason=body.reason,
    )
    await record.record(writing, policy, file, [told, *record.breaches(file, at=work.now, actor="system", traceparent=traceparent)])
    conditions.mark(response, file.version)
    return Moved(move_id=told.outgoing.id, case=file.case, version=file.version, other=file.case, other_version=file.version)


# --- at hand --------------------------------------------------------------------------------------------------------------------------


async def _desk(request: Request, writing: Writing, brand: str, case_ids: Sequence[UUID]) -> CaseWork:
    """These cases of the brand with all of their messages, locked in the stream's order: messages, then cases, each by id. Nothing comes to them or leaves
    them before the transaction ends. Raises `NotFound` for a first case that is not there, and `Unavailable` while messages pour in."""
    work = CaseWork(request.app.state.policies, await store.now(writing))
    for _ in range(_TRIES):
        attempt = writing.transaction()  # a savepoint: given back, its locks are free
        await attempt.start()
        wanted = [(brand, case_id) for case_id in case_ids]
        locked = await store.lock_mentions(writing, brand, sorted(await store.copies_of(writing, wanted)))
        files = await store.files(writing, sorted(set(case_ids)))
        work.files = {id: file for id, file in files.items() if file.case.brand == brand}
        work.copies = await store.copies_of(writing, wanted)
        if work.copies.keys() <= locked.keys():
            await attempt.commit()
            break
        await attempt.rollback()
    else:
        raise Unavailable("Messages keep coming into this case. Try again in a moment.", retry_after_s=1)
    work.members = {case_id: set() for case_id in case_ids}
    for id, copy in work.copies.items():
        work.members[copy.case_id].add(id)
    work.stored, work.now = set(work.files), await store.now(writing)
    work.promises.know(await promise_store.of_cases(writing, list(work.files), list(work.copies)))
    work.callbacks = {one.id: one for one in await callback_store.of_cases(writing, list(work.files), list(work.copies))}
    await _read_overlay(writing, work, brand)
    return work


async def _read_overlay(writing: Writing, work: CaseWork, brand: str) -> None:
    about = [copy.triaged for copy in work.copies.values()]
    ids = {id for m in about for id in (m.mention.id, *(evidence.mention_id for evidence in m.evidence))}
    groups = {cases.case_id_of(brand, m.group_id) for m in about}
    work.follow_ups = await store.follow_ups(writing, {(brand, m.group_id) for m in about})
    chains = {case_id for chain in work.follow_ups.values() for case_id in chain}
    work.overlay = await placement.overlay(writing, [brand], ids, groups | work.files.keys() | chains)


async def _as_read(
    writing: Writing, work: CaseWork, brand: str, case_id: UUID, match: conditions.Condition, other_id: UUID | None, version: int | None
) -> None:
    """Raises `NotFound`, `Unprocessable`, `PreconditionFailed` and `Conflict` where the cases are not what the caller has read."""
    await _at_hand(writing, brand, case_id, match)
    if other_id is None:
        return
    other = work.files.get(other_id)
    if other is None:
        raise Unprocessable(f"There is no case {other_id} in this brand.")
    if version is not None and version != other.version:
        rows = await store.timeline(writing, brand, other_id, version, 500)
        changes = [{name: row[name] for name in ("version", "what", "actor")} | {"at": row["at"].isoformat()} for row in rows]
        raise Conflict(
            f"The other case is at version {other.version} by now, and not at the one that you read. Read it again, then decide.",
            version=other.version,
            changes=changes[-conditions.MOST_TOLD :],
        )


async def _happened(writing: Writing, work: CaseWork, move: Move) -> list[merge.Happened]:
    """What has happened to the case that stays since something came into it."""
    ids = [m.mention.id for m in work.mentions_of(move.into_id)]
    return [
        *await move_store.replies_since(writing, move.brand, ids, move),
        *await move_store.acts_since(writing, move),
        *await move_store.later_merges(writing, move),
    ]


def _new(
    brand: str, kind: str, from_id: UUID, into_id: UUID, work: CaseWork, principal: Principal, reason: str, *, id: UUID | None = None
) -> Move:
    return Move(id or uuid4(), brand, kind, from_id, into_id, work.now, principal.subject, reason)


async def _save(writing: Writing, work: CaseWork, done: Done) -> None:
    promise_stream.go_on(work, telemetry.current_traceparent())
    callback_stream.moved(work, work.policies.of(done.move.brand), telemetry.current_traceparent())
    await placement.move(writing, done.move.brand, done.now_in)
    had = await store.some_files(writing, done.move.brand, sorted(work.changed))
    await case_work.save(writing, work)
    uses = Counter(name for id in work.changed for name in work.files[id].case.tags)
    uses.subtract(name for file in had.values() for name in file.case.tags)
    await tag.count(writing, done.move.brand, {name: count for name, count in uses.items() if count})
    await outbox.add(writing, "routing", work.outgoing)


async def _teach(
    writing: Writing,
    policy: Policy,
    some: Sequence[TriagedMention],
    others: Sequence[TriagedMention],
    *,
    same: bool,
    principal: Principal,
    reason: str,
) -> None:
    """Where one customer wrote on both sides, triage may learn from what a person decided. Its groups stay as they are."""
    pair = None if principal.machine else moves.same_customer_s(some, others)
    if pair is not None:
        await decide.judged(
            writing,
            policy.book.brand,
            *pair,
            reason,
            same=same,
            actor=principal.subject,
            book_version=policy.version,
            evidence_only=True,
        )


def _shown(response: Response, work: CaseWork, move: Move, case_id: UUID) -> Moved:
    other_id = move.from_id if move.from_id != case_id else move.into_id
    file, other = work.files[case_id], work.files.get(other_id)
    if other is None:
        raise NotFound("There is no such case in this brand.")
    conditions.mark(response, file.version)
    return Moved(move_id=move.id, case=file.case, version=file.version, other=other.case, other_version=other.version)
