"""Topics: what many people say at the same time, or in the same words. Each mention is in one at most."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.common import db
from services.triage import store
from services.triage.topic import COPY_WINDOW, EVENT_WINDOW


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it stands. `open`: whoever writes now may still join it."""

    id: UUID
    kind: str
    why: str
    first_at: datetime
    last_at: datetime
    customers: int
    mentions: int
    open: bool


@dataclass(frozen=True, slots=True)
class Member:
    topic_id: UUID
    mention_id: UUID
    customer_id: UUID
    at: datetime


_OPEN = "last_at > now() - case kind when 'copy' then $2::interval else $3::interval end"
_SELECT = f"select *, {_OPEN} as open from topic where brand = $1 and merged_into is null "
_WINDOWS = (COPY_WINDOW, EVENT_WINDOW)


def _topic(row: asyncpg.Record) -> Topic:
    return Topic(*(row[name] for name in ("id", "kind", "why", "first_at", "last_at", "customers", "mentions", "open")))


async def topics_of(connection: db.Connection, brand: str, mention_ids: Sequence[UUID]) -> tuple[dict[UUID, UUID], dict[UUID, datetime]]:
    """Mention → its topic, of those that are in one; topic → its first moment."""
    rows = await connection.fetch(
        "select m.mention_id, m.topic_id, t.first_at from topic_member m join topic t on t.id = m.topic_id "
        "where m.brand = $1 and m.mention_id = any($2::uuid[])",
        brand,
        mention_ids,
    )
    return {row["mention_id"]: row["topic_id"] for row in rows}, {row["topic_id"]: row["first_at"] for row in rows}


async def members(connection: db.Connection, brand: str, topic_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Mention → topic, of all in these topics."""
    if not topic_ids:
        return {}
    rows = await connection.fetch(
        "select mention_id, topic_id from topic_member where brand = $1 and topic_id = any($2::uuid[])", brand, sorted(topic_ids)
    )
    return {row["mention_id"]: row["topic_id"] for row in rows}


async def larger(connection: db.Connection, brand: str, topic_ids: Collection[UUID], than: int) -> set[UUID]:
    """Those of these topics that more mentions are in."""
    if not topic_ids:
        return set()
    rows = await connection.fetch(
        "select id from topic where brand = $1 and id = any($2::uuid[]) and mentions > $3", brand, sorted(topic_ids), than
    )
    return {row["id"] for row in rows}


async def join(
    connection: db.Connection, brand: str, told: Sequence[tuple[UUID, str, str]], members: Sequence[Member], merged: Mapping[UUID, UUID]
) -> None:
    """Open topics (id, kind, why), move the members of those that are `merged` into an earlier one there, and put mentions into them.

    A topic that somebody joins who says the same in other words is an event from then on, whatever it began as.
    """
    if not members and not merged:
        return
    await connection.executemany(
        "insert into topic (id, brand, kind, why, first_at, last_at, customers, mentions) values ($1, $2, $3, $4, now(), now(), 0, 0) "
        "on conflict (id) do update set kind = excluded.kind, why = excluded.why where topic.kind = 'copy' and excluded.kind = 'event'",
        [(topic_id, brand, kind, why) for topic_id, kind, why in told],
    )
    if merged:
        await connection.execute(
            "update topic_member m set topic_id = u.stays from unnest($2::uuid[], $3::uuid[]) as u(goes, stays) "
            "where m.brand = $1 and m.topic_id = u.goes",
            brand,
            list(merged),
            list(merged.values()),
        )
        await connection.execute(
            "update topic t set merged_into = u.stays from unnest($2::uuid[], $3::uuid[]) as u(goes, stays) "
            "where t.brand = $1 and (t.id = u.goes or t.merged_into = u.goes)",
            brand,
            list(merged),
            list(merged.values()),
        )
    await connection.execute(
        "insert into topic_member (brand, topic_id, mention_id, customer_id, at) select $1, t, m, c, a "
        "from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[]) as u(t, m, c, a) on conflict do nothing",
        brand,
        [member.topic_id for member in members],
        [member.mention_id for member in members],
        [member.customer_id for member in members],
        [member.at for member in members],
    )
    await _count(connection, brand, {*(topic_id for topic_id, _, _ in told), *(member.topic_id for member in members), *merged.values()})


async def leave(connection: db.Connection, brand: str, mention_ids: Sequence[UUID]) -> None:
    """These mentions are in no topic any more; a topic that nobody is in is none."""
    rows = await connection.fetch(
        "delete from topic_member where brand = $1 and mention_id = any($2::uuid[]) returning topic_id", brand, mention_ids
    )
    if rows:
        await _count(connection, brand, {row["topic_id"] for row in rows})


async def _count(connection: db.Connection, brand: str, topic_ids: Collection[UUID]) -> None:
    ids = sorted(topic_ids)
    await connection.execute(
        "update topic t set customers = c.customers, mentions = c.mentions, first_at = c.first_at, last_at = c.last_at from "
        "(select topic_id, count(distinct customer_id) as customers, count(*) as mentions, min(at) as first_at, max(at) as last_at "
        "from topic_member where brand = $1 and topic_id = any($2::uuid[]) group by 1) as c where t.brand = $1 and t.id = c.topic_id",
        brand,
        ids,
    )
    await connection.execute(
        "delete from topic t where brand = $1 and coalesce(merged_into, id) = any($2::uuid[]) "
        "and not exists (select from topic_member m where m.brand = $1 and m.topic_id = coalesce(t.merged_into, t.id))",
        brand,
        ids,
    )


async def page(connection: db.Connection, brand: str, *, only_open: bool, before: tuple[datetime, UUID] | None, limit: int) -> list[Topic]:
    """Topics, the one that was heard of last first, after the one before `before`."""
    rows = await connection.fetch(
        _SELECT
        + f"and ($4 = false or {_OPEN}) and ($5::timestamptz is null or (last_at, id) < ($5, $6)) order by last_at desc, id desc limit $7",
        brand,
        *_WINDOWS,
        only_open,
        *(before or (None, None)),
        limit,
    )
    return [_topic(row) for row in rows]


async def one(connection: db.Connection, brand: str, topic_id: UUID) -> Topic | None:
    """The topic, or the one into which it was merged."""
    row = await connection.fetchrow(
        _SELECT + "and id = (select coalesce(merged_into, id) from topic where brand = $1 and id = $4)", brand, *_WINDOWS, topic_id
    )
    return _topic(row) if row else None


async def mentions(
    connection: db.Connection, brand: str, topic_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[store.MentionRow]:
    """The mentions of a topic, the newest first."""
    rows = await connection.fetch(
        "select * from mention where brand = $1 and topic_id = $2 and ($3::timestamptz is null or (moment, id) < ($3, $4)) "
        "order by moment desc, id desc limit $5",
        brand,
        topic_id,
        *(before or (None, None)),
        limit,
    )
    return [store.row_of(row) for row in rows]


async def samples(connection: db.Connection, brand: str, topic_ids: Sequence[UUID], each: int) -> dict[UUID, list[store.MentionRow]]:
    """Of each topic the newest mentions."""
    rows = await connection.fetch(
        "select t.id as of_topic, m.* from unnest($2::uuid[]) as t(id) cross join lateral (select * from mention where brand = $1 "
        "and topic_id = t.id order by moment desc, id desc limit $3) as m",
        brand,
        topic_ids,
        each,
    )
    found: dict[UUID, list[store.MentionRow]] = {}
    for row in rows:
        found.setdefault(row["of_topic"], []).append(store.row_of(row))
    return found
