"""Stop the line: what a brand does not send for now, laid and released by people, told at once.

A person's decision comes in; a row, an event in the priority lane of the outbox and a line for every lead go out in one transaction. From its commit the
hold stands, whatever becomes of this process: every lease carries all holds that do (`lease.py`), and what has no fresh lease sends nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from libs.common import db, outbox, telemetry
from libs.common.bookteam import Notify
from libs.common.errors import Conflict
from libs.common.events import HoldEvent, HoldScope, SendingHeld, SendingHold, SendingLease, SendingReleased, deterministic_id
from libs.common.holds import MOST_STANDING
from libs.common.outbox import Outgoing
from services.routing import notice, store, timer
from services.routing.notice import Notice
from services.routing.sla import Policy
from services.routing.timer import Timer

TIMER = "hold"
_TOLD_FOR = timedelta(days=1)
"""So long after its release a hold travels with the leases, for whoever was away; longer than their topic keeps anything."""
_MOST_TOLD = 2 * MOST_STANDING
_COLUMNS = ", ".join(SendingHold.model_fields)


@dataclass(frozen=True, slots=True)
class Holder:
    """A brand as its holds see it: whom they are told to, and the book that was in force."""

    brand: str
    book_version: int
    leads: tuple[str, ...]
    ways: tuple[tuple[str, Notify], ...] = ()
    """How those of the leads are told who have a way of their own."""
    language: str = "en"


async def holder_of(connection: db.Connection, brand: str) -> Holder | None:
    """By the newest book in the database: what the services have read of it must not decide whether a hold can be laid."""
    row = await connection.fetchrow(
        "select version, book -> 'team' as team, book -> 'languages' ->> 0 as language from brand_book "
        "where brand = $1 order by version desc limit 1",
        brand,
    )
    if row is None:
        return None
    leads = [member for member in row["team"] or () if member.get("role") in ("lead", "spokesperson")]
    ways = tuple((member["id"], Notify.model_validate(way)) for member in leads for way in member.get("notify") or ())
    return Holder(brand, row["version"], tuple(member["id"] for member in leads), ways, row["language"] or "en")


def _hold(row: asyncpg.Record) -> SendingHold:
    return SendingHold.model_validate({name: row[name] for name in SendingHold.model_fields})


# --- reading ------------------------------------------------------------------------------------------------------------------------


async def leases(connection: db.Connection) -> list[SendingLease]:
    """Of every brand that has a book: what may be sent, as it stands now. About all brands alike."""
    rows = await connection.fetch(
        "select b.brand, b.version, coalesce(h.held, false) as held, coalesce(h.hold_version, 0) as hold_version, h.reason, "
        f"moment() as decided_at, {_TOLD} as holds "
        "from (select brand, max(version) as version from brand_book group by brand) b left join hold h using (brand)",
        _TOLD_FOR,
        _MOST_TOLD,
    )
    return [
        SendingLease(
            brand=row["brand"],
            book_version=row["version"],
            held=row["held"],
            hold_version=row["hold_version"],
            reason=row["reason"],
            decided_at=row["decided_at"],
            holds=row["holds"],
        )
        for row in rows
    ]


_TOLD = (
    f"coalesce((select jsonb_agg(to_jsonb(t) order by t.version) from (select {_COLUMNS} from sending_hold s where s.brand = b.brand "
    "and coalesce(s.released_at, 'infinity'::timestamptz) > moment() - $1::interval "
    "order by s.released_at desc nulls first, s.version desc limit $2) t), '[]')"
)
"""All that stand, and the newest of those that were released of late."""


async def told(connection: db.Connection, brand: str) -> list[SendingHold]:
    """What the next lease will carry."""
    rows = await connection.fetchval(f"select {_TOLD} from (select $3::text as brand) b", _TOLD_FOR, _MOST_TOLD, brand)
    return [SendingHold.model_validate(row) for row in rows]


async def one(connection: db.Connection, brand: str, hold_id: UUID) -> SendingHold | None:
    row = await connection.fetchrow("select * from sending_hold where brand = $1 and id = $2", brand, hold_id)
    return _hold(row) if row else None


async def standing(connection: db.Connection, brand: str) -> list[SendingHold]:
    """Those that stand, the oldest first."""
    rows = await connection.fetch(
        "select * from sending_hold where brand = $1 and coalesce(released_at, 'infinity'::timestamptz) = 'infinity' order by since, id",
        brand,
    )
    return [_hold(row) for row in rows]


async def page(
    connection: db.Connection, brand: str, *, stands: bool | None, before: tuple[datetime, UUID] | None, limit: int
) -> list[SendingHold]:
    """Holds of a brand, newest first."""
    rows = await connection.fetch(
        "select * from sending_hold where brand = $1 and ($2::boolean is null or (released_at is null) = $2) "
        "and ($3::timestamptz is null or (since, id) < ($3, $4::uuid)) order by since desc, id desc limit $5",
        brand,
        stands,
        *(before or (None, None)),
        limit,
    )
    return [_hold(row) for row in rows]


async def lock(connection: db.Connection, brand: str) -> int:
    """Nobody else holds or releases anything of this brand until the transaction ends. Returns the brand's `hold_version`."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 2))", brand)
    return int(await connection.fetchval("select hold_version from hold where brand = $1", brand) or 0)


async def summary(connection: db.Connection, brand: str) -> asyncpg.Record | None:
    """The brand's count of holds and releases, and who made the newest; none while nobody has ever held anything."""
    return await connection.fetchrow("select * from hold where brand = $1", brand)


# --- changing: the caller has locked the brand's holds ------------------------------------------------------------------------------------


async def lay(
    connection: db.Connection,
    holder: Holder,
    hold_id: UUID,
    scope: HoldScope,
    reason: str,
    until: datetime | None,
    *,
    by: str,
    at: datetime,
) -> SendingHold:
    """Stop what the scope says. Raises `Conflict` when as many stand as can."""
    brand = holder.brand
    if len(await standing(connection, brand)) >= MOST_STANDING:
        raise Conflict(f"{MOST_STANDING} holds stand already; all of them travel with every lease. Release those that are over.")
    version = await _count(connection, brand, scope.everything, reason, by, at)
    found = SendingHold(id=hold_id, version=version, laid_version=version, scope=scope, reason=reason, by=by, since=at, until=until)
    await connection.execute(
        "insert into sending_hold (id, brand, version, laid_version, scope, everything, reason, by, since, until) "
        "values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9)",
        found.id,
        brand,
        version,
        scope.model_dump(mode="json"),
        scope.everything,
        reason,
        by,
        at,
        until,
    )
    if until is not None:
        await timer.put(connection, [Timer(brand, TIMER, hold_id, "until", until)])
    await _tell(connection, holder, SendingHeld, found, by, at)
    return found


async def release(connection: db.Connection, holder: Holder, holds: Sequence[SendingHold], *, by: str, at: datetime) -> list[SendingHold]:
    """End these, which stand. What they stopped does not leave by that: the responder has people look at it again."""
    brand, released = holder.brand, []
    for found in holds:
        version = await _count(connection, brand, False, None, by, at, leaving=found.id)
        row = await connection.fetchrow(
            "update sending_hold set version = $3, released_at = $4, released_by = $5 where brand = $1 and id = $2 returning *",
            brand,
            found.id,
            version,
            at,
            by,
        )
        assert row is not None, "the caller has read it under the brand's lock"
        await timer.cancel(connection, brand, TIMER, found.id)
        released.append(_hold(row))
        await _tell(connection, holder, SendingReleased, released[-1], by, at)
    return released


async def over(connection: db.Connection, policy: Policy, due: Timer, now: datetime) -> None:
    """The time that a hold was laid for has passed."""
    await lock(connection, due.brand)
    found = await one(connection, due.brand, due.subject)
    brand = await holder_of(connection, due.brand)
    if brand is not None and found is not None and found.released_at is None:
        await release(connection, brand, [found], by="system", at=now)


async def _count(
    connection: db.Connection, brand: str, everything: bool, reason: str | None, by: str, at: datetime, *, leaving: UUID | None = None
) -> int:
    """The brand's `hold_version` after one more change; `held` and `reason` are those of what stops everything, after it."""
    version: int = await connection.fetchval(
        "with rest as (select reason from sending_hold where brand = $1 and coalesce(released_at, 'infinity'::timestamptz) = 'infinity' "
        "  and everything and id is distinct from $6 order by version desc limit 1), "
        "after as (select $2::boolean or exists (select from rest) as held, case when $2 then $3 else (select reason from rest) end as reason) "
        "insert into hold (brand, held, hold_version, reason, changed_by, changed_at) select $1, held, 1, reason, $4, $5 from after "
        "on conflict (brand) do update set held = excluded.held, hold_version = hold.hold_version + 1, reason = excluded.reason, "
        "changed_by = excluded.changed_by, changed_at = excluded.changed_at returning hold_version",
        brand,
        everything,
        reason,
        by,
        at,
        leaving,
    )
    return version


async def _tell(connection: db.Connection, holder: Holder, kind: type[HoldEvent], found: SendingHold, by: str, at: datetime) -> None:
    brand = holder.brand
    row = await summary(connection, brand)
    assert row is not None, "it was counted"
    event = kind(
        brand=brand,
        book_version=holder.book_version,
        hold=found,
        holds=await told(connection, brand),
        held=row["held"],
        hold_version=row["hold_version"],
        at=at,
        actor=by,
    )
    outgoing = Outgoing(event, brand, row["hold_version"], brand, telemetry.current_traceparent())
    await outbox.add(connection, "routing", [outgoing])
    what = "sending_held" if kind is SendingHeld else "sending_released"
    people = [member for member in holder.leads if member != by]
    await store.notify(
        connection,
        [(deterministic_id(brand, "notification", str(outgoing.id), member), brand, member, None, at, what) for member in people],
    )
    await notice.add(connection, _notices(holder, found, row["hold_version"], by, at), at)


def _notices(holder: Holder, found: SendingHold, version: int, by: str, at: datetime) -> list[Notice]:
    """What the leads are told by the ways of their own, but for whoever did it."""
    dutch, stands = holder.language == "nl", found.released_at is None
    if dutch:
        title = f"Verzending {'gestopt' if stands else 'vrijgegeven'}: {holder.brand}"
        text = (
            f"{by} heeft {'het verzenden gestopt' if stands else 'een stop op het verzenden opgeheven'}. Reden van de stop: {found.reason}"
        )
    else:
        title = f"Sending {'held' if stands else 'released'}: {holder.brand}"
        text = f"{by} has {'held sending' if stands else 'released a hold'}. Reason of the hold: {found.reason}"
    return [
        Notice(
            id=deterministic_id(holder.brand, "notice", "hold", str(found.id), str(version), member, str(number)),
            brand=holder.brand,
            about="hold",
            subject=found.id,
            to=member,
            way=way,
            title=title,
            text=text,
        )
        for number, (member, way) in enumerate(holder.ways)
        if member != by
    ]
