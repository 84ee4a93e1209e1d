"""The responder's rows of holds, and what it marks on replies because of them.

The stream of holds writes `sending_hold` and `brand_lease` only, so that a hold takes effect without waiting for any reply's lock: whoever sends looks
at both. Marking and putting back comes after that (`keeper.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.events import SendingHold
from services.responder.hold import Known
from services.responder.reply import ReplyRow
from services.responder.store import reply_row


async def put(connection: db.Connection, holds: Mapping[tuple[str, UUID], SendingHold]) -> None:
    """Keep the newer version of each."""
    rows = sorted(holds.items())
    if rows:
        await connection.execute(
            "insert into sending_hold (brand, id, version, hold, stands, everything, release_seen_at) "
            "select b, i, v, h, s, e, case when not s then clock_timestamp() end "
            "from unnest($1::text[], $2::uuid[], $3::bigint[], $4::jsonb[], $5::boolean[], $6::boolean[]) as u(b, i, v, h, s, e) "
            "on conflict (brand, id) do update set version = excluded.version, hold = excluded.hold, stands = excluded.stands, "
            "release_seen_at = coalesce(sending_hold.release_seen_at, excluded.release_seen_at), settled = false "
            "where excluded.version > sending_hold.version",
            [brand for (brand, _), _ in rows],
            [hold_id for (_, hold_id), _ in rows],
            [hold.version for _, hold in rows],
            [hold.model_dump(mode="json") for _, hold in rows],
            [hold.released_at is None for _, hold in rows],
            [hold.scope.everything for _, hold in rows],
        )


async def end_others(connection: db.Connection, brand: str, hold_version: int, told: Sequence[UUID], at: datetime) -> None:
    """What stands here and is not among all that routing told of was released too long ago to be told still."""
    await connection.execute(
        "update sending_hold set stands = false, release_seen_at = clock_timestamp(), settled = false, "
        "hold = hold || jsonb_build_object('released_at', $4::timestamptz) "
        "where brand = $1 and stands and version <= $2 and id <> all($3::uuid[])",
        brand,
        hold_version,
        told,
        at,
    )


def known(row: Any) -> Known:
    return Known(SendingHold.model_validate(row["hold"]), row["release_seen_at"])


async def in_force(connection: db.Connection, brand: str) -> tuple[int, list[Known]]:
    """The brand's `hold_version`, and the holds that an approved reply can have against it: those that stand, and those of the last day.

    In that order: what is decided by them holds as long as the version is the same.
    """
    version: int = await connection.fetchval("select hold_version from brand_lease where brand = $1", brand) or 0
    rows = await connection.fetch(
        "select hold, release_seen_at from sending_hold where brand = $1 and (stands or release_seen_at > clock_timestamp() - interval '1 day')",
        brand,
    )
    return version, [known(row) for row in rows]


async def by_id(connection: db.Connection, brand: str, ids: Iterable[UUID]) -> dict[UUID, Known]:
    rows = await connection.fetch(
        "select id, hold, release_seen_at from sending_hold where brand = $1 and id = any($2::uuid[])", brand, list(ids)
    )
    return {row["id"]: known(row) for row in rows}


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A hold that has work left: replies to mark while it stands, and to put back after it."""

    brand: str
    known: Known
    everything: bool
    swept: bool


async def unsettled(connection: db.Connection) -> list[Unsettled]:
    rows = await connection.fetch(
        "select brand, hold, release_seen_at, everything, swept from sending_hold where not settled order by brand, id"
    )
    return [Unsettled(row["brand"], known(row), row["everything"], row["swept"]) for row in rows]


async def mark_all(connection: db.Connection, brand: str, found: SendingHold, limit: int) -> int:
    """Mark approved replies of the brand as held, with a line of history; how many."""
    marked: int = await connection.fetchval(
        "with found as (select id from reply where brand = $1 and state = 'approved' and held_by is null "
        "  order by approved_at, id limit $2 for update skip locked), "
        "marked as (update reply set held_by = $3, held_at = clock_timestamp(), version = version + 1 from found where reply.id = found.id "
        "  returning reply.id, reply.version, reply.held_at, reply.traceparent), "
        "told as (insert into reply_history (brand, reply_id, version, what, who, at, traceparent, detail) "
        "  select $1, id, version, 'held', 'system', held_at, traceparent, $4 from marked returning 1) "
        "select count(*) from told",
        brand,
        limit,
        found.id,
        {"hold": str(found.id), "reason": found.reason},
    )
    return marked


async def unmarked(connection: db.Connection, brand: str, after: tuple[datetime, UUID] | None, limit: int) -> list[ReplyRow]:
    """Approved replies that nothing holds so far, locked, in the order in which they were approved; those that others hold locked are left out."""
    rows = await connection.fetch(
        "select * from reply where brand = $1 and state = 'approved' and held_by is null "
        "and ($2::timestamptz is null or (approved_at, id) > ($2, $3::uuid)) order by approved_at, id limit $4 for update skip locked",
        brand,
        *(after or (None, None)),
        limit,
    )
    return [reply_row(row) for row in rows]


async def held_by(connection: db.Connection, brand: str, hold_id: UUID, limit: int) -> list[ReplyRow]:
    """Approved replies that this hold keeps, locked; those that others hold locked are left out."""
    rows = await connection.fetch(
        "select * from reply where brand = $1 and held_by = $2 and state = 'approved' order by held_at, id limit $3 for update skip locked",
        brand,
        hold_id,
        limit,
    )
    return [reply_row(row) for row in rows]


async def swept(connection: db.Connection, brand: str, hold_id: UUID) -> None:
    await connection.execute("update sending_hold set swept = true where brand = $1 and id = $2", brand, hold_id)


async def settle(connection: db.Connection, brand: str, hold_id: UUID) -> bool:
    """Nothing is left to do for a hold that is over. False while a reply waits for it, locked by others or not."""
    return bool(
        await connection.fetchval(
            "update sending_hold set settled = true where brand = $1 and id = $2 and not stands "
            "and not exists (select from reply r where r.brand = $1 and r.held_by = $2 and r.state = 'approved') returning true",
            brand,
            hold_id,
        )
    )


async def page(
    connection: db.Connection, brand: str, *, hold_id: UUID | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[ReplyRow]:
    """What a hold keeps, and what waits for another approval since one was released; first what was held first."""
    rows = await connection.fetch(
        "select * from reply where brand = $1 and kind = 'reply' and held_by is not null and state in ('approved', 'submitted') "
        "and ($2::uuid is null or held_by = $2) and ($3::timestamptz is null or (held_at, id) > ($3, $4::uuid)) "
        "order by held_at, id limit $5",
        brand,
        hold_id,
        *(after or (None, None)),
        limit,
    )
    return [reply_row(row) for row in rows]


async def lock_siblings(connection: db.Connection, brand: str, ids: Sequence[UUID]) -> list[ReplyRow]:
    """These replies and all others to the same messages, locked in order of id: of two approvals the second sees the first."""
    rows = await connection.fetch(
        "select * from reply where brand = $1 and kind = 'reply' and (id = any($2::uuid[]) or mention_id in "
        "(select mention_id from reply where brand = $1 and id = any($2::uuid[]))) order by id for update",
        brand,
        ids,
    )
    return [reply_row(row) for row in rows]


async def counts(connection: db.Connection) -> list[tuple[str, int]]:
    """(brand, replies that a hold keeps): for the metric only, which names no person."""
    rows = await connection.fetch(
        "select brand, count(*) as number from reply where held_by is not null and state in ('approved', 'submitted') group by brand"
    )
    return [(row["brand"], row["number"]) for row in rows]
