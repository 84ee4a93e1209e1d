"""Rows of practice: messages, sessions and answers. SQL beside the function that runs it; no other table is read or written here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common import db
from services.responder.practice import Answer, Kept, Session

MOST_MESSAGES = 5000
"""Of one brand."""


def _session(row: Any) -> Session:
    return Session.model_validate(dict(row))


# --- messages -----------------------------------------------------------------------------------------------------------------------


async def put_message(connection: db.Connection, brand: str, one: Kept, who: str, now: datetime) -> int:
    """Write a message, or write it anew. Returns its version."""
    version: int = await connection.fetchval(
        "insert into practice_message as m (brand, key, version, channel, visibility, customer, text, first_reply, language, labels, difficulty, "
        "matters, model_answer, written_by, written_at) values ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
        "on conflict (brand, key) do update set version = m.version + 1, channel = excluded.channel, visibility = excluded.visibility, "
        "customer = excluded.customer, text = excluded.text, first_reply = excluded.first_reply, language = excluded.language, "
        "labels = excluded.labels, difficulty = excluded.difficulty, matters = excluded.matters, model_answer = excluded.model_answer, "
        "written_by = excluded.written_by, written_at = excluded.written_at returning version",
        brand,
        one.key,
        one.channel,
        one.visibility,
        one.customer,
        one.text,
        one.first_reply,
        one.language,
        one.labels,
        one.difficulty,
        one.matters,
        one.model_answer,
        who,
        now,
    )
    return version


async def message(connection: db.Connection, brand: str, key: str, *, lock: bool = False) -> tuple[Kept, int] | None:
    """A message and its version."""
    row = await connection.fetchrow(
        f"select * from practice_message where brand = $1 and key = $2{' for update' if lock else ''}", brand, key
    )
    return (_kept(row), row["version"]) if row else None


def _kept(row: Any) -> Kept:
    return Kept.model_validate({name: row[name] for name in Kept.model_fields})


async def messages(
    connection: db.Connection,
    brand: str,
    *,
    label: str | None = None,
    difficulty: int | None = None,
    after: str | None = None,
    limit: int,
) -> list[tuple[Kept, int]]:
    """Messages of a brand with their versions, by key."""
    rows = await connection.fetch(
        "select * from practice_message where brand = $1 and ($2::text is null or labels ? $2) and ($3::smallint is null or difficulty = $3) "
        "and ($4::text is null or key > $4) order by key limit $5",
        brand,
        label,
        difficulty,
        after,
        limit,
    )
    return [(_kept(row), row["version"]) for row in rows]


async def to_choose_from(connection: db.Connection, brand: str, labels: Sequence[str], difficulty: int | None) -> list[Kept]:
    """All messages of a brand with any of these labels (none: all) and this difficulty (none: any)."""
    rows = await connection.fetch(
        "select * from practice_message where brand = $1 and ($2::text[] = '{}' or labels ?| $2) and ($3::smallint is null or difficulty = $3)",
        brand,
        list(labels),
        difficulty,
    )
    return [_kept(row) for row in rows]


async def number_of_messages(connection: db.Connection, brand: str) -> int:
    """How many there are. Whoever adds some holds the brand's lock until they are written: of two imports at once the second sees the first's."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended('practice ' || $1, 0))", brand)
    number: int = await connection.fetchval("select count(*) from practice_message where brand = $1", brand)
    return number


async def known(connection: db.Connection, brand: str, keys: Sequence[str]) -> set[str]:
    rows = await connection.fetch("select key from practice_message where brand = $1 and key = any($2::text[])", brand, list(keys))
    return {row["key"] for row in rows}


async def drop_message(connection: db.Connection, brand: str, key: str) -> None:
    await connection.execute("delete from practice_message where brand = $1 and key = $2", brand, key)


# --- sessions -----------------------------------------------------------------------------------------------------------------------


async def had(connection: db.Connection, brand: str, who: str) -> set[str]:
    """Keys of the messages that were ever put to this person."""
    rows = await connection.fetch(
        "select distinct a.message ->> 'key' as key from practice_answer a join practice_session s on s.id = a.session_id "
        "where s.brand = $1 and a.brand = $1 and s.who = $2",
        brand,
        who,
    )
    return {row["key"] for row in rows}


async def open_session(connection: db.Connection, session: Session, chosen: Sequence[Kept]) -> bool:
    """Begin it, with its messages as they are now. False when this person has one that has not ended."""
    done = await connection.fetchval(
        "insert into practice_session (id, brand, who, role, first_name, initials, seed, labels, difficulty, book_version, asked, answered, opened_at) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12) on conflict do nothing returning 1",
        session.id,
        session.brand,
        session.who,
        session.role,
        session.first_name,
        session.initials,
        session.seed,
        session.labels,
        session.difficulty,
        session.book_version,
        session.asked,
        session.opened_at,
    )
    if done is None:
        return False
    await connection.execute(
        "insert into practice_answer (brand, session_id, position, message) "
        "select $1, $2, n, m::jsonb from unnest($3::text[]) with ordinality as u(m, n)",
        session.brand,
        session.id,
        [one.model_dump_json() for one in chosen],
    )
    return True


async def session(connection: db.Connection, brand: str, session_id: UUID, *, lock: bool = False) -> Session | None:
    row = await connection.fetchrow(
        f"select * from practice_session where brand = $1 and id = $2{' for update' if lock else ''}", brand, session_id
    )
    return _session(row) if row else None


async def running(connection: db.Connection, brand: str, who: str) -> UUID | None:
    """The session of this person that has not ended."""
    found: UUID | None = await connection.fetchval(
        "select id from practice_session where brand = $1 and who = $2 and ended_at is null", brand, who
    )
    return found


async def sessions(
    connection: db.Connection, brand: str, *, who: str | None, before: tuple[datetime, UUID] | None, limit: int
) -> list[Session]:
    """Sessions of a brand, or of one person, newest first."""
    rows = await connection.fetch(
        "select * from practice_session where brand = $1 and ($2::text is null or who = $2) "
        "and ($3::timestamptz is null or (opened_at, id) < ($3, $4::uuid)) order by opened_at desc, id desc limit $5",
        brand,
        who,
        before[0] if before else None,
        before[1] if before else None,
        limit,
    )
    return [_session(row) for row in rows]


async def answers(connection: db.Connection, brand: str, session_ids: Sequence[UUID]) -> dict[UUID, list[Answer]]:
    """What was put to people in these sessions, and what they answered, in order."""
    rows = await connection.fetch(
        "select session_id, position, message, text, answered_at, seconds, score from practice_answer "
        "where brand = $1 and session_id = any($2::uuid[]) order by session_id, position",
        brand,
        list(session_ids),
    )
    found: dict[UUID, list[Answer]] = {session_id: [] for session_id in session_ids}
    for row in rows:
        found[row["session_id"]].append(Answer.model_validate({name: row[name] for name in Answer.model_fields}))
    return found


async def put_answer(connection: db.Connection, session: Session, answer: Answer) -> None:
    """Keep an answer, and what the session is by it."""
    assert answer.score is not None
    await connection.execute(
        "update practice_answer set text = $4, answered_at = $5, seconds = $6, score = $7 where brand = $1 and session_id = $2 and position = $3",
        session.brand,
        session.id,
        answer.position,
        answer.text,
        answer.answered_at,
        answer.seconds,
        answer.score.model_dump(mode="json"),
    )
    await put_session(connection, session)


async def put_session(connection: db.Connection, session: Session) -> None:
    """Write what changes of a session that the caller has locked."""
    await connection.execute(
        "update practice_session set answered = $3, score = $4, ended_at = $5 where brand = $1 and id = $2",
        session.brand,
        session.id,
        session.answered,
        session.score,
        session.ended_at,
    )


async def drop_session(connection: db.Connection, brand: str, session_id: UUID) -> bool:
    return await connection.fetchval("delete from practice_session where brand = $1 and id = $2 returning 1", brand, session_id) is not None


async def drop_person(connection: db.Connection, brand: str, who: str) -> int:
    """Forget all that a person did here; how many sessions that was."""
    return len(await connection.fetch("delete from practice_session where brand = $1 and who = $2 returning 1", brand, who))


async def forget(connection: db.Connection, brand: str, before: datetime, limit: int = 500) -> bool:
    """Forget sessions that were begun before that; says whether there may be more."""
    gone = await connection.fetch(
        "delete from practice_session where id in (select id from practice_session where brand = $1 and opened_at < $2 limit $3) "
        "and brand = $1 returning 1",
        brand,
        before,
        limit,
    )
    return len(gone) == limit


async def brands(connection: db.Connection) -> list[str]:
    """Which brands have sessions."""
    return [row["brand"] for row in await connection.fetch("select distinct brand from practice_session")]
