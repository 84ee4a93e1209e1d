"""The SQL of incidents: what they are, what happened to them, which cases and words belong to them. The connection comes first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import to_jsonable_python

from libs.common import db, outbox, telemetry
from libs.common.brandbook import BrandBook
from libs.common.incident_events import Incident, IncidentEvent
from libs.common.outbox import Outgoing
from services.routing import feed
from services.routing.feed import Fed
from services.routing.incident import LISTED_CASES, File

_NOT_IN_DETAIL = ("text", "task", "decision")
"""What the timeline need not repeat: it stands in the room, or in the incident."""


def _file(row: asyncpg.Record) -> File:
    return File(Incident.model_validate(row["state_json"]), row["version"], row["revision"], row["number"])


async def one(connection: db.Connection, brand: str, incident_id: UUID, *, lock: bool = False) -> File | None:
    """With `lock`, nobody else changes it until the transaction ends."""
    query = "select * from incident where brand = $1 and id = $2" + (" for update" if lock else "")
    row = await connection.fetchrow(query, brand, incident_id)
    return _file(row) if row else None


async def only_one_raises(connection: db.Connection, brand: str, scenario: str, about: str) -> None:
    """Until the transaction ends nobody else raises or joins an incident of that scenario about that."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 19))", f"{brand}\x1f{scenario}\x1f{about}")


async def newest(connection: db.Connection, brand: str, scenario: str, about: str) -> File | None:
    """The newest incident of a scenario about that, running or closed, locked; no drill."""
    row = await connection.fetchrow(
        "select * from incident where brand = $1 and scenario = $2 and about = $3 and not drill order by number desc limit 1 for update",
        brand,
        scenario,
        about,
    )
    return _file(row) if row else None


async def running(connection: db.Connection, brands: Sequence[str]) -> list[dict[str, Any]]:
    """What runs in these brands, drills left out: which scenario, about what, and which topic or label joins by itself."""
    rows = await connection.fetch(
        "select brand, id, scenario, about, state_json ->> 'topic_id' as topic_id, state_json ->> 'label' as label "
        "from incident where brand = any($1::text[]) and state <> 'closed' and not drill",
        brands,
    )
    return [dict(row) for row in rows]


async def page(
    connection: db.Connection, brand: str, *, state: str | None, scenario: str | None, drill: bool | None, before: int | None, limit: int
) -> list[tuple[int, File]]:
    """Incidents, newest first, those below a sequence number. `state` may be `open`: all that are not closed."""
    rows = await connection.fetch(
        "select * from incident where brand = $1 and ($2::text is null or state = $2 or ($2 = 'open' and state <> 'closed')) "
        "and ($3::text is null or scenario = $3) and ($4::bool is null or drill = $4) and ($5::bigint is null or seq < $5) "
        "order by seq desc limit $6",
        brand,
        state,
        scenario,
        drill,
        before,
        limit,
    )
    return [(row["seq"], _file(row)) for row in rows]


async def of_case(connection: db.Connection, brand: str, case_id: UUID) -> list[UUID]:
    """Incidents that a case is linked to."""
    rows = await connection.fetch(
        "select incident_id from incident_case where brand = $1 and case_id = $2 and unlinked_at is null order by linked_at, incident_id limit 50",
        brand,
        case_id,
    )
    return [row["incident_id"] for row in rows]


async def record(connection: db.Connection, file: File, kind: type[IncidentEvent], *, at: datetime, actor: str, **said: Any) -> None:
    """Write a changed incident and tell what happened, inside the caller's transaction, which holds its lock: one version, one row of the timeline,
    one event. `said` are the event's own fields."""
    incident = file.incident
    event = kind(brand=incident.brand, book_version=file.book_version, incident=incident, at=at, actor=actor, **said)
    outgoing = Outgoing(event, str(incident.id), file.version, str(incident.id), telemetry.current_traceparent())
    await _put(connection, file)
    detail = {key: to_jsonable_python(value) for key, value in said.items() if key not in _NOT_IN_DETAIL}
    await connection.execute(
        "insert into incident_timeline (incident_id, brand, version, revision, event_id, at, what, actor, traceparent, detail) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        incident.id,
        incident.brand,
        file.version,
        file.revision,
        outgoing.id,
        at,
        _what(event),
        actor,
        outgoing.traceparent,
        {**detail, "state": incident.state, "severity": incident.severity},
    )
    await outbox.add(connection, "routing", [outgoing])
    shown = {"version": file.version, "revision": file.revision, "what": _what(event), "actor": actor, "at": at, "state": incident.state}
    shown |= {"severity": incident.severity, "title": incident.title, "drill": incident.drill}
    await feed.add(connection, [Fed(incident.brand, "incident", incident.id, shown)])


def _what(event: IncidentEvent) -> str:
    return event.type.removeprefix("weerklank.incident.").removesuffix(".v1")


async def _put(connection: db.Connection, file: File) -> None:
    incident = file.incident
    values = [
        incident.id,
        incident.brand,
        file.version,
        file.revision,
        incident.scenario or "",
        incident.about,
        file.number,
        incident.state,
        incident.severity,
        incident.drill,
        incident.raised_at,
        incident.closed_at,
        incident.model_dump(mode="json"),
    ]
    if file.version == 1:
        await connection.execute(
            "insert into incident (id, brand, version, revision, scenario, about, number, state, severity, drill, raised_at, closed_at, state_json) "
            "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            *values,
        )
        return
    await connection.execute(
        "update incident set version = $3, revision = $4, state = $5, severity = $6, closed_at = $7, state_json = $8 "
        "where id = $1 and brand = $2",
        *values[:4],
        incident.state,
        incident.severity,
        incident.closed_at,
        values[-1],
    )


async def timeline(connection: db.Connection, brand: str, incident_id: UUID, after: int, limit: int) -> list[asyncpg.Record]:
    return await connection.fetch(
        "select version, revision, event_id, at, what, actor, traceparent, detail from incident_timeline "
        "where brand = $1 and incident_id = $2 and version > $3 order by version limit $4",
        brand,
        incident_id,
        after,
        limit,
    )


async def changes(connection: db.Connection, brand: str, incident_id: UUID, read: int, limit: int) -> list[dict[str, Any]]:
    """What people changed since a revision, oldest first."""
    rows = await connection.fetch(
        "select distinct on (revision) revision as version, at, what, actor, detail from incident_timeline "
        "where brand = $1 and incident_id = $2 and revision > $3 order by revision, version limit $4",
        brand,
        incident_id,
        read,
        limit,
    )
    return [dict(row) for row in rows]


# --- cases ------------------------------------------------------------------------------------------------------------------------------


async def known_cases(connection: db.Connection, brand: str, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the cases that the brand has."""
    rows = await connection.fetch("select id from care_case where brand = $1 and id = any($2::uuid[])", brand, ids)
    return {row["id"] for row in rows}


async def link(
    connection: db.Connection, brand: str, incident_id: UUID, ids: Sequence[UUID], at: datetime, by: str, *, again: bool
) -> list[UUID]:
    """Link cases to an incident, which is locked; those that were not linked. `again`: also those that a person has taken out."""
    rows = await connection.fetch(
        "insert into incident_case as known (brand, incident_id, case_id, linked_at, linked_by) "
        "select $1, $2, c, $4, $5 from unnest($3::uuid[]) as c on conflict (incident_id, case_id) do update "
        "set unlinked_at = null, linked_at = excluded.linked_at, linked_by = excluded.linked_by "
        "where known.unlinked_at is not null and $6 returning case_id",
        brand,
        incident_id,
        sorted(set(ids)),
        at,
        by,
        again,
    )
    return [row["case_id"] for row in rows]


async def affected(connection: db.Connection, book: BrandBook, incident: Incident, since: datetime) -> list[UUID]:
    """The open cases that are about an incident's topic or label, the newest 5,000 of those in which customers wrote since then."""
    below = [item.name for item in book.labels if incident.label in book.label_path(item.name)]
    keys = [f"{incident.brand}/o/label/{name}" for name in dict.fromkeys([incident.label, *below]) if name]
    keys += [f"{incident.brand}/o/topic/{incident.topic_id}"] if incident.topic_id is not None else []
    if not keys:
        return []
    rows = await connection.fetch(
        "select case_id from case_line where brand = $1 and keys && $2::text[] and latest_at >= $3 order by seq desc limit 5000",
        incident.brand,
        keys,
        since,
    )
    return [row["case_id"] for row in rows]


async def unlink(connection: db.Connection, brand: str, incident_id: UUID, ids: Sequence[UUID], at: datetime) -> list[UUID]:
    """Take cases out of an incident, which is locked; those that were linked."""
    rows = await connection.fetch(
        "update incident_case set unlinked_at = $4 where brand = $1 and incident_id = $2 and case_id = any($3::uuid[]) "
        "and unlinked_at is null returning case_id",
        brand,
        incident_id,
        ids,
        at,
    )
    return [row["case_id"] for row in rows]


async def linked(connection: db.Connection, brand: str, incident_id: UUID) -> dict[str, Any]:
    """`case_ids` and `cases` as an incident has them: the newest of those that are linked, and how many there are."""
    row = await connection.fetchrow(
        "with linked as (select case_id, linked_at from incident_case where brand = $1 and incident_id = $2 and unlinked_at is null) "
        "select (select count(*) from linked) as cases, "
        "array(select case_id from linked order by linked_at desc, case_id limit $3) as case_ids",
        brand,
        incident_id,
        LISTED_CASES,
    )
    assert row is not None
    return {"cases": row["cases"], "case_ids": list(row["case_ids"])}


# --- what is said -----------------------------------------------------------------------------------------------------------------------


async def add_message(
    connection: db.Connection, brand: str, incident_id: UUID, message_id: UUID, at: datetime, author: str, text: str
) -> bool:
    """Whether it is new: the same message under the same id is one."""
    added = await connection.fetchval(
        "insert into incident_message (id, brand, incident_id, at, author, text) values ($1, $2, $3, $4, $5, $6) "
        "on conflict (id) do nothing returning 1",
        message_id,
        brand,
        incident_id,
        at,
        author,
        text,
    )
    return added is not None


async def messages(connection: db.Connection, brand: str, incident_id: UUID, after: int, limit: int) -> list[asyncpg.Record]:
    return await connection.fetch(
        "select seq, id, at, author, text from incident_message where brand = $1 and incident_id = $2 and seq > $3 order by seq limit $4",
        brand,
        incident_id,
        after,
        limit,
    )


async def last_messages(connection: db.Connection, brand: str, incident_id: UUID, limit: int) -> list[asyncpg.Record]:
    """The newest, oldest first."""
    rows = await connection.fetch(
        "select seq, id, at, author, text from incident_message where brand = $1 and incident_id = $2 order by seq desc limit $3",
        brand,
        incident_id,
        limit,
    )
    return list(reversed(rows))


# --- whom it concerns -------------------------------------------------------------------------------------------------------------------


async def notify(
    connection: db.Connection, brand: str, incident_id: UUID | None, rows: Sequence[tuple[UUID, str, str]], at: datetime
) -> None:
    """(id, member of the team, what) into their lists of notifications. An id that is there already is the same notification."""
    if rows:
        told = await connection.fetch(
            "insert into notification (id, brand, member, case_id, incident_id, at, what) "
            "select i, $2, m, null, $3, $4, w from unnest($1::uuid[], $5::text[], $6::text[]) as u(i, m, w) on conflict (id) do nothing returning id",
            [row[0] for row in rows],
            brand,
            incident_id,
            at,
            [row[1] for row in rows],
            [row[2] for row in rows],
        )
        new = {row["id"] for row in told}
        shown = {"case_id": None, "incident_id": incident_id, "at": at}
        await feed.add(
            connection, [Fed(brand, "notification", id, {**shown, "what": what}, member=member) for id, member, what in rows if id in new]
        )


async def put_fault(connection: db.Connection, brand: str, scenario: str, book_version: int, at: datetime, error: str) -> bool:
    """A scenario that cannot be evaluated with this version of the book; whether that is news."""
    added = await connection.fetchval(
        "insert into scenario_fault (brand, scenario, book_version, at, error) values ($1, $2, $3, $4, $5) on conflict do nothing returning 1",
        brand,
        scenario,
        book_version,
        at,
        error,
    )
    return added is not None


async def faults(connection: db.Connection, brand: str, book_version: int) -> dict[str, str]:
    """Scenario → why it cannot be evaluated."""
    rows = await connection.fetch("select scenario, error from scenario_fault where brand = $1 and book_version = $2", brand, book_version)
    return {row["scenario"]: row["error"] for row in rows}
