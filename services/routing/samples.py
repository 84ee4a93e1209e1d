"""The sample of proposals not to answer that people are asked to judge: which mentions were put before them, and how often they wanted an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.common import db


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person did with a mention that may be in the sample. `overruled`: they answered it, or said that it wants an answer."""

    brand: str
    mention_id: UUID
    overruled: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Honesty:
    """How many proposals were put before people, how many of those they judged, and how many of those they overruled."""

    sampled: int
    judged: int
    overruled: int


async def add(connection: db.Connection, found: Mapping[UUID, str]) -> None:
    """Mention → brand. One that is there already was put before people then."""
    rows = sorted(found.items())
    if rows:
        await connection.execute(
            "insert into no_reply_sample (mention_id, brand, shown_at) "
            "select i, b, clock_timestamp() from unnest($1::uuid[], $2::text[]) as u(i, b) on conflict (mention_id) do nothing",
            [mention_id for mention_id, _ in rows],
            [brand for _, brand in rows],
        )


async def judge(connection: db.Connection, found: Sequence[Judgement]) -> None:
    """Keep the latest judgement of each mention that is in the sample; others are left alone."""
    newest = {one.mention_id: one for one in sorted(found, key=lambda one: one.at)}
    rows = [newest[mention_id] for mention_id in sorted(newest)]
    if rows:
        await connection.execute(
            "update no_reply_sample n set overruled = u.o, judged_by = u.w, judged_at = u.t "
            "from unnest($1::text[], $2::uuid[], $3::bool[], $4::text[], $5::timestamptz[]) as u(b, i, o, w, t) "
            "where n.brand = u.b and n.mention_id = u.i and (n.judged_at is null or n.judged_at <= u.t)",
            [row.brand for row in rows],
            [row.mention_id for row in rows],
            [row.overruled for row in rows],
            [row.by for row in rows],
            [row.at for row in rows],
        )


async def honesty(connection: db.Connection, brand: str, days: int) -> Honesty:
    """Of what was put before people in the last days."""
    row = await connection.fetchrow(
        "select count(*) as sampled, count(judged_at) as judged, count(*) filter (where overruled) as overruled from no_reply_sample "
        "where brand = $1 and shown_at > moment() - make_interval(days => $2)",
        brand,
        days,
    )
    assert row is not None
    return Honesty(**dict(row))
