"""The SQL of what people decided about mentions. The connection comes first."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.common import db
from libs.common.events import DuplicateJudged, FindingCorrected

DUPLICATE = "duplicate"
"""The finding of a judgement whether two mentions are one issue."""
YES, NO = ["yes"], ["no"]


async def add(connection: db.Connection, said: FindingCorrected) -> None:
    await _insert(connection, said, None, said.finding, said.values, said.proposed)


async def add_judgement(connection: db.Connection, said: DuplicateJudged, *, proposed: bool) -> None:
    """`proposed`: triage has them in one group."""
    await _insert(connection, said, said.other_id, DUPLICATE, YES if said.same else NO, YES if proposed else NO)


async def _insert(
    connection: db.Connection,
    said: FindingCorrected | DuplicateJudged,
    other_id: UUID | None,
    finding: str,
    chosen: Sequence[str],
    proposed: Sequence[str],
) -> None:
    await connection.execute(
        "insert into correction (id, brand, mention_id, other_id, finding, chosen, proposed, reason, actor, at) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        said.correction_id,
        said.brand,
        said.mention_id,
        other_id,
        finding,
        chosen,
        proposed,
        said.reason,
        said.actor,
        said.at,
    )


async def first_proposed(connection: db.Connection, brand: str, mention_id: UUID, finding: str) -> list[str] | None:
    """What triage had found before anybody corrected it; none where nobody has."""
    found: list[str] | None = await connection.fetchval(
        "select proposed from correction where brand = $1 and mention_id = $2 and finding = $3 order by at, id limit 1",
        brand,
        mention_id,
        finding,
    )
    return found


async def trail(
    connection: db.Connection, brand: str, mention_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """What people decided about a mention, alone or beside another one, newest first, those before (at, id)."""
    return await connection.fetch(
        "select id, mention_id, other_id, finding, chosen, proposed, reason, actor, at from correction "
        "where brand = $1 and (mention_id = $2 or other_id = $2) and ($3::timestamptz is null or (at, id) < ($3, $4::uuid)) "
        "order by at desc, id desc limit $5",
        brand,
        mention_id,
        *(before or (None, None)),
        limit,
    )
