"""Which cases are forgotten together, and what keeps them from it. The connection comes first.

A merge, a split and a follow-up are about more than one case: a case that went without the others would leave half of a story, and an undoing that cannot
be done. So whatever hangs together is forgotten in one transaction, when the last of it is old enough.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.common import db
from services.routing.case import case_id_of


async def together(connection: db.Connection, brand: str, case_id: UUID) -> list[UUID]:
    """The case with all that hang together with it: those that were merged, those that people took apart and did not put back, and the chain of follow-ups
    of one group. In the order of their ids."""
    found: set[UUID] = set()
    new = {case_id}
    while new:
        found |= new
        rows = await connection.fetch(
            "select id, state_json ->> 'group_id' as group_id, state_json ->> 'merged_into' as into from care_case "
            "where brand = $1 and id = any($2::uuid[])",
            brand,
            sorted(new),
        )
        near = {UUID(row["into"]) for row in rows if row["into"]}
        groups = {UUID(row["group_id"]) for row in rows}
        near |= {case_id_of(brand, group_id) for group_id in groups}
        near |= await _near(connection, brand, sorted(new), sorted(groups))
        new = near - found
    return await there(connection, brand, found)


async def _near(connection: db.Connection, brand: str, ids: list[UUID], groups: list[UUID]) -> set[UUID]:
    rows = await connection.fetch(
        "select id from care_case where brand = $1 and state = 'merged' and state_json ->> 'merged_into' = any($2::text[]) "
        "union select case_id from follow_up where brand = $1 and group_id = any($4::uuid[]) "
        "union select into_id from case_move where brand = $1 and from_id = any($3::uuid[]) and undone_at is null "
        "union select from_id from case_move where brand = $1 and into_id = any($3::uuid[]) and undone_at is null",
        brand,
        [str(id) for id in ids],
        ids,
        groups,
    )
    return {row["id"] for row in rows}


async def there(connection: db.Connection, brand: str, ids: Collection[UUID]) -> list[UUID]:
    """Those of these that the brand has."""
    rows = await connection.fetch("select id from care_case where brand = $1 and id = any($2::uuid[]) order by id", brand, sorted(ids))
    return [row["id"] for row in rows]


async def locked(connection: db.Connection, brand: str, ids: list[UUID]) -> list[asyncpg.Record] | None:
    """The rows of these cases, and their messages, locked without waiting for anybody; none where somebody is at one of them. So no handler and no person
    ever waits for both sides of a knot."""
    rows = await connection.fetch(
        "select * from care_case where brand = $1 and id = any($2::uuid[]) order by id for update skip locked", brand, ids
    )
    if len(rows) < len(ids):
        return None
    messages = await connection.fetch(
        "select id from mention_copy where brand = $1 and case_id = any($2::uuid[]) order by id for update skip locked", brand, ids
    )
    known = await connection.fetchval("select count(*) from mention_copy where brand = $1 and case_id = any($2::uuid[])", brand, ids)
    return rows if len(messages) == known else None


async def needed(connection: db.Connection, brand: str, ids: list[UUID], since: datetime | None = None) -> str | None:
    """What keeps these cases from being forgotten, in a word; none: nothing does. `since`: nothing may have happened to them after that moment.

    What somebody still has to do holds them: whoever does it needs to know for whom. A promise that was broken does not, or those that nobody mends would
    be kept for ever."""
    found: str | None = await connection.fetchval(
        "select case "
        "when exists (select from care_case where brand = $1 and id = any($2::uuid[]) and state not in ('closed', 'merged', 'withdrawn')) then 'open' "
        "when exists (select from resting_case where brand = $1 and case_id = any($2::uuid[]) and since >= $3) then 'younger' "
        "when exists (select from callback where brand = $1 and case_id = any($2::uuid[]) and state in ('proposed', 'open')) then 'callback' "
        "when exists (select from consultation where brand = $1 and case_id = any($2::uuid[]) and state = 'open') then 'consultation' "
        "when exists (select from promise where brand = $1 and case_id = any($2::uuid[]) and state = 'open') then 'promise' "
        "when exists (select from incident_case l join incident i on i.brand = l.brand and i.id = l.incident_id "
        "where l.brand = $1 and l.case_id = any($2::uuid[]) and l.unlinked_at is null and i.state <> 'closed') then 'incident' "
        "when exists (select from bulk_item i join bulk b on b.brand = i.brand and b.id = i.bulk_id "
        "where i.brand = $1 and i.case_id = any($2::uuid[]) and b.state in ('running', 'undoing')) then 'bulk' end",
        brand,
        ids,
        since,
    )
    return found
