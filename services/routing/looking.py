"""Who has a case before them right now, and who types an answer to it: so that two people do not do the same work.

Whoever looks says so again every ten seconds (`put`). Who has not for a while is gone by themselves (`sweeping`). Each change reaches the screens by
the feed; saying the same again reaches nobody. Nothing is refused by it: that is what versions are for.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import asyncpg

from libs.common import db
from services.routing import feed
from services.routing.feed import Fed

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=25)
"""Two renewals of ten seconds may be lost."""
Doing = Literal["looking", "typing"]


async def put(connection: db.Connection, brand: str, case_id: UUID, member: str, doing: Doing) -> bool:
    """Somebody looks, or types, from now on and for as long as the lease lasts. False: the brand has no such case."""
    row = await connection.fetchrow(
        "with c as (select owner, department, state_json from care_case where brand = $1 and id = $2), "
        "before as (select doing from looking where brand = $1 and case_id = $2 and member = $3 and until > moment()), "
        "put as (insert into looking (brand, case_id, member, doing, until) select $1, $2, $3, $4, moment() + $5::interval from c "
        "on conflict (brand, case_id, member) do update set doing = excluded.doing, until = excluded.until) "
        f"select {_CASE}, moment() as at, (select doing from before) as before from c",
        brand,
        case_id,
        member,
        doing,
        LEASE,
    )
    if row is not None and row["before"] != doing:
        await feed.add(connection, [_told(row, brand, case_id, member, doing)])
    return row is not None


_CASE = "c.owner, c.department, c.state_json -> 'watchers' as watchers"


async def leave(connection: db.Connection, brand: str, case_id: UUID, member: str) -> None:
    """Somebody has gone elsewhere."""
    row = await connection.fetchrow(
        "with gone as (delete from looking where brand = $1 and case_id = $2 and member = $3 returning 1) "
        f"select {_CASE}, moment() as at from care_case c, gone where c.brand = $1 and c.id = $2",
        brand,
        case_id,
        member,
    )
    if row is not None:
        await feed.add(connection, [_told(row, brand, case_id, member, "gone")])


async def here(connection: db.Connection, brand: str, case_id: UUID) -> Sequence[asyncpg.Record]:
    """Who is there now, whoever types first."""
    return await connection.fetch(
        "select member, doing, until from looking where brand = $1 and case_id = $2 and until > moment() order by doing desc, member",
        brand,
        case_id,
    )


def _told(row: asyncpg.Record, brand: str, case_id: UUID, member: str, doing: str) -> Fed:
    at: datetime = row["at"]
    people = tuple(dict.fromkeys(filter(None, (row["owner"], *(row["watchers"] or ())))))
    data = {"member": member, "doing": doing, "at": at}
    return Fed(brand, "presence", case_id, data, case_id=case_id, people=people, departments=(row["department"],))


async def sweep(connection: db.Connection, limit: int = 500) -> int:
    """Whoever has not said so again is gone, and the screens are told; return how many."""
    async with connection.transaction():
        rows = await connection.fetch(
            "with gone as (delete from looking l using (select brand, case_id, member from looking where until <= moment() limit $1 "
            "for update skip locked) as g where (l.brand, l.case_id, l.member) = (g.brand, g.case_id, g.member) returning l.*) "
            f"select g.brand, g.case_id, g.member, moment() as at, {_CASE} from gone g join care_case c on c.brand = g.brand and c.id = g.case_id",
            limit,
        )
        await feed.add(connection, [_told(row, row["brand"], row["case_id"], row["member"], "gone") for row in rows])
    return len(rows)


async def sweeping(pool: db.Pool) -> None:
    """Every second, until cancelled."""
    while True:
        try:
            async with pool.acquire() as connection:
                await sweep(connection)
        except db.TRANSIENT as error:
            log.warning("who looks at what is not known now", extra={"error": type(error).__name__})
        await asyncio.sleep(1)
