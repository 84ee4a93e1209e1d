"""What became of the replies that were made from scripts: what is used, by whom, with which outcome; and what was said lately, to say it otherwise.

A row of `script_use` follows its reply by a trigger, whoever writes that; how the customer and the case went on is taken from the case's events.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, Field

from libs.common import db
from libs.common.case_events import Case
from services.responder.reply import ReplyRow
from services.responder.rotation import Used

CAME_BACK_WITHIN = timedelta(days=1)
_LATELY_MOST = 30
"""Replies on a topic that are looked back at."""


class Outcome(NamedTuple):
    """How it went on after a reply was sent; none: not so, or not yet."""

    brand: str
    came_back_at: datetime | None
    resolved_at: datetime | None


def outcomes(case: Case, rows: Iterable[ReplyRow]) -> dict[UUID, Outcome]:
    """What a version of a case says of the sent replies in it that came from a script."""
    found = {}
    for row in rows:
        if row.script is None or row.sent_at is None:
            continue
        since = [mention.received_at for mention in case.mentions if row.sent_at < mention.received_at <= row.sent_at + CAME_BACK_WITHIN]
        resolved = case.resolved_at if case.resolved_at and case.resolved_at > row.sent_at else None
        found[row.id] = Outcome(row.brand, min(since, default=None), resolved)
    return found


async def put(connection: db.Connection, found: Mapping[UUID, Outcome]) -> None:
    if found:
        ordered = sorted(found.items())
        await connection.execute(
            "update script_use u set came_back_at = coalesce(n.c, u.came_back_at), resolved_at = n.r "
            "from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[]) as n(i, b, c, r) where u.reply_id = n.i and u.brand = n.b "
            "and (u.came_back_at, u.resolved_at) is distinct from (coalesce(n.c, u.came_back_at), n.r)",
            [id for id, _ in ordered],
            [one.brand for _, one in ordered],
            [one.came_back_at for _, one in ordered],
            [one.resolved_at for _, one in ordered],
        )


_USED = (
    "select r.script, r.variant, left(r.text, 120) as opening from reply r where r.brand = t.brand and r.topic_id = t.topic_id "
    "and r.state <> 'discarded' and not r.automatic order by r.created_at desc limit $3"
)


async def lately(connection: db.Connection, topics: Collection[tuple[str, UUID]]) -> dict[UUID, list[Used]]:
    """What people answered lately on these (brand, topic), newest first. A machine's draft that nobody has touched said nothing yet."""
    if not topics:
        return {}
    rows = await connection.fetch(
        f"select t.topic_id, u.* from unnest($1::text[], $2::uuid[]) as t(brand, topic_id), lateral ({_USED}) u",
        [brand for brand, _ in topics],
        [topic_id for _, topic_id in topics],
        _LATELY_MOST,
    )
    found: dict[UUID, list[Used]] = {topic_id: [] for _, topic_id in topics}
    for row in rows:
        found[row["topic_id"]].append(Used(row["script"], row["variant"], row["opening"]))
    return found


async def in_case(connection: db.Connection, brand: str, case_id: UUID) -> list[Used]:
    """What was answered in a case so far, newest first."""
    rows = await connection.fetch(
        "select script, variant, left(text, 120) as opening from reply where brand = $1 and case_id = $2 and state <> 'discarded' and not automatic "
        "order by created_at desc limit $3",
        brand,
        case_id,
        _LATELY_MOST,
    )
    return [Used(**dict(row)) for row in rows]


# --- what is used, by whom, with which outcome -----------------------------------------------------------------------------------------


class Counts(BaseModel):
    """Of the drafts that were made in the time asked for."""

    drafted: int
    untouched: int = Field(description="Made by the machine, and nobody has done anything with it")
    edited: int = Field(description="Somebody changed its words")
    changed: float | None = Field(
        description="Of those that were sent, the share of the words that was changed, on average: 0 to 1; null: none"
    )
    sent: int
    discarded: int
    came_back: int = Field(description="Sent, and the customer wrote again within a day")
    resolved: int = Field(description="Sent, and the case was resolved afterwards, and has not been reopened since")


_COUNTS = (
    "count(*) as drafted, count(*) filter (where automatic and state = 'draft') as untouched, count(*) filter (where changed > 0) as edited, "
    "round(avg(changed) filter (where state = 'sent')::numeric, 3)::float8 as changed, count(*) filter (where state = 'sent') as sent, "
    "count(*) filter (where state = 'discarded') as discarded, count(*) filter (where state = 'sent' and came_back_at is not null) as came_back, "
    "count(*) filter (where state = 'sent' and resolved_at is not null) as resolved"
)


async def by_script(connection: db.Connection, brand: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Counts of every script of which something was drafted, the most drafted first."""
    rows = await connection.fetch(
        f"select script, {_COUNTS} from script_use where brand = $1 and drafted_at >= $2 and drafted_at < $3 "
        "group by script order by count(*) desc, script limit 5000",
        brand,
        since,
        until,
    )
    return [dict(row) for row in rows]


async def by_version(connection: db.Connection, brand: str, script: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Counts of one script, by version and wording, the newest version first."""
    rows = await connection.fetch(
        f"select digest, variant, max(drafted_at) as last_drafted_at, {_COUNTS} from script_use "
        "where brand = $1 and script = $2 and drafted_at >= $3 and drafted_at < $4 "
        "group by digest, variant order by max(max(drafted_at)) over (partition by digest) desc, digest, variant limit 1000",
        brand,
        script,
        since,
        until,
    )
    return [dict(row) for row in rows]


async def by_person(connection: db.Connection, brand: str, script: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Counts of one script, by whoever wrote the reply; what the machine made and nobody touched is of nobody."""
    rows = await connection.fetch(
        f"select case when automatic then null else writer end as writer, {_COUNTS} from script_use "
        "where brand = $1 and script = $2 and drafted_at >= $3 and drafted_at < $4 group by 1 order by count(*) desc, 1 limit 1000",
        brand,
        script,
        since,
        until,
    )
    return [dict(row) for row in rows]
