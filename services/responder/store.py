"""The responder's rows: copies of cases, leases, replies with their history, and what the sandbox holds.

Locks are taken in this order: copies of cases by id, then replies by id. The sender takes replies only, and skips locked ones.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from libs.common import db, outbox
from libs.common.case_events import Case
from services.responder.lease import Lease
from services.responder.reply import Change, ReplyRow

_COLUMNS = ", ".join(ReplyRow.model_fields)
_KEPT = {"id", "brand", "case_id", "created_at"}
_PUT = (
    f"insert into reply ({_COLUMNS}) select {_COLUMNS} from jsonb_populate_recordset(null::reply, $1) "
    f"on conflict (id) do update set asked_under = 0, {', '.join(f'{name} = excluded.{name}' for name in ReplyRow.model_fields if name not in _KEPT)} "
    "where reply.brand = excluded.brand"
)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A copy of a case; without `case` where only its version and state were asked for. `version` 0: known by id only."""

    case_id: UUID
    brand: str
    version: int
    state: str
    case: Case | None
    traceparent: str | None = None
    told_at: datetime | None = None


NO_CLOCK = datetime(9000, 1, 1, tzinfo=UTC)
"""When a case is due of which no clock runs: after all others."""


def due_at(case: Case) -> datetime:
    """When the first of a case's clocks that run will have run out."""
    return min((clock.due_at for clock in case.clocks if clock.met_at is None and clock.paused_at is None), default=NO_CLOCK)


def _case_row(row: Any) -> CaseRow:
    case = Case.model_validate(row["case"])
    return CaseRow(row["case_id"], row["brand"], row["version"], row["state"], case, row["traceparent"], row["told_at"])


def reply_row(row: Any) -> ReplyRow:
    """A row of `reply` as a model."""
    return ReplyRow.model_validate(dict(row))


# --- cases --------------------------------------------------------------------------------------------------------------------------


async def lock_cases(connection: db.Connection, cases: Iterable[tuple[UUID, str]]) -> dict[UUID, CaseRow]:
    """Versions and states of these (case, brand), locked in order of id; those that are new to us have version 0."""
    wanted = dict(cases)
    if not wanted:
        return {}
    rows = await connection.fetch(
        "select case_id, brand, version, state, traceparent, told_at from case_copy "
        "where case_id = any($1::uuid[]) order by case_id for update",
        sorted(wanted),
    )
    new = {case_id: CaseRow(case_id, brand, 0, "", None) for case_id, brand in wanted.items()}
    return new | {row["case_id"]: CaseRow(case=None, **dict(row)) for row in rows}


_CASE_VALUES = (
    "i, b, v, s, string_to_array(m, ' ')::uuid[], c::jsonb, tp, t, d from unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], "
    "$6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[]) as w(i, b, v, s, m, c, tp, t, d)"
)


async def insert_cases(connection: db.Connection, rows: Sequence[CaseRow]) -> None:
    """Insert copies that are new, in order of id. Raises `db.Raced` when another transaction heard of one of them meanwhile."""
    if rows:
        inserted = await connection.fetch(
            'insert into case_copy (case_id, brand, version, state, mention_ids, "case", traceparent, told_at, due_at) '
            f"select {_CASE_VALUES} on conflict do nothing returning 1",
            *_case_columns(rows),
        )
        if len(inserted) < len(rows):
            raise db.Raced("a case was copied by another transaction")


async def update_cases(connection: db.Connection, rows: Sequence[CaseRow]) -> None:
    """Write copies that `lock_cases` locked."""
    if rows:
        await connection.execute(
            'update case_copy c set version = u.v, state = u.s, mention_ids = u.m, "case" = u.c, traceparent = u.tp, told_at = u.t, due_at = u.d '
            f"from (select {_CASE_VALUES}) as u(i, b, v, s, m, c, tp, t, d) where c.case_id = u.i and c.brand = u.b",
            *_case_columns(rows),
        )


def _case_columns(rows: Sequence[CaseRow]) -> list[list[Any]]:
    """Mention ids travel as one text a row: an array of arrays would have to be square."""
    return [
        [row.case_id for row in rows],
        [row.brand for row in rows],
        [row.version for row in rows],
        [row.state for row in rows],
        [" ".join(str(mention.id) for mention in row.case.mentions) if row.case else "" for row in rows],
        [row.case.model_dump_json() if row.case else None for row in rows],
        [row.traceparent for row in rows],
        [row.told_at for row in rows],
        [due_at(row.case) if row.case else NO_CLOCK for row in rows],
    ]


async def case(connection: db.Connection, brand: str, case_id: UUID, *, lock: bool = False) -> CaseRow | None:
    """One case of this brand; none when routing has not told of it."""
    row = await connection.fetchrow(
        f"select * from case_copy where brand = $1 and case_id = $2{' for update' if lock else ''}",
        brand,
        case_id,
    )
    return _case_row(row) if row else None


async def case_by_now(connection: db.Connection, brand: str, case_id: UUID) -> CaseRow | None:
    """The case in which this case's messages are now: itself, or what it was merged into, as far as routing has told of that."""
    found = await case(connection, brand, case_id)
    seen = {case_id}
    while found and found.case and (into := found.case.merged_into) and into not in seen:
        seen.add(into)
        found = await case(connection, brand, into) or found
    return found


async def cases_of_mention(connection: db.Connection, brand: str, mention_id: UUID) -> list[CaseRow]:
    rows = await connection.fetch(
        "select * from case_copy where brand = $1 and mention_ids @> array[$2::uuid] order by case_id",
        brand,
        mention_id,
    )
    return [_case_row(row) for row in rows]


# --- leases -------------------------------------------------------------------------------------------------------------------------


async def leases(connection: db.Connection, brands: Collection[str]) -> dict[str, Lease]:
    if not brands:
        return {}
    rows = await connection.fetch(
        "select brand, hold_version, renewed_at, held, reason, book_version from brand_lease where brand = any($1::text[])", list(brands)
    )
    return {row["brand"]: Lease(**dict(row)) for row in rows}


async def put_leases(connection: db.Connection, found: Iterable[Lease]) -> None:
    """One row a brand, and only ever a newer one: higher hold, or the same hold renewed later."""
    rows = sorted(found, key=lambda lease: lease.brand)
    if not rows:
        return
    await connection.execute(
        "insert into brand_lease (brand, hold_version, renewed_at, held, reason, book_version) "
        "select * from unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::boolean[], $5::text[], $6::integer[]) "
        "on conflict (brand) do update set hold_version = excluded.hold_version, renewed_at = excluded.renewed_at, "
        "held = excluded.held, reason = excluded.reason, book_version = excluded.book_version "
        "where (excluded.hold_version, excluded.renewed_at) > (brand_lease.hold_version, brand_lease.renewed_at)",
        [row.brand for row in rows],
        [row.hold_version for row in rows],
        [row.renewed_at for row in rows],
        [row.held for row in rows],
        [row.reason for row in rows],
        [row.book_version for row in rows],
    )


async def database_time(connection: db.Connection) -> datetime:
    now: datetime = await connection.fetchval("select clock_timestamp()")
    return now


# --- replies ------------------------------------------------------------------------------------------------------------------------


async def replies_of_cases(connection: db.Connection, case_ids: Collection[UUID], others: Collection[UUID] = ()) -> list[ReplyRow]:
    """All replies of cases that are locked, and these others, locked too, in order of id."""
    if not case_ids and not others:
        return []
    rows = await connection.fetch(
        "select * from reply where case_id = any($1::uuid[]) or id = any($2::uuid[]) order by id for update", list(case_ids), list(others)
    )
    return [reply_row(row) for row in rows]


async def reply(connection: db.Connection, brand: str, reply_id: UUID, *, lock: bool = False) -> ReplyRow | None:
    row = await connection.fetchrow(
        f"select * from reply where brand = $1 and id = $2 and kind = 'reply'{' for update' if lock else ''}",
        brand,
        reply_id,
    )
    return reply_row(row) if row else None


async def replies_to(connection: db.Connection, brand: str, mention_id: UUID) -> list[ReplyRow]:
    """All replies to one message, whichever cases they stand in, locked in order of id: of two approvals the second sees the first."""
    rows = await connection.fetch("select * from reply where brand = $1 and mention_id = $2 order by id for update", brand, mention_id)
    return [reply_row(row) for row in rows]


async def approved_before(connection: db.Connection, brand: str, ago: timedelta, limit: int) -> list[ReplyRow]:
    """What has been approved for longer than `ago`, locked; those that others hold locked are left out."""
    rows = await connection.fetch(
        "select * from reply where brand = $1 and state = 'approved' and kind = 'reply' and approved_at <= clock_timestamp() - $2::interval "
        "order by approved_at, id limit $3 for update skip locked",
        brand,
        ago,
        limit,
    )
    return [reply_row(row) for row in rows]


async def others_to(connection: db.Connection, brand: str, mention_id: UUID) -> list[ReplyRow]:
    """All replies to one message as they are, to show."""
    rows = await connection.fetch("select * from reply where brand = $1 and mention_id = $2 order by id", brand, mention_id)
    return [reply_row(row) for row in rows]


async def page(
    connection: db.Connection,
    brand: str,
    *,
    state: str | None,
    case_id: UUID | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[ReplyRow]:
    """Replies of a brand, newest first."""
    rows = await connection.fetch(
        "select * from reply where brand = $1 and kind = 'reply' and ($2::text is null or state = $2) and ($3::uuid is null or case_id = $3) "
        "and ($4::timestamptz is null or (created_at, id) < ($4, $5::uuid)) order by created_at desc, id desc limit $6",
        brand,
        state,
        case_id,
        before[0] if before else None,
        before[1] if before else None,
        limit,
    )
    return [reply_row(row) for row in rows]


async def replies_about(connection: db.Connection, brand: str, mention_id: UUID, case_ids: Collection[UUID]) -> list[ReplyRow]:
    """Replies to this mention, and all others of these cases."""
    rows = await connection.fetch(
        "select * from reply where brand = $1 and (mention_id = $2 or case_id = any($3::uuid[])) order by created_at, id",
        brand,
        mention_id,
        list(case_ids),
    )
    return [reply_row(row) for row in rows]


async def put_replies(connection: db.Connection, rows: Iterable[ReplyRow]) -> None:
    """Write replies that the caller has locked or that are new."""
    if values := [row.model_dump(mode="json") for row in rows]:
        await connection.execute(_PUT, values)


async def record(connection: db.Connection, changes: Sequence[Change]) -> None:
    """A line of history for each step of each change."""
    changes = [step for change in changes for step in change.steps()]
    if not changes:
        return
    outgoing = [change.outgoing() for change in changes]
    await connection.execute(
        "insert into reply_history (brand, reply_id, version, what, who, at, event_id, traceparent, detail) "
        "select b, r, v, w, p, a, e, t, d from unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], "
        "$6::timestamptz[], $7::uuid[], $8::text[], $9::jsonb[]) with ordinality as u(b, r, v, w, p, a, e, t, d, n) order by n",
        [change.row.brand for change in changes],
        [change.row.id for change in changes],
        [change.row.version for change in changes],
        [change.what for change in changes],
        [change.who for change in changes],
        [change.at for change in changes],
        [item.id if item else None for item in outgoing],
        [change.row.traceparent for change in changes],
        [dict(change.detail) for change in changes],
    )


async def tell(connection: db.Connection, changes: Sequence[Change]) -> None:
    """History and events of changes that are written already, in the same transaction."""
    await record(connection, changes)
    await outbox.add(connection, "responder", [item for item in (step.outgoing() for change in changes for step in change.steps()) if item])


async def history(connection: db.Connection, brand: str, reply_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """What happened to these replies, oldest first."""
    rows = await connection.fetch(
        "select reply_id, version, what, who, at, event_id, traceparent, detail from reply_history "
        "where brand = $1 and reply_id = any($2::uuid[]) order by id",
        brand,
        list(reply_ids),
    )
    return [dict(row) for row in rows]


async def waiting_counts(connection: db.Connection) -> list[tuple[str, str, int]]:
    """(brand, state, number) of what has not come to an end: for the metric only, which names no person."""
    rows = await connection.fetch(
        "select brand, state, count(*) as number from reply "
        "where state in ('draft', 'submitted', 'approved', 'sending', 'unconfirmed') group by brand, state"
    )
    return [(row["brand"], row["state"], row["number"]) for row in rows]


class LeaseAge(NamedTuple):
    """A brand's sending lease, and how long its reply that was approved first has waited, in seconds; 0 when none waits. What is planned or kept by
    quiet hours does not wait to leave."""

    brand: str
    held: bool
    age_s: float
    oldest_approved_s: float


async def lease_ages(connection: db.Connection) -> list[LeaseAge]:
    """Of every brand, by the database's clock: for metrics only, which name no person."""
    rows = await connection.fetch(
        "select l.brand, l.held, extract(epoch from clock_timestamp() - l.renewed_at)::float8, coalesce("
        "(select greatest(extract(epoch from clock_timestamp() - min(greatest(r.approved_at, r.publish_at))), 0) from reply r "
        "  where r.brand = l.brand and r.state = 'approved' and r.waits_why is distinct from 'quiet'), 0)::float8 from brand_lease l"
    )
    return [LeaseAge(*row) for row in rows]


async def sandbox_page(connection: db.Connection, brand: str, *, before: int | None, limit: int) -> list[dict[str, Any]]:
    """What would have been sent, newest first."""
    rows = await connection.fetch(
        "select id, reply_id, channel, recipient, text, attachments, sent_at from sandbox_outbox "
        "where brand = $1 and ($2::bigint is null or id < $2) order by id desc limit $3",
        brand,
        before,
        limit,
    )
    return [dict(row) for row in rows]
