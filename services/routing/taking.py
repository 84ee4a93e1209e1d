"""The next case for somebody, in SQL: found by indexes in the order of the queue, and locked so that no two people get the same.

`care_case_lane` has it by lane (`queue.py`), so that what somebody may not have is not looked at.
"""

from collections.abc import Sequence
from uuid import UUID

from libs.common import db
from services.routing.case import File
from services.routing.store import file_of

_CANDIDATES = 32
"""Of which the first that nobody else holds is taken."""


async def alone(connection: db.Connection, brand: str) -> bool:
    """Whether nobody else takes or gives a case of this brand until the transaction ends; false where somebody does."""
    found: bool = await connection.fetchval("select pg_try_advisory_xact_lock(hashtextextended('queue ' || $1, 4))", brand)
    return found


async def alone_at_last(connection: db.Connection, brand: str) -> None:
    """The same, once whoever takes or gives one now is done with that."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended('queue ' || $1, 4))", brand)


async def one_by_one(connection: db.Connection, brand: str, member: str) -> None:
    """Until the transaction ends nobody is given a case of this brand, and this member takes no other: what they have is counted by then."""
    await connection.execute(
        "select pg_advisory_xact_lock_shared(hashtextextended('queue ' || $1, 4)), "
        "pg_advisory_xact_lock(hashtextextended('queue ' || $1 || ' ' || $2, 4))",
        brand,
        member,
    )


async def lanes(connection: db.Connection, brand: str) -> list[str]:
    """The lanes in which there is something to do: by a jump from each to the next, whatever there is in between."""
    rows = await connection.fetch(
        "with recursive l(lane) as ((select min(lane) from care_case where brand = $1 and state in ('new', 'open')) union all "
        "select (select min(c.lane) from care_case c where c.brand = $1 and c.state in ('new', 'open') and c.lane > l.lane) "
        "from l where l.lane is not null) select lane from l where lane is not null",
        brand,
    )
    return [row["lane"] for row in rows]


async def waiting(connection: db.Connection, brand: str, within: Sequence[str], limit: int) -> list[UUID]:
    """The first cases of these lanes that have no owner, in the order of the queue."""
    rows = await connection.fetch(
        "select w.id from unnest($2::text[]) as l(lane) cross join lateral (select id, rank, due_at from care_case c where c.brand = $1 "
        "and c.lane = l.lane and (c.owner is null) and c.state in ('new', 'open') order by rank, due_at, id limit $3) w "
        "order by w.rank, w.due_at, w.id limit $3",
        brand,
        within,
        limit,
    )
    return [row["id"] for row in rows]


async def candidates(
    connection: db.Connection, brand: str, member: str, within: Sequence[str], full: Sequence[str], *, has_room: bool
) -> list[UUID]:
    """What this member may take next, best first: the more urgent, then their own before others', then the one with less time left. Their own are those
    that they were given and have not begun with, and, where they have room, those of customers whom they helped last."""
    rows = await connection.fetch(
        "(select id, rank, 0 as other, due_at from care_case where brand = $1 and owner = $2 and owner is not null and state = 'new' "
        "order by rank, due_at, id limit $5) union all "
        "(select id, rank, 0, due_at from care_case where $6 and brand = $1 and sticks = $2 and sticks is not null and owner is null "
        "and state in ('new', 'open') and lane = any($3::text[]) and channel <> all($4::text[]) "
        "and not coalesce(given -> 'declined' ? $2, false) order by rank, due_at, id limit $5) union all "
        "(select w.id, w.rank, 1, w.due_at from unnest($3::text[]) as l(lane) cross join lateral (select id, rank, due_at from care_case c "
        "where $6 and c.brand = $1 and c.lane = l.lane and c.owner is null and c.state in ('new', 'open') and c.channel <> all($4::text[]) "
        "and not coalesce(c.given -> 'declined' ? $2, false) order by rank, due_at, id limit $5) w "
        "order by w.rank, w.due_at, w.id limit $5) order by 2, 3, 4, 1 limit $5",
        brand,
        member,
        within,
        full,
        _CANDIDATES,
        has_room,
    )
    return list(dict.fromkeys(row["id"] for row in rows))


async def lock(connection: db.Connection, brand: str, ids: Sequence[UUID], member: str | None, limit: int) -> list[File]:
    """Those of the cases that still wait for an owner, or are this member's and new, in this order, locked; those that another transaction holds are left
    to it."""
    rows = await connection.fetch(
        "select c.* from unnest($2::uuid[]) with ordinality as u(id, place) join care_case c using (id) where c.brand = $1 "
        "and ((c.owner is null and c.state in ('new', 'open')) or (c.owner = $3 and c.state = 'new')) "
        "order by u.place limit $4 for update of c skip locked",
        brand,
        ids,
        member,
        limit,
    )
    return [file_of(row) for row in rows]
