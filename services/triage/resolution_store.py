"""SQL of what the cases of groups say. Every function takes the connection first and every query names the brand."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from libs.common import db
from services.triage.resolution import Resolution

Place = tuple[str, UUID]
"""A brand and a group of its."""


async def versions(connection: db.Connection, asked: Collection[Place]) -> dict[Place, int]:
    """The version of its case that we heard of last, for each of these groups of whose case we heard."""
    if not asked:
        return {}
    rows = await connection.fetch(
        "select brand, group_id, case_version from resolution join unnest($1::text[], $2::uuid[]) as u(brand, group_id) using (brand, group_id)",
        *[list(column) for column in zip(*sorted(asked), strict=True)],
    )
    return {(row["brand"], row["group_id"]): row["case_version"] for row in rows}


async def over(connection: db.Connection, brands: Collection[str], group_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When they were resolved, for those of these groups of these brands that are: none of their live mentions came after that, for it would have woken
    the case."""
    if not group_ids:
        return {}
    rows = await connection.fetch(
        "select r.group_id, r.resolved_at from resolution r where r.brand = any($1::text[]) and r.group_id = any($2::uuid[]) "
        "and r.resolved_at is not null and not exists (select from mention m where m.brand = r.brand and m.group_id = r.group_id "
        "and m.id <> all(r.mentions) and not m.removed and not coalesce((m.mention->'historic')::bool, false))",
        list(brands),
        sorted(group_ids),
    )
    return {row["group_id"]: row["resolved_at"] for row in rows}


async def keep(connection: db.Connection, heard: Mapping[Place, Resolution]) -> None:
    """Write what was heard of cases, in the order of their groups. An older version than ours changes nothing."""
    if heard:
        ordered = sorted(heard.items())
        await connection.execute(
            "insert into resolution (brand, group_id, case_version, resolved_at, mentions) select b, g, v, t, string_to_array(m, ' ')::uuid[] "
            "from unnest($1::text[], $2::uuid[], $3::int[], $4::timestamptz[], $5::text[]) as u(b, g, v, t, m) "
            "on conflict (brand, group_id) do update set case_version = excluded.case_version, resolved_at = excluded.resolved_at, "
            "mentions = excluded.mentions, heard_at = now() where resolution.case_version < excluded.case_version",
            [brand for (brand, _), _ in ordered],
            [group_id for (_, group_id), _ in ordered],
            [one.case_version for _, one in ordered],
            [one.resolved_at for _, one in ordered],
            [" ".join(sorted(map(str, one.mentions))) for _, one in ordered],
        )


async def forget(connection: db.Connection, brand: str, kept: timedelta, limit: int) -> int:
    """Remove at most `limit` of what was heard longer ago than `kept`; return how much there was."""
    rows = await connection.fetch(
        "delete from resolution where (brand, group_id) in (select brand, group_id from resolution where brand = $1 and heard_at < now() - $2::interval "
        "limit $3 for update skip locked) returning 1",
        brand,
        kept,
        limit,
    )
    return len(rows)
