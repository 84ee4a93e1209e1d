"""Holding statements: what a brand says while an incident runs. Incidents come in from routing; scripts that people may start a reply from go out.

A statement is offered from the last signature until its incident is closed or its text changes. Nobody's reply is written or changed by it: whoever
answers chooses it, as any script, and the reply is approved like any other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from libs.common import db
from libs.common.bookscripts import Script
from libs.common.brandbook import BrandBook
from libs.common.incident_events import Incident

PREFIX = "incident:"
"""Before an incident's id, where a draft names its script."""


@dataclass(frozen=True, slots=True)
class Row:
    """An incident's statement as last told. `texts` is empty while it is not offered."""

    incident_id: UUID
    brand: str
    version: int
    offered: bool = False
    title: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    approved_at: datetime | None = None


def told(incident: Incident, version: int) -> Row:
    """What an event says of the statement."""
    statement = incident.statement
    if statement is None or not statement.offered or incident.drill:
        return Row(incident.id, incident.brand, version, title=incident.title)
    return Row(incident.id, incident.brand, version, True, incident.title, dict(statement.texts), statement.approved_at)


def script(row: Row, book: BrandBook, language: str) -> Script:
    """The statement as a script in the customer's language; where it is not written in that, in the brand's first."""
    name = language if language in row.texts else book.languages[0]
    if name not in row.texts:
        name = next(iter(row.texts))
    return Script(id="incident", language=name, text=row.texts[name])


async def lock(connection: db.Connection, incidents: Iterable[tuple[UUID, str]]) -> dict[UUID, Row]:
    """What is known of these (incident, brand), locked in order of id."""
    wanted = dict(incidents)
    if not wanted:
        return {}
    rows = await connection.fetch(
        "select s.* from statement s join unnest($1::uuid[], $2::text[]) as u(incident_id, brand) using (incident_id, brand) "
        "order by s.incident_id for update of s",
        list(wanted),
        list(wanted.values()),
    )
    return {row["incident_id"]: Row(**dict(row)) for row in rows}


async def put(connection: db.Connection, rows: Sequence[Row]) -> None:
    if rows:
        ordered = sorted(rows, key=lambda row: row.incident_id)
        await connection.execute(
            "insert into statement (incident_id, brand, version, offered, title, texts, approved_at) select * from unnest($1::uuid[], $2::text[], "
            "$3::bigint[], $4::bool[], $5::text[], $6::jsonb[], $7::timestamptz[]) on conflict (incident_id) do update set "
            "version = excluded.version, offered = excluded.offered, title = excluded.title, texts = excluded.texts, "
            "approved_at = excluded.approved_at where statement.version < excluded.version and statement.brand = excluded.brand",
            [row.incident_id for row in ordered],
            [row.brand for row in ordered],
            [row.version for row in ordered],
            [row.offered for row in ordered],
            [row.title for row in ordered],
            [row.texts for row in ordered],
            [row.approved_at for row in ordered],
        )


async def offered(connection: db.Connection, brand: str) -> list[Row]:
    """The statements of a brand that may be used now, the newest first."""
    rows = await connection.fetch(
        "select * from statement where brand = $1 and offered order by approved_at desc, incident_id limit 100", brand
    )
    return [Row(**dict(row)) for row in rows]


async def one(connection: db.Connection, brand: str, incident_id: UUID) -> Row | None:
    """The statement of an incident, if it is offered."""
    row = await connection.fetchrow("select * from statement where brand = $1 and incident_id = $2 and offered", brand, incident_id)
    return Row(**dict(row)) if row else None
