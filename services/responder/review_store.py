"""The review queue's rows: what a submitted reply waits for stands with the reply, so that a page of ten thousand is one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.case_events import Case
from services.responder.approval import Hat
from services.responder.reply import ReplyRow
from services.responder.review import Asked, answers_to
from services.responder.store import reply_row


@dataclass(frozen=True, slots=True)
class Waiting:
    row: ReplyRow
    case: Case | None
    act_by: datetime
    asks: tuple[str, ...]


async def to_ask(connection: db.Connection, brand: str, book_version: int, limit: int) -> list[ReplyRow]:
    """Submitted replies of which it is not known, by this book, whose approval they wait for; locked, those that others hold locked left out."""
    rows = await connection.fetch(
        "select * from reply where brand = $1 and kind = 'reply' and state = 'submitted' and (asked_under <> $2 or asks_until <= clock_timestamp()) "
        "order by act_by nulls first, id limit $3 for update skip locked",
        brand,
        book_version,
        limit,
    )
    return [reply_row(row) for row in rows]


async def put(connection: db.Connection, brand: str, book_version: int, found: Sequence[tuple[UUID, Asked]]) -> None:
    """Of replies that `to_ask` locked. It is no change of the reply: nobody's version of it becomes an older one."""
    for reply_id, asked in found:
        await connection.execute(
            "update reply set asks = $3, act_by = $4, asks_until = $5, asked_under = $6 where brand = $1 and id = $2 and state = 'submitted'",
            brand,
            reply_id,
            asked.roles,
            asked.act_by,
            asked.until,
            book_version,
        )


async def ask_again(connection: db.Connection, cases: Sequence[tuple[UUID, str]]) -> None:
    """What waits in these cases (id, brand) is asked again: its clocks, its risks or its group may be others by now."""
    if cases:
        await connection.execute(
            "update reply r set asked_under = 0 from unnest($1::uuid[], $2::text[]) as c(id, brand) "
            "where r.brand = c.brand and r.case_id = c.id and r.state = 'submitted'",
            [case_id for case_id, _ in cases],
            [brand for _, brand in cases],
        )


_MINE = (
    "r.brand = $1 and r.state = 'submitted' and r.asks && ($3::text[] || $5::text[] || array['self']) "
    "and not r.signatures @> jsonb_build_array(jsonb_build_object('who', $2::text)) and ("
    "  (r.writer = $2 and 'self' = any(r.asks))"
    "  or (r.writer is distinct from $2 and (r.submitted_by is distinct from $2 or 'self' = any(r.asks)) and (r.asks && $3::text[]"
    "    or exists (select from unnest($4::text[], $5::text[]) as h(of, role) where h.role = any(r.asks)"
    "      and r.writer is distinct from h.of and r.submitted_by is distinct from h.of))))"
)


def _mine(brand: str, who: str, hats: Sequence[Hat]) -> list[Any]:
    own = [name for hat in hats if hat.of is None for name in answers_to(hat)]
    lent = [(hat.of, name) for hat in hats if hat.of is not None for name in answers_to(hat)]
    return [brand, who, own, [of for of, _ in lent], [name for _, name in lent]]


async def page(
    connection: db.Connection, brand: str, who: str, hats: Sequence[Hat], after: tuple[datetime, UUID] | None, limit: int
) -> list[Waiting]:
    """What waits for this person, what is due soonest first."""
    rows = await connection.fetch(
        f'select r.*, c."case" as about from reply r left join case_copy c on c.brand = r.brand and c.case_id = r.case_id where {_MINE} '
        "and ($6::timestamptz is null or (r.act_by, r.id) > ($6, $7::uuid)) order by r.act_by, r.id limit $8",
        *_mine(brand, who, hats),
        *(after or (None, None)),
        limit,
    )
    return [
        Waiting(reply_row(row), Case.model_validate(row["about"]) if row["about"] else None, row["act_by"], tuple(row["asks"]))
        for row in rows
    ]


async def places(
    connection: db.Connection, brand: str, who: str, hats: Sequence[Hat], after: tuple[datetime, UUID] | None, limit: int
) -> list[tuple[UUID, datetime]]:
    """(reply, when it is due) of what `page` lists, for whoever shows less of each."""
    rows = await connection.fetch(
        f"select r.id, r.act_by from reply r where {_MINE} and ($6::timestamptz is null or (r.act_by, r.id) > ($6, $7::uuid)) "
        "order by r.act_by, r.id limit $8",
        *_mine(brand, who, hats),
        *(after or (None, None)),
        limit,
    )
    return [(row["id"], row["act_by"]) for row in rows]


async def count_to(connection: db.Connection, brand: str, who: str, hats: Sequence[Hat], most: int) -> int:
    """How many there are, counted up to `most`."""
    number: int = await connection.fetchval(
        f"select count(*) from (select from reply r where {_MINE} limit $6) as waiting", *_mine(brand, who, hats), most
    )
    return number


async def count(connection: db.Connection, brand: str, who: str, hats: Sequence[Hat]) -> int:
    number: int = await connection.fetchval(f"select count(*) from reply r where {_MINE}", *_mine(brand, who, hats))
    return number
