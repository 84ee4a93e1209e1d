"""What was forgotten: ids of cases, mentions and incidents, and nothing else. Whoever hears of one of them later lets it be."""

from collections.abc import Iterable
from uuid import UUID

from libs.common import db


async def lock(connection: db.Connection, ids: Iterable[tuple[str, UUID]]) -> set[UUID]:
    """Those of these (brand, id) that were forgotten, locked in that order, so that of two who begin something new in their place the second sees what the
    first has done. Who forgets holds the case: what is asked once that is locked holds."""
    wanted = sorted(set(ids))
    if not wanted:
        return set()
    rows = await connection.fetch(
        "select f.id from forgotten f join unnest($1::text[], $2::uuid[]) as u(brand, id) using (brand, id) order by f.brand, f.id for update of f",
        [brand for brand, _ in wanted],
        [id for _, id in wanted],
    )
    return {row["id"] for row in rows}


async def put(connection: db.Connection, brand: str, ids: Iterable[UUID]) -> None:
    await connection.execute(
        "insert into forgotten (brand, id) select $1, unnest($2::uuid[]) on conflict do nothing", brand, sorted(set(ids))
    )


async def knows(connection: db.Connection, brand: str, id: UUID) -> bool:
    """Whether this id was of something that was forgotten."""
    found: bool = await connection.fetchval("select exists (select from forgotten where brand = $1 and id = $2)", brand, id)
    return found
