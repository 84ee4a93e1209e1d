"""Cursors, leases and rejects of mailboxes in Postgres. Every function takes the connection first; every query about a brand's data takes the brand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from libs.common import db
from services.ingest.channels.imap import Envelope
from services.ingest.mailbox import Cursor


@dataclass(frozen=True, slots=True)
class Place:
    """A mailbox of a brand. `account` is the channel's id; `identity` tells apart what it was before the book changed."""

    brand: str
    account: str
    identity: str


async def lease(connection: db.Connection, place: Place, instance: str, lease_s: float) -> bool:
    """Whether the mailbox is this instance's from now on: one that nobody watches, or whose watcher has been silent for too long."""
    found = await connection.fetchval(
        "insert into mailbox as m (brand, account, identity, leased_by, leased_until) "
        "values ($1, $2, $3, $4, now() + $5::float8 * interval '1 second') "
        "on conflict (brand, account, identity) do update set leased_by = excluded.leased_by, leased_until = excluded.leased_until "
        "where m.leased_by is null or m.leased_by = excluded.leased_by or m.leased_until < now() returning true",
        place.brand,
        place.account,
        place.identity,
        instance,
        lease_s,
    )
    return found is True


async def adopt(connection: db.Connection, place: Place, former: Sequence[str]) -> None:
    """A mailbox that has no cursor yet goes on with that of its `former` identities that was read last.

    Whoever holds that one's lease still loses it when it next moves the cursor, and the mailbox is free when that lease ends.
    """
    await connection.execute(
        "update mailbox set identity = $3 where (brand, account, identity) = ("
        "select brand, account, identity from mailbox where brand = $1 and account = $2 and identity = any($4) and uidvalidity is not null "
        "order by last_ok_at desc nulls last limit 1) "
        "and not exists (select from mailbox where brand = $1 and account = $2 and identity = $3)",
        place.brand,
        place.account,
        place.identity,
        former,
    )


async def renew(connection: db.Connection, places: Sequence[Place], instance: str, lease_s: float) -> set[Place]:
    """Hold on to the mailboxes of this instance; those that are another's by now are not returned."""
    rows = await connection.fetch(
        "update mailbox m set leased_until = now() + $5::float8 * interval '1 second' "
        "from unnest($1::text[], $2::text[], $3::text[]) as u(brand, account, identity) "
        "where m.brand = u.brand and m.account = u.account and m.identity = u.identity and m.leased_by = $4 "
        "returning m.brand, m.account, m.identity",
        [place.brand for place in places],
        [place.account for place in places],
        [place.identity for place in places],
        instance,
        lease_s,
    )
    return {Place(**row) for row in rows}


async def release(connection: db.Connection, place: Place, instance: str) -> None:
    """Another instance need not wait until the lease ends."""
    await connection.execute(
        "update mailbox set leased_by = null, leased_until = null where brand = $1 and account = $2 and identity = $3 and leased_by = $4",
        place.brand,
        place.account,
        place.identity,
        instance,
    )


async def cursor(connection: db.Connection, place: Place) -> Cursor | None:
    """None for a mailbox that was not seen yet."""
    row = await connection.fetchrow(
        "select uidvalidity, last_uid, boundary_uid, reread, started_at, since, history_uid from mailbox "
        "where brand = $1 and account = $2 and identity = $3 and uidvalidity is not null",
        place.brand,
        place.account,
        place.identity,
    )
    return Cursor(**row) if row else None


@dataclass(frozen=True, slots=True)
class Step:
    """What a chunk of mails came to. `rejects` are those that could not be taken in, each with the reason."""

    cursor: Cursor
    behind: int
    taken: int = 0
    last_mail_at: datetime | None = None
    rejects: Sequence[tuple[Envelope, str]] = ()


async def advance(connection: db.Connection, place: Place, instance: str, step: Step) -> bool:
    """Keep how far a mailbox is taken in, with the rejects on the way; false, and nothing is kept, when it is another instance's by now."""
    at = step.cursor
    mine = await connection.fetchval(
        "update mailbox set uidvalidity = $5, last_uid = $6, boundary_uid = $7, reread = $8, started_at = $9, since = $10, history_uid = $11, "
        "behind = $12, taken = taken + $13, rejected = rejected + $14, last_mail_at = greatest(last_mail_at, $15), last_ok_at = now() "
        "where brand = $1 and account = $2 and identity = $3 and leased_by = $4 returning true",
        place.brand,
        place.account,
        place.identity,
        instance,
        at.uidvalidity,
        at.last_uid,
        at.boundary_uid,
        at.reread,
        at.started_at,
        at.since,
        at.history_uid,
        step.behind,
        step.taken,
        len(step.rejects),
        step.last_mail_at,
    )
    if mine and step.rejects:
        await connection.execute(
            "insert into mailbox_reject (brand, account, identity, uidvalidity, uid, bytes, arrived_at, reason) "
            "select $1, $2, $3, $4, * from unnest($5::bigint[], $6::bigint[], $7::timestamptz[], $8::text[]) on conflict do nothing",
            place.brand,
            place.account,
            place.identity,
            at.uidvalidity,
            [envelope.uid for envelope, _ in step.rejects],
            [envelope.size for envelope, _ in step.rejects],
            [envelope.arrived_at for envelope, _ in step.rejects],
            [reason for _, reason in step.rejects],
        )
    return mine is True


async def tell(connection: db.Connection, place: Place, state: str, why: str | None, next_try_at: datetime | None) -> None:
    """How a mailbox is: `why` when it is not read now."""
    await connection.execute(
        "update mailbox set state = $4, why = $5, next_try_at = $6, last_error = coalesce($5, last_error), "
        "last_error_at = case when $5::text is null then last_error_at else now() end, "
        "last_ok_at = case when $5::text is null then now() else last_ok_at end "
        "where brand = $1 and account = $2 and identity = $3",
        place.brand,
        place.account,
        place.identity,
        state,
        why,
        next_try_at,
    )


async def tell_unwatched(connection: db.Connection, place: Place, state: str, why: str) -> bool:
    """How a mailbox is that nobody watches. False, and nothing is told, of one that somebody does."""
    told = await connection.fetchval(
        "insert into mailbox as m (brand, account, identity, state, why) values ($1, $2, $3, $4, $5) "
        "on conflict (brand, account, identity) do update set state = $4, why = $5, next_try_at = null "
        "where m.leased_by is null or m.leased_until < now() returning true",
        place.brand,
        place.account,
        place.identity,
        state,
        why,
    )
    return told is True


async def mailboxes(connection: db.Connection, brand: str) -> Sequence[asyncpg.Record]:
    """All that were ever watched for a brand."""
    return await connection.fetch("select * from mailbox where brand = $1", brand)


async def rejects(
    connection: db.Connection, brand: str, account: str, after: tuple[datetime, int] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """Mails of an account that could not be taken in, the latest first, beyond the (rejected_at, uid) given."""
    return await connection.fetch(
        "select uidvalidity, uid, bytes, arrived_at, reason, rejected_at from mailbox_reject where brand = $1 and account = $2 "
        "and ($3::timestamptz is null or (rejected_at, uid) < ($3, $4)) order by rejected_at desc, uid desc limit $5",
        brand,
        account,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )


async def purge_rejects(connection: db.Connection, brand: str, before: datetime, limit: int) -> int:
    """Forget at most `limit` rejects of a brand from before that moment; return how many there were."""
    gone = await connection.fetch(
        "delete from mailbox_reject where ctid = any(array(select ctid from mailbox_reject where brand = $1 and rejected_at < $2 limit $3)) "
        "and brand = $1 returning uid",
        brand,
        before,
        limit,
    )
    return len(gone)
