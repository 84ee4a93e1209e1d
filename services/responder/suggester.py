"""Looks every hour for scripts that should exist, and keeps what it finds. A person makes a script of one, or dismisses it; what was dismissed stays so.

The hour of a brand is taken by one instance, by a row; the looking is bounded, and holds nothing. What people decided meanwhile stands.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from libs.common import db
from libs.common.books import BrandBooks, Published
from libs.common.outbox import Relay
from services.responder import shelf, store, suggested
from services.responder.suggested import Answer, Group, Suggestion

log = logging.getLogger(__name__)

PERIOD_S = 60.0
EVERY = timedelta(hours=1)
_LOOKED_AT = 20_000
"""Replies of a brand, the newest, that are gone through."""
_MOST_ANSWERS = 2_000
_SINCE = timedelta(days=90)
_MUCH = 0.3
"""The share of a script's words that somebody changed, from which on it is an answer of their own."""
_MOST = 50
"""Suggestions of a brand that are kept from one look."""


async def run(pool: db.Pool, books: BrandBooks, relay: Relay) -> None:
    """Until cancelled, once every brand book has been read. A passing fault of Postgres is waited out."""
    await books.read.wait()
    while True:
        for _, published in books:
            try:
                await look(pool, published)
            except db.TRANSIENT as error:
                log.warning("no scripts are suggested now", extra={"error": type(error).__name__})
        await asyncio.sleep(PERIOD_S)


async def look(pool: db.Pool, published: Published) -> bool:
    """Look at a brand's answers, if nobody has within the hour; whether it was done."""
    brand = published.book.brand
    async with pool.acquire() as connection:
        if not await _taken(connection, brand):
            return False
        found = await answers(connection, brand, _SINCE)
        team = [one.script for one in await shelf.offered(connection, brand)] if len(found) >= suggested.FEWEST else []
    if len(found) >= suggested.FEWEST:
        known = [text for script in (*published.book.scripts, *team) for text in script.wordings]
        groups = await asyncio.to_thread(suggested.groups, found, published.book, known)
    else:
        groups = []
    async with pool.acquire() as connection, connection.transaction():
        await _keep(connection, brand, groups[:_MOST])
    return True


async def _taken(connection: db.Connection, brand: str) -> bool:
    return bool(
        await connection.fetchval(
            "insert into script_suggested (brand, computed_at) values ($1, clock_timestamp()) on conflict (brand) do update "
            "set computed_at = excluded.computed_at where script_suggested.computed_at < clock_timestamp() - $2::interval returning true",
            brand,
            EVERY,
        )
    )


async def answers(connection: db.Connection, brand: str, since: timedelta) -> list[Answer]:
    """What people wrote themselves and sent of late, the newest first; with the first label of its case. Not what an update told many at once."""
    rows = await connection.fetch(
        "select r.id as reply_id, r.case_id, c.\"case\" -> 'labels' ->> 0 as label, r.language, r.writer, r.text, r.recipient ->> 'name' as customer "
        "from (select * from reply where brand = $1 and kind = 'reply' "
        "  and created_at > clock_timestamp() - $2::interval order by created_at desc limit $3) r "
        "join case_copy c on c.case_id = r.case_id and c.brand = r.brand "
        "where r.state = 'sent' and r.update_id is null and (r.script is null or r.changed >= $4) order by r.created_at desc limit $5",
        brand,
        since,
        _LOOKED_AT,
        _MUCH,
        _MOST_ANSWERS,
    )
    return [Answer(**dict(row)) for row in rows]


async def _keep(connection: db.Connection, brand: str, groups: Sequence[Group]) -> None:
    """What was found takes the place of what was open; decisions stay, and are known again."""
    kept = await all_of(connection, brand, lock=True)
    now = await store.database_time(connection)
    rows, there = [], set()
    for group, known in suggested.matched(groups, kept):
        if known is not None:
            there.add(known.id)
        if known is None or known.state in ("open", "over"):
            rows.append(_row(brand, group, known, now))
    over = [one.id for one in kept if one.state == "open" and one.id not in there]
    for row in rows:
        await put(connection, row)
    await connection.execute("delete from script_suggestion where brand = $1 and state = 'over' and changed_at < $2", brand, now - _SINCE)
    if over:
        await connection.execute(
            "update script_suggestion set state = 'over', changed_at = $3 where brand = $1 and id = any($2::uuid[])", brand, over, now
        )


def _row(brand: str, group: Group, known: Suggestion | None, now: datetime) -> Suggestion:
    return Suggestion(
        id=known.id if known else uuid4(),
        brand=brand,
        label=group.label,
        language=group.language,
        state="open",
        number=group.number,
        people=group.people,
        text=group.text,
        example=group.example,
        replies=list(group.replies),
        centre=group.centre.tobytes(),
        found_at=known.found_at if known else now,
        changed_at=now,
    )


def _suggestion(row: Any) -> Suggestion:
    return Suggestion(**{**dict(row), "replies": [UUID(id) for id in row["replies"]]})


async def all_of(connection: db.Connection, brand: str, *, lock: bool = False) -> list[Suggestion]:
    rows = await connection.fetch(f"select * from script_suggestion where brand = $1 order by id{' for update' if lock else ''}", brand)
    return [_suggestion(row) for row in rows]


async def one(connection: db.Connection, brand: str, id: UUID, *, lock: bool = False) -> Suggestion | None:
    row = await connection.fetchrow(
        f"select * from script_suggestion where brand = $1 and id = $2{' for update' if lock else ''}", brand, id
    )
    return _suggestion(row) if row else None


async def page(connection: db.Connection, brand: str, state: str, after: tuple[int, UUID] | None, limit: int) -> list[Suggestion]:
    """The most frequent first."""
    rows = await connection.fetch(
        "select * from script_suggestion where brand = $1 and state = $2 and ($3::int is null or (-number, id) > (-$3, $4::uuid)) "
        "order by number desc, id limit $5",
        brand,
        state,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return [_suggestion(row) for row in rows]


async def put(connection: db.Connection, row: Suggestion) -> None:
    await connection.execute(
        "insert into script_suggestion (id, brand, label, language, state, number, people, text, example, replies, centre, found_at, changed_at, "
        "decided_by, script) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) on conflict (id) do update set "
        "state = excluded.state, number = excluded.number, people = excluded.people, text = excluded.text, example = excluded.example, "
        "replies = excluded.replies, centre = excluded.centre, changed_at = excluded.changed_at, decided_by = excluded.decided_by, "
        "script = excluded.script where script_suggestion.brand = excluded.brand",
        row.id,
        row.brand,
        row.label,
        row.language,
        row.state,
        row.number,
        row.people,
        row.text,
        row.example,
        [str(id) for id in row.replies],
        row.centre,
        row.found_at,
        row.changed_at,
        row.decided_by,
        row.script,
    )
