"""What colleagues wrote about a case: what of it is found by a search and shown in its snippets, in one place for both."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from libs.common import db
from services.routing import standing

_OF_ONE = (
    "select 'note' as source, id, at, null as channel, 'private' as visibility, text from note where brand = h.brand and case_id = h.id "
    "union all select 'reply', reply_id, at, channel, visibility, text from said where brand = h.brand and case_id = h.id "
    "union all select 'consultation', id, asked_at, null, 'private', question from consultation where brand = h.brand and case_id = h.id "
    "union all select 'consultation_answer', a.id, a.at, null, 'private', a.text from consultation q "
    "join consultation_answer a on a.brand = q.brand and a.consultation_id = q.id "
    "where q.brand = h.brand and q.case_id = h.id and a.what in ('answer', 'remark') "
    "union all select 'callback', id, created_at, null, 'private', note from callback where brand = h.brand and case_id = h.id and note <> '' "
    "union all select 'callback', k.id, t.at, null, 'private', concat_ws(': ', replace(t.outcome, '_', ' '), t.note) from callback k "
    "join callback_attempt t on t.brand = k.brand and t.callback_id = k.id where k.brand = h.brand and k.case_id = h.id "
    "union all select 'promise', id, given_at, channel, visibility, text from promise where brand = h.brand and case_id = h.id"
)
"""Of a case `h`. An automatic reply of a department's mailbox, and word that a mail did not arrive, say nothing of the case."""


async def by_case(
    connection: db.Connection, brands: Sequence[str], case_ids: Sequence[UUID], most: int
) -> Mapping[tuple[str, UUID], list[asyncpg.Record]]:
    """(brand, case) → what was written about it and about those that go on in it, the newest first, so many of each of these at most: `source` (note |
    reply | consultation | consultation_answer | callback | promise), `id`, `at`, `channel`, `visibility` and `text`."""
    found: dict[tuple[str, UUID], list[asyncpg.Record]] = {}
    for row in await connection.fetch(
        f"{standing.HERE_OF_MANY} select h.brand, h.root, t.* from here h cross join lateral ({_OF_ONE} order by at desc limit $3) t",
        list(brands),
        list(case_ids),
        most,
    ):
        found.setdefault((row["brand"], row["root"]), []).append(row)
    return found
