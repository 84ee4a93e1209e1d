"""Consultations and what came back on them, in Postgres. Whoever changes one holds its case's lock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common import db
from services.routing import standing
from services.routing.consultation import Answer, Consultation

_NAMES = tuple(Consultation.__dataclass_fields__)
_ANSWER = tuple(Answer.__dataclass_fields__)


def consultation_of(row: Any) -> Consultation:
    values = {name: row[name] for name in _NAMES}
    return Consultation(**{**values, "mention_ids": tuple(row["mention_ids"])})


def answer_of(row: Any) -> Answer:
    values = {name: row[name] for name in _ANSWER}
    return Answer(**{**values, "attachments": tuple(row["attachments"])})


async def one(connection: db.Connection, brand: str, id: UUID, *, lock: bool = False) -> Consultation | None:
    query = "select * from consultation where brand = $1 and id = $2" + (" for update" if lock else "")
    row = await connection.fetchrow(query, brand, id)
    return consultation_of(row) if row else None


async def some(connection: db.Connection, asked: Sequence[tuple[str, UUID]]) -> list[Consultation]:
    """Those of these (brand, id) that there are."""
    rows = await connection.fetch(
        "select c.* from consultation c join unnest($1::text[], $2::uuid[]) as u(brand, id) using (brand, id) order by c.id",
        [brand for brand, _ in asked],
        [id for _, id in asked],
    )
    return [consultation_of(row) for row in rows]


async def of_case(connection: db.Connection, brand: str, case_id: UUID) -> list[Consultation]:
    """The consultations of a case and of all that were merged into it, oldest first."""
    rows = await connection.fetch(
        standing.HERE + "select * from consultation where brand = $1 and case_id in (select id from here) order by seq limit 500",
        brand,
        case_id,
    )
    return [consultation_of(row) for row in rows]


_FIXED = ("id", "brand", "case_id", "kind", "asked_by", "asked_at")
_PUT = (
    f"insert into consultation ({', '.join(_NAMES)}) values ({', '.join(f'${n + 1}' for n in range(len(_NAMES)))}) "
    f"on conflict (id) do update set {', '.join(f'{name} = excluded.{name}' for name in _NAMES if name not in _FIXED)} "
    "where consultation.brand = excluded.brand"
)


async def put(connection: db.Connection, found: Sequence[Consultation]) -> None:
    """Write new ones and new versions."""
    rows = sorted({one.id: one for one in found}.values(), key=lambda one: one.id)
    if rows:
        await connection.executemany(_PUT, [[getattr(row, name) for name in _NAMES] for row in rows])


async def add_answer(connection: db.Connection, answer: Answer) -> bool:
    """Keep what came back; false where it is there already."""
    added = await connection.fetchval(
        f"insert into consultation_answer ({', '.join(_ANSWER)}) values ({', '.join(f'${n + 1}' for n in range(len(_ANSWER)))}) "
        "on conflict (id) do nothing returning true",
        *[getattr(answer, name) for name in _ANSWER],
    )
    return bool(added)


async def known_answers(connection: db.Connection, brands: Sequence[str], ids: Sequence[UUID]) -> set[UUID]:
    """Which of these we have already."""
    rows = await connection.fetch(
        "select id from consultation_answer where brand = any($1::text[]) and id = any($2::uuid[])", list(brands), list(ids)
    )
    return {row["id"] for row in rows}


async def answers(connection: db.Connection, brand: str, consultation_ids: Sequence[UUID]) -> list[Answer]:
    """What came back on these, in the order in which it did."""
    rows = await connection.fetch(
        "select * from consultation_answer where brand = $1 and consultation_id = any($2::uuid[]) order by seq limit 1000",
        brand,
        list(consultation_ids),
    )
    return [answer_of(row) for row in rows]


async def page(
    connection: db.Connection,
    brand: str,
    *,
    department: str | None,
    kind: str | None,
    overdue_at: datetime | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Consultation]:
    """What is open, what is due first in front."""
    rows = await connection.fetch(
        "select * from consultation where brand = $1 and state = 'open' and ($2::text is null or department = $2) "
        "and ($3::text is null or kind = $3) and ($4::timestamptz is null or due_at <= $4) "
        "and ($5::timestamptz is null or (due_at, id) > ($5, $6)) order by due_at, id limit $7",
        brand,
        department,
        kind,
        overdue_at,
        *(after or (None, None)),
        limit,
    )
    return [consultation_of(row) for row in rows]


async def withdrawn_by(connection: db.Connection, found: Consultation, case_id: UUID) -> str | None:
    """Who withdrew a question that goes on in this case; none where that was not told."""
    by: str | None = await connection.fetchval(
        standing.HERE
        + "select actor from timeline where brand = $1 and case_id in (select id from here) and what = 'consultation-withdrawn' "
        "and detail -> 'consultation' ->> 'id' = $3 order by at desc, version desc limit 1",
        found.brand,
        case_id,
        str(found.id),
    )
    return by


async def held_since(connection: db.Connection, brand: str, case_id: UUID, name: str, value: str | None) -> datetime | None:
    """Since when the case has had this owner (`name`: owner), or this department."""
    found: datetime | None = await connection.fetchval(
        "select min(at) from timeline where brand = $1 and case_id = $2 and version > coalesce((select max(version) from timeline "
        "where brand = $1 and case_id = $2 and detail ->> $3 is distinct from $4), 0)",
        brand,
        case_id,
        name,
        value,
    )
    return found
