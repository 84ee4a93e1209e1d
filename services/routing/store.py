"""Routing's SQL: mentions as triage told of them, cases, notes, brand books, holds. The connection comes first."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from libs.common import db
from libs.common.case_events import Case, CaseEvent
from libs.common.events import Respond, TriagedMention
from libs.common.outbox import Outgoing
from services.routing import feed, glance, note_store, queue, standing, watch
from services.routing.case import OPEN, File, Given, Key, Turn
from services.routing.feed import Fed
from services.routing.orphan import gives_at_once
from services.routing.sla import Policy


@dataclass(frozen=True, slots=True)
class Copy:
    """The newest state of a mention, and the case that it is in."""

    triaged: TriagedMention
    version: int
    case_id: UUID
    traceparent: str | None

    @property
    def is_bare(self) -> bool:
        """Its text and author were forgotten."""
        return self.triaged.mention.forgotten_at is not None


@dataclass(frozen=True, slots=True)
class Story:
    """A row of the timeline: what an event of a case said, without the case itself."""

    outgoing: Outgoing
    at: datetime
    actor: str
    detail: Mapping[str, Any]
    unread: int = 0
    """Messages that nobody has handled yet."""


async def now(connection: db.Connection) -> datetime:
    """The database's clock as it stands: not before anything that another transaction wrote and this one can read. In a scenario, the scenario's."""
    at: datetime = await connection.fetchval("select moment()")
    return at


# --- mentions -------------------------------------------------------------------------------------------------------------------------


def _copy(row: asyncpg.Record) -> Copy:
    return Copy(TriagedMention.model_validate(row["triaged"]), row["version"], row["case_id"], row["traceparent"])


async def copies(connection: db.Connection, ids: Sequence[UUID]) -> dict[UUID, Copy]:
    """The mentions with these ids, locked in id order. The ids come from events, each of which names its brand."""
    if not ids:
        return {}
    rows = await connection.fetch("select * from mention_copy where id = any($1::uuid[]) order by id for update", ids)
    return {row["id"]: _copy(row) for row in rows}


async def lock_mentions(connection: db.Connection, brand: str, ids: Sequence[UUID]) -> dict[UUID, Copy]:
    """Those of the mentions that this brand has, locked in id order."""
    rows = await connection.fetch("select * from mention_copy where brand = $1 and id = any($2::uuid[]) order by id for update", brand, ids)
    return {row["id"]: _copy(row) for row in rows}


async def choose(connection: db.Connection, brand: str, mention_id: UUID, respond: Respond) -> None:
    """A mention, which is locked, is to be answered, or not, as a person chose."""
    await connection.execute(
        "update mention_copy set triaged = jsonb_set(triaged, '{findings,respond}', $3) where brand = $1 and id = $2",
        brand,
        mention_id,
        respond.model_dump(),
    )


async def copies_of(connection: db.Connection, cases: Iterable[tuple[str, UUID]]) -> dict[UUID, Copy]:
    """All mentions of these (brand, case)."""
    wanted = sorted(cases)
    if not wanted:
        return {}
    rows = await connection.fetch(
        "select m.* from mention_copy m join unnest($1::text[], $2::uuid[]) as u(brand, case_id) using (brand, case_id) order by m.id",
        [brand for brand, _ in wanted],
        [case_id for _, case_id in wanted],
    )
    return {row["id"]: _copy(row) for row in rows}


async def keep_copies(connection: db.Connection, found: Mapping[UUID, Copy]) -> None:
    rows = sorted(found.items())
    if rows:
        await connection.execute(
            "insert into mention_copy (id, brand, version, case_id, customer_id, removed, received_at, traceparent, triaged) "
            "select i, b, v, c, cu, r, t, tp, j::jsonb from unnest($1::uuid[], $2::text[], $3::int[], $4::uuid[], $5::uuid[], $6::bool[], "
            "$7::timestamptz[], $8::text[], $9::text[]) as u(i, b, v, c, cu, r, t, tp, j) on conflict (id) do update set "
            "version = excluded.version, case_id = excluded.case_id, customer_id = excluded.customer_id, removed = excluded.removed, "
            "triaged = excluded.triaged where mention_copy.version < excluded.version",
            [mention_id for mention_id, _ in rows],
            [copy.triaged.mention.brand for _, copy in rows],
            [copy.version for _, copy in rows],
            [copy.case_id for _, copy in rows],
            [copy.triaged.customer_id for _, copy in rows],
            [copy.triaged.removed for _, copy in rows],
            [copy.triaged.mention.received_at for _, copy in rows],
            [copy.traceparent for _, copy in rows],
            [copy.triaged.model_dump_json() for _, copy in rows],
        )


async def move_copies(connection: db.Connection, found: Mapping[UUID, Copy]) -> None:
    """Put mentions, whose case is locked, into another case of their group."""
    rows = sorted(found.items())
    if rows:
        await connection.execute(
            "update mention_copy m set case_id = u.case_id from unnest($1::text[], $2::uuid[], $3::uuid[]) as u(brand, id, case_id) "
            "where m.brand = u.brand and m.id = u.id",
            [copy.triaged.mention.brand for _, copy in rows],
            [mention_id for mention_id, _ in rows],
            [copy.case_id for _, copy in rows],
        )


async def follow_ups(connection: db.Connection, groups: Iterable[tuple[str, UUID]]) -> dict[UUID, dict[UUID, Key]]:
    """The follow-ups of these (brand, group): group → case → place of the message that began it."""
    wanted = sorted(groups)
    found: dict[UUID, dict[UUID, Key]] = {}
    if wanted:
        rows = await connection.fetch(
            "select f.* from follow_up f join unnest($1::text[], $2::uuid[]) as u(brand, group_id) using (brand, group_id)",
            [brand for brand, _ in wanted],
            [group_id for _, group_id in wanted],
        )
        for row in rows:
            found.setdefault(row["group_id"], {})[row["case_id"]] = row["begun_at"], row["begun_by"]
    return found


async def keep_follow_ups(connection: db.Connection, new: Sequence[File], chains: Mapping[UUID, Mapping[UUID, Key]]) -> None:
    if new:
        await connection.execute(
            "insert into follow_up (brand, group_id, case_id, begun_at, begun_by) "
            "select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::uuid[])",
            [file.case.brand for file in new],
            [file.case.group_id for file in new],
            [file.case.id for file in new],
            [chains[file.case.group_id][file.case.id][0] for file in new],
            [file.case.begun_by for file in new],
        )


# --- cases ----------------------------------------------------------------------------------------------------------------------------


def file_of(row: asyncpg.Record) -> File:
    return File(
        case=Case.model_validate(row["state_json"]),
        version=row["version"],
        fired=list(row["fired"]),
        touched=row["touched"],
        handled=(row["handled_at"], row["handled_id"]) if row["handled_at"] else None,
        before=Turn.model_validate(row["turn_before"]) if row["turn_before"] else None,
        book_version=row["book_version"],
        helpers=dict(row["helpers"] or {}),
        given=Given.model_validate(row["given"]) if row["given"] else None,
        skills=tuple(row["skills"] or ()),
    )


async def files(connection: db.Connection, ids: Sequence[UUID]) -> dict[UUID, File]:
    """The cases with these ids, locked in id order."""
    rows = await connection.fetch("select * from care_case where id = any($1::uuid[]) order by id for update", ids)
    return {row["id"]: file_of(row) for row in rows}


async def file(connection: db.Connection, brand: str, case_id: UUID, *, lock: bool = False) -> File | None:
    if lock:
        await connection.execute("select 1 from care_case where brand = $1 and id = $2 for update", brand, case_id)
    row = await connection.fetchrow("select * from care_case where brand = $1 and id = $2", brand, case_id)
    return file_of(row) if row else None


async def standing_file(connection: db.Connection, brand: str, case_id: UUID, *, lock: bool = False) -> File | None:
    """The case; the one in which it goes on by now, where it was merged. With `lock`, each on the way there is locked."""
    found = await file(connection, brand, case_id, lock=lock)
    for _ in range(standing.MOST_MERGES):
        if found is None or found.case.merged_into is None:
            break
        found = await file(connection, brand, found.case.merged_into, lock=lock)
    return found


async def some_files(connection: db.Connection, brand: str, ids: Sequence[UUID], *, lock: bool = False) -> dict[UUID, File]:
    """Those of the cases that this brand has; locked in id order if asked for."""
    rows = await connection.fetch(
        f"select * from care_case where brand = $1 and id = any($2::uuid[]) order by id{' for update' if lock else ''}", brand, ids
    )
    return {row["id"]: file_of(row) for row in rows}


async def insert(connection: db.Connection, new: Sequence[File], fire_at: Mapping[UUID, datetime | None]) -> None:
    """Insert new cases in id order. Raises `db.Raced` when another transaction opened one of them meanwhile: the batch is then done again."""
    if new:
        inserted = await connection.fetch(
            "insert into care_case (id, brand, version, state, department, owner, customer_id, opened_at, next_fire_at, fired, touched, "
            "book_version, state_json, handled_at, handled_id, turn_before, helpers, given, skills, rank, due_at, sticks, lane, channel) "
            f"select {_VALUES} on conflict (id) do nothing returning 1",
            *_columns(new, fire_at),
        )
        if len(inserted) < len(new):
            raise db.Raced("a case was opened by another transaction")


async def update(connection: db.Connection, changed: Sequence[File], fire_at: Mapping[UUID, datetime | None]) -> None:
    if changed:
        await connection.execute(
            "update care_case c set version = u.v, state = u.s, department = u.d, owner = u.o, customer_id = u.cu, opened_at = u.op, "
            "next_fire_at = u.n, fired = u.fired, touched = u.t, book_version = u.bv, state_json = u.json, "
            "handled_at = u.ha, handled_id = u.hi, turn_before = u.tb, helpers = u.he, given = u.gi, skills = u.sk, rank = u.ra, due_at = u.du, "
            "sticks = u.st, lane = u.la, channel = u.ch, "
            "clock_version = case when c.book_version = u.bv then c.clock_version else coalesce(c.clock_version, c.book_version) end "
            f"from (select {_VALUES}) "
            "as u(i, b, v, s, d, o, cu, op, n, fired, t, bv, json, ha, hi, tb, he, gi, sk, ra, du, st, la, ch) where c.id = u.i and c.brand = u.b",
            *_columns(changed, fire_at),
        )


_VALUES = (
    "i, b, v, s, d, o, cu, op, n, string_to_array(f, ' '), t, bv, j::jsonb, ha, hi, tb::jsonb, he::jsonb, gi::jsonb, string_to_array(sk, ' '), "
    "ra, du, st, la, ch from unnest($1::uuid[], $2::text[], $3::int[], "
    "$4::text[], $5::text[], $6::text[], $7::uuid[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::bool[], $12::int[], "
    "$13::text[], $14::timestamptz[], $15::uuid[], $16::text[], $17::text[], $18::text[], $19::text[], $20::smallint[], $21::timestamptz[], "
    "$22::text[], $23::text[], $24::text[]) as w(i, b, v, s, d, o, cu, op, n, f, t, bv, j, ha, hi, tb, he, gi, sk, ra, du, st, la, ch)"
)


def _columns(rows: Sequence[File], fire_at: Mapping[UUID, datetime | None]) -> list[list[Any]]:
    return [
        [row.case.id for row in rows],
        [row.case.brand for row in rows],
        [row.version for row in rows],
        [row.case.state for row in rows],
        [row.case.department for row in rows],
        [row.case.owner for row in rows],
        [row.case.customer_id for row in rows],
        [row.case.opened_at for row in rows],
        [fire_at.get(row.case.id) for row in rows],
        [" ".join(row.fired) for row in rows],
        [row.touched for row in rows],
        [row.book_version for row in rows],
        [row.case.model_dump_json() for row in rows],
        [row.handled[0] if row.handled else None for row in rows],
        [row.handled[1] if row.handled else None for row in rows],
        [row.before.model_dump_json() if row.before else None for row in rows],
        [json.dumps(row.helpers) if row.helpers else None for row in rows],
        [row.given.model_dump_json() if row.given else None for row in rows],
        [" ".join(row.skills) for row in rows],
        [queue.rank(row.case) for row in rows],
        [queue.due_at(row.case) for row in rows],
        [row.helpers.get(row.case.department) for row in rows],
        [queue.lane(row.case.department, row.case.language, row.skills) for row in rows],
        [row.case.channel for row in rows],
    ]


async def due(connection: db.Connection, brands: Sequence[str], limit: int) -> list[File]:
    """Cases of these brands with a clock that has something to say now, locked; those that another instance holds are left to it."""
    rows = await connection.fetch(
        "select * from care_case where next_fire_at <= moment() and brand = any($1::text[]) "
        "order by next_fire_at limit $2 for update skip locked",
        brands,
        limit,
    )
    return [file_of(row) for row in rows]


async def clocks_of_another_book(
    connection: db.Connection, brand: str, versions: Sequence[int], limit: int, only: UUID | None = None
) -> list[tuple[int, File]]:
    """Open cases of a brand whose clocks were set under one of these versions of its book, with that version, locked; those that another instance holds
    are left to it."""
    rows = await connection.fetch(
        "select *, coalesce(clock_version, book_version) as set_by from care_case where brand = $1 and state in ('new', 'open', 'waiting') "
        "and coalesce(clock_version, book_version) = any($2::int[]) and ($4::uuid is null or id = $4) order by seq limit $3 "
        "for update skip locked",
        brand,
        versions,
        limit,
        only,
    )
    return [(row["set_by"], file_of(row)) for row in rows]


async def clocks_set_by(connection: db.Connection, brand: str, ids: Sequence[UUID], version: int) -> None:
    """The clocks of these cases are those of this version of the book."""
    await connection.execute("update care_case set clock_version = $3 where brand = $1 and id = any($2::uuid[])", brand, ids, version)


async def books_with_other_clocks(connection: db.Connection, brand: str, version: int, fields: Sequence[str]) -> dict[int, Any]:
    """The books of a brand before this version that say something else in one of these fields."""
    rows = await connection.fetch(
        "select b.version, b.book from brand_book b join brand_book n on n.brand = b.brand and n.version = $2 where b.brand = $1 and b.version < $2 "
        "and exists (select 1 from unnest($3::text[]) as f where b.book -> f is distinct from n.book -> f)",
        brand,
        version,
        fields,
    )
    return {row["version"]: row["book"] for row in rows}


async def put_off(connection: db.Connection, brand: str, case_id: UUID) -> None:
    """Ask this case's clocks again in a minute."""
    await connection.execute(
        "update care_case set next_fire_at = moment() + interval '1 minute' where brand = $1 and id = $2", brand, case_id
    )


async def orphans(connection: db.Connection, policy: Policy, limit: int) -> list[File]:
    """Open cases of a brand with an owner or a department that its book does not have, or without an owner where the book gives each case one at once,
    locked. Left out are those that wait in the queue because it was decided so, those that another instance holds, and those that were decided under a
    newer book than this one."""
    book = policy.book
    rows = await connection.fetch(
        "select * from care_case where brand = $1 and state = any($2::text[]) and book_version <= $3 "
        "and (owner <> all($4::text[]) or department <> all($5::text[]) or (owner is null and given is null and $6)) "
        "order by seq limit $7 for update skip locked",
        book.brand,
        OPEN,
        policy.version,
        [member.id for member in book.team],
        [department.id for department in book.departments],
        gives_at_once(book),
        limit,
    )
    return [file_of(row) for row in rows]


async def open_cases(connection: db.Connection, brand: str, before: int | None, most_mentions: int, limit: int) -> list[tuple[int, File]]:
    """Open cases of a brand by sequence number, newest first, those below `before`; only those with few enough mentions to be computed here."""
    rows = await connection.fetch(
        "select * from care_case where brand = $1 and state = any($2::text[]) and ($3::bigint is null or seq < $3) "
        "and (state_json ->> 'mentions_total')::int <= $4 order by seq desc limit $5",
        brand,
        OPEN,
        before,
        most_mentions,
        limit,
    )
    return [(row["seq"], file_of(row)) for row in rows]


async def count_open(connection: db.Connection, brand: str) -> int:
    found: int = await connection.fetchval("select count(*) from care_case where brand = $1 and state = any($2::text[])", brand, OPEN)
    return found


async def tell_story(connection: db.Connection, rows: Sequence[Story]) -> None:
    if rows:
        events = [row.outgoing.event for row in rows]
        assert all(isinstance(event, CaseEvent) for event in events)
        await connection.execute(
            "insert into timeline (case_id, brand, version, event_id, at, what, actor, traceparent, detail) select * from unnest($1::uuid[], "
            "$2::text[], $3::int[], $4::uuid[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::jsonb[])",
            [UUID(row.outgoing.subject) for row in rows],
            [event.brand for event in events],
            [row.outgoing.version for row in rows],
            [row.outgoing.id for row in rows],
            [row.at for row in rows],
            [glance.what(event) for event in events],
            [row.actor for row in rows],
            [row.outgoing.traceparent for row in rows],
            [dict(row.detail) for row in rows],
        )
        await notify(connection, watch.told(rows))
        await feed.add(connection, [fed for row in rows if (fed := glance.glance(row)) is not None])


async def notify(
    connection: db.Connection, rows: Sequence[tuple[UUID, str, str, UUID | None, datetime, str]], *, notice_id: UUID | None = None
) -> set[UUID]:
    """(id, brand, member, case, at, what), of a notice where it is about one. An id that is there already is the same notification. Returns those that
    are new."""
    if not rows:
        return set()
    told = await connection.fetch(
        "insert into notification (id, brand, member, case_id, at, what, notice_id) select u.*, $7 from "
        "unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::timestamptz[], $6::text[]) as u on conflict (id) do nothing returning id",
        *[[row[n] for row in rows] for n in range(6)],
        notice_id,
    )
    new = {row["id"] for row in told}
    fed = [
        Fed(brand, "notification", id, {"case_id": case_id, "at": at, "what": what}, member=member)
        for id, brand, member, case_id, at, what in rows
        if id in new
    ]
    await feed.add(connection, fed)
    return new


# --- replies --------------------------------------------------------------------------------------------------------------------------


async def sent(connection: db.Connection, ids: Sequence[UUID]) -> tuple[set[UUID], set[UUID]]:
    """Which of these replies are known to have been sent, and which of those to have come back."""
    rows = await connection.fetch("select id, bounced_at is not null as bounced from sent_reply where id = any($1::uuid[])", ids)
    return {row["id"] for row in rows}, {row["id"] for row in rows if row["bounced"]}


@dataclass(frozen=True, slots=True)
class Sent:
    """A reply that reached the customer: the case that it was written in, and the message that it answers, where it is known."""

    brand: str
    case_id: UUID
    mention_id: UUID | None
    sent_at: datetime


async def keep_sent(connection: db.Connection, found: Mapping[UUID, Sent]) -> None:
    """Keep these by their id. Raises `db.Raced` when another transaction heard of one of them meanwhile."""
    rows = sorted(found.items())
    if rows:
        inserted = await connection.fetch(
            "insert into sent_reply (id, brand, case_id, mention_id, sent_at, heard_at) select *, moment() "
            "from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::timestamptz[]) on conflict do nothing returning 1",
            [reply_id for reply_id, _ in rows],
            [row.brand for _, row in rows],
            [row.case_id for _, row in rows],
            [row.mention_id for _, row in rows],
            [row.sent_at for _, row in rows],
        )
        if len(inserted) < len(rows):
            raise db.Raced("a reply was counted as sent by another transaction")


async def keep_bounced(connection: db.Connection, found: Mapping[UUID, str]) -> None:
    """That these (id → brand), which are known as sent, have come back. Their case is locked."""
    if found:
        await connection.execute(
            "update sent_reply s set bounced_at = moment() from unnest($1::uuid[], $2::text[]) as u(id, brand) "
            "where s.id = u.id and s.brand = u.brand and s.bounced_at is null",
            list(found),
            list(found.values()),
        )


# --- reading --------------------------------------------------------------------------------------------------------------------------


async def timeline(connection: db.Connection, brand: str, case_id: UUID, after: int, limit: int) -> list[asyncpg.Record]:
    return await connection.fetch(
        "select version, event_id, at, what, actor, traceparent, detail from timeline "
        "where brand = $1 and case_id = $2 and version > $3 order by version limit $4",
        brand,
        case_id,
        after,
        limit,
    )


async def copy(connection: db.Connection, brand: str, mention_id: UUID) -> Copy | None:
    row = await connection.fetchrow("select * from mention_copy where brand = $1 and id = $2", brand, mention_id)
    return _copy(row) if row else None


async def case_mentions(connection: db.Connection, brand: str, case_id: UUID) -> list[TriagedMention]:
    rows = await connection.fetch("select * from mention_copy where brand = $1 and case_id = $2 order by received_at, id", brand, case_id)
    return [_copy(row).triaged for row in rows]


async def notes(
    connection: db.Connection, brand: str, case_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """The notes of a case and of all that were merged into it, one after the other, after a note's time and id."""
    return await connection.fetch(
        standing.HERE + f"select {note_store.COLUMNS} from note where brand = $1 and case_id in (select id from here) "
        "and ($3::timestamptz is null or (at, id) > ($3, $4)) order by at, id limit $5",
        brand,
        case_id,
        *(after or (None, None)),
        limit,
    )


async def add_note(
    connection: db.Connection, brand: str, case_id: UUID, note_id: UUID, at: datetime, author: str, text: str, mentions: Sequence[str] = ()
) -> None:
    await connection.execute(
        "insert into note (id, brand, case_id, at, author, text, mentions) values ($1, $2, $3, $4, $5, $6, $7)",
        note_id,
        brand,
        case_id,
        at,
        author,
        text,
        mentions,
    )


# --- brand books ------------------------------------------------------------------------------------------------------------


async def newest_book(connection: db.Connection, brand: str, *, lock: bool = False) -> asyncpg.Record | None:
    """The newest version of a brand's book. With `lock`, nobody else publishes one of this brand until the transaction ends."""
    if lock:
        await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 1))", brand)
    return await connection.fetchrow("select * from brand_book where brand = $1 order by version desc limit 1", brand)


async def newest_books(connection: db.Connection) -> list[asyncpg.Record]:
    """The newest book of every brand, for what is about all brands alike."""
    return await connection.fetch("select distinct on (brand) * from brand_book order by brand, version desc")


async def add_book(
    connection: db.Connection,
    brand: str,
    version: int,
    source: str,
    book: Mapping[str, Any],
    at: datetime,
    by: str,
    fields: Sequence[str],
    note: str | None,
) -> None:
    await connection.execute(
        "insert into brand_book (brand, version, source, book, published_at, published_by, fields, note) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8)",
        brand,
        version,
        source,
        book,
        at,
        by,
        fields,
        note,
    )


async def books(connection: db.Connection, brand: str, before: int | None, limit: int) -> list[asyncpg.Record]:
    """Versions of a brand's book, newest first, those below `before`; without what stands in them."""
    return await connection.fetch(
        "select version, published_at, published_by, fields, note from brand_book "
        "where brand = $1 and ($2::int is null or version < $2) order by version desc limit $3",
        brand,
        before,
        limit,
    )


async def book(connection: db.Connection, brand: str, version: int) -> asyncpg.Record | None:
    return await connection.fetchrow("select * from brand_book where brand = $1 and version = $2", brand, version)


async def unknown_cases(connection: db.Connection, brand: str, case_ids: Sequence[UUID]) -> list[UUID]:
    """Which of these this brand has no case of."""
    rows = await connection.fetch(
        "select id from unnest($2::uuid[]) as u(id) where not exists (select from care_case c where c.brand = $1 and c.id = u.id) order by id",
        brand,
        case_ids,
    )
    return [row["id"] for row in rows]
