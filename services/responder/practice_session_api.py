"""Sessions of practice over HTTP: somebody is asked messages one after the other, each answer is scored, and leads compare.

What is written here is seen by whoever wrote it and by leads, and goes nowhere else: no case, no reply, no event. A candidate's token opens this and
nothing more.
"""

import csv
import io
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import db, http, idempotency
from libs.common.auth import PRACTISING, Principal, allow
from libs.common.bookteam import Member
from libs.common.bookvalues import Initials
from libs.common.errors import Conflict, NotFound, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.responder import practice, practice_score, practice_store, store
from services.responder.practice import Answer, Line, Report, Session
from services.responder.practice_score import Score
from services.responder.reply_api import Text, current_book

router = APIRouter(prefix="/v1/brands/{brand}/practice", tags=["practice"], route_class=Route)
Practising = Annotated[Principal, Depends(allow(*PRACTISING))]
Looking = Annotated[Principal, Depends(allow(*PRACTISING, "admin"))]
Lead = Annotated[Principal, Depends(allow("lead", "admin"))]
LONGEST_S = 3600.0
"""Somebody who went away did not take that long: an answer counts for so long at most."""
MOST_EXPORTED = 5000


class SessionBody(http.Body):
    messages: int = Field(default=10, ge=1, le=50, description="How many are asked, where there are so many")
    labels: list[Line] = Field(default=[], max_length=20, description="Only messages with one of these; empty: all")
    difficulty: int | None = Field(default=None, ge=1, le=3, description="Only messages of this difficulty; null: any")
    seed: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        pattern=http.ONE_LINE,
        description="People who begin with the same seed, and have practised with none of the messages, are asked the same; null: at random",
    )
    first_name: Annotated[str, Field(min_length=1, max_length=60, pattern=http.ONE_LINE)] | None = Field(
        default=None, description="What signs mail and messages; needed of who is not of the brand's team"
    )
    initials: Initials | None = Field(default=None, description="What signs in public; needed of who is not of the brand's team")


class AnswerBody(http.Body):
    position: int = Field(ge=1, le=50, description="Which message it answers: `next.position` of the session")
    text: Text


class Question(BaseModel):
    """A message to answer. What matters in it, and the model answer, are told afterwards."""

    position: int
    channel: str
    visibility: str
    customer: str
    text: str
    first_reply: bool
    language: str
    labels: list[str]
    difficulty: int


class Answered(Question):
    """A message that was answered."""

    answer: str
    answered_at: datetime
    seconds: float
    score: Score
    matters: list[str]
    model_answer: str


class SessionOut(BaseModel):
    """A session as lists show it."""

    id: UUID
    who: str = Field(description="Token's subject")
    role: str
    first_name: str
    initials: str
    seed: str
    labels: list[str]
    difficulty: int | None
    asked: int
    answered: int
    score: float | None = Field(description="Mean of what was answered so far, 0 to 100")
    opened_at: datetime
    ended_at: datetime | None


class SessionDetail(SessionOut):
    next: Question | None = Field(description="What is to be answered now; null once it has ended")
    done: list[Answered]
    report: Report


class Forgotten(BaseModel):
    sessions: int


class Csv(Response):
    media_type = "text/csv; charset=utf-8"


@router.post("/sessions", status_code=201, responses=CONFLICT)
@idempotency.once
async def begin_session(
    brand: str, body: SessionBody, request: Request, response: Response, principal: Practising, writing: Writing
) -> SessionDetail:
    """Begin to practise. 409 while a session of yours has not ended (`session_id`), and when no message suits."""
    published = current_book(request, brand)
    member = published.book.member(principal.subject)
    first_name = body.first_name or (member.first_name if member else None)
    initials = body.initials or (member.initials if member else None)
    if first_name is None or initials is None:
        raise Unprocessable("Give first_name and initials: they sign the answers of who is not of the brand's team.")
    if running := await practice_store.running(writing, brand, principal.subject):
        raise Conflict("A session of yours has not ended. Go on with it, or end it.", session_id=str(running))
    suited = await practice_store.to_choose_from(writing, brand, body.labels, body.difficulty)
    if not suited:
        raise Conflict("This brand has no practice message that suits. A lead adds some, or ask for other labels or any difficulty.")
    seed = body.seed or secrets.token_hex(8)
    chosen = practice.choose(suited, body.messages, seed, had=await practice_store.had(writing, brand, principal.subject))
    session = Session(
        id=uuid4(),
        brand=brand,
        who=principal.subject,
        role=principal.role,
        first_name=first_name,
        initials=initials,
        seed=seed,
        labels=body.labels,
        difficulty=body.difficulty,
        book_version=published.version,
        asked=len(chosen),
        answered=0,
        score=None,
        opened_at=await store.database_time(writing),
        ended_at=None,
    )
    if not await practice_store.open_session(writing, session, chosen):
        raise Conflict("A session of yours has not ended. Go on with it, or end it.")
    response.headers["location"] = f"/v1/brands/{brand}/practice/sessions/{session.id}"
    return await _detail(request, writing, session)


@router.get("/sessions")
async def practice_sessions(
    brand: str,
    principal: Looking,
    reading: Reading,
    who: Annotated[str | None, Query(max_length=200, description="Only this person's; who is no lead sees their own only")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[SessionOut]:
    """Sessions, newest first: all of the brand for leads, your own for everybody else."""
    found = http.read_cursor(cursor, [str, str])
    before = (http.moment(found[0]), http.uuid(found[1])) if found else None
    whose = who.replace("\0", "") if who is not None and _sees_all(principal) else None
    if not _sees_all(principal):
        whose = principal.subject
    rows = await practice_store.sessions(reading, brand, who=whose, before=before, limit=limit + 1)
    following = http.cursor_of(rows[limit - 1].opened_at.isoformat(), str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=[_out(row) for row in rows[:limit]], next=following)


@router.get("/sessions/{session_id}")
async def practice_session(brand: str, session_id: UUID, request: Request, principal: Looking, reading: Reading) -> SessionDetail:
    """A session: what is to be answered next, what was answered with its score and the model answer, and a report. Your own, or for leads anybody's."""
    return await _detail(request, reading, await _found(reading, brand, session_id, principal))


@router.post("/sessions/{session_id}/answers", status_code=201, responses=CONFLICT)
@idempotency.once
async def answer_practice(
    brand: str, session_id: UUID, body: AnswerBody, request: Request, response: Response, principal: Practising, writing: Writing
) -> Answered:
    """Answer the next message of your session. It is scored, and the model answer is told; it cannot be answered anew."""
    session = await _found(writing, brand, session_id, principal, own=True)
    if session.ended_at is not None:
        raise Conflict("This session has ended. Begin another.")
    if body.position != session.answered + 1:
        raise Conflict(f"It is message {session.answered + 1} that is to be answered now.", position=session.answered + 1)
    rows = (await practice_store.answers(writing, brand, [session_id]))[session_id]
    row = rows[body.position - 1]
    now = await store.database_time(writing)
    since = rows[body.position - 2].answered_at if body.position > 1 else None
    book, member = current_book(request, brand).book, _member(session)
    model = practice_score.judged(practice_score.model_answer(row.message, book, member), row.message, book, member)
    score = practice_score.score(practice_score.judged(body.text, row.message, book, member), model)
    seconds = min(LONGEST_S, (now - (since or session.opened_at)).total_seconds())
    done = row.model_copy(update={"text": body.text, "answered_at": now, "seconds": round(seconds, 1), "score": score})
    last = body.position == session.asked
    so_far = practice.report([*rows[: body.position - 1], done]).score
    changed = session.model_copy(update={"answered": body.position, "score": so_far, "ended_at": now if last else None})
    await practice_store.put_answer(writing, changed, done)
    return _answered(done, practice_score.model_answer(row.message, book, member))


@router.post("/sessions/{session_id}/end", responses=CONFLICT)
async def end_session(brand: str, session_id: UUID, request: Request, principal: Practising, writing: Writing) -> SessionDetail:
    """End your session before its last message: what was answered counts."""
    session = await _found(writing, brand, session_id, principal, own=True)
    if session.ended_at is not None:
        raise Conflict("This session has ended already.")
    ended = session.model_copy(update={"ended_at": await store.database_time(writing)})
    await practice_store.put_session(writing, ended)
    return await _detail(request, writing, ended)


@router.delete("/sessions/{session_id}", status_code=204)
async def drop_session(brand: str, session_id: UUID, principal: Lead, writing: Writing) -> None:
    """Forget a session, with all that was answered in it."""
    if not await practice_store.drop_session(writing, brand, session_id):
        raise NotFound("There is no such session in this brand.")


@router.delete("/people/{who}")
async def forget_person(brand: str, who: str, principal: Lead, writing: Writing) -> Forgotten:
    """Forget all that somebody did here, such as a candidate who was not chosen."""
    return Forgotten(sessions=await practice_store.drop_person(writing, brand, who[:300].replace("\0", "")))


@router.get("/report.csv", response_class=Csv)
async def practice_report(
    brand: str,
    principal: Lead,
    reading: Reading,
    who: Annotated[str | None, Query(max_length=200, description="Only this person's")] = None,
) -> Csv:
    """Sessions side by side, newest first, 5,000 at most: scores by part, times, and what went wrong most."""
    rows = await practice_store.sessions(reading, brand, who=who.replace("\0", "") if who else None, before=None, limit=MOST_EXPORTED)
    found = {session_id: practice.report(answers) for session_id, answers in (await _all_answers(reading, brand, rows)).items()}
    return Csv(_csv([(row, found[row.id]) for row in rows]))


async def _all_answers(reading: db.Connection, brand: str, rows: Sequence[Session]) -> dict[UUID, list[Answer]]:
    found: dict[UUID, list[Answer]] = {}
    for at in range(0, len(rows), 200):
        found |= await practice_store.answers(reading, brand, [row.id for row in rows[at : at + 200]])
    return found


_COLUMNS = ("session", "who", "role", "first_name", "opened_at", "ended_at", "seed", "asked", "answered", "score")
_PARTS = ("guard", "promises", "length", "form")


def _csv(rows: Sequence[tuple[Session, Report]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*_COLUMNS, *_PARTS, "median_seconds", "total_seconds", "wrong"])
    for row, said in rows:
        values = [row.id, row.who, row.role, row.first_name, row.opened_at.isoformat(), row.ended_at.isoformat() if row.ended_at else ""]
        values += [row.seed, row.asked, row.answered, "" if row.score is None else round(row.score, 1)]
        wrong = " ".join(f"{one.code}:{one.answers}" for one in said.wrong)
        parts = [said.parts.get(name, "") for name in _PARTS]
        writer.writerow([_cell(value) for value in (*values, *parts, said.median_seconds or "", said.total_seconds, wrong)])
    return out.getvalue()


def _cell(value: object) -> str:
    """No formula: a spreadsheet reads what begins like one as one."""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _sees_all(principal: Principal) -> bool:
    return principal.role in ("lead", "admin")


async def _found(connection: db.Connection, brand: str, session_id: UUID, principal: Principal, *, own: bool = False) -> Session:
    """The session, locked where it is `own` and to be changed. Somebody else's is like none at all, but for leads who look."""
    session = await practice_store.session(connection, brand, session_id, lock=own)
    if session is None or (session.who != principal.subject and (own or not _sees_all(principal))):
        raise NotFound("There is no such session in this brand.")
    return session


def _member(session: Session) -> Member:
    return Member(id="practising", first_name=session.first_name, initials=session.initials)


def _out(session: Session) -> SessionOut:
    return SessionOut.model_validate(session.model_dump(include=set(SessionOut.model_fields)))


async def _detail(request: Request, connection: db.Connection, session: Session) -> SessionDetail:
    book = current_book(request, session.brand).book
    rows = (await practice_store.answers(connection, session.brand, [session.id]))[session.id]
    done = [row for row in rows if row.score is not None]
    following = rows[len(done)] if session.ended_at is None and len(done) < len(rows) else None
    return SessionDetail(
        **_out(session).model_dump(),
        next=Question(position=following.position, **_shown(following)) if following else None,
        done=[_answered(row, practice_score.model_answer(row.message, book, _member(session))) for row in done],
        report=practice.report(rows),
    )


def _shown(row: Answer) -> dict[str, object]:
    return row.message.model_dump(include=set(Question.model_fields) - {"position"})


def _answered(row: Answer, model: str) -> Answered:
    said = {"answer": row.text, "answered_at": row.answered_at, "seconds": row.seconds, "score": row.score}
    return Answered.model_validate(
        {"position": row.position, **_shown(row), **said, "matters": row.message.matters, "model_answer": model}, from_attributes=True
    )
