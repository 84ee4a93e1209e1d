"""What is forgotten of cases, in the transaction of whoever holds them: their texts, or all of them. What is to be forgotten comes in
(`retention.py` says), events that tell of it leave. docs/retention.md has the whole list of tables.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from libs.common import db, outbox
from libs.common.case_events import Case, CaseForgotten, CaseTextsForgotten
from libs.common.events import Author, Identity, Mention, TriagedMention
from services.routing import (
    callback_work,
    consultation_work,
    feed,
    forgotten,
    glance,
    hub,
    legal_check,
    promise_work,
    record,
    store,
)

NOBODY = Author(identities=[Identity(kind="id", value="")])
"""Whoever wrote a message whose author was forgotten."""
_KINDS = (legal_check.KIND, callback_work.KIND, consultation_work.KIND, promise_work.KIND)


def bare(mention: Mention, at: datetime) -> Mention:
    """A message without what was written, by whom, and where it can be read: where it came from and when stays."""
    return Mention(
        id=mention.id,
        brand=mention.brand,
        channel=mention.channel,
        kind=mention.kind,
        external_id="",
        author=NOBODY,
        text="",
        visibility=mention.visibility,
        posted_at=mention.posted_at,
        received_at=mention.received_at,
        historic=mention.historic,
        import_id=mention.import_id,
        forgotten_at=mention.forgotten_at or at,
    )


def bare_triaged(triaged: TriagedMention, at: datetime) -> TriagedMention:
    """The same with what triage found, without the words by which it did."""
    found = triaged.findings
    respond = found.respond and found.respond.model_copy(update={"reason": ""})
    findings = found.model_copy(update={"pii": [], "why": {}, "respond": respond})
    return triaged.model_copy(update={"mention": bare(triaged.mention, at), "findings": findings})


def bare_case(case: Case, before: datetime | None, at: datetime) -> Case:
    """A case without the texts and authors of messages that we received before a moment; of all where there is none."""

    def old(mention: Mention) -> bool:
        return before is None or mention.received_at < before

    values: dict[str, Any] = {}
    if case.latest is not None and old(case.latest):
        values = {"latest": bare(case.latest, at), "respond_reason": None}
    if case.customers:
        values["customers"] = [
            one.model_copy(update={"latest": [bare(m, at) if old(m) else m for m in one.latest]}) for one in case.customers
        ]
    return case.model_copy(update=values)


async def texts(connection: db.Connection, root: asyncpg.Record, ids: Sequence[UUID], before: datetime, now: datetime) -> tuple[int, int]:
    """Forget what customers wrote in a case, and were told, before a moment; how many messages and answers those were. `ids` are that case and those that
    go on in it, all locked."""
    brand, case_id = root["brand"], root["id"]
    since = await connection.fetchval("select since from resting_case where brand = $1 and case_id = $2", brand, case_id)
    mentions = await _mentions(connection, brand, ids, before, now)
    replies = await connection.fetch(
        "update said set text = '', forgotten_at = $4, promises = (select coalesce(jsonb_agg(p || '{\"text\": \"\"}'), '[]') "
        "from jsonb_array_elements(promises) as p) "
        "where brand = $1 and case_id = any($2::uuid[]) and at < $3 and forgotten_at is null returning 1",
        brand,
        ids,
        before,
        now,
    )
    await connection.execute(
        "update promise set text = '' where brand = $1 and case_id = any($2::uuid[]) and given_at < $3 and text <> ''", brand, ids, before
    )
    await connection.execute(
        "update callback set phone = '' where brand = $1 and case_id = any($2::uuid[]) and created_at < $3 and phone <> ''",
        brand,
        ids,
        before,
    )
    if mentions or replies:
        await _tell(connection, root, len(mentions), len(replies), before, now)
    await connection.execute(
        "update resting_case set since = $3, texts_from = (select min(at) from ("
        "select received_at as at from mention_copy where brand = $1 and case_id = any($4::uuid[]) and triaged -> 'mention' ->> 'forgotten_at' is null "
        "union all select at from said where brand = $1 and case_id = any($4::uuid[]) and forgotten_at is null "
        "union all select given_at from promise where brand = $1 and case_id = any($4::uuid[]) and text <> '' "
        "union all select created_at from callback where brand = $1 and case_id = any($4::uuid[]) and phone <> '') as kept) "
        "where brand = $1 and case_id = $2",
        brand,
        case_id,
        since,
        ids,
    )
    return len(mentions), len(replies)


async def _mentions(connection: db.Connection, brand: str, ids: Sequence[UUID], before: datetime, now: datetime) -> list[UUID]:
    rows = await connection.fetch(
        "select id, triaged from mention_copy where brand = $1 and case_id = any($2::uuid[]) and received_at < $3 "
        "and triaged -> 'mention' ->> 'forgotten_at' is null order by id",
        brand,
        ids,
        before,
    )
    found = [row["id"] for row in rows]
    if rows:
        await connection.execute(
            "update mention_copy m set triaged = u.triaged::jsonb from unnest($2::uuid[], $3::text[]) as u(id, triaged) "
            "where m.brand = $1 and m.id = u.id",
            brand,
            found,
            [bare_triaged(TriagedMention.model_validate(row["triaged"]), now).model_dump_json() for row in rows],
        )
    return found


async def _tell(connection: db.Connection, root: asyncpg.Record, mentions: int, replies: int, before: datetime, now: datetime) -> None:
    """What it was decided by is gone, so nothing decides it anew: from here on it is as one that people decided."""
    file = store.file_of(root)
    file.touched = True
    file.case = bare_case(file.case, before, now)
    file.version += 1
    told = record.story(file, CaseTextsForgotten, at=now, actor="system", traceparent=None, mentions=mentions, replies=replies)
    await store.update(connection, [file], {})
    await store.tell_story(connection, [told])
    await outbox.add(connection, "routing", [told.outgoing])


async def whole(connection: db.Connection, brand: str, rows: Sequence[asyncpg.Record], now: datetime) -> int:
    """Forget these cases, which are locked with their messages, and all that is about them; how many messages those had. What stays are the ids."""
    files = [store.file_of(row) for row in rows]
    ids = [file.case.id for file in files]
    mentions = await connection.fetch("select id, customer_id from mention_copy where brand = $1 and case_id = any($2::uuid[])", brand, ids)
    customers = {file.case.customer_id for file in files} | {row["customer_id"] for row in mentions}
    await _tell_forgotten(connection, files, now)
    subjects = [*ids, *await _subjects(connection, brand, ids)]
    mention_ids = sorted(row["id"] for row in mentions)
    for statement in _OF_SUBJECTS:
        await connection.execute(statement, brand, subjects)
    await connection.execute(
        "delete from timer where brand = $1 and kind = any($2::text[]) and subject = any($3::uuid[])", brand, _KINDS, subjects
    )
    for statement in _OF_MENTIONS:
        await connection.execute(statement, brand, mention_ids)
    for statement in _OF_CASES:
        await connection.execute(statement, brand, ids)
    await _less_tags(connection, brand, [tag for file in files if file.case.state != "merged" for tag in file.case.tags])
    await _customers(connection, brand, sorted(customers))
    await forgotten.put(connection, brand, [*ids, *mention_ids])
    return len(mention_ids)


async def _tell_forgotten(connection: db.Connection, files: Sequence[Any], now: datetime) -> None:
    stories = []
    for file in files:
        file.case = bare_case(file.case, None, now)
        file.version += 1
        stories.append(record.story(file, CaseForgotten, at=now, actor="system", traceparent=None))
    await outbox.add(connection, "routing", [found.outgoing for found in stories])
    await feed.add(connection, [fed for found in stories if (fed := glance.glance(found)) is not None])


async def _subjects(connection: db.Connection, brand: str, ids: Sequence[UUID]) -> list[UUID]:
    """What else than the cases themselves notices and timers are about."""
    rows = await connection.fetch(
        "select id from callback where brand = $1 and case_id = any($2::uuid[]) "
        "union all select id from consultation where brand = $1 and case_id = any($2::uuid[]) "
        "union all select id from promise where brand = $1 and case_id = any($2::uuid[])",
        brand,
        ids,
    )
    return [row["id"] for row in rows]


_ABOUT = "brand = $1 and about in ('case', 'callback', 'consultation', 'promise') and subject = any($2::uuid[])"
_MOVES = "select id from case_move where brand = $1 and (from_id = any($2::uuid[]) or into_id = any($2::uuid[]))"

_OF_SUBJECTS = (
    f"delete from notification where brand = $1 and notice_id in (select id from notice where {_ABOUT})",
    f"delete from notice where {_ABOUT}",
    "delete from callback_attempt where brand = $1 and callback_id = any($2::uuid[])",
    "delete from consultation_answer where brand = $1 and consultation_id = any($2::uuid[])",
)
_OF_MENTIONS = (
    "delete from no_reply_sample where brand = $1 and mention_id = any($2::uuid[])",
    "delete from correction where brand = $1 and mention_id = any($2::uuid[])",
    "delete from correction where brand = $1 and other_id = any($2::uuid[])",
    "delete from placement where brand = $1 and mention_id = any($2::uuid[])",
    "delete from mention_copy where brand = $1 and id = any($2::uuid[])",
)
_OF_CASES = (
    "delete from callback where brand = $1 and case_id = any($2::uuid[])",
    "delete from consultation where brand = $1 and case_id = any($2::uuid[])",
    "delete from promise where brand = $1 and case_id = any($2::uuid[])",
    "delete from notification where brand = $1 and case_id = any($2::uuid[])",
    "delete from note where brand = $1 and case_id = any($2::uuid[])",
    "delete from said where brand = $1 and case_id = any($2::uuid[])",
    "delete from sent_reply where brand = $1 and case_id = any($2::uuid[])",
    "delete from signal where brand = $1 and case_id = any($2::uuid[])",
    "delete from incident_case where brand = $1 and case_id = any($2::uuid[])",
    "delete from bulk_item where brand = $1 and case_id = any($2::uuid[])",
    "delete from looking where brand = $1 and case_id = any($2::uuid[])",
    "delete from failed_rule where brand = $1 and case_id = any($2::uuid[])",
    "delete from follow_up where brand = $1 and case_id = any($2::uuid[])",
    f"delete from placement where brand = $1 and (case_id = any($2::uuid[]) or move_id in ({_MOVES}))",
    f"delete from case_move where brand = $1 and id in ({_MOVES})",
    "delete from timeline where brand = $1 and case_id = any($2::uuid[])",
    "delete from care_case where brand = $1 and id = any($2::uuid[])",  # its line and what it is found by go by triggers
)


async def _less_tags(connection: db.Connection, brand: str, tags: Sequence[str]) -> None:
    """So many fewer cases have these tags. Nobody used them by that."""
    if tags:
        await connection.execute(
            "update tag t set uses = greatest(t.uses - g.n, 0) from (select n as name, count(*) as n from unnest($2::text[]) as n group by n) g "
            "where t.brand = $1 and t.name = g.name",
            brand,
            sorted(tags),
        )
        await connection.execute("delete from tag where brand = $1 and name = any($2::text[]) and uses = 0", brand, sorted(set(tags)))


async def _customers(connection: db.Connection, brand: str, ids: Sequence[UUID]) -> None:
    """What is known of customers who have no case any more, but for those of whom somebody opens one right now."""
    await connection.execute(
        "delete from customer c using (select id from customer where brand = $1 and id = any($2::uuid[]) order by id for update skip locked) free "
        "where c.brand = $1 and c.id = free.id and not exists (select from care_case o where o.brand = $1 and o.customer_id = c.id)",
        brand,
        ids,
    )


async def incident(connection: db.Connection, brand: str, incident_id: UUID) -> None:
    """Forget an incident that is closed and locked, with all that is about it. Its id stays, so that no other one ever has it."""
    await connection.execute("delete from timer where brand = $1 and kind = $2 and subject = $3", brand, hub.KIND, incident_id)
    for statement in _OF_INCIDENT:
        await connection.execute(statement, brand, incident_id)
    await forgotten.put(connection, brand, [incident_id])


_OF_INCIDENT = (
    "delete from notification where brand = $1 and notice_id in (select id from notice where brand = $1 and about = 'incident' and subject = $2)",
    "delete from notification where brand = $1 and incident_id = $2",
    "delete from notice where brand = $1 and about = 'incident' and subject = $2",
    "delete from signal where brand = $1 and incident_id = $2",
    "delete from drill_mention where brand = $1 and incident_id = $2",
    "delete from incident_message where brand = $1 and incident_id = $2",
    "delete from incident_case where brand = $1 and incident_id = $2",
    "delete from incident_timeline where brand = $1 and incident_id = $2",
    "delete from incident where brand = $1 and id = $2",
)
