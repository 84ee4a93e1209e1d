"""Triage's SQL: customers, mentions, evidence. Every function takes the connection first and every query names the brand or an id of ours."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from libs.common import db
from libs.common.events import Identity, Mention, TriagedMention, deterministic_id
from services.triage import group

IdentityKey = tuple[str, str, str, str]
"""Brand, kind, channel ('' where it is the same on all), value."""


@dataclass(frozen=True, slots=True)
class MentionRow:
    """A mention as it stands here, and the version of that."""

    triaged: TriagedMention
    version: int
    book_version: int
    traceparent: str | None


def row_of(row: asyncpg.Record) -> MentionRow:
    triaged = TriagedMention(
        mention=Mention.model_validate(row["mention"]),
        findings=row["findings"],
        customer_id=row["customer_id"],
        group_id=row["group_id"],
        evidence=row["evidence"],
        topic_id=row["topic_id"],
        follows=row["follows"],
        removed=row["removed"],
        triaged_at=row["triaged_at"],
    )
    return MentionRow(triaged, row["version"], row["book_version"], row["traceparent"])


def moment_of(row: MentionRow) -> datetime:
    return group.moment(row.triaged.mention)


async def mentions(connection: db.Connection, ids: Sequence[UUID]) -> dict[UUID, MentionRow]:
    """The mentions with these ids, locked in id order. `ids` come from events, each of which names its brand."""
    rows = await connection.fetch("select * from mention where id = any($1::uuid[]) order by id for update", ids)
    return {row["id"]: row_of(row) for row in rows}


async def lock(connection: db.Connection, brand: str, ids: Sequence[UUID], known: Mapping[UUID, MentionRow]) -> dict[UUID, MentionRow]:
    """As `mentions`, of a brand's; those that still are as they are `known` are not read again."""
    rows = await connection.fetch(
        "select id, version from mention where brand = $1 and id = any($2::uuid[]) order by id for update", brand, ids
    )
    same = {row["id"]: known[row["id"]] for row in rows if row["id"] in known and known[row["id"]].version == row["version"]}
    read = await mentions(connection, [row["id"] for row in rows if row["id"] not in same])
    return {row["id"]: same.get(row["id"]) or read[row["id"]] for row in rows}


async def these(connection: db.Connection, brand: str, ids: Sequence[UUID]) -> dict[UUID, MentionRow]:
    """Mentions of a brand as they stand, not locked."""
    rows = await connection.fetch("select * from mention where brand = $1 and id = any($2::uuid[])", brand, ids)
    return {row["id"]: row_of(row) for row in rows}


async def moments(connection: db.Connection, ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """What the windows of these mentions, roots of groups, are measured from; locked in id order."""
    if not ids:
        return {}
    rows = await connection.fetch("select id, moment from mention where id = any($1::uuid[]) order by id for update", ids)
    return {row["id"]: row["moment"] for row in rows}


async def members(connection: db.Connection, brands: Collection[str], group_ids: Sequence[UUID]) -> dict[UUID, MentionRow]:
    """All mentions of these groups, which are of these brands, locked in id order. A group never crosses brands: its root's id is made
    from the brand."""
    if not group_ids:
        return {}
    rows = await connection.fetch(
        "select * from mention where brand = any($1::text[]) and group_id = any($2::uuid[]) order by id for update",
        list(brands),
        group_ids,
    )
    return {row["id"]: row_of(row) for row in rows}


async def now_and_deleted(connection: db.Connection, ids: Sequence[UUID]) -> tuple[datetime, set[UUID]]:
    """The transaction's time, by the database's clock, and those of the mentions that were taken back before we saw them."""
    row = await connection.fetchrow("select now() as now, array(select id from deleted_mention where id = any($1::uuid[])) as gone", ids)
    assert row is not None
    return row["now"], set(row["gone"])


def _identity_key(brand: str, identity: Identity) -> IdentityKey:
    return (brand, identity.kind, identity.channel or "", identity.value)


async def customers(connection: db.Connection, found: Sequence[tuple[Mention, Sequence[Identity]]]) -> dict[UUID, UUID]:
    """Mention id → customer, given each mention with what identifies its author. The first identity that is known decides; one that nobody
    knows yet becomes that customer's. Where nothing identifies the author the mention is of a customer of its own.

    An identity never moves from one customer to another here, and two customers are never merged. Raises `db.Raced` when another transaction
    met one of the identities first: what it decided must be seen before anything is.
    """
    if not found:
        return {}
    known = await _identities(connection, sorted({_identity_key(m.brand, identity) for m, author in found for identity in author}))
    resolved: dict[UUID, UUID] = {}
    new: dict[IdentityKey, UUID] = {}
    for mention, author in found:
        keys = [_identity_key(mention.brand, identity) for identity in author]
        customer = next((known[key] for key in keys if key in known), None)
        if customer is None:
            named = keys[0][1:] if keys else ("nobody", str(mention.id))
            customer = deterministic_id(mention.brand, "customer", *named)
        for key in keys:
            if key not in known:
                known[key] = new[key] = customer
        resolved[mention.id] = customer
    if new and await _insert_identities(connection, new) < len(new):
        raise db.Raced("another transaction met an identity first")
    return resolved


async def _identities(connection: db.Connection, keys: Sequence[IdentityKey]) -> dict[IdentityKey, UUID]:
    rows = await connection.fetch(
        "select i.* from identity i join unnest($1::text[], $2::text[], $3::text[], $4::text[]) as u(brand, kind, channel, value) "
        "using (brand, kind, channel, value)",
        *[[key[n] for key in keys] for n in range(4)],
    )
    return {(row["brand"], row["kind"], row["channel"], row["value"]): row["customer_id"] for row in rows}


async def _insert_identities(connection: db.Connection, new: Mapping[IdentityKey, UUID]) -> int:
    """Insert in sorted order and return how many were new; the rest, somebody else inserted at the same moment."""
    rows = sorted(new.items())
    inserted = await connection.fetch(
        "insert into identity (brand, kind, channel, value, customer_id) "
        "select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::uuid[]) on conflict do nothing returning 1",
        *[[key[n] for key, _ in rows] for n in range(4)],
        [customer for _, customer in rows],
    )
    return len(inserted)


@dataclass(frozen=True, slots=True)
class Showing:
    """Keys that a mention (or our answer to it) shows, for the group that it is in."""

    mention_id: UUID
    group_id: UUID
    brand: str
    customer_id: UUID
    at: datetime
    keys: Sequence[group.Key]


async def show(connection: db.Connection, found: Sequence[Showing]) -> dict[group.Key, group.Shown]:
    """Lock the evidence rows of all keys in sorted order, making those that nobody showed before, and return what is known of each."""
    first: dict[group.Key, Showing] = {}
    for showing in found:
        for key in showing.keys:
            first.setdefault(key, showing)
    if not first:
        return {}
    ordered = sorted(first)
    inserted = await connection.fetch(
        "insert into evidence (brand, kind, value, group_id, mention_id, authors, last_at) "
        "select b, k, v, g, m, array[c], t from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], "
        "$7::timestamptz[]) as u(b, k, v, g, m, c, t) on conflict do nothing returning brand, kind, value",
        [key.brand for key in ordered],
        [key.kind for key in ordered],
        [key.value for key in ordered],
        [first[key].group_id for key in ordered],
        [first[key].mention_id for key in ordered],
        [first[key].customer_id for key in ordered],
        [first[key].at for key in ordered],
    )
    fresh = {group.Key(row["brand"], row["kind"], row["value"]) for row in inserted}
    shown = {}
    for key in fresh:
        showing = first[key]
        shown[key] = group.Shown(showing.group_id, showing.mention_id, [showing.customer_id], showing.at, fresh=True)
    if known := [key for key in ordered if key not in fresh]:
        rows = await connection.fetch(
            "select e.* from evidence e join unnest($1::text[], $2::text[], $3::text[]) as u(brand, kind, value) "
            "using (brand, kind, value) order by e.brand, e.kind, e.value for update of e",
            [key.brand for key in known],
            [key.kind for key in known],
            [key.value for key in known],
        )
        if len(rows) < len(known):
            raise db.Raced("evidence was forgotten at this moment")
        for row in rows:
            key = group.Key(row["brand"], row["kind"], row["value"])
            shown[key] = group.Shown(row["group_id"], row["mention_id"], list(row["authors"]), row["last_at"])
    return shown


async def insert(connection: db.Connection, rows: Sequence[MentionRow]) -> None:
    """Insert new mentions; their sequence numbers follow the order given."""
    if rows:
        await connection.execute(
            "insert into mention (id, brand, version, customer_id, group_id, moment, removed, triaged_at, book_version, traceparent, "
            "mention, findings, evidence, topic_id, follows) select i, b, v, c, g, m, r, t, bv, tp, me::jsonb, f::jsonb, e::jsonb, ti, fo "
            "from unnest($1::uuid[], $2::text[], $3::int[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::bool[], $8::timestamptz[], $9::int[], "
            "$10::text[], $11::text[], $12::text[], $13::text[], $14::uuid[], $15::uuid[]) "
            "with ordinality as u(i, b, v, c, g, m, r, t, bv, tp, me, f, e, ti, fo, n) order by n",
            *_columns(rows),
        )


async def update(connection: db.Connection, rows: Sequence[MentionRow]) -> None:
    """Write these as they are now. What was said in a mention never changes, but that it goes when it is taken back."""
    if rows:
        columns = _columns(rows, said=False)
        await connection.execute(
            "update mention set version = v, group_id = g, removed = r, mention = coalesce(me::jsonb, mention), findings = f::jsonb, evidence = e::jsonb, "
            "topic_id = ti, follows = fo from unnest($1::uuid[], $2::text[], $3::int[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::bool[], "
            "$8::timestamptz[], $9::int[], $10::text[], $11::text[], $12::text[], $13::text[], $14::uuid[], $15::uuid[]) "
            "as u(i, b, v, c, g, m, r, t, bv, tp, me, f, e, ti, fo) where id = i and brand = b",
            *columns,
        )


def _json(value: object) -> str:
    """JSON as text: asyncpg would read a list of lists as an array of two dimensions, also where each stands for one JSON value."""
    return orjson.dumps(value).decode()


def _columns(rows: Sequence[MentionRow], *, said: bool = True) -> list[list[Any]]:
    """`said`: also what was said in mentions that are still there."""
    return [
        [row.triaged.mention.id for row in rows],
        [row.triaged.mention.brand for row in rows],
        [row.version for row in rows],
        [row.triaged.customer_id for row in rows],
        [row.triaged.group_id for row in rows],
        [group.moment(row.triaged.mention) for row in rows],
        [row.triaged.removed for row in rows],
        [row.triaged.triaged_at for row in rows],
        [row.book_version for row in rows],
        [row.traceparent for row in rows],
        [row.triaged.mention.model_dump_json() if said or row.triaged.removed else None for row in rows],
        [row.triaged.findings.model_dump_json() for row in rows],
        [_json([item.model_dump(mode="json") for item in row.triaged.evidence]) for row in rows],
        [row.triaged.topic_id for row in rows],
        [row.triaged.follows for row in rows],
    ]


async def keep_shown(connection: db.Connection, shown: Mapping[group.Key, group.Shown]) -> None:
    """Write the evidence that this batch changed. An array of arrays would have to be square, so authors travel as JSON."""
    changed = sorted((key, known) for key, known in shown.items() if known.changed)
    if changed:
        await connection.execute(
            "update evidence e set group_id = u.g, mention_id = u.m, last_at = u.t, shown_at = now(), "
            "authors = array(select x::uuid from jsonb_array_elements_text(u.a::jsonb) as x) "
            "from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::text[]) "
            "as u(brand, kind, value, g, m, t, a) "
            "where e.brand = u.brand and e.kind = u.kind and e.value = u.value",
            [key.brand for key, _ in changed],
            [key.kind for key, _ in changed],
            [key.value for key, _ in changed],
            [known.group_id for _, known in changed],
            [known.mention_id for _, known in changed],
            [known.last_at for _, known in changed],
            [_json([str(author) for author in known.authors]) for _, known in changed],
        )


async def move_evidence(connection: db.Connection, merged: Mapping[UUID, UUID], root: Callable[[UUID], UUID]) -> None:
    """The evidence of a merged group stands for the group that it was merged into, also where this batch did not touch it."""
    if merged:
        losers = sorted(merged)
        await connection.execute(
            "update evidence e set group_id = u.winner from unnest($1::uuid[], $2::uuid[]) as u(loser, winner) "
            "where e.group_id = u.loser and e.brand = (select brand from mention where id = u.loser)",
            losers,
            [root(loser) for loser in losers],
        )


async def lock_evidence(connection: db.Connection, brand: str, group_ids: Sequence[UUID]) -> None:
    """Lock the evidence of these groups, in the order in which batches of mentions do."""
    await connection.execute(
        "select 1 from evidence where brand = $1 and group_id = any($2::uuid[]) order by brand, kind, value for update", brand, group_ids
    )


async def leave_evidence(connection: db.Connection, left: Sequence[tuple[str, UUID, UUID, UUID]]) -> None:
    """(brand, mention, its group before, its group now): what the mention was the first to show goes with it."""
    if left:
        await connection.execute(
            "update evidence e set group_id = u.now from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[]) as u(b, m, before, now) "
            "where e.brand = u.b and e.group_id = u.before and e.mention_id = u.m",
            *[[row[n] for row in left] for n in range(4)],
        )


async def forget_evidence(connection: db.Connection, brand: str, windows: Mapping[str, timedelta], kept: timedelta, limit: int) -> int:
    """Remove at most `limit` of a brand's evidence by which nobody can be linked any more; return how much there was.

    `windows` by kind, "" for the rest: how long evidence holds. What was shown by our clock within `kept` stays, whatever it is dated: an import
    of history may still be under way, and the log may be read again.
    """
    named = [kind for kind in windows if kind]
    rows = await connection.fetch(
        "delete from evidence where (brand, kind, value) in (select brand, kind, value from evidence where brand = $1 "
        "and shown_at < now() - $2::interval and last_at < now() - coalesce(($3::interval[])[array_position($4::text[], kind)], $5) "
        "limit $6 for update skip locked) returning 1",
        brand,
        kept,
        [windows[kind] for kind in named],
        named,
        windows[""],
        limit,
    )
    return len(rows)


async def forget_evidence_of_removed(connection: db.Connection, brand: str) -> int:
    """Remove what the mentions of a group showed once all of them were taken back; return how much there was."""
    rows = await connection.fetch(
        "delete from evidence where (brand, kind, value) in (select e.brand, e.kind, e.value from evidence e "
        "where e.brand = $1 and e.group_id in (select m.group_id from mention m where m.brand = $1 and m.removed) "
        "and not exists (select from mention m where m.brand = $1 and m.group_id = e.group_id and not m.removed) "
        "for update skip locked) returning 1",
        brand,
    )
    return len(rows)


async def keep_deleted(connection: db.Connection, found: Mapping[UUID, str]) -> None:
    if found:
        await connection.execute(
            "insert into deleted_mention (id, brand) select * from unnest($1::uuid[], $2::text[]) on conflict do nothing",
            list(found),
            list(found.values()),
        )


async def count_imports(connection: db.Connection, counts: Mapping[tuple[str, str], Sequence[int]]) -> None:
    if counts:
        rows = sorted(counts.items())
        await connection.execute(
            "insert into import_count (brand, import_id, received, repeated) "
            "select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) on conflict (brand, import_id) "
            "do update set received = import_count.received + excluded.received, repeated = import_count.repeated + excluded.repeated",
            [brand for (brand, _), _ in rows],
            [import_id for (_, import_id), _ in rows],
            [counted[0] for _, counted in rows],
            [counted[1] for _, counted in rows],
        )


# --- reading --------------------------------------------------------------------------------------------------------------------------


async def groups_of(connection: db.Connection, brand: str, mention_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Mention → its group, of those that there are."""
    rows = await connection.fetch("select id, group_id from mention where brand = $1 and id = any($2::uuid[])", brand, mention_ids)
    return {row["id"]: row["group_id"] for row in rows}


async def mention(connection: db.Connection, brand: str, mention_id: UUID) -> MentionRow | None:
    row = await connection.fetchrow("select * from mention where brand = $1 and id = $2", brand, mention_id)
    return row_of(row) if row else None


async def page(connection: db.Connection, brand: str, after: int, limit: int) -> list[tuple[int, MentionRow]]:
    """Mentions in the order in which we saw them, after a sequence number."""
    rows = await connection.fetch("select * from mention where brand = $1 and seq > $2 order by seq limit $3", brand, after, limit)
    return [(row["seq"], row_of(row)) for row in rows]


async def group_of(connection: db.Connection, brand: str, group_id: UUID, limit: int = 500) -> list[MentionRow]:
    rows = await connection.fetch(
        "select * from mention where brand = $1 and group_id = $2 order by moment, id limit $3", brand, group_id, limit
    )
    return [row_of(row) for row in rows]


async def identities_of(connection: db.Connection, brand: str, customer_id: UUID) -> list[Identity]:
    rows = await connection.fetch(
        "select kind, channel, value from identity where brand = $1 and customer_id = $2 order by kind, channel, value", brand, customer_id
    )
    return [Identity(kind=row["kind"], value=row["value"], channel=row["channel"] or None) for row in rows]


async def import_counts(connection: db.Connection, brand: str, import_id: str) -> tuple[int, int]:
    """Mentions of an import that reached triage, and how many of those it knew already."""
    row = await connection.fetchrow("select received, repeated from import_count where brand = $1 and import_id = $2", brand, import_id)
    return (row["received"], row["repeated"]) if row else (0, 0)
