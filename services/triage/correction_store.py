"""SQL about what people corrected. Every function takes the connection first, and every query names the brand."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from libs.common import db
from services.triage.correction import Correction

_COLUMNS = "id, brand, mention_id, finding, chosen, proposed, reason, actor, at"


def _correction(row: asyncpg.Record) -> Correction:
    chosen, proposed = tuple(row["chosen"]), tuple(row["proposed"])
    return Correction(row["id"], row["brand"], row["mention_id"], row["finding"], chosen, proposed, row["reason"], row["actor"], row["at"])


async def keep_order(connection: db.Connection, brands: Collection[str], new: Sequence[UUID], corrected: Sequence[UUID]) -> None:
    """A mention and a correction that came before it do not pass each other unseen in two transactions.

    Who brings mentions shares a lock with others who do; a correction of a mention that is not there yet has it alone, and so sees every mention that
    was brought, or is seen by those who bring it. It is the first lock of a batch: nobody who waits for it holds another.
    """
    missing = False
    if corrected:
        known = await connection.fetchval(
            "select count(*) from mention where brand = any($1::text[]) and id = any($2::uuid[])", list(brands), corrected
        )
        missing = known < len(set(corrected))
    if missing:
        await connection.execute("select pg_advisory_xact_lock(hashtextextended('weerklank-corrections', 0))")
    elif new:
        await connection.execute("select pg_advisory_xact_lock_shared(hashtextextended('weerklank-corrections', 0))")


async def corrections(connection: db.Connection, brands: Collection[str], mention_ids: Sequence[UUID]) -> dict[UUID, list[Correction]]:
    """What people decided about these mentions, which are of these brands."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from correction where brand = any($1::text[]) and mention_id = any($2::uuid[])", list(brands), mention_ids
    )
    found: dict[UUID, list[Correction]] = {}
    for row in rows:
        found.setdefault(row["mention_id"], []).append(_correction(row))
    return found


async def keep(connection: db.Connection, new: Sequence[Correction]) -> None:
    """Each once, in their order. Arrays of their own length travel as text."""
    for one in new:
        await connection.execute(
            f"insert into correction ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing",
            one.id,
            one.brand,
            one.mention_id,
            one.finding,
            list(one.chosen),
            list(one.proposed),
            one.reason,
            one.actor,
            one.at,
        )


async def forget(connection: db.Connection, brands: Collection[str], mention_ids: Sequence[UUID]) -> None:
    """What was said about mentions that were taken back: nothing is learnt from them."""
    if mention_ids:
        await connection.execute(
            "delete from correction where brand = any($1::text[]) and mention_id = any($2::uuid[])", list(brands), mention_ids
        )


async def page(connection: db.Connection, brand: str, finding: str | None, before: int | None, limit: int) -> list[tuple[int, Correction]]:
    """The latest first, each with its sequence number; `before` is that of the last row of the page before."""
    rows = await connection.fetch(
        f"select seq, {_COLUMNS} from correction where brand = $1 and ($2::text is null or finding = $2) and ($3::bigint is null or seq < $3) "
        "order by seq desc limit $4",
        brand,
        finding,
        before,
        limit,
    )
    return [(row["seq"], _correction(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What people corrected of a finding: how often, how often since it was learnt last, on how many mentions whose text is still there, when it was
    learnt last, and whether that is long enough ago."""

    known: int
    new: int
    usable: int
    learnt_at: datetime | None
    rested: bool


async def pending(connection: db.Connection, brand: str, rest: timedelta) -> dict[str, Waiting]:
    """By finding."""
    rows = await connection.fetch(
        "select c.finding, count(*) as known, count(*) filter (where c.seq > coalesce(l.learnt_to, 0)) as new, "
        "count(distinct m.id) as usable, max(l.created_at) as learnt_at, coalesce(max(l.created_at) < now() - $2::interval, true) as rested "
        "from correction c left join mention m on m.id = c.mention_id and m.brand = $1 and not m.removed left join (select distinct on (finding) "
        "finding, learnt_to, created_at from model where brand = $1 order by finding, version desc) l on l.finding = c.finding "
        "where c.brand = $1 group by c.finding",
        brand,
        rest,
    )
    return {row["finding"]: Waiting(row["known"], row["new"], row["usable"], row["learnt_at"], row["rested"]) for row in rows}
