"""What a handover packet is made of, read in few statements: a case, all that goes on in it, and what else its customer had."""

from datetime import datetime
from uuid import UUID

import asyncpg

from libs.common import db
from libs.common.case_events import Case
from libs.common.errors import NotFound
from libs.common.events import TriagedMention
from services.routing import looking, promise_store, standing, store
from services.routing.packet import MOST_OTHERS, Material, Reply

_MOST_MENTIONS, _MOST_ROWS = 200, 60


async def material(connection: db.Connection, brand: str, case_id: UUID, now: datetime) -> Material:
    """All about a case; about the one in which it goes on, where it is merged. Raises `NotFound`."""
    file = await store.standing_file(connection, brand, case_id)
    if file is None:
        raise NotFound("There is no such case in this brand.")
    case = file.case
    ids = await standing.case_ids(connection, brand, case.id)
    mentions = await connection.fetch(
        "select triaged from mention_copy where brand = $1 and case_id = $2 and not removed order by received_at desc, id desc limit $3",
        brand,
        case.id,
        _MOST_MENTIONS,
    )
    notes = await connection.fetch(
        "select id, at, author, text from note where brand = $1 and case_id = any($2::uuid[]) order by at desc, id desc limit $3",
        brand,
        ids,
        _MOST_ROWS,
    )
    steps = await connection.fetch(
        "select at, what, actor, detail from timeline where brand = $1 and case_id = any($2::uuid[]) order by at desc, version desc limit $3",
        brand,
        ids,
        _MOST_ROWS,
    )
    return Material(
        case=case,
        version=file.version,
        handled=file.handled,
        case_ids=ids,
        mentions=[TriagedMention.model_validate(row["triaged"]) for row in reversed(mentions)],
        replies=await replies(connection, brand, ids),
        promises=await promise_store.of_case(connection, brand, case.id),
        notes=[dict(row) for row in notes],
        steps=[dict(row) for row in steps],
        others=await others(connection, brand, case),
        looking=[dict(row) for row in await looking.here(connection, brand, case.id)],
        now=now,
    )


async def replies(connection: db.Connection, brand: str, ids: list[UUID]) -> list[Reply]:
    """What was said in these cases, the newest first."""
    rows = await connection.fetch(
        "select reply_id, at, by, channel, visibility, text, forgotten_at is null as kept from said where brand = $1 and case_id = any($2::uuid[]) "
        "order by at desc, reply_id desc limit $3",
        brand,
        ids,
        _MOST_ROWS,
    )
    return [Reply(row["reply_id"], row["at"], row["by"], row["channel"], row["visibility"], row["text"], row["kept"]) for row in rows]


async def others(connection: db.Connection, brand: str, case: Case) -> list[Case]:
    """The same customer's other cases, those that are open first, then the newest."""
    rows = await connection.fetch(
        "select c.state_json from case_line l join care_case c on c.brand = l.brand and c.id = l.case_id "
        "where l.brand = $1 and l.customer_id = $2 and l.case_id <> $3 and c.state not in ('merged', 'withdrawn') "
        "order by l.is_open desc, l.seq desc limit $4",
        brand,
        case.customer_id,
        case.id,
        MOST_OTHERS,
    )
    return [Case.model_validate(row["state_json"]) for row in rows]


async def history(connection: db.Connection, brand: str, customer_id: UUID, before: int | None, limit: int) -> list[asyncpg.Record]:
    """A customer's cases, the newest first, those below a sequence number: each with what the customer asked first and what we said last."""
    return await connection.fetch(
        "select l.seq, c.state_json, m.triaged as first, s.text as said, s.forgotten_at is null as said_kept, s.at as said_at, s.by as said_by, "
        "s.visibility as said_visibility, s.channel as said_channel from (select case_id, seq from case_line where brand = $1 and customer_id = $2 "
        "and ($3::bigint is null or seq < $3) order by seq desc limit $4) l join care_case c on c.brand = $1 and c.id = l.case_id "
        "left join lateral (select triaged from mention_copy where brand = $1 and case_id = l.case_id and not removed "
        "order by received_at, id limit 1) m on true "
        "left join lateral (select text, forgotten_at, at, by, visibility, channel from said where brand = $1 and case_id = l.case_id "
        "order by at desc limit 1) s on true "
        "order by l.seq desc",
        brand,
        customer_id,
        before,
        limit,
    )
