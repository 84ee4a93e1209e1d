"""The rows of facts: written by the consumer, read back for pages and trails. The reports' own SQL is in `reports.py`."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from libs.common import db
from libs.common.case_events import CaseEvent, Clock, Rounds
from libs.common.record import Received
from libs.common.reply_events import ReplyEvent


@dataclass(frozen=True, slots=True)
class Stored:
    """What stands in Postgres of a thing."""

    brand: str
    version: int


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that is counted by how often it happened. `event_id` is its key."""

    event_id: str
    brand: str
    case_id: UUID
    what: str
    clock: str | None
    department: str
    at: datetime


# --- what is known before a batch ---------------------------------------------------------------------------------------------------
# By id alone, whatever the brand: the handlers refuse an event whose brand differs from that of the row.


async def lock_mentions(connection: db.Connection, ids: Collection[UUID]) -> dict[UUID, Stored]:
    """The versions of those mentions that have a row, locked in key order."""
    if not ids:
        return {}
    rows = await connection.fetch(
        "select mention_id as id, brand, version from fact_mention where mention_id = any($1::uuid[]) order by mention_id for update", ids
    )
    return _stored(rows)


async def lock_cases(connection: db.Connection, ids: Collection[UUID]) -> dict[UUID, Stored]:
    """The versions of those cases that have a row, locked in key order."""
    if not ids:
        return {}
    rows = await connection.fetch(
        "select case_id as id, brand, version from fact_case where case_id = any($1::uuid[]) order by case_id for update", ids
    )
    return _stored(rows)


async def lock_replies(connection: db.Connection, ids: Collection[UUID]) -> dict[UUID, Stored]:
    """The versions of those replies that have a row, locked in key order."""
    if not ids:
        return {}
    rows = await connection.fetch(
        "select reply_id as id, brand, version from fact_reply where reply_id = any($1::uuid[]) order by reply_id for update", ids
    )
    return _stored(rows)


async def counted(connection: db.Connection, event_ids: Sequence[str]) -> set[str]:
    """Those of the events that were counted before."""
    rows = await connection.fetch("select event_id from case_event where event_id = any($1::text[])", event_ids) if event_ids else ()
    return {row["event_id"] for row in rows}


def _stored(rows: Sequence[Any]) -> dict[UUID, Stored]:
    return {row["id"]: Stored(row["brand"], row["version"]) for row in rows}


# --- what a batch brings ------------------------------------------------------------------------------------------------------------


async def put_mentions(connection: db.Connection, events: Sequence[Received[Any]]) -> None:
    """Write mentions in the versions given, one event each, except where a newer version stands."""
    if not events:
        return
    triaged = [received.event.triaged for received in events]
    mentions, findings = [item.mention for item in triaged], [item.findings for item in triaged]
    await connection.execute(
        "insert into fact_mention (mention_id, version, brand, channel, kind, visibility, language, sentiment, sentiment_score, labels, "
        "urgency, risk, customer_id, group_id, posted_at, received_at, historic, removed, triaged_at, event_id, event_at, traceparent, intent, "
        "respond) select id, version, brand, channel, kind, visibility, language, sentiment, sentiment_score, "
        "array(select jsonb_array_elements_text(labels::jsonb)), urgency, array(select jsonb_array_elements_text(risk::jsonb)), customer_id, group_id, "
        "posted_at, received_at, historic, removed, triaged_at, event_id, event_at, traceparent, intent, respond "
        "from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::float8[], "
        "$10::text[], $11::text[], $12::text[], $13::uuid[], $14::uuid[], $15::timestamptz[], $16::timestamptz[], $17::bool[], "
        "$18::bool[], $19::timestamptz[], $20::text[], $21::timestamptz[], $22::text[], $23::text[], $24::text[]) "
        "as u(id, version, brand, channel, kind, visibility, language, sentiment, sentiment_score, labels, urgency, risk, customer_id, "
        "group_id, posted_at, received_at, historic, removed, triaged_at, event_id, event_at, traceparent, intent, respond) "
        "on conflict (mention_id) do update set (version, channel, kind, visibility, language, sentiment, sentiment_score, labels, "
        "urgency, risk, customer_id, group_id, posted_at, received_at, historic, removed, triaged_at, event_id, event_at, traceparent, intent, "
        "respond) = "
        "(excluded.version, excluded.channel, excluded.kind, excluded.visibility, excluded.language, excluded.sentiment, "
        "excluded.sentiment_score, excluded.labels, excluded.urgency, excluded.risk, excluded.customer_id, excluded.group_id, "
        "excluded.posted_at, excluded.received_at, excluded.historic, excluded.removed, excluded.triaged_at, excluded.event_id, "
        "excluded.event_at, excluded.traceparent, excluded.intent, excluded.respond) "
        "where fact_mention.version < excluded.version and fact_mention.brand = excluded.brand",
        [item.id for item in mentions],
        [received.version for received in events],
        [item.brand for item in mentions],
        [item.channel for item in mentions],
        [item.kind for item in mentions],
        [item.visibility for item in mentions],
        [item.language for item in findings],
        [item.sentiment for item in findings],
        [item.sentiment_score for item in findings],
        [_listed(label.name for label in item.labels) for item in findings],
        [item.urgency for item in findings],
        [_listed(item.risk) for item in findings],
        [item.customer_id for item in triaged],
        [item.group_id for item in triaged],
        [item.posted_at for item in mentions],
        [item.received_at for item in mentions],
        [item.historic for item in mentions],
        [item.removed for item in triaged],
        [item.triaged_at for item in triaged],
        *_told(events),
        [item.intent for item in findings],
        [item.respond.decision if item.respond else None for item in findings],
    )


async def put_cases(connection: db.Connection, events: Sequence[Received[CaseEvent]]) -> None:
    """Write cases in the versions given, one event each, except where a newer version stands."""
    if not events:
        return
    cases = [received.event.case for received in events]
    reaction, resolution = [_clock(item.clocks, "reaction") for item in cases], [_clock(item.clocks, "resolution") for item in cases]
    reactions, resolutions = [_rounds(item.earlier, "reaction") for item in cases], [_rounds(item.earlier, "resolution") for item in cases]
    await connection.execute(
        "insert into fact_case (case_id, version, brand, channel, department, owner, state, priority, language, sentiment, urgency, labels, "
        "opened_at, replied_at, resolved_at, reaction_due_at, reaction_met_at, reaction_breached_at, resolution_due_at, resolution_met_at, "
        "resolution_breached_at, mentions, historic, event_id, event_at, traceparent, reaction_earlier_met, reaction_earlier_breached, "
        "resolution_earlier_met, resolution_earlier_breached, group_id) "
        "select id, version, brand, channel, department, owner, state, priority, language, sentiment, urgency, "
        "array(select jsonb_array_elements_text(labels::jsonb)), opened_at, replied_at, resolved_at, reaction_due_at, reaction_met_at, "
        "reaction_breached_at, resolution_due_at, resolution_met_at, resolution_breached_at, mentions, historic, event_id, event_at, "
        "traceparent, reaction_earlier_met, reaction_earlier_breached, resolution_earlier_met, resolution_earlier_breached, group_id "
        "from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], "
        "$9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], "
        "$16::timestamptz[], $17::timestamptz[], $18::timestamptz[], $19::timestamptz[], $20::timestamptz[], $21::timestamptz[], "
        "$22::int[], $23::bool[], $24::text[], $25::timestamptz[], $26::text[], $27::int[], $28::int[], $29::int[], $30::int[], $31::uuid[]) "
        "as u(id, version, brand, channel, department, owner, state, priority, language, sentiment, urgency, labels, opened_at, replied_at, "
        "resolved_at, reaction_due_at, reaction_met_at, reaction_breached_at, resolution_due_at, resolution_met_at, "
        "resolution_breached_at, mentions, historic, event_id, event_at, traceparent, reaction_earlier_met, reaction_earlier_breached, "
        "resolution_earlier_met, resolution_earlier_breached, group_id) "
        "on conflict (case_id) do update set (version, channel, department, owner, state, priority, language, sentiment, urgency, labels, "
        "opened_at, replied_at, resolved_at, reaction_due_at, reaction_met_at, reaction_breached_at, resolution_due_at, resolution_met_at, "
        "resolution_breached_at, mentions, historic, event_id, event_at, traceparent, reaction_earlier_met, reaction_earlier_breached, "
        "resolution_earlier_met, resolution_earlier_breached, group_id) = "
        "(excluded.version, excluded.channel, excluded.department, excluded.owner, excluded.state, excluded.priority, excluded.language, "
        "excluded.sentiment, excluded.urgency, excluded.labels, excluded.opened_at, excluded.replied_at, excluded.resolved_at, "
        "excluded.reaction_due_at, excluded.reaction_met_at, excluded.reaction_breached_at, excluded.resolution_due_at, "
        "excluded.resolution_met_at, excluded.resolution_breached_at, excluded.mentions, excluded.historic, excluded.event_id, "
        "excluded.event_at, excluded.traceparent, excluded.reaction_earlier_met, excluded.reaction_earlier_breached, "
        "excluded.resolution_earlier_met, excluded.resolution_earlier_breached, excluded.group_id) "
        "where fact_case.version < excluded.version and fact_case.brand = excluded.brand",
        [item.id for item in cases],
        [received.version for received in events],
        [item.brand for item in cases],
        [item.channel for item in cases],
        [item.department for item in cases],
        [item.owner for item in cases],
        [item.state for item in cases],
        [item.priority for item in cases],
        [item.language for item in cases],
        [item.sentiment for item in cases],
        [item.urgency for item in cases],
        [_listed(item.labels) for item in cases],
        [item.opened_at for item in cases],
        [item.replied_at for item in cases],
        [item.resolved_at for item in cases],
        [item.due_at if item else None for item in reaction],
        [item.met_at if item else None for item in reaction],
        [item.breached_at if item else None for item in reaction],
        [item.due_at if item else None for item in resolution],
        [item.met_at if item else None for item in resolution],
        [item.breached_at if item else None for item in resolution],
        [item.mentions_total or len(item.mentions) for item in cases],
        [item.historic for item in cases],
        *_told(events),
        [item.met for item in reactions],
        [item.breached for item in reactions],
        [item.met for item in resolutions],
        [item.breached for item in resolutions],
        [item.group_id for item in cases],
    )


async def put_replies(connection: db.Connection, events: Sequence[Received[ReplyEvent]]) -> None:
    """Write replies in the versions given, one event each, except where a newer version stands."""
    if not events:
        return
    replies = [received.event.reply for received in events]
    await connection.execute(
        "insert into fact_reply (reply_id, version, brand, case_id, channel, state, writer, created_at, approved_at, sent_at, sandbox, "
        "event_id, event_at, traceparent) select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::text[], $6::text[], "
        "$7::text[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::bool[], $12::text[], $13::timestamptz[], $14::text[]) "
        "on conflict (reply_id) do update set (version, case_id, channel, state, writer, created_at, approved_at, sent_at, sandbox, "
        "event_id, event_at, traceparent) = (excluded.version, excluded.case_id, excluded.channel, excluded.state, excluded.writer, "
        "excluded.created_at, excluded.approved_at, excluded.sent_at, excluded.sandbox, excluded.event_id, excluded.event_at, "
        "excluded.traceparent) where fact_reply.version < excluded.version and fact_reply.brand = excluded.brand",
        [item.id for item in replies],
        [received.version for received in events],
        [item.brand for item in replies],
        [item.case_id for item in replies],
        [item.channel for item in replies],
        [item.state for item in replies],
        [item.writer for item in replies],
        [item.created_at for item in replies],
        [item.approved_at for item in replies],
        [item.sent_at for item in replies],
        [item.sandbox for item in replies],
        *_told(events),
    )


async def add_happened(connection: db.Connection, happened: Sequence[Happened]) -> None:
    """Count what happened, each event once."""
    if not happened:
        return
    rows = sorted(happened, key=lambda item: item.event_id)
    await connection.execute(
        "insert into case_event (event_id, brand, case_id, what, clock, department, at) select * from unnest($1::text[], $2::text[], "
        "$3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[]) on conflict (event_id) do nothing",
        [item.event_id for item in rows],
        [item.brand for item in rows],
        [item.case_id for item in rows],
        [item.what for item in rows],
        [item.clock for item in rows],
        [item.department for item in rows],
        [item.at for item in rows],
    )


def _told(events: Sequence[Received[Any]]) -> tuple[list[str], list[datetime], list[str | None]]:
    """The columns event_id, event_at and traceparent."""
    return [item.id for item in events], [item.time for item in events], [item.traceparent for item in events]


def _listed(words: Iterable[str]) -> str:
    """Different words as JSON text: a list of lists would reach Postgres as one array of two dimensions."""
    return orjson.dumps(list(dict.fromkeys(words))).decode()


def _clock(clocks: Sequence[Clock], kind: str) -> Clock | None:
    """The clock of a kind that was started last: a case that was woken may have had one before."""
    return max((clock for clock in clocks if clock.kind == kind), key=lambda clock: clock.started_at, default=None)


def _rounds(earlier: Sequence[Rounds], kind: str) -> Rounds:
    """How the clock of a kind ended in the rounds before the newest."""
    return next((rounds for rounds in earlier if rounds.kind == kind), Rounds(kind=kind))


# --- reading back -------------------------------------------------------------------------------------------------------------------


async def mentions_after(connection: db.Connection, brand: str, after: tuple[datetime, UUID] | None, limit: int) -> list[dict[str, Any]]:
    """Facts of a brand's mentions by received_at and id, from behind `after` on."""
    rows = await connection.fetch(
        "select mention_id, version, channel, kind, visibility, language, sentiment, sentiment_score, intent, labels, urgency, respond, risk, "
        "customer_id, group_id, posted_at, received_at, historic, removed, triaged_at from fact_mention "
        "where brand = $1 and ($2::timestamptz is null or (received_at, mention_id) > ($2, $3::uuid)) "
        "order by received_at, mention_id limit $4",
        brand,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return [dict(row) for row in rows]


async def mention(connection: db.Connection, brand: str, mention_id: UUID) -> dict[str, Any] | None:
    """The fact of one mention."""
    row = await connection.fetchrow("select * from fact_mention where brand = $1 and mention_id = $2", brand, mention_id)
    return dict(row) if row else None


async def cases_of(connection: db.Connection, brand: str, mention_id: UUID) -> list[dict[str, Any]]:
    """The facts of the case of a mention's group; none until the case was told."""
    rows = await connection.fetch(
        "select c.* from fact_case c join fact_mention m on m.brand = c.brand and m.group_id = c.group_id "
        "where c.brand = $1 and m.mention_id = $2 order by opened_at",
        brand,
        mention_id,
    )
    return [dict(row) for row in rows]


async def replies_of(connection: db.Connection, brand: str, case_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """The facts of the replies to these cases."""
    rows = await connection.fetch(
        "select * from fact_reply where brand = $1 and case_id = any($2::uuid[]) order by created_at, reply_id", brand, case_ids
    )
    return [dict(row) for row in rows]


async def happened_to(connection: db.Connection, brand: str, case_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """What was counted of these cases."""
    rows = await connection.fetch(
        "select * from case_event where brand = $1 and case_id = any($2::uuid[]) order by at, event_id", brand, case_ids
    )
    return [dict(row) for row in rows]
