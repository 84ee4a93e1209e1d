"""Which cases a case consists of: itself, and all that go on in it by now. Whoever shows what is kept with cases reads it for all of these.

What was kept with a case that was merged stays with it, so that it goes back with it when people take that back.
"""

from uuid import UUID

from libs.common import db

MOST_MERGES = 20
"""How many merges in a row are followed, from a case back to those that go on in it."""

HERE = (
    "with recursive here(id, merges) as (select $2::uuid, 0 union select c.id, h.merges + 1 from here h join care_case c on c.brand = $1 "
    f"and c.state = 'merged' and c.state_json ->> 'merged_into' = h.id::text where h.merges < {MOST_MERGES}) "
)
"""Begins a statement: `here` has the ids of a case ($2) of a brand ($1) and of all that go on in it."""


async def case_ids(connection: db.Connection, brand: str, case_id: UUID) -> list[UUID]:
    """The case and all that were merged into it, by triage or by people; itself first."""
    rows = await connection.fetch(HERE + "select id from here group by id order by min(merges), id", brand, case_id)
    return [row["id"] for row in rows]
