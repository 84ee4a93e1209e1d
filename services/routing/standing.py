"""Which cases a case consists of: itself, and all that go on in it by now. Whoever shows what is kept with cases reads it for all of these.

What was kept with a case that was merged stays with it, so that it goes back with it when people take that back.
"""

from uuid import UUID

from libs.common import db

MOST_MERGES = 20
"""How many merges in a row are followed, from a case back to those that go on in it."""

_MERGED_INTO = "c.state = 'merged' and c.state_json ->> 'merged_into' = h.id::text"
"""What the index of merged cases answers: a case `c` that goes on in the case `h`."""

HERE = (
    "with recursive here(id, merges) as (select $2::uuid, 0 union select c.id, h.merges + 1 from here h join care_case c on c.brand = $1 "
    f"and {_MERGED_INTO} where h.merges < {MOST_MERGES}) "
)
"""Begins a statement: `here` has the ids of a case ($2) of a brand ($1) and of all that go on in it."""

HERE_OF_MANY = (
    "with recursive here(brand, root, id, merges) as (select u.brand, u.case_id, u.case_id, 0 "
    "from unnest($1::text[], $2::uuid[]) as u(brand, case_id) union select h.brand, h.root, c.id, h.merges + 1 from here h "
    f"join care_case c on c.brand = h.brand and {_MERGED_INTO} where h.merges < {MOST_MERGES}) "
)
"""Begins a statement about many cases ($2) with their brands ($1): `here` has of each (`root`) its own id and those of all that go on in it."""


async def case_ids(connection: db.Connection, brand: str, case_id: UUID) -> list[UUID]:
    """The case and all that were merged into it, by triage or by people; itself first."""
    rows = await connection.fetch(HERE + "select id from here group by id order by min(merges), id", brand, case_id)
    return [row["id"] for row in rows]


async def onward(connection: db.Connection, brands: list[str], case_ids: list[UUID]) -> list[tuple[str, UUID]]:
    """These cases, and those that they go on in, up to the last."""
    rows = await connection.fetch(
        "with recursive onward(brand, id, merges) as (select u.brand, u.case_id, 0 from unnest($1::text[], $2::uuid[]) as u(brand, case_id) "
        "union select c.brand, (c.state_json ->> 'merged_into')::uuid, o.merges + 1 from onward o "
        "join care_case c on c.brand = o.brand and c.id = o.id and c.state = 'merged' "
        f"where o.merges < {MOST_MERGES}) select distinct brand, id from onward where id is not null",
        brands,
        case_ids,
    )
    return [(row["brand"], row["id"]) for row in rows]
